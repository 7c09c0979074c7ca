"""What a figure was found on: versions, processor, commit. Knows nothing of figures, and imports nothing heavy."""

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import torch

PACKAGES: Final = ("weights-registry", "torch", "torchvision", "timm", "numpy", "pillow")
"""Those that can change what a network answers."""

COMMIT_VARIABLE: Final = "MEASURED_COMMIT"
"""In the environment: the commit that a copy without .git is of. Where git knows one it is not looked at."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that code stands at. `has_changes`: whether it differs from it; None if nobody knows, as nobody does
    where the commit was only told by COMMIT_VARIABLE (`is_told`)."""

    id: str
    has_changes: bool | None
    is_told: bool = False

    def __str__(self) -> str:
        if self.is_told:
            return f"{self.id} (as {COMMIT_VARIABLE} says)"
        return self.id + ("+changes" if self.has_changes else "")


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of the packages, `not installed` for those that are not."""
    return {"python": platform.python_version(), **{name: _version(name) for name in packages}}


def device_name(device: "torch.device") -> str:
    """The name of a CUDA device; of any other that of the processor, which computes there or feeds it."""
    if device.type == "cuda":
        import torch

        return torch.cuda.get_device_name(device)
    return cpu_name()


def cpu_name() -> str:
    """The processor's model where Linux tells it, else what the system calls it, at the least its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()


def commit_of(folder: Path, *below: str) -> Commit | None:
    """The commit of the checkout that `folder` is part of; changes are looked for in `below`, or all of `folder`.

    None outside of a checkout, unless COMMIT_VARIABLE tells it. A folder that is only inside of somebody's checkout,
    such as packages installed in a project's .venv, is no part of it.
    """
    commit, tracked, changes = (
        _git(folder, *words)
        for words in (
            ("rev-parse", "HEAD"),
            ("ls-files", "--", "."),
            ("status", "--porcelain", "--", *(below or (".",))),
        )
    )
    if commit and tracked:
        return Commit(commit, None if changes is None else bool(changes))
    told = os.environ.get(COMMIT_VARIABLE)
    return Commit(told, None, is_told=True) if told else None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # such as this very package, in a checkout that nobody installed
        return "not installed"


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

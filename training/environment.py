"""What a run ran on: versions, hardware, commit. Knows nothing of runs."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import torch

_PACKAGES: Final = ("weights-registry", "torch", "torchvision", "timm", "numpy", "pillow")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change a result."""
    found = {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}
    return found | ({"cuda": torch.version.cuda} if torch.version.cuda else {})


def hardware(device: torch.device, *, num_processes: int) -> dict[str, Any]:
    """The device a process trains on, how many processes there are, and the threads of each."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    return {
        "device": device.type,
        "name": name,
        "num_processes": num_processes,
        "num_threads": torch.get_num_threads(),
        "num_cpus": os.cpu_count(),
    }


def git_commit() -> str | None:
    """The commit this code stands at, with `+changes` if there are any; None outside of a checkout."""
    folder = Path(__file__).resolve().parent
    commit, changes = (_git(folder, *words) for words in (("rev-parse", "HEAD"), ("status", "--porcelain", ".")))
    return commit and commit + ("+changes" if changes else "")


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

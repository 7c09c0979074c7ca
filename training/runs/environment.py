"""What a run ran on: versions, hardware, commit. Knows nothing of runs."""

import os
from pathlib import Path
from typing import Any

import torch

from weights_registry import surroundings


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can change a result."""
    found = surroundings.versions(*surroundings.PACKAGES)
    return found | ({"cuda": torch.version.cuda} if torch.version.cuda else {})


def hardware(device: torch.device, *, num_processes: int) -> dict[str, Any]:
    """The device a process trains on, how many processes there are, and the threads of each."""
    return {
        "device": device.type,
        "name": surroundings.device_name(device),
        "num_processes": num_processes,
        "num_threads": torch.get_num_threads(),
        "num_cpus": os.cpu_count(),
    }


def git_commit() -> str | None:
    """The commit this code stands at, with `+changes` if there are any; None where nobody knows it."""
    commit = surroundings.commit_of(Path(__file__).resolve().parent)
    return None if commit is None else str(commit)

"""Processes of their own for runs under test: one, or two under torchrun, on a core each. Knows no run."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
ENVIRONMENT: Final = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
TORCHRUN: Final = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")


def ended(words: Sequence[str], *, cwd: Path = ROOT, timeout: float = 300) -> "subprocess.CompletedProcess[str]":
    """The process once it has ended, with what it wrote. Raises TimeoutExpired after `timeout` seconds."""
    return subprocess.run(words, env=ENVIRONMENT, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False)

"""Tests that need an NVIDIA GPU, skipped where there is none; `run_all.py` runs them with every measurement."""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

# cuBLAS repeats itself only with a workspace of fixed size, and reads this before its first use.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not torch.cuda.is_available():
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="needs an NVIDIA GPU"))


@pytest.fixture
def gpu() -> torch.device:
    return torch.device("cuda", 0)


@pytest.fixture(autouse=True)
def whole_float32() -> Iterator[None]:
    """Convolutions in float32 proper, so that they can be compared with the CPU's; torch's default is TF32."""
    with warnings.catch_warnings(action="ignore"):
        before = torch.backends.cudnn.allow_tf32
        torch.backends.cudnn.allow_tf32 = False
        yield
        torch.backends.cudnn.allow_tf32 = before

"""What a fault of the device means for a served checkpoint: one batch, or everything that comes after it."""

import pytest
import torch
from torch import nn

from serve.errors import EngineDied
from serve.models.checkpoint_model import CheckpointModel, ModelOptions
from tests.small_checkpoints import record
from weights_registry import LoadedCheckpoint


class Faulty(nn.Module):
    """Answers with an error of the kind that torch raises for a GPU."""

    def __init__(self, told: str) -> None:
        super().__init__()
        self.told = told

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """Raises RuntimeError."""
        raise RuntimeError(self.told)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("CUDA error: device-side assert triggered", EngineDied),
        ("CUDA error: an illegal memory access was encountered", EngineDied),
        ("CUDA error: out of memory", RuntimeError),
        ("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", RuntimeError),
        ("mat1 and mat2 shapes cannot be multiplied", RuntimeError),
    ],
)
def test_only_a_fault_that_lasts_ends_the_engine(told: str, kind: type[Exception]) -> None:
    model = CheckpointModel(LoadedCheckpoint(Faulty(told), record()), "0" * 64, ModelOptions(device="cpu"))
    with pytest.raises(kind) as raised:
        model.run([model.example()], 1)
    assert type(raised.value) is kind

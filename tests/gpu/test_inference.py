"""What a GPU answers is what the CPU answers; a batch that its memory does not hold is split, and nobody notices."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from serve.batching.batcher import Batcher
from serve.models.checkpoint_model import CheckpointModel, ModelOptions, open_checkpoint
from serve.models.model import Probabilities
from tests.benchmarks.networks import write_resnet50
from weights_registry import Weights
from weights_registry.inference.architectures import build
from weights_registry.inference.engine import Engine

TRANSFORMS = Weights.ImageNet1K_V2.transforms()


def engine(device: str | torch.device, dtype: torch.dtype) -> Engine:
    torch.manual_seed(0)
    network = build("resnet18", 1000)
    with torch.no_grad():  # as from training: with its first statistics the network says nothing in particular
        network.train()(torch.randn(16, 3, 64, 64))
        network.get_parameter("fc.weight").mul_(20)
    return Engine(network, TRANSFORMS, device=device, dtype=dtype)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float16, 0.02), (torch.bfloat16, 0.1)], ids=str
)
def test_probabilities_of_uint8_pictures_are_those_of_the_cpu(
    gpu: torch.device, dtype: torch.dtype, tolerance: float
) -> None:
    generator = torch.Generator().manual_seed(2)
    images_NCHW = torch.randint(0, 256, (13, 3, 224, 224), dtype=torch.uint8, generator=generator)
    found, expected = (
        engine(device, kind).probabilities(images_NCHW) for device, kind in ((gpu, dtype), ("cpu", torch.float32))
    )
    assert expected.max() > 0.05, "flat answers would agree with anything"
    assert (found - expected).abs().max() < tolerance
    if dtype == torch.float32:
        assert torch.equal(found.argmax(1), expected.argmax(1))


@pytest.fixture
def tight_model(gpu: torch.device, tmp_path: Path) -> Iterator[CheckpointModel]:
    """ResNet-50 where one picture fits into the GPU's memory and 256 do not."""
    model = open_checkpoint(str(write_resnet50(tmp_path / "resnet50.safetensors")), ModelOptions(device="cuda"))
    model.run([model.example()], 1)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(gpu).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 600 * 2**20) / total)
    yield model
    torch.cuda.set_per_process_memory_fraction(1.0)
    model.close()


def test_a_batch_that_the_memory_does_not_hold_is_answered_one_by_one(tight_model: CheckpointModel) -> None:
    generator = np.random.default_rng(0)
    kinds = [tight_model.prepare(generator.integers(0, 256, (3, 224, 224), dtype=np.uint8)) for _ in range(4)]
    items = [kinds[number % 4] for number in range(256)]
    with pytest.raises(torch.OutOfMemoryError):
        tight_model.run(items, len(items))
    expected = [tight_model.run([item], 1)[0] for item in kinds]

    gate = threading.Event()
    sizes: list[int] = []

    def run(batch: list[torch.Tensor], num_inside: int) -> list[Probabilities]:
        assert gate.wait(60)  # behind the first item all others queue
        return tight_model.run(batch, num_inside)

    async def ask_all() -> list[Probabilities]:
        batcher = Batcher(on_batch=lambda report: sizes.append(report.size))
        batcher.start()
        lane = batcher.open_lane("resnet50", run, max_batch=256, queue_size=512)
        try:
            asked = [asyncio.ensure_future(lane.submit(item)) for item in items]
            await asyncio.sleep(0)
            gate.set()
            return list(await asyncio.gather(*asked))
        finally:
            await batcher.close()

    answers = asyncio.run(asyncio.wait_for(ask_all(), 120))
    assert max(sizes) > 200
    for number, answer in enumerate(answers):
        assert np.allclose(answer, expected[number % 4], atol=1e-5)

"""How the network of the server shares the cores: batches side by side, with as many threads as there is work for."""

import asyncio

import torch
from torch import nn

from serve.batching.batcher import Batcher
from serve.models.checkpoint_model import CheckpointModel, ModelOptions
from tests.small_checkpoints import colours, record
from weights_registry import LoadedCheckpoint, Preprocessing

FED_AS_PHOTOS = Preprocessing(resize_size=224, crop_size=224, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


def photo_model(num_threads: int) -> CheckpointModel:
    loaded = LoadedCheckpoint(colours().model, record(preprocessing=FED_AS_PHOTOS))
    return CheckpointModel(loaded, "0" * 64, ModelOptions(device="cpu", num_threads=num_threads))


def threads_of(model: CheckpointModel, num_items: int, num_inside: int) -> list[int]:
    """How many threads each call of the network had, for a batch of `num_items`."""
    seen: list[int] = []
    network: nn.Module = model._engine.model
    hook = network.register_forward_pre_hook(lambda *_: seen.append(torch.get_num_threads()))
    before = torch.get_num_threads()
    model.run([model.example()] * num_items, num_inside)
    torch.set_num_threads(before)
    hook.remove()
    return seen


def test_a_picture_alone_has_all_threads_and_one_among_many_has_its_share() -> None:
    model = photo_model(4)
    assert threads_of(model, 1, 1) == [4]
    assert threads_of(model, 1, 2) == [2]
    assert threads_of(model, 1, 4) == [1]
    assert threads_of(model, 2, 64) == [1]


def test_pictures_of_a_batch_that_has_several_threads_go_side_by_side() -> None:
    model = photo_model(4)
    assert threads_of(model, 2, 2) == [2, 2]
    assert threads_of(model, 2, 4) == [1, 1]


def test_as_many_batches_go_at_once_as_there_are_threads_up_to_eight_which_share_the_rest() -> None:
    assert [photo_model(number).at_once for number in (1, 2, 8, 16)] == [1, 2, 8, 8]
    assert threads_of(photo_model(16), 2, 1000) == [1, 1], "two threads, one for each picture"
    assert threads_of(photo_model(16), 1, 1000) == [2]


def test_a_batch_is_no_larger_than_what_the_cpu_takes_at_a_time_which_is_more_of_small_pictures() -> None:
    assert photo_model(2).best_batch == 2
    small = CheckpointModel(colours(), "0" * 64, ModelOptions(device="cpu"))
    assert small.best_batch is not None
    assert small.best_batch > 50


def test_batches_that_run_at_once_give_the_answers_they_give_alone() -> None:
    model = photo_model(4)
    pictures = [torch.randint(0, 256, (3, 224, 224), dtype=torch.uint8) for _ in range(40)]
    alone = [model.run([picture], 1)[0] for picture in pictures]

    async def ask_all() -> list[torch.Tensor]:
        batcher = Batcher()
        batcher.start()
        lane = batcher.open_lane("model", model.run, max_batch=2, queue_size=100, at_once=model.at_once)
        try:
            answers = await asyncio.gather(*(lane.submit(picture) for picture in pictures))
            return [torch.from_numpy(answer) for answer in answers]
        finally:
            await batcher.close()

    for answer, expected in zip(asyncio.run(ask_all()), alone, strict=True):
        torch.testing.assert_close(answer, torch.from_numpy(expected), rtol=0, atol=1e-6)

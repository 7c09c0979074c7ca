"""The average equals a reference of three lines, and moves when torchvision's does."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from training import Recipe, ema_decay, get_recipe
from training.learning.ema import WeightAverage, decay_at, is_due

V1, V2 = get_recipe("resnet50/v1"), get_recipe("resnet50/v2")
SHORT = replace(V2, epochs=4, warmup_epochs=2, ema_every_steps=3, num_gpus=1, batch_size_per_gpu=8, ema_decay=0.99)


def some_network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def change(network: nn.Module) -> None:
    """Other parameters and other batch statistics, as a step of training would make them."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter))
    network(torch.randn(8, 3))


def floats(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: each for name, each in network.state_dict().items() if each.is_floating_point()}


@pytest.mark.parametrize("decay", [0.0, 0.3, 0.9, 0.998908])
def test_an_update_is_the_reference_of_three_lines(decay: float) -> None:
    network = some_network()
    average = WeightAverage(network)
    expected = {name: tensor.clone() for name, tensor in floats(network).items()}
    for _ in range(5):
        change(network)
        average.update(network, decay)
        for name, tensor in floats(network).items():
            expected[name] = decay * expected[name] + (1 - decay) * tensor
        for name, tensor in floats(average.model).items():
            assert torch.allclose(tensor, expected[name], atol=1e-6), name


def torchvisions_average(recipe: Recipe, network: nn.Module, *, steps_per_epoch: int) -> AveragedModel:
    """As references/classification has it: `ExponentialMovingAverage` in utils.py and its use in train.py."""
    decay = ema_decay(recipe)
    assert decay is not None
    averaged = AveragedModel(
        network, avg_fn=lambda average, new, _: decay * average + (1 - decay) * new, use_buffers=True
    )
    for epoch in range(recipe.epochs):
        for step in range(steps_per_epoch):
            change(network)
            if step % (recipe.ema_every_steps or 1) == 0:
                averaged.update_parameters(network)
                if epoch < recipe.warmup_epochs:
                    averaged.n_averaged.fill_(0)
    return averaged


def test_over_a_run_with_a_warm_up_it_is_torchvisions() -> None:
    torch.manual_seed(1)
    network = some_network()
    start = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    theirs = torchvisions_average(SHORT, network, steps_per_epoch=7).module
    torch.manual_seed(1)
    some_network()  # takes the same random numbers, so that the changes are the same again
    network.load_state_dict(start)
    ours = WeightAverage(network)
    for epoch in range(SHORT.epochs):
        for step in range(7):
            change(network)
            if is_due(SHORT, step):
                ours.update(network, decay_at(SHORT, epoch=epoch, step_in_epoch=step))
    for name, tensor in floats(ours.model).items():
        assert torch.allclose(tensor, floats(theirs)[name], atol=1e-5), name


def test_the_average_begins_anew_until_the_first_update_after_the_warm_up() -> None:
    decays = [
        [decay_at(SHORT, epoch=epoch, step_in_epoch=step) for step in range(7) if is_due(SHORT, step)]
        for epoch in range(4)
    ]
    decay = ema_decay(SHORT)
    assert decays == [[0.0] * 3, [0.0] * 3, [0.0, decay, decay], [decay] * 3]


def test_it_moves_at_the_first_step_of_an_epoch_and_then_every_so_many() -> None:
    assert [step for step in range(100) if is_due(V2, step)] == [0, 32, 64, 96]
    assert not is_due(V1, 0)
    with pytest.raises(ValueError, match="averages no weights"):
        decay_at(V1, epoch=0, step_in_epoch=0)


def test_batch_statistics_are_averaged_and_counts_are_copied() -> None:
    network = some_network()
    average = WeightAverage(network)
    for _ in range(3):
        change(network)
    average.update(network, 0.9)
    found, current = average.model.state_dict(), network.state_dict()
    assert found["1.num_batches_tracked"] == current["1.num_batches_tracked"] == 3
    assert torch.allclose(found["1.running_mean"], 0.1 * current["1.running_mean"])


def test_the_average_is_a_network_of_its_own_that_does_not_train() -> None:
    network = some_network()
    average = WeightAverage(network)
    change(network)
    average.update(network, 0.0)
    change(network)
    assert not torch.equal(average.model.state_dict()["0.weight"], network.state_dict()["0.weight"])
    assert not average.model.training
    assert not any(parameter.requires_grad for parameter in average.model.parameters())

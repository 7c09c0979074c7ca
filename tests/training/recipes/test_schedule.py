"""The schedules against torch's and timm's own, on every epoch; and the laws they keep."""

import math
import warnings
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, LRScheduler, SequentialLR, StepLR

from training import (
    Recipe,
    ema_decay,
    get_recipe,
    learning_rate,
    learning_rate_at_step,
    learning_rates,
    list_recipes,
    stochastic_depth_rates,
)

V1, V2, A1 = (get_recipe(f"resnet50/{variant}") for variant in ("v1", "v2", "a1"))
TIMMS = list_recipes("resnet50/a?")


def torchs_rates(recipe: Recipe, *, ticks_per_epoch: int = 1) -> list[float]:
    """The rate at every tick as the references get it: their schedulers, stepped after each tick."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=recipe.lr)
    warmup = recipe.warmup_epochs * ticks_per_epoch
    main: LRScheduler
    if recipe.lr_step_epochs is not None and recipe.lr_gamma is not None:
        main = StepLR(optimizer, step_size=recipe.lr_step_epochs * ticks_per_epoch, gamma=recipe.lr_gamma)
    else:
        main = CosineAnnealingLR(optimizer, T_max=recipe.epochs * ticks_per_epoch - warmup, eta_min=recipe.lr_min)
    scheduler: LRScheduler = main
    if warmup and recipe.warmup_start_factor is not None:
        rise = LinearLR(optimizer, start_factor=recipe.warmup_start_factor, total_iters=warmup)
        scheduler = SequentialLR(optimizer, schedulers=[rise, main], milestones=[warmup])
    rates = []
    for _ in range(recipe.epochs * ticks_per_epoch):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        with warnings.catch_warnings():
            # SequentialLR calls its parts by `step(epoch)`, which torch itself has deprecated.
            warnings.filterwarnings("ignore", message="The epoch parameter in", category=UserWarning)
            scheduler.step()
    return rates


def timms_rates(recipe: Recipe, *, ticks_per_epoch: int = 1) -> list[float]:
    from timm.scheduler import create_scheduler_v2

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=recipe.lr)
    by_step = ticks_per_epoch > 1
    scheduler, num_epochs = create_scheduler_v2(
        optimizer,
        sched="cosine",
        num_epochs=recipe.epochs,
        warmup_epochs=recipe.warmup_epochs,
        warmup_lr=recipe.warmup_start_lr or 0.0,
        min_lr=recipe.lr_min,
        step_on_epochs=not by_step,
        updates_per_epoch=ticks_per_epoch,
    )
    assert scheduler is not None
    assert num_epochs == recipe.epochs
    rates = []
    for tick in range(recipe.epochs * ticks_per_epoch):
        scheduler.step_update(tick) if by_step else scheduler.step(tick)
        rates.append(float(optimizer.param_groups[0]["lr"]))
    return rates


@pytest.mark.parametrize("recipe", [V1, V2, get_recipe("wide_resnet50_2/v1")], ids=lambda recipe: recipe.id)
def test_every_epoch_has_the_rate_that_torchs_schedulers_give(recipe: Recipe) -> None:
    assert learning_rates(recipe) == pytest.approx(torchs_rates(recipe), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("recipe", TIMMS, ids=lambda recipe: recipe.id)
def test_every_epoch_has_the_rate_that_timms_scheduler_gives(recipe: Recipe) -> None:
    assert learning_rates(recipe) == pytest.approx(timms_rates(recipe), rel=1e-12)


def test_per_step_the_curve_is_torchs_stepped_at_every_step() -> None:
    recipe = replace(V2, epochs=12, schedule_unit="step")
    ours = [learning_rate_at_step(recipe, step, steps_per_epoch=7) for step in range(84)]
    assert ours == pytest.approx(torchs_rates(recipe, ticks_per_epoch=7), rel=1e-9, abs=1e-15)


def test_per_step_the_curve_is_timms_stepped_on_updates() -> None:
    recipe = replace(A1, epochs=12, schedule_unit="step")
    ours = [learning_rate_at_step(recipe, step, steps_per_epoch=7) for step in range(84)]
    assert ours == pytest.approx(timms_rates(recipe, ticks_per_epoch=7), rel=1e-12)


def test_as_published_the_rate_is_a_staircase_of_epochs() -> None:
    for step in range(0, 40):
        assert learning_rate_at_step(V2, step, steps_per_epoch=8) == learning_rate(V2, step // 8)


def test_v2_takes_the_rates_of_the_published_run() -> None:
    assert learning_rates(V2)[:6] == pytest.approx((0.005, 0.104, 0.203, 0.302, 0.401, 0.5))
    assert learning_rate(V2, 100) == pytest.approx(0.4692, abs=5e-5)
    assert learning_rate(V2, 599) == pytest.approx(3.485e-6, abs=5e-10)


recipes = st.builds(
    lambda parent, lr, epochs, share, start: replace(
        parent,
        lr=lr,
        epochs=epochs,
        lr_min=0.0,
        warmup_epochs=int(share * (epochs - 1)),
        warmup_start_factor=start if int(share * (epochs - 1)) else None,
        warmup_start_lr=None,
    ),
    parent=st.sampled_from([V1, V2, A1]),
    lr=st.floats(1e-4, 10.0),
    epochs=st.integers(1, 60),
    share=st.floats(0.0, 1.0),
    start=st.floats(1e-3, 1.0),
)


@given(recipe=recipes)
def test_the_rate_rises_to_the_peak_and_never_rises_again(recipe: Recipe) -> None:
    rates = learning_rates(recipe)
    top = recipe.warmup_epochs
    assert all(before <= after for before, after in pairwise(rates[:top]))
    assert all(before >= after for before, after in pairwise(rates[top:]))
    assert all(0 < rate <= recipe.lr * (1 + 1e-12) for rate in rates)
    if recipe.decay_counts_from == "warmup_end":
        assert rates[top] == pytest.approx(recipe.lr)


@given(recipe=recipes, steps_per_epoch=st.integers(1, 9))
def test_an_epoch_begins_with_the_same_rate_whether_it_moves_by_epoch_or_by_step(
    recipe: Recipe, steps_per_epoch: int
) -> None:
    by_step = replace(recipe, schedule_unit="step")
    for epoch in range(recipe.epochs):
        at_step = learning_rate_at_step(by_step, epoch * steps_per_epoch, steps_per_epoch=steps_per_epoch)
        assert at_step == pytest.approx(learning_rate(recipe, epoch))


def test_a_time_outside_the_run_is_refused() -> None:
    for epoch in (-1, 600):
        with pytest.raises(ValueError, match="from 0 to 599"):
            learning_rate(V2, epoch)
    with pytest.raises(ValueError, match="from 0 to 1199"):
        learning_rate_at_step(V2, 1200, steps_per_epoch=2)
    with pytest.raises(ValueError, match="`steps_per_epoch`"):
        learning_rate_at_step(V2, 0, steps_per_epoch=0)


def test_the_decay_of_the_average_is_adjusted_to_batch_steps_and_epochs() -> None:
    assert ema_decay(V2) == pytest.approx(0.998908, abs=5e-7)
    short = replace(V2, epochs=18, num_gpus=1, batch_size_per_gpu=512)
    assert ema_decay(short) == pytest.approx(0.9818, abs=5e-5)
    assert ema_decay(V1) is None


def test_a_run_too_short_for_an_average_copies_the_weights() -> None:
    assert ema_decay(replace(V2, epochs=1, warmup_epochs=0, warmup_start_factor=None, batch_size_per_gpu=4096)) == 0.0


@pytest.mark.parametrize("architecture", ["resnet18", "resnet50"])
def test_stochastic_depth_is_timms_block_by_block(architecture: str) -> None:
    import timm

    network = timm.create_model(architecture, drop_path_rate=A1.stochastic_depth)
    blocks = [block for stage in ("layer1", "layer2", "layer3", "layer4") for block in getattr(network, stage)]
    theirs = [getattr(block.drop_path, "drop_prob", 0.0) for block in blocks]
    assert stochastic_depth_rates(A1, len(blocks)) == pytest.approx(theirs)


def test_a_single_block_is_never_skipped() -> None:
    assert stochastic_depth_rates(A1, 1) == (0.0,)
    with pytest.raises(ValueError, match="`num_blocks`"):
        stochastic_depth_rates(A1, 0)


def test_every_recipe_has_a_rate_for_every_epoch() -> None:
    for recipe in list_recipes():
        rates = learning_rates(recipe)
        assert len(rates) == recipe.epochs
        assert all(math.isfinite(rate) and rate > 0 for rate in rates)

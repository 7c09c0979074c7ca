"""Every picture comes as often as it should, the same for any number of processes, and from any place on."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import DataSetTooSmall
from training.data.sampler import BatchSampler, Deal, Position, View

deals = st.builds(
    lambda steps, rest, batch_size, num_lanes, num_views, seed: Deal(
        num_images=steps * batch_size * num_lanes + int(rest * (batch_size * num_lanes - 1)),
        batch_size=batch_size,
        num_lanes=num_lanes,
        num_views=num_views,
        seed=seed,
    ),
    steps=st.integers(1, 6),
    rest=st.floats(0.0, 1.0),
    batch_size=st.integers(1, 6),
    num_lanes=st.integers(1, 8),
    num_views=st.integers(1, 5),
    seed=st.integers(0, 99),
)


def steps_of(deal: Deal, *, num_processes: int, start: int = 0, epoch: int = 0) -> list[list[list[View]]]:
    """The batches of each step, in the order of their lanes, as `num_processes` samplers give them."""
    samplers = [BatchSampler(deal, process=each, num_processes=num_processes) for each in range(num_processes)]
    for sampler in samplers:
        sampler.position = Position(epoch=epoch, num_steps=start)
    batches = [list(sampler) for sampler in samplers]
    assert [len(each) for each in batches] == [len(sampler) for sampler in samplers]
    per_step = deal.num_lanes // num_processes
    return [
        [batches[lane % num_processes][step * per_step + lane // num_processes] for lane in range(deal.num_lanes)]
        for step in range(deal.steps_per_epoch - start)
    ]


@given(deal=deals, epoch=st.integers(0, 3))
def test_an_epoch_shows_each_chosen_picture_in_all_its_views_and_nothing_twice(deal: Deal, epoch: int) -> None:
    views = [view for step in steps_of(deal, num_processes=1, epoch=epoch) for batch in step for view in batch]
    assert len(views) == len(set(views)) == deal.steps_per_epoch * deal.global_batch_size
    counts = Counter(view.picture for view in views)
    assert all(count == deal.num_views for count in counts.values()) or len(views) % deal.num_views
    assert len(counts) == -(-len(views) // deal.num_views)
    assert {view.epoch for view in views} == {epoch}


@given(deal=deals, data=st.data())
def test_the_batches_are_the_same_for_any_number_of_processes(deal: Deal, data: st.DataObject) -> None:
    divisors = [each for each in range(1, deal.num_lanes + 1) if deal.num_lanes % each == 0]
    num_processes = data.draw(st.sampled_from(divisors))
    assert steps_of(deal, num_processes=num_processes) == steps_of(deal, num_processes=1)


@given(deal=deals, data=st.data())
def test_from_any_step_on_it_goes_as_if_it_had_never_stopped(deal: Deal, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, deal.steps_per_epoch))
    assert steps_of(deal, num_processes=1, start=start) == steps_of(deal, num_processes=1)[start:]


def torchvisions_ra_sampler(shuffled: list[int], *, repetitions: int, num_replicas: int, rank: int) -> list[int]:
    """The indices of references/classification/sampler.py after its shuffle, before it rounds to 256."""
    repeated = [index for index in shuffled for _ in range(repetitions)]
    return repeated[rank::num_replicas]


def test_each_lane_has_what_torchvisions_sampler_gives_a_rank() -> None:
    deal = Deal(num_images=64, batch_size=4, num_lanes=8, num_views=4, seed=3)
    dealt = steps_of(deal, num_processes=8)
    shuffled = list(
        dict.fromkeys(view.picture for step in dealt for views in zip(*step, strict=True) for view in views)
    )
    for lane in range(8):
        ours = [view.picture for step in dealt for view in step[lane]]
        theirs = torchvisions_ra_sampler(shuffled, repetitions=4, num_replicas=8, rank=lane)
        assert ours == theirs[: len(ours)]


def test_views_of_a_picture_go_to_different_batches_on_one_device_too() -> None:
    deal = Deal(num_images=64, batch_size=4, num_lanes=8, num_views=4)
    num_different = [
        len({view.picture for view in batch}) for step in steps_of(deal, num_processes=1) for batch in step
    ]
    assert num_different == [4] * (8 * deal.steps_per_epoch)


def test_every_epoch_and_every_seed_is_another_shuffle() -> None:
    deal = Deal(num_images=100, batch_size=100)
    orders = [
        [view.picture for view in Deal(num_images=100, batch_size=100, seed=seed).batch(epoch=epoch, step=0, lane=0)]
        for seed in (0, 1)
        for epoch in (0, 1)
    ]
    assert all(sorted(order) == list(range(100)) for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    assert orders[0] == [view.picture for view in deal.batch(epoch=0, step=0, lane=0)]


def test_what_does_not_fill_a_step_comes_in_another_epoch() -> None:
    deal = Deal(num_images=10, batch_size=4)
    seen = {
        view.picture for epoch in range(20) for step in (0, 1) for view in deal.batch(epoch=epoch, step=step, lane=0)
    }
    assert seen == set(range(10))


def test_the_shuffle_is_even() -> None:
    first = np.array(
        [Deal(num_images=5, batch_size=1, seed=seed).batch(epoch=0, step=0, lane=0) for seed in range(2000)]
    )
    assert np.bincount(first[:, 0, 1], minlength=5) == pytest.approx(np.full(5, 400), abs=80)


def test_what_cannot_be_dealt_is_refused() -> None:
    with pytest.raises(DataSetTooSmall, match="a step takes 16 pictures and the training set has 15"):
        Deal(num_images=15, batch_size=4, num_lanes=4)
    with pytest.raises(ValueError, match="start from 1"):
        Deal(num_images=15, batch_size=0)
    deal = Deal(num_images=16, batch_size=4, num_lanes=4)
    with pytest.raises(ValueError, match="4 lanes cannot be dealt to process 0 of 3"):
        BatchSampler(deal, num_processes=3)
    with pytest.raises(ValueError, match="must be below 1 and 4"):
        deal.batch(epoch=0, step=1, lane=0)

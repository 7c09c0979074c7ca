"""A sample's steps measure the pace of the loop, whether reading or training holds it up, by a queue that is played."""

from random import Random

import pytest

from tests.benchmarks.read_ahead import BATCHES_A_WORKER, SampleSteps, copies_for, steps_of_sample


def measured(
    steps: SampleSteps, *, reading: float, training: float, num_workers: int, unevenness: float = 0.0
) -> float:
    """Batches per second that a sample finds, where all workers together read `reading` and the device trains on
    `training` batches per second. Everything that may be read ahead is ready when it begins.

    As a DataLoader: workers take batches in turn, are given one more when one is taken, and batches come in order.
    """
    random = Random(0)
    num_ready = BATCHES_A_WORKER * num_workers
    taken_at: list[float] = []
    read_at: list[float] = []
    free_at = begun = 0.0
    for number in range(steps.num_batches):
        if number < num_ready:
            read_at.append(0.0)
        else:
            given_at = max(read_at[number - num_workers], taken_at[number - num_ready])
            read_at.append(given_at + num_workers / reading * random.uniform(1 - unevenness, 1 + unevenness))
        if number == steps.num_discarded + steps.num_untimed:
            begun = free_at
        taken_at.append(max(free_at, read_at[number]))
        free_at = taken_at[-1] + (1 / training if number >= steps.num_discarded else 0.0)
    return steps.num_timed / (free_at - begun)


@pytest.mark.parametrize("num_workers", [1, 4, 16])
@pytest.mark.parametrize("unevenness", [0.0, 0.1])
@pytest.mark.parametrize("over", [0.1, 0.33, 0.6, 0.8, 0.9, 1.1, 1.5, 3.0])
def test_the_pace_on_a_gpu_is_that_of_whichever_is_slower(over: float, unevenness: float, num_workers: int) -> None:
    steps = steps_of_sample(120, num_workers=num_workers, on_gpu=True)
    assert steps.num_timed >= 120

    def pace(steps: SampleSteps) -> float:
        return measured(steps, reading=over * 35, training=35, num_workers=num_workers, unevenness=unevenness)

    in_the_long_run = pace(SampleSteps(num_discarded=0, num_untimed=2_000, num_timed=20_000))
    assert pace(steps) == pytest.approx(in_the_long_run, rel=0.05)
    if not unevenness:
        assert in_the_long_run == pytest.approx(35 * min(over, 1.0), rel=0.001)


def test_as_many_steps_after_a_drain_by_training_would_measure_what_was_read_before() -> None:
    former = SampleSteps(num_discarded=0, num_untimed=30, num_timed=30)
    assert measured(former, reading=0.66, training=1.0, num_workers=16) > 1.3 * 0.66  # so the play can tell


def test_on_a_cpu_nothing_is_thrown_away_and_what_was_ready_is_used_up_untimed() -> None:
    steps = steps_of_sample(4, num_workers=2, on_gpu=False)
    assert (steps.num_discarded, steps.num_timed) == (0, 4)
    assert steps.num_untimed >= BATCHES_A_WORKER * 2
    assert measured(steps, reading=0.5, training=1.0, num_workers=2) == pytest.approx(0.5, rel=0.01)
    assert measured(steps, reading=2.0, training=1.0, num_workers=2) == pytest.approx(1.0, rel=0.01)


def test_a_loop_that_reads_for_itself_has_nothing_to_use_up() -> None:
    assert steps_of_sample(7, num_workers=0, on_gpu=True) == SampleSteps(num_discarded=0, num_untimed=0, num_timed=7)
    assert steps_of_sample(7, num_workers=0, on_gpu=False).num_batches == 7


@pytest.mark.parametrize(("num_batches", "copies"), [(1, 1), (2, 1), (3, 2), (640, 320)])
def test_there_are_as_many_copies_as_an_epoch_of_all_samples_needs(num_batches: int, copies: int) -> None:
    assert copies_for(num_batches, batch_size=128, num_pictures=256) == copies

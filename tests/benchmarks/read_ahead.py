"""How many steps a sample of a training loop takes, so that it is not served from what was read before it began.

The workers of a DataLoader read two batches each ahead, also while another contender has its turn. Knows no loader.
"""

from dataclasses import asdict, dataclass
from typing import Final

BATCHES_A_WORKER: Final = 2
"""torch's default of `prefetch_factor`: as many batches are read, or being read, as there are workers times this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSteps:
    """A sample's batches: first those thrown away, then those trained on untimed, then those that are timed."""

    num_discarded: int
    num_untimed: int
    num_timed: int

    @property
    def num_batches(self) -> int:
        """What a sample takes from its loader."""
        return self.num_discarded + self.num_untimed + self.num_timed

    def as_dict(self) -> dict[str, int]:
        """As JSON types."""
        return asdict(self)


def steps_of_sample(at_least: int, *, num_workers: int, on_gpu: bool) -> SampleSteps:
    """The steps of a sample that times `at_least` steps or a few more.

    For a GPU what is ready is thrown away as fast as it comes: a loop that trains on it empties the queue the slower,
    the nearer reading comes to the GPU's pace. Emptied at once, the workers read in step with one another for a
    while, so whole turns of theirs are timed; as many batches again go by untimed until a GPU that is slower than they
    are has its queue filled.

    A CPU's cores read and train. There filling an emptied queue would be measured as training, so the loop itself uses
    up what is ready.
    """
    num_ready = BATCHES_A_WORKER * num_workers
    if not on_gpu:
        return SampleSteps(num_discarded=0, num_untimed=2 * num_ready, num_timed=at_least)
    turn = max(1, num_workers)
    return SampleSteps(num_discarded=num_ready, num_untimed=num_ready, num_timed=-(-at_least // turn) * turn)


def copies_for(num_batches: int, *, batch_size: int, num_pictures: int) -> int:
    """How often each of `num_pictures` must be there for an epoch of `num_batches`, so that no epoch ends in a sample:
    at its end workers have nothing left to read, and at the next one's start nothing ready."""
    return max(1, -(-num_batches * batch_size // num_pictures))

"""A disk that takes no file above a size, as a full one does. Knows no run."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def full_disk(num_bytes: int = 20_000) -> Iterator[Callable[[bool], None]]:
    """Within it a file of this process can be no larger; the default fits a log and no snapshot.

    Gives a function that says from when on the disk is full, or is not.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(is_full: bool) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes if is_full else before[0], before[1]))

    fill(True)
    try:
        yield fill
    finally:
        fill(False)

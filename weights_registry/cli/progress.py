"""A progress bar on stderr, shown where that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(num_pictures: int) -> Iterator[Callable[[], None]]:
    """Gives what to call after each picture; the bar shows how many are done and how many a second."""
    from tqdm import tqdm

    with tqdm(total=num_pictures, unit=" images", disable=not sys.stderr.isatty(), leave=False, file=sys.stderr) as bar:

        def advance() -> None:
            bar.update()

        yield advance

"""A progress bar on stderr, shown where that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(num_pictures: int, *, data_on_stdout: bool = False) -> Iterator[Callable[[], None]]:
    """Gives what to call after each picture; the bar shows how many are done and how many a second.

    There is none where stderr is no terminal, nor where `data_on_stdout` runs over the same terminal: that shows
    progress by itself, and a bar between its lines would garble them.
    """
    if not sys.stderr.isatty() or (data_on_stdout and sys.stdout.isatty()):
        yield lambda: None
        return
    from tqdm import tqdm

    with tqdm(total=num_pictures, unit=" images", leave=False, file=sys.stderr) as bar:

        def advance() -> None:
            bar.update()

        yield advance

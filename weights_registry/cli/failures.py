"""What a command says when it cannot go on, and with which exit status. Knows no command.

Only what a person can bring about becomes one line of text. Anything else is a bug and keeps its traceback.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class CommandFailed(Exception):
    """What was asked could not be done; the message says why. Exit status 1."""


class CalledWrongly(CommandFailed):
    """What was asked makes no sense; the message says what does. Exit status 2."""


@contextmanager
def failing_on(*kinds: type[Exception]) -> Iterator[None]:
    """Within it, errors of these kinds speak of what the person gave: they become CommandFailed, message and all."""
    try:
        yield
    except kinds as error:
        raise CommandFailed(str(error)) from error


@contextmanager
def running_the_network() -> Iterator[None]:
    """Within it, what a batch size or a dtype can bring about becomes CommandFailed with the option to change."""
    import torch

    try:
        yield
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise _out_of_memory(error) from error
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):  # torch has no type for the CPU's memory
            raise
        raise _out_of_memory(error) from error
    except ArithmeticError as error:
        if type(error) is not ArithmeticError:  # the engine's own, not a division by zero
            raise
        raise CommandFailed(str(error)) from error


def _out_of_memory(error: Exception) -> CommandFailed:
    return CommandFailed(f"there is not enough memory: try a smaller --batch-size ({str(error).partition(chr(10))[0]})")

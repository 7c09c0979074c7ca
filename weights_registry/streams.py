"""stdout and stderr of a command, made fit for whatever it writes. Knows no command."""

import io
import os
import sys


def prepare_streams() -> bool:
    """Make them take any text; False if the shell closed stdout (`>&-`), so that there is nowhere to write to."""
    if sys.stderr is None:  # closed as well: talk goes nowhere, and no file may be given its number
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for as long as the process lives
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file name need not be Unicode, or be what the terminal's encoding has: the rest is shown as `\udcff`, which
        # JSON reads back.
        sys.stdout.reconfigure(errors="backslashreplace")
    return sys.stdout is not None

"""One run a folder: a lock that a process holds on it. Knows nothing of what is in the folder."""

import os
import socket
import sys
import weakref
from pathlib import Path
from typing import Final

from training.errors import RunError

if sys.platform != "win32":
    import fcntl

NAME: Final = "run.lock"


class FolderLock:
    """The lock of `folder`: a file that is there while a process holds it. Threads of one process share it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._let_go: weakref.finalize[..., FolderLock] | None = None

    def take(self) -> bool:
        """Hold the lock until `release`, or until this object or its process ends, if by a kill.

        False where the platform or the file system has no locks: then nothing was done. Raises RunError that says
        which process holds it if another does, and OSError if the folder cannot be written.
        """
        if self._let_go is not None and self._let_go.alive:
            return True
        if sys.platform == "win32":
            return False
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                # Not flock: workers that read pictures would inherit it, and hold it some seconds after their parent
                # was killed. A lock of POSIX is this process's alone, and NFS has it too.
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError) as error:
                raise RunError(self._held_by(descriptor)) from error
            except OSError:
                _let_go(descriptor, self.path, os.getpid())
                return False
            if _is_at(descriptor, self.path):
                break
            os.close(descriptor)  # who held it removed it in between
        os.truncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on `{socket.gethostname()}`".encode())
        self._let_go = weakref.finalize(self, _let_go, descriptor, self.path, os.getpid())
        return True

    def release(self) -> None:
        """Let go of it, if it is held."""
        if self._let_go is not None:
            self._let_go()

    def _held_by(self, descriptor: int) -> str:
        holder = os.read(descriptor, 1000).decode(errors="replace") or "another process"
        os.close(descriptor)
        return (
            f"`{self.path.parent}` is in use: {holder} trains a run there. Wait for its end, stop it, or give another "
            "`--output`"
        )


def _let_go(descriptor: int, path: Path, process: int) -> None:
    if os.getpid() != process:  # a fork's copy
        return
    if _is_at(descriptor, path):
        path.unlink(missing_ok=True)
    os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is the one that is there under this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False

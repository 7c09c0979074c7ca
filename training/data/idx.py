"""Reads arrays in the IDX format, in which MNIST and its kin come. Knows nothing of pictures or labels."""

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from training.errors import DataSetError

_UINT8 = 0x08


def read_idx(path: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The array of bytes in an IDX file, gzipped if it is called `.gz`.

    Raises DataSetError if the file is missing or damaged, or holds anything but bytes.
    Source: http://yann.lecun.com/exdb/mnist, "the IDX file format".
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read()
    except FileNotFoundError as error:
        raise DataSetError(f"`{path}` is missing") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataSetError(f"`{path}` cannot be read: {error}") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UINT8:
        raise DataSetError(f"`{path}` is no IDX file of bytes")
    start = 4 + 4 * content[3]
    shape = tuple(int(side) for side in np.frombuffer(content[4:start], dtype=">u4"))
    if len(shape) != content[3] or len(content) - start != math.prod(shape):
        raise DataSetError(f"`{path}` is damaged: its header says {shape}, and {len(content) - start} bytes follow")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)

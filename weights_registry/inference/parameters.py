"""A file of parameters -> tensors by name. Memory-maps safetensors; unpickles tensors and nothing else.

A `.pth` file is read once and kept as safetensors in the cache, under its digest; from then on the copy is mapped.
"""

import logging
import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import DigestMismatch, LoadError, RecordError, UnsafeFile
from weights_registry.header import verify_data
from weights_registry.inference.key_maps import rename
from weights_registry.inference.saving import save
from weights_registry.sources.cache import cache_dir, lock, set_aside
from weights_registry.sources.digest import sha256_of

Tensors = dict[str, torch.Tensor]

# Training scripts wrap the parameters: torchvision's and DeiT's under `model`, timm's and Lightning's in `state_dict`.
_WRAPPERS: Final = ("state_dict", "model")
_PARALLEL_PREFIX: Final = "module."

_ALIGNMENT: Final = 64  # bytes, torch's on CPUs: c10/core/alignment.h

_log = logging.getLogger("weights_registry")


def read_parameters(path: Path, checkpoint: Checkpoint, *, sha256: str | None = None) -> Tensors:
    """The tensors in the file at `path`, on the CPU, under the names of the checkpoint's architecture.

    `sha256` is the file's full digest where it is known already; it is computed where it is needed and not given.
    Raises UnsafeFile for a pickle with code in it, LoadError for a damaged file or foreign keys, DigestMismatch for
    safetensors whose bytes differ from the digest in their own header.
    """
    if is_safetensors(path):
        return rename(read_safetensors(path), checkpoint.key_map)
    return _read_converted(path, sha256 or sha256_of(path), checkpoint)


def is_safetensors(path: Path) -> bool:
    """Whether the file starts as safetensors do, whatever its name."""
    with path.open("rb") as file:
        start = file.read(9)
    return len(start) == 9 and start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size


def read_safetensors(path: Path) -> Tensors:
    """The tensors of a safetensors file, each where torch would put it; checked against the digest in its header.

    A file without a digest in its header is not checked.
    """
    try:
        verify_data(path)
        return {name: _aligned(tensor) for name, tensor in load_file(path).items()}
    except (SafetensorError, RecordError) as error:
        raise LoadError(f"`{path}` is not a whole safetensors file: {error}") from error


def _aligned(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor where torch's allocator puts it, if it lies elsewhere.

    In a mapped file it begins anywhere, and for such memory some CPUs' kernels round otherwise: the same parameters
    then give other logits, by 2e-7, than those of the network that was saved.
    """
    return tensor if tensor.data_ptr() % _ALIGNMENT == 0 else tensor.clone()


def read_pickle(path: Path) -> Tensors:
    """The tensors of a file that `torch.save` wrote, read by the unpickler that knows tensors and nothing else.

    Raises UnsafeFile if anything else is in it, before any of it runs; LoadError if it is damaged or holds no tensors.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Detected pickle protocol")  # says nothing of safety
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise LoadError(f"`{path}` cannot be read: {error}") from error
    except pickle.UnpicklingError as error:
        raise UnsafeFile(
            f"`{path}` was refused: it holds {_culprit(error)}, and more than tensors can run code. None of it was "
            "run. Ask its author for safetensors, or for a file that holds the state dict alone"
        ) from error
    except Exception as error:  # to damage, the unpickler answers with almost any exception there is
        raise LoadError(
            f"`{path}` cannot be read as parameters; `torch.save` did not write it, or it is damaged "
            f"({type(error).__name__}: {str(error).partition('. ')[0]})"
        ) from error
    return _unwrap(content, path)


def _read_converted(path: Path, sha256: str, checkpoint: Checkpoint) -> Tensors:
    copy = cache_dir() / "converted" / f"{sha256}-{checkpoint.key_map or 'native'}.safetensors"
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with lock(copy):
            return _read_copy(copy) or _convert(path, copy, checkpoint)
    except OSError as error:
        _log.warning("the cache cannot hold a copy of `%s` (%s): it is read in full each time", path.name, error)
        return rename(read_pickle(path), checkpoint.key_map)


def _read_copy(copy: Path) -> Tensors | None:
    if not copy.exists():
        return None
    try:
        return read_safetensors(copy)
    except (LoadError, DigestMismatch) as error:
        _log.warning("%s; it was set aside as `%s` and is made again", error, set_aside(copy))
        return None


def _convert(path: Path, copy: Path, checkpoint: Checkpoint) -> Tensors:
    tensors = rename(read_pickle(path), checkpoint.key_map)
    save(tensors, copy, checkpoint)
    return tensors


def _unwrap(content: Any, path: Path) -> Tensors:
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
            break
    if not isinstance(content, Mapping) or not all(isinstance(each, torch.Tensor) for each in content.values()):
        raise LoadError(f"`{path}` holds no parameters: expected tensors by name, found `{type(content).__name__}`")
    if content and all(key.startswith(_PARALLEL_PREFIX) for key in content):
        return {key.removeprefix(_PARALLEL_PREFIX): tensor for key, tensor in content.items()}
    return dict(content)


def _culprit(error: Exception) -> str:
    """What the unpickler would not touch, such as `posix.system`, as far as it names it."""
    named = re.search(r"GLOBAL ([\w.]+)|add_safe_globals\(\[([\w.]+)\]\)", str(error))
    return f"`{named[1] or named[2]}`" if named else "pickle instructions that tensors do not need"

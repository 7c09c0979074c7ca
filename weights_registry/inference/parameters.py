"""A file of parameters -> tensors by name. Memory-maps safetensors; unpickles tensors and nothing else.

A `.pth` file is read once and kept as safetensors in the cache, under its digest; from then on the copy is mapped.
"""

import logging
import pickle
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

_log = logging.getLogger("weights_registry")


def read_parameters(path: Path, checkpoint: Checkpoint) -> Tensors:
    """The tensors in the file at `path`, on the CPU, under the names of the checkpoint's architecture.

    Raises UnsafeFile for a pickle with code in it, LoadError for a damaged file or foreign keys, DigestMismatch for
    safetensors whose bytes differ from the digest in their own header.
    """
    if is_safetensors(path):
        return rename(read_safetensors(path), checkpoint.key_map)
    return _read_converted(path, checkpoint)


def is_safetensors(path: Path) -> bool:
    """Whether the file starts as safetensors do, whatever its name."""
    with path.open("rb") as file:
        start = file.read(9)
    return len(start) == 9 and start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size


def read_safetensors(path: Path) -> Tensors:
    """The tensors of a safetensors file, mapped into memory; checked against the digest in its header if it has one."""
    try:
        verify_data(path)
        return load_file(path)
    except (SafetensorError, RecordError) as error:
        raise LoadError(f"`{path}` is not a whole safetensors file: {error}") from error


def read_pickle(path: Path) -> Tensors:
    """The tensors of a file that `torch.save` wrote, read by the unpickler that knows tensors and nothing else.

    Raises UnsafeFile if anything else is in it, before any of it runs; LoadError if it is damaged or holds no tensors.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Weights only load failed" in str(error) or "Unsupported" in str(error):
            raise UnsafeFile(
                f"`{path}` was refused: besides tensors it holds {_culprit(error)}, which could run code. None of "
                "it was run. Ask its author for safetensors, or for a file that holds the state dict alone"
            ) from error
        raise LoadError(f"`{path}` cannot be read, it is damaged: {error}") from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise LoadError(f"`{path}` cannot be read as parameters: {_first_line(error)}") from error
    return _unwrap(content, path)


def _read_converted(path: Path, checkpoint: Checkpoint) -> Tensors:
    copy = cache_dir() / "converted" / f"{sha256_of(path)}-{checkpoint.key_map or 'native'}.safetensors"
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
    """What the unpickler would not touch, such as `posix.system`, as it names it."""
    words = [word.strip("`'\".,:;()") for word in str(error).split() if "." in word.strip("`'\".,:;()")]
    named = [word for word in words if all(part.isidentifier() for part in word.split(".")) and "torch." not in word]
    return f"`{named[0]}`" if named else "other objects"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__

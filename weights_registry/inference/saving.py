"""A network and its Checkpoint -> one safetensors file that describes itself, written whole or not at all."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from weights_registry.checkpoint import Checkpoint
from weights_registry.header import DATA_SHA256_KEY, describe, read_header
from weights_registry.whole_file import umask

_PLACEHOLDER = "0" * 64


def save(model: nn.Module | Mapping[str, torch.Tensor], path: str | os.PathLike[str], checkpoint: Checkpoint) -> Path:
    """Write the parameters to `path` as safetensors whose header holds the whole `checkpoint`; gives the path.

    The record's `num_params` and categories must be the model's: ValueError otherwise. An existing file is replaced
    only once the new one is complete on disk.
    """
    path = Path(path)
    tensors = dict(model.state_dict()) if isinstance(model, nn.Module) else dict(model)
    if isinstance(model, nn.Module):
        _check_num_params(model, checkpoint)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(descriptor)
    part = Path(name)
    try:
        save_file(_separate(tensors), part, metadata=describe(_as_native(checkpoint), data_sha256=_PLACEHOLDER))
        _enter_digest(part)
        part.chmod(0o666 & ~umask())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _check_num_params(model: nn.Module, checkpoint: Checkpoint) -> None:
    num_params = sum(parameter.numel() for parameter in model.parameters())
    if num_params != checkpoint.num_params:
        raise ValueError(
            f"the model has {num_params:,} parameters but its record says {checkpoint.num_params:,}; "
            "write the record with `dataclasses.replace(checkpoint, num_params=...)`"
        )


def _as_native(checkpoint: Checkpoint) -> Checkpoint:
    """The record as it holds for a file under the architecture's own keys."""
    return replace(checkpoint, key_map=None)


def _separate(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Contiguous tensors on the CPU that share no memory, as the format wants them."""
    seen: set[int] = set()
    separate: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().to("cpu").contiguous()
        storage = tensor.untyped_storage().data_ptr()
        separate[name] = tensor.clone() if storage in seen else tensor
        seen.add(storage)
    return separate


def _enter_digest(part: Path) -> None:
    """Put the digest of the tensors' bytes into the header in the placeholder's stead, and the file on disk.

    safetensors writes the metadata in random order; here it is sorted, so that equal content makes equal files.
    """
    header = read_header(part)
    with part.open("r+b") as file:
        file.seek(header.data_start)
        metadata = {**header.metadata, DATA_SHA256_KEY: hashlib.file_digest(file, "sha256").hexdigest()}
        entries = {"__metadata__": dict(sorted(metadata.items())), **header.tensors}
        content = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
        room = header.data_start - 8
        if len(content) > room:
            raise RuntimeError(f"the header of `{part}` grew from {room} to {len(content)} bytes by being sorted")
        file.seek(8)
        file.write(content.ljust(room))
        file.flush()
        os.fsync(file.fileno())

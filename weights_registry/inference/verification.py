"""Is a checkpoint what its record says? Digest, strict load, counts, and measured against published accuracy."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from torch import nn

from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.errors import DigestMismatch, FetchError, RegistryError
from weights_registry.header import verify_data
from weights_registry.inference.architectures import find_head
from weights_registry.inference.evaluation import Evaluation
from weights_registry.inference.loading import fill
from weights_registry.inference.parameters import is_safetensors, read_parameters
from weights_registry.sources import fetch
from weights_registry.sources.digest import sha256_of

# timm reads torchvision's files within 0.03 points of torchvision's own figures: ../families, `published_by_timm`.
DEFAULT_TOLERANCE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: whether it holds, and what was found."""

    name: str
    holds: bool
    found: str


def verify(checkpoint: Checkpoint, *, progress: bool | None = None) -> Iterator[Check]:
    """Each check of the checkpoint's bytes and parameters, as it is done; the first that fails is the last.

    A failed check is an answer, not an exception.
    """
    try:
        path = fetch(checkpoint, progress=progress)
        yield Check("digest", True, _digest(path, checkpoint))
        tensors = read_parameters(path, checkpoint)
        model = fill(checkpoint, tensors, dtype=None)
    except RegistryError as error:
        yield Check(_stage(error), False, str(error))
        return
    yield Check("strict load", True, f"all {len(tensors)} tensors fit `{checkpoint.architecture}`, none is left over")
    yield _categories(checkpoint, model)
    yield _num_params(checkpoint, model)


def compare(measured: Evaluation, published: Metrics, *, tolerance: float = DEFAULT_TOLERANCE) -> Check:
    """Whether the measured acc@1 agrees with a published one, within `tolerance` percentage points.

    On as many pictures as the published figure has, they are taken for the same pictures: the two must agree within
    the tolerance alone. On fewer, chance plays too: the published figure must lie in the 95 % interval, widened by it.
    """
    low, high = measured.interval1
    same_pictures = measured.num_images == published.num_images
    if same_pictures:
        holds = abs(measured.acc1 - published.acc1) <= tolerance
        rule = f"as many pictures: within {tolerance:g} points (95 % interval {low:.3f} to {high:.3f})"
    else:
        holds = low - tolerance <= published.acc1 <= high + tolerance
        rule = f"other pictures: within the 95 % interval {low:.3f} to {high:.3f}, widened by {tolerance:g} points"
    found = (
        f"measured {measured.acc1:.3f} on {measured.num_images:,} pictures, published {published.acc1:.3f} on "
        f"{published.dataset} {published.split} by {published.measured_by}; {rule}"
    )
    return Check("acc@1", holds, found)


def _stage(error: RegistryError) -> str:
    return (
        "digest" if isinstance(error, DigestMismatch) else "fetch" if isinstance(error, FetchError) else "strict load"
    )


def _digest(path: Path, checkpoint: Checkpoint) -> str:
    """What the file was held against; a mismatch was raised before, by whoever fetched or reads it."""
    if is_safetensors(path) and checkpoint.sha256 is None and (data_sha256 := verify_data(path)):
        return f"SHA-256 of the tensors `{data_sha256}`, as in the file's own header"
    found = sha256_of(path)
    if checkpoint.sha256 is None:
        return f"SHA-256 `{found}`; none is published to hold it against"
    if len(checkpoint.sha256) == 64:
        return f"SHA-256 `{found}`, in full as published"
    return f"SHA-256 `{found}`; its first {len(checkpoint.sha256)} digits as published"


def _categories(checkpoint: Checkpoint, model: nn.Module) -> Check:
    found, named = len(model.get_parameter(f"{find_head(model)}.weight")), len(checkpoint.labels)
    return Check("categories", found == named, f"the head tells {found:,} apart, the record names {named:,}")


def _num_params(checkpoint: Checkpoint, model: nn.Module) -> Check:
    found, stated = sum(parameter.numel() for parameter in model.parameters()), checkpoint.num_params
    return Check("parameters", found == stated, f"the network has {found:,}, the record says {stated:,}")

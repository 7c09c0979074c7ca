"""Is a checkpoint what its record says? Digest, strict load, counts, and measured against published accuracy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from torch import nn

from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.errors import DigestMismatch, FetchError, RecordError, RegistryError, UnsafeFile
from weights_registry.header import verify_data
from weights_registry.inference.architectures import build_without_parameters
from weights_registry.inference.evaluation import Evaluation
from weights_registry.inference.loading import fill
from weights_registry.inference.parameters import Tensors, is_safetensors, read_parameters
from weights_registry.sources import VerifiedFile, fetch_verified

# timm reads torchvision's files within 0.03 points of torchvision's own figures: ../families, `published_by_timm`.
DEFAULT_TOLERANCE: Final = 0.05

# Which check an error fails; the first that fits.
_STAGES: Final[dict[type[RegistryError], str]] = {
    DigestMismatch: "digest",
    FetchError: "fetch",
    RecordError: "format",
    UnsafeFile: "safety",
}


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
        file = fetch_verified(checkpoint, progress=progress)
        yield Check("digest", True, _digest(file, checkpoint))
        tensors = read_parameters(file.path, checkpoint)
        # Before the strict load, which would refuse it too, but say less clearly what is wrong.
        categories = _categories(checkpoint, tensors)
        if categories is not None:
            yield categories
            if not categories.holds:
                return
        model = fill(checkpoint, tensors, dtype=None)
    except RegistryError as error:
        yield Check(_stage(error), False, str(error))
        return
    yield Check("strict load", True, f"all {len(tensors)} tensors fit `{checkpoint.architecture}`, none is left over")
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
    subject = ", on a sibling file" if published.of == "sibling-file" else ""
    found = (
        f"measured {measured.acc1:.3f} on {measured.num_images:,} pictures, published {published.acc1:.3f} on "
        f"{published.dataset} {published.split} by {published.measured_by}{subject}; {rule}"
    )
    return Check("acc@1", holds, found)


def _stage(error: RegistryError) -> str:
    return next((name for kind, name in _STAGES.items() if isinstance(error, kind)), "strict load")


def _digest(file: VerifiedFile, checkpoint: Checkpoint) -> str:
    """What the file was held against. Raises DigestMismatch if it is not what its own header says."""
    if checkpoint.sha256 is None and is_safetensors(file.path) and (data_sha256 := verify_data(file.path)):
        return f"SHA-256 of the tensors `{data_sha256}`, as in the file's own header"
    if checkpoint.sha256 is None:
        return f"SHA-256 `{file.sha256}`; none is published to hold it against"
    if len(checkpoint.sha256) == 64:
        return f"SHA-256 `{file.sha256}`, in full as published"
    return f"SHA-256 `{file.sha256}`; its first {len(checkpoint.sha256)} digits as published"


def _categories(checkpoint: Checkpoint, tensors: Tensors) -> Check | None:
    """Whether the head tells as many apart as the record names; None if the file has no head, which no load forgives.

    The head is what changes its shape with the number of categories, whatever it is called.
    """
    one, two = (build_without_parameters(checkpoint.architecture, number).state_dict() for number in (1, 2))
    named = len(checkpoint.labels)
    for name in one:
        if name in tensors and one[name].shape != two[name].shape and tensors[name].ndim == one[name].ndim:
            axis = [a == b for a, b in zip(one[name].shape, two[name].shape, strict=True)].index(False)
            found = tensors[name].shape[axis]
            return Check("categories", found == named, f"the head tells {found:,} apart, the record names {named:,}")
    return None


def _num_params(checkpoint: Checkpoint, model: nn.Module) -> Check:
    found, stated = sum(parameter.numel() for parameter in model.parameters()), checkpoint.num_params
    return Check("parameters", found == stated, f"the network has {found:,}, the record says {stated:,}")

"""torch's switches for the length of a run, as its settings want them. Knows nothing of what runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from training.runs.settings import RunSettings


@contextmanager
def as_set(settings: RunSettings) -> Iterator[None]:
    """torch's switches as the settings want them, and after it as they were."""
    before = torch.backends.cudnn.benchmark, torch.are_deterministic_algorithms_enabled()
    torch.backends.cudnn.benchmark = not settings.deterministic
    torch.use_deterministic_algorithms(settings.deterministic)
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before[0]
        torch.use_deterministic_algorithms(before[1])

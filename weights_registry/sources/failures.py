"""Why no source had the file: each reason, the kind of error that makes, and what to do next. Raises nothing."""

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import DigestMismatch, FetchError, NotFoundError, OfflineError
from weights_registry.sources import torch_hub
from weights_registry.sources.address import addresses_of, is_http, published_url
from weights_registry.sources.cache import CACHE_VARIABLE, Entry
from weights_registry.sources.settings import MIRROR_VARIABLE


class Failures:
    """The sources tried so far without success, and the reason of each."""

    def __init__(self) -> None:
        self._found: list[tuple[str, FetchError]] = []

    def add(self, source: str, error: FetchError) -> None:
        """Note that `source` failed."""
        self._found.append((source, error))

    def error(self, checkpoint: Checkpoint) -> FetchError:
        """One error for all of them; its message lists them and ends with what to do.

        DigestMismatch if any source had other bytes, OfflineError if the network is off, NotFoundError if every
        source said that there is no such file, else FetchError.
        """
        lines = [f"`{checkpoint.id}` could not be fetched."]
        lines += [f"  {source}: {error}" for source, error in self._found]
        kind = self._kind()
        return kind("\n".join([*lines, *_advice(checkpoint, kind)]))

    def _kind(self) -> type[FetchError]:
        errors = [error for _, error in self._found]
        for kind in (DigestMismatch, OfflineError):
            if any(isinstance(error, kind) for error in errors):
                return kind
        return NotFoundError if errors and all(isinstance(error, NotFoundError) for error in errors) else FetchError


def _advice(checkpoint: Checkpoint, kind: type[FetchError]) -> list[str]:
    """What to do next, and where files were looked for."""
    if not any(is_http(url) or url.startswith("hf://") for url in addresses_of(checkpoint)):
        return []
    lines = []
    if is_http(published_url(checkpoint)):
        path = Entry.of(checkpoint).path
        lines = [
            f"Looked in `{path.parent}` and `{torch_hub.checkpoints_dir()}`.",
            f"To bring the file yourself, put it at `{path}`; it is verified there.",
        ]
    command = f"`weights-registry download {checkpoint.id}`"
    if kind is OfflineError:
        folder = CACHE_VARIABLE if lines else "HF_HUB_CACHE"
        return [
            *lines,
            f"{'Or run' if lines else 'Run'} {command} on a machine with network and copy its `{folder}` folder here.",
        ]
    mirror = f"{MIRROR_VARIABLE} names mirrors to try first" if lines else "HF_ENDPOINT names another Hub"
    return [*lines, f"Run {command} to try again; {mirror}."]

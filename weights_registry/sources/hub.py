"""Files on the Hugging Face Hub, hf://org/repo/file@revision: kept in the Hub's own cache, verified by us."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import DigestMismatch, FetchError, NotFoundError, OfflineError
from weights_registry.sources.digest import Expected, VerifiedFile, verify
from weights_registry.sources.progress import is_shown
from weights_registry.sources.settings import is_hub_offline


@dataclass(frozen=True, slots=True)
class HubFile:
    """One file of one repository. `revision` is a commit, tag or branch; None is the default branch."""

    repo: str
    path: str
    revision: str | None

    @classmethod
    def parse(cls, url: str) -> HubFile:
        """The parts of an hf:// address. Raises FetchError if it has not all of them."""
        match = re.fullmatch(r"hf://([^/@]+/[^/@]+)/([^@]+)(?:@([^@]+))?", url)
        if match is None:
            raise FetchError(f"`{url}` must read hf://organisation/repository/file@revision")
        return cls(match[1], match[2], match[3])


def fetch(url: str, checkpoint: Checkpoint, *, progress: bool | None) -> VerifiedFile:
    """The file in the Hub's cache, downloaded if need be, verified; a bad copy is fetched again once.

    Raises NotFoundError, OfflineError, DigestMismatch, FetchError.
    """
    file = HubFile.parse(url)
    path = _ask(file, progress=progress)
    try:
        return verify(path, _expected(path, checkpoint), url=url)
    except DigestMismatch as error:
        if is_hub_offline():
            raise DigestMismatch(f"{error}; delete `{path}` and fetch it again with the network on") from error
    path = _ask(file, progress=progress, force_download=True)
    try:
        return verify(path, _expected(path, checkpoint), url=url)
    except DigestMismatch as error:
        raise DigestMismatch(f"{error}; it was fetched twice") from error


def is_present(url: str) -> bool:
    """Whether the Hub's cache holds the file. Imports huggingface_hub, asks nobody."""
    from huggingface_hub import try_to_load_from_cache

    file = HubFile.parse(url)
    return isinstance(try_to_load_from_cache(file.repo, file.path, revision=file.revision), str)


def _expected(path: Path, checkpoint: Checkpoint) -> Expected:
    """What is declared; and where the Hub's cache names the blob by its full SHA-256, that, if the two agree."""
    declared = Expected.of(checkpoint)
    # One step only: a blob may in turn link into a store that is named by another kind of hash.
    name = path.readlink().name if path.is_symlink() else ""
    if re.fullmatch(r"[0-9a-f]{64}", name) and name.startswith(declared.digits or ""):
        return replace(declared, digits=name, origin=declared.origin if declared.digits == name else "Hub's")
    return declared


def _ask(file: HubFile, *, progress: bool | None, force_download: bool = False) -> Path:
    """Ask huggingface_hub, which has its own retries, locks and cache, for a local path."""
    from huggingface_hub import hf_hub_download

    with _plain_errors(file):
        path = hf_hub_download(
            file.repo,
            file.path,
            revision=file.revision,
            library_name="weights-registry",
            local_files_only=is_hub_offline(),
            force_download=force_download,
            endpoint=os.environ.get("HF_ENDPOINT"),
            tqdm_class=_bar_class(shown=is_shown(progress)),
        )
    return Path(path)


def _bar_class(*, shown: bool) -> Any:
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]
        monitor_interval = 0

        def __init__(self, *args: Any, **options: Any) -> None:
            options.pop("name", None)
            super().__init__(*args, **{**options, "disable": not shown})

    return Bar


@contextmanager
def _plain_errors(file: HubFile) -> Iterator[None]:
    """Tell huggingface_hub's errors as ours."""
    from huggingface_hub import errors

    where = f"`{file.path}` of `{file.repo}` at `{file.revision or 'main'}`"
    try:
        yield
    except errors.GatedRepoError as error:
        raise FetchError(f"{where} is for people who accepted its terms; do so, then run `hf auth login`") from error
    except errors.RepositoryNotFoundError as error:
        raise NotFoundError(f"{where} is not there, or private: run `hf auth login` if it is yours") from error
    except (errors.RemoteEntryNotFoundError, errors.RevisionNotFoundError) as error:
        raise NotFoundError(f"{where} is not there") from error
    except errors.LocalEntryNotFoundError as error:
        raise _absent(where, error) from error
    except (OSError, ValueError, errors.EntryNotFoundError) as error:
        raise FetchError(f"{where}: {error}") from error


def _absent(where: str, error: Exception) -> FetchError:
    from huggingface_hub.constants import HF_HUB_CACHE

    if is_hub_offline():
        return OfflineError(f"{where} is not in `{HF_HUB_CACHE}`, and the network is switched off for the Hub")
    return FetchError(f"{where}: the Hub cannot be reached ({error.__cause__ or error})")

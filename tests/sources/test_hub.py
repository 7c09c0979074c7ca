"""hf:// addresses, against a Hub on loopback that speaks as much of the protocol as one file needs."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources.server import Fault, FileServer
from tests.sources.toy import Make
from weights_registry import sources
from weights_registry.errors import DigestMismatch, FetchError, NotFoundError, OfflineError
from weights_registry.sources.hub import HubFile

COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = f"hf://org/repo/sub/model.safetensors@{COMMIT}"
PATH = f"/org/repo/resolve/{COMMIT}/sub%2Fmodel.safetensors"


@pytest.fixture(autouse=True)
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache of the Hub's, which reads its variables when it is imported."""
    import huggingface_hub

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield tmp_path / "hub"
    huggingface_hub.close_session()


@pytest.fixture
def hub(server: FileServer, monkeypatch: pytest.MonkeyPatch, body: bytes) -> FileServer:
    """A Hub that holds `body` as `sub/model.safetensors` at one commit."""
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    server.headers = {"X-Repo-Commit": COMMIT}
    server.serve(PATH, body)
    server.serve(PATH.replace("%2F", "/"), body)
    return server


@pytest.fixture
def seeded(hub_cache: Path, body: bytes) -> Path:
    """The Hub's cache as it lies on a machine that once had network; answers with the blob."""
    repo = hub_cache / "models--org--repo"
    blob = repo / "blobs" / hashlib.sha256(body).hexdigest()
    pointer = repo / "snapshots" / COMMIT / "sub" / "model.safetensors"
    blob.parent.mkdir(parents=True)
    pointer.parent.mkdir(parents=True)
    blob.write_bytes(body)
    pointer.symlink_to(f"../../../blobs/{blob.name}")
    return blob


def num_gets(server: FileServer) -> int:
    return sum(seen.method == "GET" for seen in server.seen)


def test_a_file_of_the_hub_is_fetched_verified_and_kept_in_the_hubs_cache(
    hub: FileServer, make: Make, body: bytes, hub_cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    checkpoint = make(URL)
    assert not sources.is_cached(checkpoint)
    path = sources.fetch(checkpoint)
    assert path.read_bytes() == body
    assert path.is_relative_to(hub_cache)
    assert sources.is_cached(checkpoint)
    assert sources.fetch(checkpoint) == path
    assert num_gets(hub) == 1
    assert capfd.readouterr() == ("", "")


def test_a_bar_is_shown_when_asked_for(hub: FileServer, make: Make, capfd: pytest.CaptureFixture[str]) -> None:
    sources.fetch(make(URL), progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "100%" in err


@pytest.mark.parametrize("sha256", ["", None])
def test_a_damaged_file_in_the_hubs_cache_is_fetched_again(
    hub: FileServer, make: Make, body: bytes, seeded: Path, sha256: str | None
) -> None:
    seeded.write_bytes(bytes(len(body)))
    assert sources.fetch(make(URL, sha256=sha256)).read_bytes() == body
    assert num_gets(hub) == 1


def test_wrong_bytes_on_the_hub_are_a_digest_mismatch(hub: FileServer, make: Make) -> None:
    with pytest.raises(DigestMismatch, match="fetched twice"):
        sources.fetch(make(URL, sha256="0" * 64))


def test_a_seeded_cache_works_offline(
    seeded: Path, make: Make, body: bytes, monkeypatch: pytest.MonkeyPatch, hub: FileServer
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert sources.fetch(make(URL)).read_bytes() == body
    assert hub.seen == []


def test_a_damaged_seeded_cache_is_refused_offline(
    seeded: Path, make: Make, body: bytes, monkeypatch: pytest.MonkeyPatch, hub: FileServer
) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_OFFLINE", "1")
    seeded.write_bytes(bytes(len(body)))
    with pytest.raises(DigestMismatch, match="fetch it again with the network on"):
        sources.fetch(make(URL))
    assert hub.seen == []


@pytest.mark.parametrize("variable", ["WEIGHTS_REGISTRY_OFFLINE", "HF_HUB_OFFLINE"])
def test_a_missing_file_offline_names_the_cache_and_the_command(
    make: Make, hub_cache: Path, monkeypatch: pytest.MonkeyPatch, hub: FileServer, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    with pytest.raises(OfflineError, match=r"weights-registry download Toy_Weights\.V1") as caught:
        sources.fetch(make(URL))
    assert str(hub_cache) in str(caught.value)
    assert hub.seen == []


@pytest.mark.parametrize(
    ("status", "code", "kind", "advice"),
    [
        (404, "EntryNotFound", NotFoundError, "is not there"),
        (404, "RevisionNotFound", NotFoundError, "is not there"),
        (404, "RepoNotFound", NotFoundError, "hf auth login"),
        (403, "GatedRepo", FetchError, "accepted its terms"),
    ],
)
def test_the_hubs_refusals_are_told_as_ours_and_the_mirror_is_asked(
    hub: FileServer, make: Make, tmp_path: Path, body: bytes, status: int, code: str, kind: type, advice: str
) -> None:
    hub.always = Fault(status=status, headers={"X-Error-Code": code})
    with pytest.raises(FetchError, match=advice) as caught:
        sources.fetch(make(URL))
    assert type(caught.value) is kind
    (tmp_path / "w.pth").write_bytes(body)
    assert sources.fetch(make(URL, (tmp_path / "w.pth").as_uri())) == tmp_path / "w.pth"


def test_an_address_names_repository_file_and_revision() -> None:
    assert HubFile.parse("hf://org/repo/a/b.pt@refs/pr/1") == HubFile("org/repo", "a/b.pt", "refs/pr/1")
    assert HubFile.parse("hf://org/repo/w.pt") == HubFile("org/repo", "w.pt", None)


@pytest.mark.parametrize("url", ["hf://org", "hf://org/repo", "hf://org/repo/", "hf://org/repo/w@"])
def test_an_address_that_lacks_a_part_is_refused(make: Make, url: str) -> None:
    with pytest.raises(FetchError, match="must read hf://organisation/repository/file@revision"):
        sources.fetch(make(url))

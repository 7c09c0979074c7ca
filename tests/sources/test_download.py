"""What an honest, a busy, a silent and a lying server do to a download."""

import hashlib
from pathlib import Path

import pytest

from tests.sources.server import Fault, FileServer
from tests.sources.toy import Make
from weights_registry import sources
from weights_registry.errors import DigestMismatch, FetchError, NotFoundError
from weights_registry.sources import Transfer
from weights_registry.sources.cache import Entry


def test_a_download_brings_the_bytes(server: FileServer, make: Make, body: bytes, transfer: Transfer) -> None:
    path = sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer)
    assert path.read_bytes() == body
    assert [seen.range for seen in server.seen] == [None]


def test_nothing_unfinished_stays_behind(server: FileServer, make: Make, body: bytes, transfer: Transfer) -> None:
    path = sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer)
    assert {file.name for file in path.parent.iterdir()} == {"w.pth", "w.pth.json", "w.pth.lock"}


def test_a_second_fetch_asks_nobody(server: FileServer, make: Make, body: bytes, transfer: Transfer) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    assert sources.fetch(checkpoint, transfer=transfer) == sources.fetch(checkpoint, transfer=transfer)
    assert len(server.seen) == 1


def test_a_length_beyond_the_body_is_found_out(server: FileServer, make: Make, body: bytes, transfer: Transfer) -> None:
    server.always = Fault(claimed_length=len(body) + 10, ignore_range=True)
    with pytest.raises(FetchError, match="3 times in a row"):
        sources.fetch(make(server.serve("/w.pth", body), num_bytes=None), transfer=transfer)


def test_a_length_short_of_the_body_is_found_out(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    server.always = Fault(claimed_length=len(body) - 10)
    with pytest.raises(DigestMismatch, match="set aside"):
        sources.fetch(make(server.serve("/w.pth", body), num_bytes=None), transfer=transfer)


def test_another_size_than_published_is_refused_before_it_is_downloaded(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    checkpoint = make(server.serve("/w.pth", body * 20), sha256=None, num_bytes=len(body))
    with pytest.raises(DigestMismatch, match="the server's file has 6000000 bytes where 300000 are published"):
        sources.fetch(checkpoint, transfer=transfer)
    assert [file.name for file in Entry.of(checkpoint).path.parent.iterdir()] == ["w.pth.lock"]


def test_a_body_without_a_length_is_cut_off_when_it_grows_too_long(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    server.always = Fault(no_length=True)
    with pytest.raises(DigestMismatch, match="more than the 300000 bytes"):
        sources.fetch(make(server.serve("/w.pth", body + b"!"), sha256=None, num_bytes=len(body)), transfer=transfer)


def test_a_file_larger_than_the_disk_is_refused_at_once(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    server.always = Fault(claimed_length=2**62)
    with pytest.raises(FetchError, match="do not fit on the disk"):
        sources.fetch(make(server.serve("/w.pth", body), num_bytes=None), transfer=transfer)
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_busy_server_is_asked_again(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, status: int
) -> None:
    server.faults += [Fault(status=status, headers={"Retry-After": "3600"}), Fault(status=status)]
    assert sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer).read_bytes() == body
    assert len(server.seen) == 3


def test_a_busy_server_is_given_up_after_max_attempts(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    server.always = Fault(status=503)
    with pytest.raises(FetchError, match="failed 3 times in a row, at last: the server answered 503"):
        sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer)
    assert len(server.seen) == 3


@pytest.mark.parametrize(("status", "kind"), [(404, NotFoundError), (410, NotFoundError), (403, FetchError)])
def test_a_refusal_is_not_tried_again(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, status: int, kind: type[FetchError]
) -> None:
    server.always = Fault(status=status)
    with pytest.raises(FetchError, match=f"answered {status}") as caught:
        sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer)
    assert type(caught.value) is kind
    assert len(server.seen) == 1


@pytest.mark.parametrize("stall_after", [0, 100_000])
def test_a_server_that_falls_silent_is_left_and_asked_again(
    server: FileServer, make: Make, body: bytes, stall_after: int
) -> None:
    impatient = Transfer(read_timeout_s=0.25, max_attempts=10, backoff_s=0.001)
    server.faults.append(Fault(stall_after=stall_after))
    assert sources.fetch(make(server.serve("/w.pth", body)), transfer=impatient).read_bytes() == body


def test_a_server_that_stays_silent_ends_in_an_error(server: FileServer, make: Make, body: bytes) -> None:
    server.always = Fault(stall_after=0)
    with pytest.raises(FetchError, match="no answer in time"):
        sources.fetch(
            make(server.serve("/w.pth", body)), transfer=Transfer(read_timeout_s=0.25, max_attempts=2, backoff_s=0)
        )
    assert len(server.seen) == 2


def test_wrong_bytes_are_set_aside_and_the_mirror_asked(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    wrong = bytes(len(body))
    checkpoint = make(server.serve("/w.pth", wrong), server.serve("/mirror/w.pth", body))
    path = sources.fetch(checkpoint, transfer=transfer)
    assert path.read_bytes() == body
    assert path.with_name("w.pth.bad").read_bytes() == wrong


def test_wrong_bytes_everywhere_are_a_digest_mismatch_that_names_both_digests(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    wrong = bytes(len(body))
    checkpoint = make(server.serve("/w.pth", wrong), server.serve("/mirror/w.pth", wrong))
    with pytest.raises(DigestMismatch) as caught:
        sources.fetch(checkpoint, transfer=transfer)
    told = str(caught.value)
    assert f"`w.pth` does not match its published digest: expected `{hashlib.sha256(body).hexdigest()}`" in told
    assert hashlib.sha256(wrong).hexdigest() in told
    assert "`w.pth.bad`" in told
    assert "`w.pth.1.bad`" in told
    assert not Entry.of(checkpoint).path.exists()


def test_every_source_and_its_reason_is_listed(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, tmp_path: Path
) -> None:
    server.serve("/w.pth", body)
    server.faults.append(Fault(status=403))
    with FileServer() as closed:
        unreachable = closed.url
    checkpoint = make(f"{server.url}/w.pth", f"{unreachable}/w.pth", (tmp_path / "w.pth").as_uri())
    with pytest.raises(FetchError) as caught:
        sources.fetch(checkpoint, transfer=transfer)
    told = str(caught.value)
    assert all(url in told for url in (checkpoint.url, *checkpoint.mirrors))
    assert "403" in told
    assert "the connection failed" in told
    assert "there is no file" in told
    assert "weights-registry download Toy_Weights.V1" in told


def test_a_redirect_is_followed(server: FileServer, make: Make, body: bytes, transfer: Transfer) -> None:
    server.faults.append(Fault(status=302, headers={"Location": server.serve("/elsewhere", body)}))
    assert sources.fetch(make(f"{server.url}/w.pth"), transfer=transfer).read_bytes() == body


def test_a_redirect_to_plain_http_elsewhere_is_refused(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    server.always = Fault(status=302, headers={"Location": "http://weights.invalid/w.pth"})
    with pytest.raises(FetchError, match=r"redirects to an address that is not allowed: .* must start with https"):
        sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer)


def test_plain_http_is_for_loopback_only(make: Make) -> None:
    for host in ("127.0.0.1:1", "localhost", "[::1]:80"):
        assert make(f"http://{host}/w.pth").url.startswith("http://")
    with pytest.raises(ValueError, match="must start with https://"):
        make("http://weights.invalid/w.pth")

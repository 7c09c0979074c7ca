"""A download that broke off goes on where it broke, unless the file is another one now."""

import json
from pathlib import Path

import pytest

from tests.sources.server import Fault, FileServer
from tests.sources.toy import Make
from weights_registry import sources
from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import FetchError
from weights_registry.sources import Transfer
from weights_registry.sources.cache import Entry


def leave_unfinished(checkpoint: Checkpoint, body: bytes, etag: str, *, total: int, url: str | None = None) -> Path:
    """Leave what a killed process leaves; answers with the `.part` file."""
    part = Entry.of(checkpoint).path.with_name("w.pth.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(body)
    origin = {"url": url or checkpoint.url, "etag": etag, "last_modified": None, "total": total}
    part.with_name("w.pth.part.json").write_text(json.dumps(origin))
    return part


@pytest.mark.parametrize("no_length", [False, True])
def test_a_cut_line_is_resumed_where_it_broke(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, no_length: bool
) -> None:
    server.faults.append(Fault(cut_after=100_000, no_length=no_length))
    assert sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer).read_bytes() == body
    assert [(seen.status, seen.range) for seen in server.seen] == [(200, None), (206, "bytes=100000-")]
    assert server.num_sent == len(body)


def test_a_rest_that_comes_short_without_naming_its_length_is_resumed_too(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    server.faults += [Fault(cut_after=100_000), Fault(cut_after=50_000, no_length=True)]
    assert sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer).read_bytes() == body
    assert [seen.range for seen in server.seen] == [None, "bytes=100000-", "bytes=150000-"]


def test_a_line_that_keeps_breaking_but_advances_outlives_max_attempts(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    server.always = Fault(cut_after=40_000)
    assert sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer).read_bytes() == body
    assert len(server.seen) == 8 > transfer.max_attempts


def test_a_file_that_changed_on_the_server_is_begun_again(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    checkpoint = make(server.serve("/w.pth", bytes(len(body))))
    server.always = Fault(status=503)
    server.faults.append(Fault(cut_after=100_000))
    with pytest.raises(FetchError):
        sources.fetch(checkpoint, transfer=transfer)
    server.always = Fault()
    server.serve("/w.pth", body)
    assert sources.fetch(checkpoint, transfer=transfer).read_bytes() == body
    assert (server.seen[-1].range, server.seen[-1].status) == ("bytes=100000-", 200)


@pytest.mark.parametrize("status", [412, 416])
def test_a_refused_rest_is_asked_for_as_a_whole(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, status: int
) -> None:
    server.faults += [Fault(cut_after=100_000), Fault(status=status)]
    assert sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer).read_bytes() == body
    assert [seen.range for seen in server.seen] == [None, "bytes=100000-", None]


def test_a_server_without_ranges_sends_it_all_again(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    server.faults += [Fault(cut_after=100_000), Fault(ignore_range=True)]
    assert sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer).read_bytes() == body


def test_bytes_whose_version_cannot_be_told_are_not_resumed(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    server.etags = False
    server.faults.append(Fault(cut_after=100_000))
    assert sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer).read_bytes() == body
    assert [seen.range for seen in server.seen] == [None, None]


@pytest.mark.parametrize("content_range", ["bytes 0-299999/300000", "bytes 100000-299999/999999", "nonsense"])
def test_other_bytes_than_asked_for_are_not_appended(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, content_range: str
) -> None:
    server.faults += [Fault(cut_after=100_000), Fault(content_range=content_range)]
    assert sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer).read_bytes() == body
    assert [seen.range for seen in server.seen] == [None, "bytes=100000-", None]


def test_a_download_that_only_lacks_its_name_asks_nobody(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    leave_unfinished(checkpoint, body, server.etag("/w.pth"), total=len(body))
    assert sources.fetch(checkpoint, transfer=transfer).read_bytes() == body
    assert server.seen == []


@pytest.mark.parametrize("leftover", ["another address", "no origin"])
def test_leftovers_of_unknown_origin_are_not_resumed(
    server: FileServer, make: Make, body: bytes, transfer: Transfer, leftover: str
) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    part = leave_unfinished(checkpoint, body[:-1], server.etag("/w.pth"), total=len(body), url="https://other.invalid")
    if leftover == "no origin":
        part.with_name("w.pth.part.json").unlink()
    server.always = Fault(cut_after=80_000)  # four times: more than max_attempts, yet each with progress
    assert sources.fetch(checkpoint, transfer=transfer).read_bytes() == body
    assert server.seen[0].range is None


def test_leftovers_that_spoil_a_resumed_file_cost_one_more_download(
    server: FileServer, make: Make, body: bytes, transfer: Transfer
) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    leave_unfinished(checkpoint, b"\0" * 1000, server.etag("/w.pth"), total=len(body))
    path = sources.fetch(checkpoint, transfer=transfer)
    assert path.read_bytes() == body
    assert [seen.range for seen in server.seen] == ["bytes=1000-", None]
    assert path.with_name("w.pth.bad").read_bytes().startswith(b"\0" * 1000)

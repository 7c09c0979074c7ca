"""Files are there whole or not at all; `written_whole` has its tests in tests/cli/test_files.py."""

import os
from pathlib import Path

import pytest

from weights_registry.whole_file import umask, write_draft, write_whole


@pytest.mark.parametrize("content", [b"\x00\xff", "Käfer\n", ""])
def test_the_file_holds_what_was_given_and_nothing_else_is_left(content: bytes | str, tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("before")
    assert write_whole(path, content) == path
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_readable_as_any_new_file_is(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    assert write_whole(tmp_path / "file", "").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_where_it_cannot_be_written_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", "text")
    with pytest.raises(UnicodeEncodeError):
        write_draft(tmp_path / "other", "\udcff")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_the_umask_is_told_and_not_changed() -> None:
    before = os.umask(0o027)
    try:
        assert umask() == umask() == 0o027
    finally:
        os.umask(before)

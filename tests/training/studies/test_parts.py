"""Parts of a study: whole or not there, and never of two studies."""

from pathlib import Path

import pytest

from training import RunError
from training.studies.parts import open_parts

IDENTITY = {"study": "resize", "sha256": "ab", "sizes": (224, 232)}


def test_a_part_that_was_kept_is_found_by_the_same_study(tmp_path: Path) -> None:
    parts = open_parts(tmp_path / "new", IDENTITY)
    assert parts.get("one") is None
    parts.keep("one", {"codes": ["1", "é"]})
    assert open_parts(tmp_path / "new", IDENTITY).get("one") == {"codes": ["1", "é"]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sha256": "cd"}, 'another sha256: `"ab"` there, `"cd"` asked for'),
        ({"sizes": (224, 240)}, "another sizes"),
        ({"device": "cuda"}, "another device: `null` there"),
    ],
)
def test_another_study_is_refused_and_what_differs_is_named(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    open_parts(tmp_path, IDENTITY)
    with pytest.raises(RunError, match=told) as raised:
        open_parts(tmp_path, {**IDENTITY, **change})
    assert "another `--output`" in str(raised.value)


def test_a_full_disk_leaves_the_part_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = open_parts(tmp_path, IDENTITY)
    parts.keep("one", {"codes": []})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        parts.keep("one", {"codes": ["1"]})
    assert parts.get("one") == {"codes": []}
    assert [path.name for path in tmp_path.iterdir() if path.stem != "identity"] == ["one.json"]


def test_a_damaged_part_is_told_with_what_to_do(tmp_path: Path) -> None:
    parts = open_parts(tmp_path, IDENTITY)
    parts.keep("one", {"codes": []})
    (tmp_path / "one.json").write_text('{"codes": [')
    with pytest.raises(RunError, match=r"is damaged .*: remove it, and that part is measured again"):
        parts.get("one")

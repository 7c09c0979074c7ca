"""Writing a chart: picture and JSON side by side, whole or not at all, the same bytes each time."""

import json
import math
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from weights_registry.plots import Series, line_chart, write_chart


def chart(y: float = 1.0) -> Figure:
    return line_chart(
        {"a": Series([0, 1], [0, y])},
        title="Accuracy over size, on ImageNet-1K and Fashion-MNIST-test, with a name too long for one line",
        subtitle="n = 2",
        x_label="x",
        y_label="y",
        width_in=2.5,
        height_in=2,
    )


def test_the_picture_has_its_words_and_data_beside_it(tmp_path: Path) -> None:
    path = write_chart(chart(), tmp_path / "new" / "size", alt="A rising line.", data={"sizes": [1, 2], "name": "é"})
    assert path == tmp_path / "new" / "size.png"
    record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert record == {
        "title": "Accuracy over size, on ImageNet-1K and Fashion-MNIST-test, with a name too long for one line",
        "alt": "A rising line.",
        "data": {"sizes": [1, 2], "name": "é"},
    }
    with Image.open(path) as picture:
        picture.load()
        assert picture.width == 2.5 * 192
        assert not set(picture.info) - {"dpi"}, "the picture says when or with what it was made"
    assert sorted(each.name for each in path.parent.iterdir()) == ["size.json", "size.png"]


def test_the_panel_is_opaque(tmp_path: Path) -> None:
    with Image.open(write_chart(chart(), tmp_path / "a.png", alt="A line.", data={})) as picture:
        assert picture.convert("RGBA").getchannel("A").getextrema() == (255, 255)


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other, different = (
        write_chart(chart(y), tmp_path / f"{name}.png", alt="A line.", data={"y": y})
        for name, y in (("one", 1.0), ("other", 1.0), ("different", 2.0))
    )
    for suffix in (".png", ".json"):
        assert one.with_suffix(suffix).read_bytes() == other.with_suffix(suffix).read_bytes()
        assert one.with_suffix(suffix).read_bytes() != different.with_suffix(suffix).read_bytes()


@pytest.mark.parametrize(
    ("name", "alt", "data", "complaint"),
    [
        ("a.svg", "A line.", {}, "not `.svg`"),
        ("a.png", " ", {}, "`alt` is empty"),
        ("a.png", "A line.", {"y": math.nan}, "JSON"),
        ("a.png", "A line.", {"y": object()}, "JSON"),
    ],
)
def test_a_refused_chart_changes_neither_file(
    tmp_path: Path, name: str, alt: str, data: dict[str, object], complaint: str
) -> None:
    path = write_chart(chart(), tmp_path / "a.png", alt="A line.", data={})
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=complaint):
        write_chart(chart(), path.with_name(name), alt=alt, data=data)
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before


def test_a_full_disk_changes_neither_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_chart(chart(), tmp_path / "a.png", alt="A line.", data={})
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}

    def full(descriptor: int) -> None:
        if len(list(tmp_path.iterdir())) == 4:  # the JSON's draft is written; the picture's is not
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_chart(chart(2.0), path, alt="Another line.", data={"other": True})
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before

"""A card as an HTML page: one file, nothing loaded, and no markup but ours."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from tests.small_checkpoints import measured, record
from weights_registry import ResNet50_Weights
from weights_registry.card import make_card
from weights_registry.card.page import card_page

Tag = tuple[str, dict[str, str | None]]


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(card: str, folder: Path, **options: list[Path]) -> Page:
    return Page(card_page(card, title="<Card>", folder=folder, **options))


def test_a_card_becomes_headings_tables_and_links(tmp_path: Path) -> None:
    page = page_of(make_card(ResNet50_Weights.ImageNet1K_V2.checkpoint), tmp_path)
    assert [page.text.count(each) for each in ("ResNet50_Weights.ImageNet1K_V2", "model-index", "people:")] == [2, 0, 0]
    assert len(page.attributes("table")) == 3
    assert {"href": "https://docs.pytorch.org/vision/stable/models.html"} in page.attributes("a")
    assert "<Card>" in page.text
    assert page.attributes("meta")[-1]["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_pictures_are_put_into_the_page(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "a b.png")
    (image,) = page_of("![two by two](a%20b.png)", tmp_path).attributes("img")
    assert image["alt"] == "two by two"
    assert str(image["src"]).startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize(
    "source", ["../secret.png", "/etc/hostname", "https://example.org/spy.png", "missing.png", "notes.txt"]
)
def test_of_any_other_picture_the_words_remain(source: str, tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "secret.png")
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "notes.txt").write_text("x")
    page = page_of(f"![a sight]({source})", tmp_path / "cards")
    assert page.attributes("img") == []
    assert "[a sight]" in page.text


def test_a_picture_elsewhere_is_put_in_if_its_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    Image.new("RGB", (2, 2)).save(tmp_path / "seen.png")
    page = page_of("![a sight](../seen.png)", tmp_path / "cards", pictures_in=[tmp_path])
    assert len(page.attributes("img")) == 1


def test_links_to_files_become_text(tmp_path: Path) -> None:
    page = page_of("[figures](evidence/a.json), [*web*](https://example.org)", tmp_path)
    assert page.attributes("a") == [{"href": "https://example.org"}]
    assert "figures, web" in page.text


EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3)) ![y](https://example.org/z)"


def test_nothing_that_a_stranger_wrote_becomes_markup(tmp_path: Path) -> None:
    figure = measured(50, 100, note=EVIL, measured_by=EVIL, source="javascript:alert(4)", dataset=EVIL)
    evil = record(metrics=(figure,), description=EVIL, lineage=(EVIL,), weights_licence=EVIL)
    honest = record(metrics=(measured(50, 100, note="x", source=""),), lineage=("x",))
    page = page_of(make_card(evil, people={"about": EVIL}), tmp_path)
    assert page.tags == page_of(make_card(honest, people={"about": "x"}), tmp_path).tags
    assert EVIL in page.text

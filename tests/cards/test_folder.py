"""The folder `cards` against the registry: nothing missing, stale or dead in it, and what people wrote is kept."""

import importlib.util
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from PIL import Image

from tests.markdown_blocks import find_blocks
from tests.small_checkpoints import SAMPLES
from weights_registry import Checkpoint, get_weights
from weights_registry.card.folder import CardsFolder, bundled_checkpoints

CARDS = Path(__file__).parent.parent.parent / "cards"
STALE = "run `python cards/make_cards.py` and commit what it changes"
CHECKPOINTS = bundled_checkpoints()
LITE0 = get_weights("efficientnet_lite0").checkpoint


@pytest.fixture(scope="module")
def make_cards() -> Any:
    """The script that makes the folder, as a module."""
    spec = importlib.util.spec_from_file_location("make_cards", CARDS / "make_cards.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages() -> list[Path]:
    return sorted(CARDS.glob("*.md"))


def inlines(page: Path) -> list[Token]:
    tokens = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    return [child for token in tokens for child in token.children or []]


def local_targets(page: Path) -> Iterator[str]:
    """Paths that links and pictures of a page lead to."""
    for token in inlines(page):
        target = str(token.attrs.get("href") or token.attrs.get("src") or "")
        if target and "://" not in target:
            yield unquote(target.partition("#")[0])


def test_every_card_is_what_the_registry_says(make_cards: Any) -> None:
    for path, text in make_cards.cards().items():
        assert path.is_file(), f"{path.name} is missing: {STALE}"
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: {STALE}"


def test_the_index_is_what_the_registry_says(make_cards: Any) -> None:
    assert (CARDS / "README.md").read_text(encoding="utf-8") == make_cards.index(), STALE


def test_speeds_are_what_was_measured(make_cards: Any) -> None:
    for path, text in make_cards.speed_evidence().items():
        assert path.read_text(encoding="utf-8") == text, STALE


def test_no_card_is_without_its_checkpoint(make_cards: Any) -> None:
    assert make_cards.orphans() == []
    known = {checkpoint.id for checkpoint in CHECKPOINTS}
    assert {path.name for path in (CARDS / "evidence").iterdir()} <= known


def test_a_card_without_its_checkpoint_would_be_found(make_cards: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_cards, "bundled_checkpoints", lambda: CHECKPOINTS[1:])
    assert make_cards.orphans() == [CARDS / f"{CHECKPOINTS[0].id}.md"]


def test_pictures_are_drawn_from_what_the_registry_says(make_cards: Any) -> None:
    # Not pixel for pixel: another version of matplotlib or Pillow may round otherwise.
    expected = {**make_cards.drawings(), **make_cards.charts()}
    for path, drawn in expected.items():
        assert json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) == drawn.record, (
            f"{path.name}: {STALE}"
        )
    shared = {path for path in (CARDS / "pictures").glob("*.png") if path.with_suffix(".json").is_file()}
    assert shared == {path for path in expected if path.parent == CARDS / "pictures"}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in local_targets(page):
        assert (page.parent / target).is_file(), target


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_pictures_are_pictures_and_have_words(page: Path) -> None:
    images = [token for token in inlines(page) if token.type == "image"]
    assert images
    for image in images:
        assert len(image.content.split()) >= 5
        with Image.open(page.parent / unquote(str(image.attrs["src"]))) as picture:
            picture.verify()


def test_every_evidence_is_on_its_card() -> None:
    files = [path for path in (CARDS / "evidence").glob("*/*") if path.stem != "sample"]
    assert files
    for path in files:
        card = CARDS / f"{path.parent.name}.md"
        assert path.with_suffix(".json").relative_to(CARDS).as_posix() in {
            Path(target).with_suffix(".json").as_posix() for target in local_targets(card)
        }


def code_of(checkpoint: Checkpoint) -> str:
    (block,) = find_blocks((CARDS / f"{checkpoint.id}.md").read_text(encoding="utf-8"))
    assert block.language == "python"
    return block.code


@pytest.mark.parametrize("checkpoint", CHECKPOINTS, ids=lambda checkpoint: checkpoint.id)
def test_the_name_in_the_code_finds_the_checkpoint(checkpoint: Checkpoint) -> None:
    code = code_of(checkpoint)
    compile(code, checkpoint.id, "exec")
    assert get_weights(code.split('Classifier("')[1].split('"')[0]).checkpoint is checkpoint


def test_the_code_runs_as_it_stands_without_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("WEIGHTS_REGISTRY_OFFLINE", "1")
    monkeypatch.setenv("WEIGHTS_REGISTRY_CACHE", str(tmp_path / "cache"))
    (tmp_path / "photo.jpg").write_bytes((SAMPLES / "espresso.jpg").read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(compile(code_of(LITE0), "card", "exec"), {})
    assert "espresso" in capsys.readouterr().out


@pytest.fixture
def folder(tmp_path: Path) -> CardsFolder:
    """A folder with one card, just made."""
    folder = CardsFolder(tmp_path)
    folder.card_path(LITE0).write_text(folder.card(LITE0, recipe=None), encoding="utf-8")
    return folder


def test_what_people_write_in_a_block_is_kept(folder: CardsFolder) -> None:
    path = folder.card_path(LITE0)
    written = path.read_text(encoding="utf-8").replace("- Machines without internet", "- Islands without a cable")
    path.write_text(written, encoding="utf-8")
    assert "Islands without a cable" in written
    assert folder.card(LITE0, recipe=None) == written


def test_what_people_write_outside_of_a_block_is_noticed(folder: CardsFolder) -> None:
    path = folder.card_path(LITE0)
    path.write_text(path.read_text(encoding="utf-8").replace("74.846", "99.9"), encoding="utf-8")
    assert folder.card(LITE0, recipe=None) != path.read_text(encoding="utf-8")


def test_a_broken_block_names_the_card(folder: CardsFolder) -> None:
    path = folder.card_path(LITE0)
    path.write_text("<!-- people: about -->\n", encoding="utf-8")
    with pytest.raises(ValueError, match=f"{LITE0.id}.md`: the block `about` of line 1 is not closed"):
        folder.card(LITE0, recipe=None)


def test_a_sample_of_its_own_takes_the_place_of_the_photo(folder: CardsFolder) -> None:
    shared = folder.feeding_path(LITE0)
    folder.evidence_path(LITE0).mkdir(parents=True)
    (folder.evidence_path(LITE0) / "sample.png").write_bytes(b"")
    assert shared == folder.root / "pictures" / "fed-256-224-bicubic.png"
    assert folder.feeding_path(LITE0) == folder.evidence_path(LITE0) / "feeding.png"

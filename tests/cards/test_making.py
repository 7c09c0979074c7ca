"""What is in a card: every fact with who says it, nothing empty, and no text that steers the page."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.small_checkpoints import measured, record
from weights_registry import Checkpoint, EfficientNet_Lite0_Weights, ResNet50_Weights
from weights_registry.card import RecipeRow, RecipeTable, make_card, read_blocks
from weights_registry.card.evidence import read_evidence
from weights_registry.card.metrics import accuracy_interval
from weights_registry.errors import CardError, RecordError
from weights_registry.inference.intervals import wilson_interval

V2 = ResNet50_Weights.ImageNet1K_V2.checkpoint


def headings(card: str) -> list[str]:
    return re.findall(r"^##+ (.+)$", card, re.MULTILINE)


def section(card: str, heading: str) -> str:
    return re.split(r"^## ", card.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def test_sections_stand_in_their_order_and_empty_ones_are_left_out() -> None:
    assert headings(make_card(V2)) == [
        *("What it is", "Use it", "How it is fed", "Metrics", "As published"),
        *("Good for", "Not good for", "Provenance and licence"),
    ]
    assert headings(make_card(record())) == ["What it is", "Use it", "How it is fed", "Provenance and licence"]


def test_published_and_measured_never_share_a_table() -> None:
    figures = (measured(91.5, 200, kind="published"), measured(88.25, 400, kind="measured", measured_by="me"))
    card = make_card(record(metrics=figures))
    published, _, ours = section(card, "Metrics").partition("### As measured here")
    assert "91.500" in published
    assert "88.250" not in published
    assert "88.250" in ours
    assert "91.500" not in ours


def test_each_row_says_who_measured_on_what_fed_how_of_which_file() -> None:
    other = measured(50, 100, split="test", of="earlier-run", note="before the fire", measured_by="Ann", acc5=None)
    card = make_card(record(metrics=(other,)))
    low, high = wilson_interval(50, 100)
    assert (
        f"| Colours test | 100 | 50.000 | {low:.2f} to {high:.2f} |  |  | 32/32 | an earlier run¹ "
        "| [Ann](https://example.org) |" in card
    )
    assert "¹ before the fire" in card


def test_feeding_that_is_not_the_checkpoints_own_is_told_in_full() -> None:
    fed = replace(record().preprocessing, resize_size=40, interpolation="bicubic", mean=(0.5,) * 3)
    figure = measured(50, 100, preprocessing=fed)
    assert "| 40/32, bicubic, other mean and std |" in make_card(record(metrics=(figure,)))


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_of_a_rounded_accuracy_is_that_of_its_count(counted: tuple[int, int]) -> None:
    num_correct, num_images = counted
    assert accuracy_interval(round(100 * num_correct / num_images, 3), num_images) == wilson_interval(*counted)


def test_without_a_number_of_pictures_there_is_no_interval() -> None:
    assert "| Colours val | not said | 91.500 |  |  |" in make_card(record(metrics=(measured(91.5, None),)))


def test_a_recipe_stands_beside_what_it_came_from() -> None:
    rows = (
        RecipeRow(setting="lr", value="0.5", before=("0.5", "0.1"), meaning="peak rate"),
        RecipeRow(setting="views", value="4", before=("1", "1"), meaning="of each picture"),
    )
    table = RecipeTable(
        id="net/v2", digest="ab" * 32, before=("net/rung-12", "net/v1"), rows=rows, remarks=("By night.",)
    )
    card = section(make_card(record(), recipe=table), "Recipe")
    assert "| setting | `net/v2` | `net/rung-12` | `net/v1` | meaning |" in card
    assert "| `lr` | 0.5 |  | 0.1 | peak rate |" in card
    assert "| `views` | **4** | 1 | 1 | of each picture |" in card
    assert "- By night." in card


def test_a_row_needs_a_value_for_each_recipe_before() -> None:
    row = RecipeRow(setting="lr", value="0.5", before=(), meaning="peak rate")
    with pytest.raises(ValueError, match="`lr` has 0 values before, for 1 recipes"):
        RecipeTable(id="a", digest="", before=("b",), rows=(row,))


def test_a_digest_that_is_not_whole_is_not_called_one() -> None:
    assert "begins with `11ad3fa6`; no more of it is published" in make_card(V2)
    lite0 = EfficientNet_Lite0_Weights.ImageNet1K_V1.checkpoint
    assert f"| SHA-256 | `{lite0.sha256}` |" in make_card(lite0)


def test_a_card_does_not_say_where_a_file_lies_on_this_machine() -> None:
    card = make_card(record(url="file:///home/ann/secret/model%20one.safetensors"))
    assert "secret" not in card
    assert 'Classifier("model one.safetensors")' in card
    assert "`model one.safetensors`, a file of one's own" in card


def test_the_v2_weights_are_said_to_be_under_confident() -> None:
    assert "under-confident" in section(make_card(V2), "Not good for")
    assert "under-confident" not in make_card(ResNet50_Weights.ImageNet1K_V1.checkpoint)


@pytest.mark.parametrize("checkpoint", [V2, record()], ids=lambda checkpoint: checkpoint.id)
def test_making_a_card_from_its_own_blocks_changes_nothing(checkpoint: Checkpoint) -> None:
    card = make_card(checkpoint)
    assert make_card(checkpoint, people=read_blocks(card)) == card


def test_figures_of_the_record_stand_outside_of_blocks() -> None:
    changed = replace(V2, metrics=tuple(replace(each, acc1=round(each.acc1 - 1, 3)) for each in V2.metrics))
    again = make_card(changed, people=read_blocks(make_card(V2)))
    assert "falls from 80.8 %" in section(make_card(V2), "Not good for")
    assert "falls from 79.8 %" in section(again, "Not good for")
    assert again == make_card(changed)


def test_words_of_people_are_kept_where_they_belong() -> None:
    people = {"about": "*A pearl.*", "good-for": "", "ours": "We had it in 2024."}
    card = make_card(V2, people=people)
    assert "<!-- people: about -->\n*A pearl.*\n<!-- end -->" in section(card, "What it is")
    assert "We had it in 2024." in section(card, "Notes")
    assert "Good for" not in headings(card)  # somebody emptied it, and it is not filled again
    assert read_blocks(card) == {**read_blocks(make_card(V2)), **people}
    assert make_card(V2, people=read_blocks(card)) == card


HOSTILE = "<script>alert(1)</script> | [x](javascript:y)\n\n# big\n<!-- people: about -->\n```\x1b[2J"


def test_no_text_of_a_record_becomes_markup() -> None:
    evil = record(
        description=HOSTILE,
        architecture=HOSTILE,
        recipe=HOSTILE,
        weights_licence=HOSTILE,
        lineage=(HOSTILE,),
        metrics=(measured(50, 100, note=HOSTILE, measured_by=HOSTILE, source=HOSTILE, dataset=HOSTILE, split=HOSTILE),),
    )
    card = make_card(evil)
    body = card.split("\n---\n", 1)[1]
    assert headings(card) == headings(make_card(record(metrics=evil.metrics)))
    assert read_blocks(card) == {}
    assert "\x1b" not in card
    assert not re.search(r"(?<!\\)<", re.sub(r"(`+).+?\1", "", body))


def put(folder: Path, name: str, content: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))


def test_evidence_is_taken_in_where_it_belongs(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    put(folder, "zebra.json", {"data": {"stripes": 12}})
    put(
        folder,
        "resize.json",
        {"title": "Resize | tuned", "alt": "A curve that rises.", "data": {"papers": {"date": "1"}}},
    )
    (folder / "resize.png").write_bytes(b"")
    rows = [{"cores": 1, "images_per_s": 40.45}, {"cores": 2, "images_per_s": 1234.5}]
    papers = {"command": "make bench", "versions": {"torch": "2.15"}}
    put(folder, "speed-cpu.json", {"title": "On a CPU", "data": {"throughput": rows, "warm": True}, "papers": papers})
    card = make_card(record(), evidence=folder)
    assert headings(card)[3:] == [
        *("Studies", "Resize | tuned".replace("|", r"\|"), "Zebra", "Speed here", "On a CPU"),
        "Provenance and licence",
    ]
    assert "![A curve that rises.](evidence/resize.png)\n\ndate: 1 ([figures as JSON](evidence/resize.json))" in card
    assert "| stripes | 12 |" in card
    assert "| cores | images per s |\n| ---: | ---: |\n| 1 | 40.45 |\n| 2 | 1,234 |" in card
    assert "| warm | yes |" in card
    assert "command: `make bench`; versions: torch 2.15" in card


def test_links_lead_from_where_the_card_will_lie(tmp_path: Path) -> None:
    put(tmp_path / "evidence", "speed.json", {"data": {"images_per_s": 40}})
    card = make_card(record(), evidence=tmp_path / "evidence", beside=tmp_path / "docs")
    assert "(../evidence/speed.json)" in card


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", "{", "a.json` is not JSON"),
        ("a.json", "[1]", "a.json` must hold a JSON object"),
        ("a.png", "", "a.png` has no `a.json` beside it"),
    ],
)
def test_evidence_that_cannot_be_read_is_named(name: str, content: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(CardError, match=re.escape(told)):
        make_card(record(), evidence=tmp_path)


def test_a_picture_needs_words(tmp_path: Path) -> None:
    put(tmp_path, "a.json", {"title": "A", "alt": " ", "data": {}})
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(CardError, match=r"has no `alt`: say in a sentence what `a.png` shows"):
        make_card(record(), evidence=tmp_path)


EVALUATED = {
    "weights": "Colours.V1",
    "data": "/somewhere/photos",
    "dataset": None,
    "num_images": 400,
    "num_categories": 3,
    "num_ranked": 3,
    "acc1": 88.25,
    "acc5": 100.0,
    "unreadable": [{"source": "a.jpg", "reason": "cut short"}],
    "preprocessing": {"resize_size": 32, "crop_size": 32, "mean": [0, 0, 0], "std": [1, 1, 1]},
    "preprocess": "exact",
    "dtype": "float32",
}


def test_what_evaluate_prints_is_a_row_among_the_accuracies_measured(tmp_path: Path) -> None:
    put(tmp_path, "accuracy.json", EVALUATED)
    card = make_card(record(), evidence=tmp_path)
    ours = card.partition("### As measured here")[2]
    low, high = wilson_interval(353, 400)
    assert f"| photos | 400 | 88.250 | {low:.2f} to {high:.2f} | 100.000 |" in ours
    assert "| 32/32 | this file¹ | weights-registry evaluate |" in ours
    assert (
        "¹ exact preprocessing, float32; 3 categories; ranked among 3; not counted, since they could not be read: 1"
        in ours
    )
    assert "somewhere" not in card
    assert "dataset:\n      name: photos" in card  # and in the front matter, for machines


@pytest.mark.parametrize("ranked_among", ["all", "set"])
def test_among_what_was_ranked_is_kept_and_so_is_a_note(tmp_path: Path, ranked_among: str) -> None:
    put(tmp_path, "accuracy.json", {"note": "by night", **EVALUATED, "ranked_among": ranked_among})
    (evidence,) = read_evidence(tmp_path)
    assert evidence.metrics is not None
    assert evidence.metrics.ranked_among == ranked_among
    assert evidence.metrics.note.startswith("by night; exact preprocessing")


def test_figures_that_evaluate_never_printed_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "accuracy.json", {**EVALUATED, "acc1": "88"})
    with pytest.raises(RecordError, match=r"`acc1` of .*accuracy\.json` must be of type"):
        make_card(record(), evidence=tmp_path)

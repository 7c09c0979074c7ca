"""Holds each figure that README.md calls measured to the file of `cards/measurements/` that it is from.

A row or a sentence that tests/readme_figures.py does not list fails, and so does a figure that is not its file's at the
precision shown. Knows not how anything was measured.
"""

import json
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Final

import pytest

from tests.readme_figures import LIMIT, MEASUREMENTS, NOT_FROM_A_FILE, SENTENCES, TABLES, Figure, measured

README: Final = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
NUMBER: Final = r"(?:(?<!\w)\d[\d,]*(?:\.\d+)*|\b(?:[Tt]en|three|two)\b)"
WORDS: Final = {"two": "2", "three": "3", "ten": "10"}


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def prose() -> str:
    """The section on measurements without its tables, and the paragraph on scaled decoding, each as one line."""
    (scaled,) = [each for each in section("Serve it").split("\n\n") if "--scaled-decode true" in each]
    lines = [line for line in section("Measured").splitlines() if not line.startswith("|")]
    return " ".join(f"{scaled} {' '.join(lines)}".split())


def rows() -> list[tuple[str, str, list[str]]]:
    """Title of the first column, first cell and other cells of each row of each table."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", section("Measured"), re.M):
        head, _rule, *lines = [
            [cell.strip() for cell in line.strip("| \n").split(" | ")] for line in block.splitlines()
        ]
        for first, *others in lines:
            found.append((head[0], first, others))
    return found


def agrees(shown: str, value: str) -> bool:
    """Whether `shown` is `value`, rounded half up to as many decimals as are shown."""
    shown = WORDS.get(shown.lower(), shown).replace(",", "")
    if shown == value:
        return True
    try:
        decimals = len(shown.partition(".")[2])
        return Decimal(shown) == Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    except ArithmeticError:  # a version has two dots
        return False


def check(place: str, text: str, figures: Sequence[Figure]) -> None:
    numbers = re.findall(NUMBER, text)
    assert len(numbers) == len(figures), f"{place}: {numbers} stand there, and {len(figures)} figures are listed here"
    for shown, figure in zip(numbers, figures, strict=True):
        value = figure.value()
        assert agrees(shown, value), f"{place}: `{shown}` is shown, and {figure} is `{value}`"


def test_every_row_is_known_and_each_known_row_is_there() -> None:
    shown = [(title, label) for title, label, _ in rows()]
    assert sorted(shown) == sorted((title, label) for title, known in TABLES.items() for label in known)


@pytest.mark.parametrize(("title", "label", "cells"), rows())
def test_a_rows_figures_are_those_of_its_file(title: str, label: str, cells: list[str]) -> None:
    known = TABLES[title][label]
    assert len(cells) == len(known)
    for cell, figures in zip(cells, known, strict=True):
        check(label, cell, figures)


@pytest.mark.parametrize(("title", "label", "cells"), [row for row in rows() if row[0] != "server"])
def test_a_row_says_in_bold_that_a_rival_is_better(title: str, label: str, cells: list[str]) -> None:
    ours, *others = (figure for figures in TABLES[title][label] for figure in figures)
    rivals = [float(each.value()) for each in others if each.name == ours.name and each.fields["contender"] != LIMIT]
    sign = 1 if ours.name.endswith("per_s") else -1
    is_behind = any(sign * rival > sign * float(ours.value()) for rival in rivals)
    assert is_behind == ("**" in cells[0])


@pytest.mark.parametrize(("sentence", "figures"), SENTENCES.items())
def test_a_sentences_figures_are_those_of_its_file(sentence: str, figures: Sequence[Figure]) -> None:
    found = re.findall(_pattern(sentence), prose())
    assert len(found) == 1, f"README.md has {len(found)} times: {sentence}"
    check(sentence, " ".join(found[0] if isinstance(found[0], tuple) else found), figures)


def test_no_other_sentence_has_figures() -> None:
    left = prose()
    for known in (*map(_pattern, SENTENCES), *map(re.escape, NOT_FROM_A_FILE)):
        assert re.search(known, left), f"README.md no longer says: {known}"
        left = re.sub(known, " ", left)
    left = re.sub(r"`[^`]*`", " ", left)  # the commands: below
    assert not re.findall(r"[^.;:]*(?<!\w)\d[^.;:]*", left)


def test_the_commands_are_those_that_the_files_name() -> None:
    commands = [measured(path.stem)["command"] for path in MEASUREMENTS.glob("*.json")]
    shown = re.findall(r"`(tests/benchmarks/\S+\.py[^`]*)`", prose())
    assert len(shown) == 5
    for each in shown:
        assert any(command.endswith(f" {each}") for command in commands), f"`{each}` made no file"


def test_all_was_measured_on_one_machine_without_a_gpu_by_committed_code_but_for_what_is_said_not_to_be() -> None:
    files = [measured(path.stem) for path in MEASUREMENTS.glob("*.json")]
    assert len({json.dumps([file["machine"], file["versions"]]) for file in files}) == 1
    assert {file["machine"]["gpu"] for file in files} == {"not used"}
    assert [file["name"] for file in files if file["uncommitted_changes"]] == ["scaled_decode"]
    assert "There is no GPU figure yet" in prose()
    assert "with changes that were not committed" in prose()


def test_no_answer_of_the_soak_had_another_status_of_500_or_above_than_503() -> None:
    outcomes = " ".join(row["outcomes"] for row in measured("serve_soak")["statuses"])
    assert set(re.findall(r" x (5\d\d)", outcomes)) == {"503"}


@pytest.mark.parametrize(
    ("shown", "value", "is_so"),
    [("12,230", "12230.0", True), ("12,227", "12230.0", False), ("0.20", "0.1945", False), ("78.2", "78.15", True)],
)
def test_a_figure_agrees_at_the_precision_shown(shown: str, value: str, is_so: bool) -> None:
    assert agrees(shown, value) == is_so


def _pattern(sentence: str) -> str:
    return f"({NUMBER})".join(map(re.escape, sentence.split("{}")))

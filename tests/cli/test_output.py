"""What goes to the terminal: tables line up, and nothing in a name can break a line or steer the terminal."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weights_registry.cli.failures import CommandFailed, failing_on, running_the_network
from weights_registry.cli.output import Column, bytes_text, count_text, print_table, printable


@given(st.text(st.characters()))
def test_printable_text_is_one_line_without_control_characters(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(printable(text)) == printable(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S"], include_characters=" ")))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert printable(text) == text


def test_a_table_lines_up_and_spells_out_escape_codes(capsys: pytest.CaptureFixture[str]) -> None:
    columns: list[Column[tuple[str, int]]] = [
        Column("NAME", lambda row: row[0]),
        Column("N", lambda row: str(row[1]), number=True),
    ]
    print_table([("a", 5), ("b\x1b[2J\n", 1000)], columns)
    assert capsys.readouterr().out.splitlines() == ["NAME           N", "a              5", r"b\x1b[2J\n  1000"]


def test_sizes_and_counts_read_as_people_write_them() -> None:
    assert [bytes_text(each) for each in (None, 18_826_032, 2_530_000_000)] == ["?", "18.8 MB", "2.53 GB"]
    assert [count_text(each) for each in (12, 25_600, 25_557_032)] == ["12", "25.6k", "25.6M"]


def test_only_the_errors_named_become_failures() -> None:
    with pytest.raises(CommandFailed, match="no such device"), failing_on(ValueError):
        raise ValueError("no such device")
    with pytest.raises(KeyError), failing_on(ValueError):
        raise KeyError("a bug")


def test_memory_that_is_not_there_points_to_the_batch_size() -> None:
    import torch

    with pytest.raises(CommandFailed, match="--batch-size"), running_the_network():
        torch.empty(10**16)  # 40 PB


def test_an_error_of_the_network_itself_is_a_bug_with_a_traceback() -> None:
    import torch

    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), running_the_network():
        torch.nn.Linear(3, 1)(torch.zeros(1, 4))
    with pytest.raises(ZeroDivisionError), running_the_network():
        _ = 1 / len(())


def test_a_name_that_is_not_unicode_reads_back_from_json(tmp_path: Path) -> None:
    from weights_registry.whole_file import written_whole

    name = os.fsdecode(b"\xff.jpg")
    with written_whole(tmp_path / "names.json") as file:
        json.dump(name, file, ensure_ascii=False)
    assert json.loads((tmp_path / "names.json").read_text(encoding="utf-8")) == name

"""The log holds a line for the run and one for every epoch, also after a kill at any byte."""

from pathlib import Path

import pytest

from training import RunError
from training.runs.runlog import RunLog


@pytest.fixture
def log(tmp_path: Path) -> RunLog:
    found = RunLog(tmp_path)
    found.begin({"seed": 3})
    for epoch in range(3):
        found.add({"epoch": epoch, "loss": 1 / (epoch + 1)})
    return found


def test_what_was_written_is_read(log: RunLog) -> None:
    header, epochs = log.read()
    assert header == {"seed": 3}
    assert [record["epoch"] for record in epochs] == [0, 1, 2]


def test_a_resumed_run_drops_what_it_will_do_again(log: RunLog) -> None:
    log.resume(1)
    log.add({"epoch": 1})
    assert [record["epoch"] for record in log.read()[1]] == [0, 1]


def test_cut_off_at_any_byte_it_holds_the_lines_before(log: RunLog) -> None:
    whole = log.path.read_bytes()
    for size in range(whole.index(b"\n") + 1, len(whole)):
        log.path.write_bytes(whole[:size])
        header, epochs = log.read()
        assert header == {"seed": 3}
        assert len(epochs) == whole[:size].count(b"\n") - 1
        log.resume(9)
        log.add({"epoch": 9})
        assert log.read()[1][-1] == {"epoch": 9}


def test_no_number_is_no_json(log: RunLog) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        log.add({"loss": float("nan")})


@pytest.mark.parametrize("damage", [b"\0" * 9, b'{"epoch": 1, "lo', b"\xff\xfe", b"7", b""])
def test_a_line_that_is_damaged_is_told_with_its_number(log: RunLog, damage: bytes) -> None:
    lines = log.path.read_bytes().split(b"\n")
    log.path.write_bytes(b"\n".join([*lines[:2], damage, *lines[3:]]))
    with pytest.raises(RunError, match=r"line 3 of `.*run\.jsonl` is damaged: .* begin again in another folder"):
        log.read()


def test_a_name_may_hold_what_ends_a_line_in_unicode(tmp_path: Path) -> None:
    header = {"categories": ["line\u2028separator", "next\x85line"]}
    RunLog(tmp_path).begin(header)
    assert RunLog(tmp_path).read() == (header, [])


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"holds no run: it has no `run\.jsonl`"):
        RunLog(tmp_path).read()
    (tmp_path / "run.jsonl").write_text('{"seed"')
    with pytest.raises(RunError, match="holds no line"):
        RunLog(tmp_path).read()

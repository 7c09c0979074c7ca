"""What a run says: lines where nobody watches, a bar on a real terminal, nothing from the other processes."""

import os
import pty
import subprocess
import sys
import termios

import pytest

from training.runs.progress import Lines, Pace, Silence, progress_for


def pace(step: int) -> Pace:
    return Pace(
        epoch=1,
        num_epochs=3,
        step=step,
        num_steps=10,
        loss=2.5,
        acc1=41.25,
        images_per_second=1203.6,
        seconds_per_step=450.0,
        waiting_share=0.031,
    )


def test_a_line_tells_loss_accuracy_speed_waiting_and_the_time_left() -> None:
    assert pace(10).text == "loss 2.5  acc@1 41.2  1,204 pictures/s  3 % waiting for data  1:15:00 left"


def test_the_time_that_is_left_is_that_of_all_epochs_to_come() -> None:
    assert pace(10).left_s == 10 * 450
    assert pace(4).left_s == 16 * 450


def test_without_a_terminal_there_is_a_line_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    progress = progress_for(is_first=True)
    for step in range(1, 11):
        progress.pace(pace(step))
    progress.say("done")
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [f"epoch 2/3  {pace(10).text}", "done"]


def test_a_long_epoch_has_a_line_every_minute(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter(range(0, 10_000, 25))
    progress = Lines(every_s=60, clock=lambda: next(times))
    for step in range(1, 10):
        progress.pace(pace(step))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[3] for line in lines] == ["3/10", "6/10", "9/10"]


def test_other_processes_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress = progress_for(is_first=False)
    assert isinstance(progress, Silence)
    progress.pace(pace(10))
    progress.say("anything")
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_with_the_time_that_is_left() -> None:
    code = (
        "from tests.training.runs.test_progress import pace\n"
        "from training.runs.progress import progress_for\n"
        "progress = progress_for(is_first=True)\n"
        "for step in (1, 5, 10): progress.pace(pace(step))\n"
    )
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    done = subprocess.run([sys.executable, "-c", code], stderr=theirs, timeout=60, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "epoch 2/3:  10%" in shown
    assert "<" in shown, "tqdm's mark between the time passed and the time left"
    assert shown.rstrip().endswith(pace(10).text)

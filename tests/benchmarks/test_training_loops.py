"""A contender or a case that fails is left out and told, and costs the others nothing."""

import json
import sys
from collections.abc import Callable
from itertools import repeat
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.benchmarks import train_throughput
from tests.benchmarks.papers import ROOT
from tests.benchmarks.programs.references_loop import ReferencesLoop
from tests.benchmarks.programs.training_loops import Loop, measure
from tests.benchmarks.read_ahead import SampleSteps
from tests.benchmarks.rounds import interleave
from training import LossDiverged, get_recipe

STEPS = SampleSteps(num_discarded=3, num_untimed=4, num_timed=10)


def loop(fails_at: int | None = None, fails_with: Exception | None = None) -> Callable[[], Loop]:
    """A contender that takes a tenth of a second a step, by its own account, and fails in its call `fails_at`."""
    calls: list[int] = []

    def train(num_steps: int) -> dict[str, float]:
        calls.append(num_steps)
        if fails_with is not None and len(calls) == fails_at:
            raise fails_with
        return {"seconds": num_steps / 10, "waiting_s": num_steps / 20}

    def build() -> Loop:
        if fails_with is not None and fails_at is None:
            raise fails_with
        return Loop(iter(repeat(None)), train)

    return build


def test_contenders_that_fail_are_dropped_and_named_wherever_it_happens() -> None:
    contenders = {
        "is not built": loop(fails_with=RuntimeError("no compiler\nand a page of what it says " + "x" * 500)),
        "fails at first": loop(1, ValueError("no kernel")),
        "good": loop(),
        "diverges in round 2": loop(4, LossDiverged("the loss was `nan`")),
    }
    samples, failed = measure(contenders, STEPS, 3, batch_size=8)
    assert {name: len(taken) for name, taken in samples.items()} == {"good": 3}
    assert samples["good"][0] == {"images_per_s": pytest.approx(80), "waiting_percent": pytest.approx(50)}
    assert failed.keys() == contenders.keys() - {"good"}
    assert failed["diverges in round 2"] == "LossDiverged: the loss was `nan`"
    assert failed["is not built"].startswith("RuntimeError: no compiler and a page")
    assert len(failed["is not built"]) == 300


def test_before_a_sample_what_is_ready_is_thrown_away_and_steps_go_by_untimed() -> None:
    calls: list[int] = []
    batches = iter(range(100))

    def train(num_steps: int) -> dict[str, float]:
        calls.append(num_steps)
        return {"seconds": 1.0, "waiting_s": 0.0}

    measure({"loop": lambda: Loop(batches, train)}, STEPS, 2, batch_size=1)
    assert calls == [4, *(4, 10), *(4, 10)]
    assert next(batches) == 2 * STEPS.num_discarded


def test_where_nobody_asks_for_the_failed_the_error_is_the_callers() -> None:
    with pytest.raises(ZeroDivisionError):
        interleave({"fails": lambda: {"figure": 1 / 0}}, 1)


def test_the_average_of_the_references_counts_where_it_trains() -> None:
    device = torch.device("meta")
    average = ReferencesLoop(nn.Linear(2, 2), get_recipe("resnet50/v2"), device, channels_last=False).average
    assert average is not None
    assert average.n_averaged.device == device


PROGRAM = """\
import json, sys
settings = json.loads(sys.argv[1])
if settings["data"].startswith("fashion-mnist:"):
    sys.exit("out of memory")
sample = {"images_per_s": 7.0, "waiting_percent": 0.0}
print(json.dumps({"samples": {"ours": [sample]}, "failed": {"references": "ValueError: no kernel"}, "gpu": "not used"}))
"""


def test_what_a_case_found_is_written_though_a_contender_and_the_next_case_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program, fashion_mnist = tmp_path / "program.py", tmp_path / "fashion"
    program.write_text(PROGRAM)
    fashion_mnist.mkdir()
    monkeypatch.setattr(train_throughput, "PROGRAM", program)
    words = ["--device", "cpu", "--pictures", "1", "--fashion-mnist", str(fashion_mnist), "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", [str(ROOT / "tests/benchmarks/train_throughput.py"), *words])
    assert train_throughput.main() == 1
    assert "out of memory" in capsys.readouterr().err
    written = json.loads((tmp_path / "train_throughput_cpu.json").read_text())
    (row,) = written["throughput"]
    assert (row["contender"], row["images_per_s"]["median"], row["over_references"]) == ("ours", 7.0, None)
    left_out = [note for note in written["notes"] if note.startswith("left out: ")]
    assert [note.rpartition(", ")[2] for note in left_out] == [
        "references: ValueError: no kernel",
        "all contenders: out of memory",
    ]

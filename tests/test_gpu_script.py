"""The GPU script goes on whatever becomes of a job, keeps to its time, and without a GPU says what it would do."""

import json
import sys
from pathlib import Path

import pytest
import torch

from tests.gpu.jobs import Places, all_jobs
from tests.gpu.run_all import RESULT, main, run_jobs
from tests.gpu.running import Job

ROOT = Path(__file__).parent.parent


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.skipif(torch.cuda.is_available(), reason="is about machines without a GPU")
@pytest.mark.parametrize("words", [["--dry-run"], []], ids=["asked what", "asked to"])
def test_without_a_gpu_it_says_what_it_would_do_and_fails(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    data = tmp_path / "no data"
    assert main([*words, "--out", str(tmp_path / "out"), "--fashion-mnist", str(data)]) == 1
    told = capsys.readouterr().out
    assert told.startswith("GPU: none")
    assert f"missing: Fashion-MNIST in `{data}`" in told
    for job in all_jobs(Places(out=tmp_path, work=tmp_path, fashion_mnist=data)):
        assert f"\n{job.name} " in told
    assert not (tmp_path / "out").exists()


def test_every_job_names_a_program_that_is_there(tmp_path: Path) -> None:
    for job in all_jobs(Places(out=tmp_path, work=tmp_path, fashion_mnist=tmp_path)):
        scripts = [word for word in job.command if word.startswith("tests/")]
        assert all((ROOT / script).exists() for script in scripts)
        assert scripts or "training.cli" in job.command


def test_a_job_that_fails_hangs_or_lacks_something_stops_none_of_the_others(tmp_path: Path) -> None:
    jobs = [
        Job(name="breaks", command=python("raise SystemExit(3)"), budget_s=30),
        Job(name="hangs", command=python("import time; time.sleep(600)"), budget_s=0.5),
        Job(name="lacks", command=python("1"), budget_s=30, needs=("json", "no_such_module"), missing=("some data",)),
        Job(name="works", command=python("print('hello')"), budget_s=30, figures=lambda: ["7 images/s"]),
        Job(name="odd", command=python("1"), budget_s=30, figures=lambda: [str(1 // 0)]),
    ]
    outcomes = {each.name: each for each in run_jobs(jobs, tmp_path, {}, gpu="a GPU", most_s=100)}
    assert {name: each.status for name, each in outcomes.items()} == {
        "breaks": "failed",
        "hangs": "out of time",
        "lacks": "left out",
        "works": "done",
        "odd": "done",
    }
    assert "exit status 3" in outcomes["breaks"].told[0]
    assert outcomes["lacks"].told == ("missing: no_such_module, some data",)
    assert outcomes["works"].told == ("7 images/s",)
    assert "ZeroDivisionError" in outcomes["odd"].told[0]
    written = json.loads((tmp_path / RESULT).read_text())
    assert [job["status"] for job in written["jobs"]] == [each.status for each in outcomes.values()]
    assert "hello" in (tmp_path / "gpu_checks.log").read_text()


def test_when_the_time_is_over_the_rest_is_left_out(tmp_path: Path) -> None:
    jobs = [Job(name=str(number), command=python("1"), budget_s=30) for number in range(2)]
    outcomes = run_jobs(jobs, tmp_path, {}, gpu="a GPU", most_s=0)
    assert [(each.status, each.told) for each in outcomes] == [("left out", ("no time left",))] * 2

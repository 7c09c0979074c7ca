"""The GPU script goes on whatever becomes of a job, keeps to its time, and without a GPU says what it would do."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
import torch

from tests.gpu import run_all
from tests.gpu.jobs import NETWORKS, SERVER, Places, all_jobs
from tests.gpu.run_all import RESULT, main, run_jobs
from tests.gpu.running import Job, end
from weights_registry.surroundings import commit_of

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
    commit = commit_of(ROOT)
    assert written["commit"] == (commit and commit.id)
    assert written["machine"]["gpu"] == "a GPU"
    assert written["versions"]["torch"] == version("torch")
    assert "hello" in (tmp_path / "gpu_checks.log").read_text()


def test_when_the_time_is_over_the_rest_is_left_out(tmp_path: Path) -> None:
    jobs = [Job(name=str(number), command=python("1"), budget_s=30) for number in range(2)]
    outcomes = run_jobs(jobs, tmp_path, {}, gpu="a GPU", most_s=0)
    assert [(each.status, each.told) for each in outcomes] == [("left out", ("no time left",))] * 2


def test_a_name_that_no_job_has_is_refused_with_the_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--only", "tests", "--only", "train", "--out", str(tmp_path / "out")])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "no job is named `train`; there are `tests`, `training throughput`, " in told


def test_the_groups_of_its_help_hold_every_job_once_and_fit_their_calls(tmp_path: Path) -> None:
    jobs = {job.name: job for job in all_jobs(Places(out=tmp_path, work=tmp_path, fashion_mnist=tmp_path))}
    groups = [
        [name for name in shlex.split(line) if name != "--only"]
        for line in str(run_all.__doc__).splitlines()
        if line.startswith("    --only")
    ]
    assert sorted(name for group in groups for name in group) == sorted(jobs)
    assert all(sum(jobs[name].budget_s for name in group) <= 9 * 60 for group in groups)


def test_all_that_the_servers_tests_import_is_asked_for_before_so_that_they_are_skipped_without_it() -> None:
    code = "import sys, tests.serve.conftest; print(*{name.partition('.')[0] for name in sys.modules})"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = {re.split(r"[^\w-]", line)[0].replace("_", "-") for line in project["dependencies"]}
    needed = {
        module
        for module, owners in packages_distributions().items()
        if module in done.stdout.split() and direct & {owner.lower().replace("_", "-") for owner in owners}
    }
    assert "httptools" in needed
    assert needed <= {*SERVER, *NETWORKS, "numpy"}  # which torchvision brings


HANGING_TESTS = """\
import time

def test_that_passes():
    pass

def test_that_hangs():
    time.sleep(600)
"""


def test_tests_that_are_ended_leave_their_report_and_the_name_of_the_one_that_hung(tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGING_TESTS)
    (tmp_path / "none.ini").write_text("[pytest]\n")
    places = Places(out=tmp_path, work=tmp_path, fashion_mnist=tmp_path)
    (job,) = (each for each in all_jobs(places) if each.name == "tests")
    words = [word for word in job.command if not word.startswith("tests/")]
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*words, "-c", "none.ini", "test_hanging.py"],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTEST_ADDOPTS": ""},
            start_new_session=True,
        )
    while "test_that_hangs" not in log.read_text() and process.poll() is None:
        time.sleep(0.01)
    end(process, job.stopped_by)
    assert list(job.figures()) == ["1 passed, 0 failed, 0 skipped"]


STOPPED = """\
import sys
from pathlib import Path
from tests.gpu import run_all
from tests.gpu.running import Job

out = Path(sys.argv[1])
wait = f"import os, pathlib, time; pathlib.Path({str(out / 'pid')!r}).write_text(str(os.getpid())); time.sleep(600)"
run_all.find_gpu = lambda: "a GPU"
run_all.all_jobs = lambda places: [
    Job(name="quick", command=[sys.executable, "-c", ""], budget_s=60, figures=lambda: ["7 images/s"]),
    Job(name="waits", command=[sys.executable, "-c", wait], budget_s=600),
    Job(name="later", command=[sys.executable, "-c", ""], budget_s=60),
]
sys.exit(run_all.main(["--out", str(out)]))
"""


def test_told_to_stop_it_ends_its_job_and_shows_what_it_has(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        pid = tmp_path / "pid"
        while not (pid.exists() and pid.read_text()) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        told, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1, errors
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    shown = [line.split()[:2] for line in told.splitlines() if line.endswith(" s")]
    assert shown == [["quick", "done"], ["waits", "stopped"]]
    assert "7 images/s" in told
    written = json.loads((tmp_path / RESULT).read_text())
    assert [(job["name"], job["status"]) for job in written["jobs"]] == [("quick", "done"), ("waits", "stopped")]

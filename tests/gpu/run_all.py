"""Every GPU check and measurement in one call, each within its time; a short table comes last.

    .venv/bin/python tests/gpu/run_all.py --out FOLDER
    python3 tests/gpu/run_all.py --out FOLDER --wheels WHEELS --fashion-mnist DATA      where nothing is installed
    python3 tests/gpu/run_all.py --dry-run                                              what it would do

A job that fails, or lacks a module, stops none of the others. `--wheels` is a folder of wheels to be used for this call
alone. Where a call may last no more than ten minutes, take four, with `--minutes 9` and an `--out` of its own for each:

    --only tests --only "network throughput"
    --only "training throughput"
    --only server
    --only Fashion-MNIST

Told to stop, it ends its job and prints what it has. Exit status 0 if every job is done, 1 otherwise, and where there
is no GPU. In a copy without .git, the environment's MEASURED_COMMIT may name the commit that it is of.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib import invalidate_caches
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # so that it runs from a bare checkout
    sys.path.insert(0, str(ROOT))

from tests.benchmarks.papers import code_and_machine  # noqa: E402
from tests.gpu.jobs import Places, all_jobs  # noqa: E402
from tests.gpu.running import Job, Outcome, run_job  # noqa: E402
from weights_registry.surroundings import PACKAGES, versions  # noqa: E402

FASHION_MNIST: Final = Path("/usr/share/datasets/fashion-mnist")
RESULT, LOG = "gpu_checks.json", "gpu_checks.log"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the jobs, write what they found after each, print the table; gives the exit status."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    out = arguments.out.resolve()
    with tempfile.TemporaryDirectory(prefix="gpu-checks-") as work:
        places = Places(out=out, work=Path(work), fashion_mnist=arguments.fashion_mnist.resolve())
        jobs = _chosen(all_jobs(places), arguments.only, parser)
        environment = prepare(Path(work, "site"), Path(work), arguments.wheels)
        gpu = find_gpu()
        if arguments.dry_run or gpu is None:
            print_plan(jobs, gpu)
            return 0 if gpu is not None else 1
        out.mkdir(parents=True, exist_ok=True)
        _take_signals()
        outcomes: list[Outcome] = []
        try:
            outcomes.extend(run_jobs(jobs, out, environment, gpu=gpu, most_s=60 * arguments.minutes))
        finally:
            print_table(outcomes, gpu)
    return 0 if [outcome.status for outcome in outcomes] == ["done"] * len(jobs) else 1


def run_jobs(
    jobs: Sequence[Job],
    out: Path,
    environment: Mapping[str, str],
    *,
    gpu: str,
    most_s: float,
) -> Iterator[Outcome]:
    """The outcomes of the jobs as they come, in `most_s` altogether; they are in `out` as JSON after each.

    A job that was stopped, as this process is to end, is the last.
    """
    ends_at = time.monotonic() + most_s
    outcomes: list[Outcome] = []
    (out / LOG).write_bytes(b"")
    for job in jobs:
        print(f"{job.name} ...", file=sys.stderr, flush=True)
        left_s = ends_at - time.monotonic()
        outcomes.append(run_job(job, log=out / LOG, folder=ROOT, environment=environment, most_s=left_s))
        record = {
            **code_and_machine(gpu),
            "versions": versions(*PACKAGES),
            "jobs": [outcome.record() for outcome in outcomes],
        }
        draft = out / f".{RESULT}.draft"
        draft.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(out / RESULT)
        yield outcomes[-1]
        if outcomes[-1].status == "stopped":
            return


def prepare(site: Path, work: Path, wheels: Path | None) -> dict[str, str]:
    """The environment of the jobs: the wheels unpacked in `site`, this checkout, and folders that nobody else uses."""
    site.mkdir()
    if wheels is not None:
        files = sorted(str(path) for path in wheels.glob("*.whl"))
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
        if files and subprocess.run([*pip, "--target", str(site), *files], check=False).returncode:
            print(f"the wheels in `{wheels}` cannot be installed; going on without them", file=sys.stderr)
    if versions("weights-registry")["weights-registry"] == "not installed":
        _tell_of_the_checkout(site)
    sys.path.insert(0, str(site))
    invalidate_caches()
    path = os.pathsep.join(filter(None, (str(site), str(ROOT), os.environ.get("PYTHONPATH", ""))))
    own = {f"WEIGHTS_REGISTRY_{name}": str(work / name.lower()) for name in ("CACHE", "CATALOG")}
    return {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "CUBLAS_WORKSPACE_CONFIG": ":4096:8", **own}


def find_gpu() -> str | None:
    """The first GPU's name; None where torch is missing or sees none."""
    try:
        import torch
    except ImportError:
        return None
    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None


def print_plan(jobs: Sequence[Job], gpu: str | None) -> None:
    """What would be run, for how long at most, and what is missing for it."""
    print(f"GPU: {gpu or 'none: nothing can be run here'}")
    for job in jobs:
        lacking = f"  missing: {', '.join(job.lacks)}" if job.lacks else ""
        print(f"{job.name:20}  at most {job.budget_s:3.0f} s{lacking}\n    {' '.join(job.command)}")


def print_table(outcomes: Sequence[Outcome], gpu: str) -> None:
    """A line a job, and its figures below it."""
    told = versions("torch")
    print(f"\n{gpu}, torch {told['torch']}, Python {told['python']}")
    for outcome in outcomes:
        print(f"{outcome.name:20}  {outcome.status:12}  {outcome.seconds:5.0f} s")
        for line in outcome.told:
            print(f"    {line}")


def _tell_of_the_checkout(site: Path) -> None:
    """Let this checkout count as the installed package: its version is asked for when a server starts."""
    project: Mapping[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = site / f"weights_registry-{project['version']}.dist-info"
    info.mkdir()
    told = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(told, encoding="utf-8")


def _chosen(jobs: Sequence[Job], names: Sequence[str], parser: argparse.ArgumentParser) -> list[Job]:
    """The jobs named, or all; a name that none has ends the program."""
    known = [job.name for job in jobs]
    for name in names:
        if name not in known:
            parser.error(f"no job is named `{name}`; there are {', '.join(f'`{each}`' for each in known)}")
    return [job for job in jobs if not names or job.name in names]


def _take_signals() -> None:
    """SIGTERM ends this program in order, and its job with it, which would run on; a second one changes nothing.

    SIGINT is heard even where a shell started this in the background: a job would not hear it either.
    """

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("gpu-checks"), help="folder of what is found: %(default)s")
    parser.add_argument("--minutes", type=float, default=28.0, help="for all jobs together: %(default)s")
    parser.add_argument("--wheels", type=Path, metavar="FOLDER", help="wheels to use, for what is not installed")
    parser.add_argument("--fashion-mnist", type=Path, default=FASHION_MNIST, metavar="FOLDER", help="%(default)s")
    parser.add_argument("--only", action="append", default=[], metavar="JOB", help="this job; may be repeated")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be run, and what is missing")
    return parser


if __name__ == "__main__":
    sys.exit(main())

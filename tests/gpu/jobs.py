"""The GPU checks and measurements: what each runs, what it needs, how its figures are read. Knows not how they run."""

import json
import signal
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.gpu.running import Job

ROOT: Final = Path(__file__).resolve().parents[2]
SERVER: Final = (
    *("fastapi", "uvicorn", "httptools", "pydantic", "pydantic_settings"),
    *("python_multipart", "httpx2", "prometheus_client"),
)
NETWORKS: Final = ("torch", "torchvision", "timm", "safetensors", "PIL")
RECIPE: Final = "registry/resnet20-grey/fashion-mnist-v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """`out` is for what is to be kept, `work` for all else; `fashion_mnist` holds its four files, if it is there."""

    out: Path
    work: Path
    fashion_mnist: Path


def all_jobs(places: Places) -> list[Job]:
    """The jobs in the order of their worth, should the time run out."""
    python, out = sys.executable, str(places.out)
    has_data = (places.fashion_mnist / "train-images-idx3-ubyte.gz").is_file()
    no_data = () if has_data else (f"Fashion-MNIST in `{places.fashion_mnist}`",)
    data = f"fashion-mnist:{places.fashion_mnist}"
    report, run = places.work / "tests.xml", places.work / "fashion-mnist"
    # Warnings of other versions than those of the lock are no failures here.
    tests = ["-m", "pytest", "-v", "-W", "default", "-p", "no:cacheprovider", f"--junitxml={report}"]
    bench = ["tests/benchmarks/train_throughput.py", "--device", "cuda", "--rounds", "3", "--out", out]
    train = ["-m", "training.cli", RECIPE, "--data", data, "--device", "cuda", "--no-catalog", "--output", str(run)]
    return [
        Job(
            name="tests",
            command=[python, *tests, "tests/gpu", "tests/training/learning/test_step.py"],
            budget_s=300,
            stopped_by=(signal.SIGINT, signal.SIGTERM),  # at SIGINT pytest writes its report
            needs=("pytest", "pytest_timeout", "hypothesis", *NETWORKS),
            figures=lambda: _tests(report),
        ),
        Job(
            name="training throughput",
            command=[python, *bench, "--fashion-mnist", str(places.fashion_mnist)],
            budget_s=520,
            needs=NETWORKS,
            figures=lambda: _throughput(places.out / "train_throughput_gpu.json"),
        ),
        Job(
            name="network throughput",
            command=[python, "tests/gpu/engine_speed.py", "--out", out],
            budget_s=150,
            needs=NETWORKS,
            figures=lambda: _engine(places.out / "engine_speed_gpu.json"),
        ),
        Job(
            name="server",
            command=[python, "tests/gpu/serve_speed.py", "--out", out],
            budget_s=240,
            needs=(*SERVER, *NETWORKS),
            figures=lambda: _server(places.out / "serve_speed_gpu.json"),
        ),
        Job(
            name="Fashion-MNIST",
            command=[python, *train],
            budget_s=420,
            needs=(*NETWORKS, "matplotlib"),
            missing=no_data,
            figures=lambda: _run(run, places.out),
        ),
    ]


def _tests(report: Path) -> list[str]:
    suite = ElementTree.parse(report).getroot().find("testsuite")
    if suite is None:
        return ["no report"]
    counts = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
    bad = [
        f"failed: {case.get('classname', '').rpartition('.')[2]}.{case.get('name')}"
        for case in suite.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]
    passed = counts["tests"] - counts["failures"] - counts["errors"] - counts["skipped"]
    return [f"{passed} passed, {counts['failures'] + counts['errors']} failed, {counts['skipped']} skipped", *bad]


def _throughput(path: Path) -> list[str]:
    found = [
        f"{row['case']}: {row['contender']} {row['images_per_s']['median']:,.0f} images/s, "
        f"{_times(row['over_references'])}waits {row['waiting_percent']['median']:.0f} %"
        for row in _rows(path, "throughput")
    ]
    return found + [note for note in _rows(path, "notes") if note.startswith("left out: ")]


def _times(ratio: Mapping[str, float] | None) -> str:
    return "" if ratio is None else f"{ratio['median']:.2f} x, "


def _engine(path: Path) -> list[str]:
    best: dict[str, Mapping[str, Any]] = {}
    for row in _rows(path, "throughput"):
        former = best.get(row["dtype"])
        if former is None or row["images_per_s"]["median"] > former["images_per_s"]["median"]:
            best[row["dtype"]] = row
    return [
        f"ResNet-50, {dtype}: {row['images_per_s']['median']:,.0f} images/s at batch {row['batch_size']}"
        for dtype, row in best.items()
    ]


def _server(path: Path) -> list[str]:
    return [
        f"ResNet-50, {row['dtype']}, {row['concurrency']} at once: {row['requests_per_s']['median']:,.0f} requests/s, "
        f"p50 {row['p50_ms']['median']:.1f} ms, p99 {row['p99_ms']['median']:.1f} ms"
        for row in _rows(path, "served")
    ]


def _run(folder: Path, out: Path) -> list[str]:
    """Copies the log and the file, and tells how far the run came."""
    for name in ("run.jsonl", "model.safetensors"):
        if (folder / name).is_file():
            (out / name).write_bytes((folder / name).read_bytes())
    header, *epochs = map(json.loads, (folder / "run.jsonl").read_text(encoding="utf-8").splitlines())
    last = epochs[-1]
    scores = last["scores"]["test"]["average"]
    done = f"{len(epochs)} of {header['recipe']['epochs']} epochs"
    pace = f"{last['images_per_second']:,.0f} images/s, waits {100 * last['waiting_share']:.0f} %"
    return [f"{done}: acc@1 {scores['acc1']:.2f} % of {scores['num_images']:,}, {pace}"]


def _rows(path: Path, table: str) -> Sequence[Any]:
    rows: Sequence[Any] = json.loads(path.read_text(encoding="utf-8"))[table]
    return rows

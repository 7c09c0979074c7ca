"""What a server costs by itself: ours against LitServe, FastAPI, Starlette and Ray Serve on a model that does nothing.

    .venv/bin/python tests/benchmarks/peers.py            once: installs the peers
    .venv/bin/python tests/benchmarks/serve_overhead.py

Raw JPEG bodies of 54 kB in a closed loop. The contenders take turns: in each round each server is started,
loaded at every concurrency, and stopped. Client and server share the machine's cores; no peer pins or tunes them.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import peers
from tests.benchmarks.classifier_throughput import make_pictures
from tests.benchmarks.papers import Row, Start, parser, publish
from tests.benchmarks.rounds import Sample, interleave, spread
from tests.benchmarks.served import cheapest_client, load, serving

PROGRAMS: Final = Path(__file__).parent / "programs"
CONCURRENCIES: Final = (1, 8, 32)
FIGURES: Final = ("requests_per_s", "p50_ms", "p99_ms", "cpu_ms", "mean_batch")
NUM_PICTURES: Final = 8

OURS: Final = "ours"
TARGET_AT: Final = 8
TARGET_REQUESTS_PER_S: Final = 6000
TARGET_CPU_MS: Final = 0.2

Command = tuple[str, Sequence[str], Mapping[str, str]]
"""Name, words, environment; `{port}` stands for the port."""


def main() -> None:
    """Measure, write, print."""
    options = parser(__doc__, rounds=5)
    options.add_argument("--seconds", type=float, default=5.0, help="of each load: %(default)s")
    options.add_argument("--no-ray", action="store_true", help="leave Ray Serve out: it takes 1 GB and 15 s to start")
    arguments = options.parse_args()
    start = Start.now()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        mean_kb = make_pictures(Path(folder), NUM_PICTURES)
        pictures = [path.read_bytes() for path in sorted(Path(folder).glob("*.jpg"))]
        found, absent = runnable(commands(with_ray=not arguments.no_ray))
        contenders = {
            name: _sampler(words, environment, pictures, arguments.seconds) for name, words, environment in found
        }
        samples = interleave(contenders, arguments.rounds)
    publish(
        "serve_overhead",
        what="a server's own cost: requests per second and CPU time, on a model that does nothing",
        how={
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "bodies": f"{NUM_PICTURES} JPEGs, {mean_kb:.0f} kB each, in turn",
            "client": cheapest_client(),
        },
        tables={
            "overhead": [row for name in samples for row in _rows(name, samples[name])],
            "targets": _targets(samples[OURS]),
        },
        notes=[
            "ours: decode pool, queue, engine thread, limits, metrics and ranked labels included; peers give a number",
            "cpu_ms: user and system time of all the server's processes, for each request",
            "Starlette: the floor, with no queue and no thread; FastAPI: a plain function with the body as bytes",
            "LitServe: 2 workers; batches of 8 with a time-out of 5 ms, or no batches",
            "Ray Serve: one replica; fast path: RAY_SERVE_THROUGHPUT_OPTIMIZED=1 and RAY_SERVE_ENABLE_HA_PROXY=1",
            *(f"left out, because it did not start here: {name}" for name in absent),
        ],
        start=start,
        out=arguments.out,
        others_versions=peers.versions("litserve", "ray", *peers.SERVER_PACKAGES),
    )


def commands(*, with_ray: bool) -> list[Command]:
    """How each contender is started; those that are not installed are left out, and said so."""
    ours = {"OMP_NUM_THREADS": "1"}

    def here(name: str) -> list[str]:
        return [sys.executable, str(PROGRAMS / name), "{port}"]

    def peer(name: str) -> list[str]:
        return [str(peers.PYTHON), str(PROGRAMS / name), "{port}"]

    found: list[Command] = [
        (OURS, here("noop_ours.py"), ours),
        ("Starlette", here("noop_starlette.py"), ours),
        ("FastAPI", here("noop_fastapi.py"), ours),
    ]
    if not peers.is_installed():
        print("LitServe and Ray Serve are left out: run tests/benchmarks/peers.py first", file=sys.stderr)
        return found
    environment = peers.environment()
    found += [
        ("LitServe", [*peer("noop_litserve.py"), "1"], environment),
        ("LitServe, batches of 8", [*peer("noop_litserve.py"), "8"], environment),
    ]
    if with_ray:
        fast = {"RAY_SERVE_THROUGHPUT_OPTIMIZED": "1", "RAY_SERVE_ENABLE_HA_PROXY": "1"}
        found += [
            ("Ray Serve", peer("noop_ray.py"), environment),
            ("Ray Serve, fast path", peer("noop_ray.py"), environment | fast),
        ]
    return found


def runnable(contenders: Sequence[Command]) -> tuple[list[Command], list[str]]:
    """Those that start here, each started once; and the names of those that do not, with the reason on stderr."""
    found, absent = [], []
    for contender in contenders:
        name, words, environment = contender
        try:
            with serving(words, environment):
                found.append(contender)
        except RuntimeError as error:
            if name == OURS:
                raise
            print(f"{name} is left out: {error}", file=sys.stderr)
            absent.append(name)
    return found, absent


def _sampler(
    words: Sequence[str], environment: Mapping[str, str], pictures: Sequence[bytes], seconds: float
) -> Callable[[], Sample]:
    def sample() -> Sample:
        found: dict[str, float] = {}
        client = cheapest_client()
        with serving(words, environment) as server:
            for concurrency in CONCURRENCIES:
                taken = load(server, pictures, concurrency=concurrency, seconds=seconds, warm_up_s=1, client=client)
                found |= {f"{figure} at {concurrency}": value for figure, value in taken.items()}
        return found

    return sample


def _rows(name: str, samples: Sequence[Sample]) -> list[Row]:
    rows: list[Row] = []
    for concurrency in CONCURRENCIES:
        row: dict[str, Any] = {"contender": name, "concurrency": concurrency}
        for figure in FIGURES:
            found = spread(samples, f"{figure} at {concurrency}")
            row[figure] = found if found.median == found.median else None
        rows.append(row)
    return rows


def _targets(ours: Sequence[Sample]) -> list[Row]:
    speed = spread(ours, f"requests_per_s at {TARGET_AT}")
    cpu = spread(ours, f"cpu_ms at {TARGET_AT}")
    return [
        {
            "target": f"{OURS}: at least {TARGET_REQUESTS_PER_S:,} req/s at {TARGET_AT}, median",
            "met": speed.median >= TARGET_REQUESTS_PER_S,
        },
        {
            "target": f"{OURS}: at most {TARGET_CPU_MS} ms of CPU a request at {TARGET_AT}, median",
            "met": cpu.median <= TARGET_CPU_MS,
        },
    ]


if __name__ == "__main__":
    main()

"""What it costs to ask which weights there are: ours against torchvision's, whole processes.

    .venv/bin/python tests/benchmarks/import_and_list.py

Each contender is a fresh process, from its start to its end; its output goes into a pipe. CPU time is user and system
time of the process. Everything was run once before, so that files are in the page cache and bytecode is compiled.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.benchmarks.child import run
from tests.benchmarks.papers import Row, Start, parser, publish
from tests.benchmarks.rounds import Sample, interleave, ratio, spread

LIST: Final = "weights-registry list"
TORCHVISION: Final = "torchvision: print every classification entry's url"
TARGET_CPU_S: Final = 0.3

TORCHVISION_LISTING: Final = """\
import torchvision.models
for name in torchvision.models.list_models(module=torchvision.models):
    for entry in torchvision.models.get_model_weights(name):
        print(entry, entry.url)
"""

COMMAND: Final = str(Path(sys.executable).with_name("weights-registry"))
COMMANDS: Final = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import weights_registry": [sys.executable, "-c", "import weights_registry"],
    LIST: [COMMAND, "list"],
    "weights-registry list --json": [COMMAND, "list", "--json"],
    "import torch": [sys.executable, "-c", "import torch"],
    "import torchvision.models": [sys.executable, "-c", "import torchvision.models"],
    TORCHVISION: [sys.executable, "-c", TORCHVISION_LISTING],
}


def main() -> None:
    """Measure, write, print."""
    arguments = parser(__doc__, rounds=7).parse_args()
    num_lines = {name: len(run(command).output.splitlines()) for name, command in COMMANDS.items()}
    if not (num_lines[LIST] > 10 and num_lines[TORCHVISION] > 100):
        raise RuntimeError(f"a listing is shorter than it can be: {num_lines}")
    start = Start.now()
    samples = interleave({name: _sampler(command) for name, command in COMMANDS.items()}, arguments.rounds)
    costs: list[Row] = [
        {
            "contender": name,
            "cpu_s": spread(taken, "cpu_s"),
            "wall_s": spread(taken, "wall_s"),
            "lines printed": num_lines[name],
        }
        for name, taken in samples.items()
    ]
    ratios: list[Row] = [
        {
            "of": TORCHVISION,
            "over": LIST,
            "cpu": ratio(samples[TORCHVISION], samples[LIST], "cpu_s"),
            "wall": ratio(samples[TORCHVISION], samples[LIST], "wall_s"),
        },
    ]
    listing = spread(samples[LIST], "cpu_s")
    targets: list[Row] = [
        {"target": f"{LIST}: under {TARGET_CPU_S} s of CPU time, largest sample", "met": listing.max < TARGET_CPU_S}
    ]
    publish(
        "import_and_list",
        what="CPU and wall time of asking which weights there are, whole processes",
        how={"rounds": arguments.rounds, "process": "fresh, page cache warm, bytecode compiled"},
        tables={"costs": costs, "ratios": ratios, "targets": targets},
        notes=["torchvision's lines are its classification entries alone; ours are a table with a title line"],
        start=start,
        out=arguments.out,
    )


def _sampler(command: list[str]) -> Callable[[], Sample]:
    def sample() -> Sample:
        done = run(command)
        return {"cpu_s": done.cpu_s, "wall_s": done.wall_s}

    return sample


if __name__ == "__main__":
    main()

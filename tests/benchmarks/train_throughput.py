"""Training pictures per second: our loop against that of torchvision's references, same network, batch and data.

    .venv/bin/python tests/benchmarks/train_throughput.py

Two cases: ResNet-50 with its V2 recipe on JPEGs in folders, made from the sample photos, at 176 x 176; and the small
residual network with its V2 recipe on Fashion-MNIST. On a CPU ResNet-50 takes 8 pictures a step in float32, on a GPU
128 in bfloat16; the other takes 128 in bfloat16 on both. Each case is a process in which the contenders take turns.
What workers have read ahead meanwhile is used up before a sample is timed. A contender or case that fails is left out
and noted, and the exit status is 1; what was measured is written after each case.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.child import run
from tests.benchmarks.classifier_throughput import HEIGHT, QUALITY, WIDTH, make_pictures
from tests.benchmarks.papers import Row, Start, parser, publish
from tests.benchmarks.read_ahead import BATCHES_A_WORKER, SampleSteps, copies_for, steps_of_sample
from tests.benchmarks.rounds import Sample, ratio, say, spread
from training import Recipe, get_recipe, override, to_json
from training.data.dataset import FASHION_MNIST_FOLDER
from training.runs.settings import default_num_workers

PROGRAM: Final = Path(__file__).parent / "programs" / "training_loops.py"
NUM_CATEGORIES: Final = 10
REFERENCES: Final = "references"

# At the recipe's 0.5, which is for 1024 pictures and a warm-up, a batch of 128 may diverge within the first steps.
RESNET50_LR: Final = 0.05

NOTES: Final = (
    "references: its loop as its repository writes it, but that workers stay from epoch to epoch",
    "where a case has 16 bits it is bfloat16 for both; the references know float16 alone",
    "ours keeps channels last in memory, as it does by default; `references, channels last` has that too",
    "waiting_percent: share of the time in which the loop had no batch to train on",
    "both augment with the same kinds of operations; ours seeds every picture, so that a run can be repeated",
    f"ResNet-50 trains at a rate of {RESNET50_LR}, without warm-up: the recipe's 0.5 is for 1024 pictures a step",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A recipe on data, and what a sample takes of it."""

    name: str
    recipe: Recipe
    data: str
    steps: SampleSteps


def main() -> int:
    """Measure, write and print after each case; the exit status is 1 if anything had to be left out."""
    options = parser(__doc__, rounds=5)
    options.add_argument("--device", choices=("cpu", "cuda"), help="default: cuda where there is a GPU")
    options.add_argument("--workers", type=int, default=default_num_workers(), help="that read: %(default)s")
    options.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of torch on a CPU: %(default)s")
    options.add_argument("--pictures", type=int, default=256, help="JPEGs to make: %(default)s")
    options.add_argument("--steps", type=int, help="of a sample, at least (default: 4 to 120, by case and device)")
    options.add_argument("--fashion-mnist", type=Path, default=FASHION_MNIST_FOLDER, help="folder: %(default)s")
    arguments = options.parse_args()
    device = arguments.device or _device()
    start = Start.now()
    rows: list[Row] = []
    left_out: list[str] = []
    gpu = "not used" if device == "cpu" else "unknown"
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        found = cases(Path(folder), arguments, device)
        copies = _copies(found[0], arguments) if device == "cuda" else 1
        mean_kb = make_folders(Path(folder), arguments.pictures, copies=copies)
        for case in found:
            say(case.name)
            try:
                samples, failed, gpu = sample(case, arguments, device)
            except RuntimeError as error:
                print(error, file=sys.stderr)
                samples, failed = {}, {"all contenders": str(error).rstrip().rpartition("\n")[2]}
            rows += rows_of(case, samples)
            left_out += [f"left out: {case.name}, {name}: {why}" for name, why in failed.items()]
            publish(
                f"train_throughput_{'cpu' if device == 'cpu' else 'gpu'}",
                what="training pictures per second, from files to moved weights",
                how={
                    "rounds": arguments.rounds,
                    "device": device,
                    "workers": arguments.workers,
                    "torch_threads": arguments.threads,
                    "pictures": f"{arguments.pictures} JPEGs of {WIDTH} x {HEIGHT}, quality {QUALITY}, "
                    f"{mean_kb:.0f} kB each, in {NUM_CATEGORIES} folders, each {copies} times; and Fashion-MNIST",
                    "steps_of_a_sample": {each.name: each.steps.as_dict() for each in found},
                },
                tables={"throughput": rows},
                notes=[*NOTES, *left_out],
                start=start,
                out=arguments.out,
                gpu=gpu,
            )
    return 1 if left_out else 0


def rows_of(case: Case, samples: Mapping[str, Sequence[Sample]]) -> list[Row]:
    """The rows of a case; without the references there is nothing that they could be over."""
    base = samples.get(REFERENCES)
    return [
        {
            "case": case.name,
            "contender": name,
            "images_per_s": spread(taken, "images_per_s"),
            "over_references": None if base is None else ratio(taken, base, "images_per_s"),
            "waiting_percent": spread(taken, "waiting_percent"),
        }
        for name, taken in samples.items()
    ]


def cases(folder: Path, arguments: Any, device: str) -> list[Case]:
    """The two cases; that of Fashion-MNIST only where its files are."""
    on_gpu = device == "cuda"

    def steps(usual: int) -> SampleSteps:
        return steps_of_sample(arguments.steps or usual, num_workers=arguments.workers, on_gpu=on_gpu)

    found = [
        Case(
            name=f"ResNet-50, 176 px, batch {128 if on_gpu else 8}, {'bfloat16' if on_gpu else 'float32'}",
            recipe=override(
                get_recipe("resnet50/v2"),
                num_gpus=1,
                batch_size_per_gpu=128 if on_gpu else 8,
                amp="bfloat16" if on_gpu else "off",
                lr=RESNET50_LR,
                repeated_augmentations=1,
                warmup_epochs=0,
                warmup_start_factor=None,
            ),
            data=str(folder),
            steps=steps(120 if on_gpu else 4),
        )
    ]
    fashion_mnist: Path = arguments.fashion_mnist
    if fashion_mnist.is_dir():
        recipe = get_recipe("registry/resnet20-grey/fashion-mnist-v2")
        name = f"ResNet-20, Fashion-MNIST, batch {recipe.global_batch_size}, {recipe.amp}"
        spec = f"fashion-mnist:{fashion_mnist}"
        found.append(Case(name=name, recipe=recipe, data=spec, steps=steps(120 if on_gpu else 10)))
    else:
        print(f"no Fashion-MNIST in `{fashion_mnist}`: its case is left out", file=sys.stderr)
    return found


def sample(case: Case, arguments: Any, device: str) -> tuple[Mapping[str, Sequence[Sample]], Mapping[str, str], str]:
    """Samples by contender, why others have none, and the GPU. Raises RuntimeError if the whole case fails."""
    settings = {
        "recipe": to_json(case.recipe),
        "data": case.data,
        "device": device,
        "num_workers": arguments.workers,
        "num_threads": arguments.threads,
        "steps": case.steps.as_dict(),
        "num_rounds": arguments.rounds,
    }
    done = run([sys.executable, str(PROGRAM), json.dumps(settings)], {"OMP_NUM_THREADS": str(arguments.threads)})
    answer = json.loads(done.output.splitlines()[-1])
    if answer["failed"]:
        print(done.errors, file=sys.stderr)
    return answer["samples"], answer["failed"], answer["gpu"]


def _copies(case: Case, arguments: Any) -> int:
    """Of each JPEG, for one epoch of all that a contender takes of it; they are hard links."""
    num_batches = arguments.rounds * case.steps.num_batches + max(2, case.steps.num_untimed)
    num_read_ahead = BATCHES_A_WORKER * arguments.workers
    return copies_for(
        num_batches + num_read_ahead, batch_size=case.recipe.global_batch_size, num_pictures=arguments.pictures
    )


def make_folders(root: Path, num_pictures: int, *, copies: int) -> float:
    """`train/` and `val/` with pictures in sub-folders, the latter one each; the mean size in kB."""
    mean_kb = make_pictures(root, num_pictures)
    for number, path in enumerate(sorted(root.glob("*.jpg"))):
        category = f"category-{number % NUM_CATEGORIES}"
        names = [("train", f"{copy}-{path.name}") for copy in range(copies)]
        names += [("val", path.name)] if number < NUM_CATEGORIES else []
        for split, name in names:
            folder = root / split / category
            folder.mkdir(parents=True, exist_ok=True)
            os.link(path, folder / name)
        path.unlink()
    return mean_kb


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


if __name__ == "__main__":
    sys.exit(main())

"""The figures that README.md calls measured: of each row of a table, and of each sentence, file, table, row and name.

Data, and how one is read from `cards/measurements/`. Knows not what the README shows: test_readme_figures.py does.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

MEASUREMENTS: Final = Path(__file__).parent.parent / "cards" / "measurements"
LIMIT: Final = "engine alone"  # does less than we do: an upper bound, and no rival


def the_only(values: Sequence[Any]) -> Any:
    assert len(values) == 1, f"{len(values)} rows are meant, where it must be one"
    return values[0]


@dataclass(frozen=True, slots=True)
class Figure:
    """`name` in the row of `table` with these `fields`, the file itself where `table` is "": of a spread its `part`,
    of a text what the brackets of `inside` hold, of several rows what `pick` makes of them, times `factor`."""

    file: str
    table: str
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    part: str = "median"
    inside: str = ""
    pick: Callable[[Sequence[Any]], Any] = the_only
    factor: int = 1

    def value(self) -> str:
        found = measured(self.file)[self.table] if self.table else measured(self.file)
        rows = [row for row in (found if isinstance(found, list) else [found]) if self.fields.items() <= row.items()]
        value = self.pick([self._read(row[self.name]) for row in rows])
        return value if isinstance(value, str) else str(Decimal(str(value)) * self.factor)

    def _read(self, value: Any) -> Any:
        value = value[self.part] if isinstance(value, dict) else value
        if not self.inside:
            return value
        match = re.search(self.inside, value)
        assert match, f"`{self.file}.json` has no `{self.inside}` in `{value}`"
        return match[1].replace(",", "")


Cells: TypeAlias = tuple[tuple[Figure, ...], ...]
"""The figures of each cell of a row, without its first cell, which names it."""


@cache
def measured(file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MEASUREMENTS / f"{file}.json").read_text(encoding="utf-8"))
    return found


def _cost(contender: str) -> Figure:
    return Figure("import_and_list", "costs", "cpu_s", {"contender": contender})


def _cold(contender: str) -> tuple[Figure, Figure]:
    row = {"network": "ResNet-50", "contender": contender}
    return Figure("cold_load", "wall_time", "total_s", row), Figure("cold_load", "wall_time", "load_s", row)


def _feeding(picture: str, form: str, contender: str) -> Figure:
    row = {"fed": "232/224 bilinear", "picture": picture, "as": form, "contender": contender}
    return Figure("transforms_speed", "speeds", "cpu_ms", row)


def _classifying(threads: int, contender: str) -> Figure:
    return Figure("classifier_throughput", "throughput", "images_per_s", {"threads": threads, "contender": contender})


def _evaluating(pictures: str, contender: str) -> Figure:
    row = {"pictures": pictures, "contender": contender}
    return Figure("evaluate_throughput", "throughput", "images_per_s", row)


def _training(case: str, contender: str) -> Figure:
    return Figure("train_throughput_cpu", "throughput", "images_per_s", {"case": case, "contender": contender})


def _overhead(contender: str, name: str, *, clients: int = 8, part: str = "median") -> Figure:
    return Figure("serve_overhead", "overhead", name, {"contender": contender, "concurrency": clients}, part)


def _served(network: str, contender: str, clients: int, name: str) -> Figure:
    row = {"network": network, "contender": contender, "concurrency": clients}
    return Figure("serve_model", "served", name, row)


LOOP, PRESET, BY_HAND, FAST = (
    "loop, one by one",
    "torchvision's preset",
    "torchvision v2 by hand",
    "ours: to_uint8, normalise",
)
RESNET_50, RESNET_20 = "ResNet-50, 176 px, batch 8, float32", "ResNet-20, Fashion-MNIST, batch 128, bfloat16"
HUB_URLS: Final = "torchvision: print every classification entry's url"


def _fed(picture: str, form: str, ours: str, *rivals: str) -> Cells:
    return (_feeding(picture, form, ours),), tuple(_feeding(picture, form, each) for each in rivals)


def _trained(case: str) -> Cells:
    return (_training(case, "ours"),), (_training(case, "references"), _training(case, "references, channels last"))


SPEEDS: Final[dict[str, Cells]] = {
    "list every checkpoint, CPU time of the process": ((_cost("weights-registry list"),), (_cost(HUB_URLS),)),
    "ResNet-50 from a fresh process to its first answer": (_cold("ours"), _cold("torch.hub")),
    "`transforms()` on a uint8 tensor, 1600 x 1200, bilinear, CPU time": _fed(
        "1600x1200", "tensor", "ours", BY_HAND, PRESET
    ),
    "such a tensor, channels last in memory": _fed("1600x1200", "tensor, channels last", "ours", BY_HAND, PRESET),
    "a Pillow picture, 1600 x 1200, the `Classifier`'s fast path": _fed("1600x1200", "Pillow", FAST, PRESET),
    "a Pillow picture, 4000 x 3000, the same": _fed("4000x3000", "Pillow", FAST, PRESET),
    "`Classifier`, EfficientNet-Lite0, batch 8, one core": (
        (_classifying(1, "ours, batch size 8"),),
        (_classifying(1, LOOP),),
    ),
    "`Classifier`, batch 8, two cores": ((_classifying(2, "ours, batch size 8"),), (_classifying(2, LOOP),)),
    "`Classifier`, batch 1, two cores": ((_classifying(2, "ours, batch size 1"),), (_classifying(2, LOOP),)),
    "`evaluate` on 10,000 JPEGs, EfficientNet-Lite0, two cores": (
        (_evaluating("JPEGs in a folder", "evaluate"),),
        (_evaluating("JPEGs in a folder", LIMIT),),
    ),
    "`evaluate` on 10,000 pictures of 28 x 28, ResNet-20": (
        (_evaluating("28 x 28 in memory", "evaluate"),),
        (_evaluating("28 x 28 in memory", LIMIT),),
    ),
    "training, ResNet-50, float32, batch 8, 176 x 176": _trained(RESNET_50),
    "training, ResNet-20 on Fashion-MNIST, bfloat16, batch 128": _trained(RESNET_20),
}

SERVERS: Final = {
    "bare Starlette, the floor": "Starlette",
    "ours": "ours",
    "FastAPI, a plain function": "FastAPI",
    "Ray Serve, fast path": "Ray Serve, fast path",
    "LitServe": "LitServe",
    "LitServe, batches of 8": "LitServe, batches of 8",
    "Ray Serve": "Ray Serve",
}

TABLES: Final[dict[str, dict[str, Cells]]] = {
    "what": SPEEDS,
    "server": {
        label: tuple((_overhead(contender, name),) for name in ("requests_per_s", "cpu_ms", "p99_ms"))
        for label, contender in SERVERS.items()
    },
    "network, clients": {
        f"{network}, {clients}": (
            *((_served(network, "ours", clients, name),) for name in ("requests_per_s", "p99_ms")),
            *((_served(network, "LitServe", clients, name),) for name in ("requests_per_s", "p99_ms")),
            (_served(network, "ours", clients, "of_in_process"),),
        )
        for network in ("EfficientNet-Lite0", "ResNet-50")
        for clients in (1, 8, 32)
    },
}
"""By the title of the first column, and by what stands there."""

_SCALED: Final = {"way": "at least 2 x the side", "kind": "all"}


def _scaled(name: str, pick: Callable[[Sequence[Any]], Any], factor: int = 1) -> Figure:
    return Figure("scaled_decode", "answers", name, _SCALED, pick=pick, factor=factor)


def _soak(table: str, name: str, row: Mapping[str, str], inside: str = "") -> Figure:
    return Figure("serve_soak", table, name, row, inside=inside)


SENTENCES: Final[dict[str, tuple[Figure, ...]]] = {
    "On {} cores of an AMD EPYC, torch {}, torchvision {}, Python {};": (
        Figure("cold_load", "machine", "cores"),
        Figure("cold_load", "versions", "torch", inside=r"^(\d+\.\d+)"),
        Figure("cold_load", "versions", "torchvision"),
        Figure("cold_load", "versions", "python", inside=r"^(\d+\.\d+)"),
    ),
    "(here the `Classifier` in {} rounds)": (Figure("classifier_throughput", "how", "rounds"),),
    "the {} of training (here {} rounds)": (
        Figure("train_throughput_cpu", "throughput", "case", pick=lambda cases: len(set(cases))),
        Figure("train_throughput_cpu", "how", "rounds"),
    ),
    "importing torch, torchvision and timm takes {} s of it": (
        Figure("cold_load", "wall_time", "imports_s", {"network": "ResNet-50", "contender": "ours"}),
    ),
    "bodies of {} kB, on the same cores as the client: medians of {} interleaved rounds": (
        Figure("serve_overhead", "how", "bodies", inside=r"(\d+) kB"),
        Figure("serve_overhead", "how", "rounds"),
    ),
    "At 32 clients ours has {} requests/s and a p99 of {} ms: **later** than Ray Serve's fast path with {} ms.": (
        _overhead("ours", "requests_per_s", clients=32),
        _overhead("ours", "p99_ms", clients=32),
        _overhead("Ray Serve, fast path", "p99_ms", clients=32),
    ),
    "The goal of {} was missed in this run ({} to {} by round).": (
        Figure("serve_overhead", "targets", "target", {"met": False}, inside=r"at least ([\d,]+) req/s"),
        _overhead("ours", "requests_per_s", part="min"),
        _overhead("ours", "requests_per_s", part="max"),
    ),
    "Others kept {} cores busy meanwhile, and {} in the table below": (
        Figure("serve_overhead", "", "cores_used_by_others"),
        Figure("serve_model", "", "cores_used_by_others"),
    ),
    "on the same {} cores as the client, bodies of {} kB: medians of {} interleaved rounds": (
        Figure("serve_model", "machine", "cores"),
        Figure("serve_model", "how", "bodies", inside=r"(\d+) kB"),
        Figure("serve_model", "how", "rounds"),
    ),
    "{} minutes of good and hostile traffic": (Figure("serve_soak", "how", "minutes"),),
    "of good requests {} were answered and {} refused (503)": (
        _soak("statuses", "outcomes", {"kind": "good"}, r"(\d+) x 200"),
        _soak("statuses", "outcomes", {"kind": "good"}, r"(\d+) x 503"),
    ),
    "their p99 was {} ms between floods and {} ms in floods": (
        _soak("good_requests", "p99_ms", {"when": "between floods"}),
        _soak("good_requests", "p99_ms", {"when": "in floods"}),
    ),
    "memory {} MiB after a minute, {} at most, {} at the end": (
        _soak("memory", "rss_mib", {"moment": "a tenth in"}),
        _soak("memory", "rss_mib", {"moment": "most"}),
        _soak("memory", "rss_mib", {"moment": "at the end"}),
    ),
    "that are needed: {} ms instead of {} until the network has its input": (
        Figure("scaled_decode", "times", "time_ms", {"way": "at least 2 x the side"}),
        Figure("scaled_decode", "times", "time_ms", {"way": "full"}),
    ),
    "over {} such pictures and {} checkpoints the likeliest category stayed the same for {} to {} %": (
        _scaled("pictures", min),
        _scaled("weights", len),
        _scaled("same_top1", min, 100),
        _scaled("same_top1", max, 100),
    ),
    "(where it changed, the two were within {})": (_scaled("lost_margin", max),),
    "and a probability moved by up to {} (": (_scaled("largest_change", max),),
}
"""By the sentence, or the part of one, with `{}` for each figure."""

NOT_FROM_A_FILE: Final = (
    # What was measured and asked, not what came out.
    "A phone's 12-megapixel JPEG", "at 1/2, 1/4 or 1/8,", "on a model that does nothing, 8 clients at once,",
    "no status of 500 or above but 503;",
    "LitServe has two workers of one thread and waits up to 5 ms for a batch",
    # In the history of serve_overhead.json, and in the message of the commit that changed it.
    "A run four hours before (commit `1070dc8`) had 7,466 beside Starlette's 14,260.",
    "had 1.03 times the requests and 0.98 of the CPU a request (not stored)",
)  # fmt: skip

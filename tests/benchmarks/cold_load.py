"""From a fresh process to the first prediction: ours against torch.hub with torchvision or timm.

    .venv/bin/python tests/benchmarks/cold_load.py

Three contenders a network, each a process of its own: torch.hub's way from its cache; ours with the parameters already
converted to safetensors in our cache; ours with an empty cache, which has to convert the `.pth` first. ResNet-50 has
random parameters, in one file that both sides read in torch hub's cache; EfficientNet-Lite0 has its real ones: ours
from the package it comes in, theirs from a `.pth` under timm's names. Nothing is downloaded; all of it happens in
temporary folders, and the files are in the page cache. Each side verifies what it usually does: ours hashes the
file, torch.hub hashes only what it downloads.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.child import run
from tests.benchmarks.papers import ROOT, Row, Start, parser, publish
from tests.benchmarks.rounds import Sample, interleave, ratio, spread

PROGRAMS: Final = Path(__file__).parent / "programs"
PICTURE: Final = str(ROOT / "weights_registry" / "samples" / "tabby_cat.jpg")
WALL: Final = ("total_s", "imports_s", "after_imports_s", "load_s", "predict_s")
CPU_AND_MEMORY: Final = ("cpu_s", "load_cpu_s", "after_imports_cpu_s", "peak_rss_mib", "added_rss_mib")
RATIOS: Final = ("total_s", "after_imports_s", "load_s", "cpu_s", "after_imports_cpu_s", "load_cpu_s", "added_rss_mib")

HUB, OURS, OURS_CONVERTING = "torch.hub", "ours", "ours, cache empty"


@dataclass(frozen=True, slots=True)
class Network:
    """One network under both names. `fields` are what differs from our registered checkpoint."""

    name: str
    weights: str
    builder: str
    url: str
    fields: Mapping[str, Any]


def main() -> None:
    """Measure, write, print."""
    arguments = parser(__doc__, rounds=5).parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        networks = prepare(Path(folder))
        contenders = {
            name: sample for network in networks for name, sample in contenders_of(network, Path(folder)).items()
        }
        for contender in contenders.values():  # compiles bytecode, fills the page cache and the warm cache
            contender()
        start = Start.now()
        samples = interleave(contenders, arguments.rounds)
    publish(
        "cold_load",
        what="a fresh process, from nothing to the first prediction",
        how={"rounds": arguments.rounds, "batch_size": 1, "dtype": "float32", "device": "cpu", "threads": "default"},
        tables={
            "wall_time": _figures(networks, samples, WALL),
            "cpu_and_memory": _figures(networks, samples, CPU_AND_MEMORY),
            "ratios": _ratios(networks, samples),
            "answers": _answers(samples),
        },
        notes=[
            "total_s: from starting the process to the first prediction; imports_s: of it, until all is imported",
            "after_imports_s = load_s + predict_s, the part a library has in its hand",
            "cpu_s: user and system time of the whole process, its end included",
            "load_cpu_s, after_imports_cpu_s: of it, with as many threads as torch takes by default",
            "peak_rss_mib: mapped files included; added_rss_mib: of it, what came after the imports",
            "ours verifies the SHA-256 of what it reads, torch.hub does not verify a cached file",
            "ResNet-50 has random parameters: its answer means nothing, and only its cost is of interest",
        ],
        start=start,
        out=arguments.out,
    )


def prepare(folder: Path) -> list[Network]:
    """Write the parameters into a torch hub cache under `folder`, named as torch hub wants it."""
    import torch
    import torchvision

    from weights_registry import EfficientNet_Lite0_Weights
    from weights_registry.inference.key_maps import rename
    from weights_registry.inference.parameters import read_pickle
    from weights_registry.sources import fetch
    from weights_registry.sources.digest import sha256_of

    checkpoints = folder / "torch" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)

    def write(name: str, parameters: Mapping[str, torch.Tensor]) -> tuple[str, str, int]:
        draft = checkpoints / "draft"
        torch.save(parameters, draft)
        digest, num_bytes = sha256_of(draft), draft.stat().st_size
        file = draft.rename(checkpoints / f"{name}-{digest[:8]}.pth")
        return f"https://example.org/{file.name}", digest, num_bytes  # nobody asks it: the file is there

    torch.manual_seed(0)
    published = EfficientNet_Lite0_Weights.ImageNet1K_V1.checkpoint
    lite0 = rename(read_pickle(fetch(published)), published.key_map)  # not by `load`, which fills the user's cache
    url, digest, num_bytes = write("resnet50", torchvision.models.resnet50(weights=None).state_dict())
    lite0_url, _, _ = write("tf_efficientnet_lite0", lite0)
    from_hub_cache = {"url": url, "sha256": digest, "num_bytes": num_bytes, "num_bytes_tolerance": 0}
    return [
        Network("ResNet-50", "ResNet50_Weights.ImageNet1K_V2", "resnet50", url, from_hub_cache),
        Network("EfficientNet-Lite0", published.id, "tf_efficientnet_lite0", lite0_url, {}),
    ]


def contenders_of(network: Network, folder: Path) -> dict[str, Callable[[], Sample]]:
    """The three ways to the first prediction with this network, by the name of network and contender."""
    ours = ["first_prediction_ours.py", network.weights, PICTURE, json.dumps(network.fields)]
    theirs = ["first_prediction_hub.py", network.builder, PICTURE, network.url]

    def sample(program: Sequence[str], cache: Path) -> Sample:
        environment = {
            "WEIGHTS_REGISTRY_CACHE": str(cache),
            "WEIGHTS_REGISTRY_OFFLINE": "1",
            "HF_HUB_OFFLINE": "1",
            "TORCH_HOME": str(folder / "torch"),
        }
        done = run([sys.executable, str(PROGRAMS / program[0]), *program[1:]], environment)
        told = json.loads(done.output.splitlines()[-1])
        imported, loaded, predicted = told["imported"], told["loaded"], told["predicted"]
        return {
            "total_s": predicted["wall_s"] - done.started_s,
            "imports_s": imported["wall_s"] - done.started_s,
            "load_s": loaded["wall_s"] - imported["wall_s"],
            "predict_s": predicted["wall_s"] - loaded["wall_s"],
            "after_imports_s": predicted["wall_s"] - imported["wall_s"],
            "cpu_s": done.cpu_s,
            "load_cpu_s": loaded["cpu_s"] - imported["cpu_s"],
            "after_imports_cpu_s": predicted["cpu_s"] - imported["cpu_s"],
            "peak_rss_mib": told["peak_rss_mib"],
            "added_rss_mib": told["peak_rss_mib"] - imported["rss_mib"],
            "index": told["index"],
            "probability": told["probability"],
        }

    def converting() -> Sample:
        with tempfile.TemporaryDirectory(dir=folder) as empty:
            return sample(ours, Path(empty))

    return {
        f"{network.name}: {HUB}": lambda: sample(theirs, folder / "cache"),
        f"{network.name}: {OURS}": lambda: sample(ours, folder / "cache"),
        f"{network.name}: {OURS_CONVERTING}": converting,
    }


def _figures(networks: Sequence[Network], samples: Mapping[str, Sequence[Sample]], figures: Sequence[str]) -> list[Row]:
    return [
        {
            "network": network.name,
            "contender": contender,
            **{figure: spread(samples[f"{network.name}: {contender}"], figure) for figure in figures},
        }
        for network in networks
        for contender in (HUB, OURS, OURS_CONVERTING)
    ]


def _ratios(networks: Sequence[Network], samples: Mapping[str, Sequence[Sample]]) -> list[Row]:
    return [
        {
            "network": network.name,
            "of": HUB,
            "over": ours,
            **{
                figure: ratio(samples[f"{network.name}: {HUB}"], samples[f"{network.name}: {ours}"], figure)
                for figure in RATIOS
            },
        }
        for network in networks
        for ours in (OURS, OURS_CONVERTING)
    ]


def _answers(samples: Mapping[str, Sequence[Sample]]) -> list[Row]:
    return [
        {"contender": name, "index": int(taken[0]["index"]), "probability": round(taken[0]["probability"], 4)}
        for name, taken in samples.items()
    ]


if __name__ == "__main__":
    main()

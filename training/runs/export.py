"""A run -> a safetensors file that describes itself: weights, labels, preprocessing, accuracy, and how it was made.

Equal runs make equal files: no time, no path and no host is in them. Knows nothing of training.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from training.errors import RunError
from training.recipes.catalog import nearest_published
from training.recipes.diff import recipe_diff
from training.recipes.recipe import Recipe
from training.recipes.record import digest, from_dict
from training.runs.chosen_epoch import choose_epoch, snapshot_of
from training.runs.runlog import Record, RunLog, fingerprint
from training.runs.settings import Choice
from weights_registry.categories import CategorySet
from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.header import read_checkpoint
from weights_registry.inference.architectures import build
from weights_registry.inference.network_facts import count_gmacs, smallest_size
from weights_registry.inference.saving import save

FILE: Final = "model.safetensors"
_URL: Final = f"file:///{FILE}"  # who reads the file fills in where it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The file, what it says of itself, and the sentence that says which epoch was taken."""

    path: Path
    checkpoint: Checkpoint
    chosen: str


def export(folder: Path, *, choice: Choice | None = None, licence: str = "not stated") -> Export:
    """Write `model.safetensors` in the folder of a run, from the averaged weights where the recipe averages them.

    `choice` takes the last epoch or the best; left out, the best if pictures were held out to choose it by, else the
    last, which was chosen by none. `licence` is that of the weights.
    Where no snapshot is left, a file that was exported in the same way before is left as it is.
    Raises RunError if there is no run, its last epoch is not done yet, or there is nothing to take its weights from.
    """
    header, epochs = RunLog(folder).read()
    recipe = from_dict(header["recipe"])
    choice = choice or ("best" if header["data"]["num_held_out"] else "last")
    epoch = choose_epoch(folder, choice, epochs, num_epochs=recipe.epochs)
    content = snapshot_of(folder, choice, epoch, num_epochs=recipe.epochs)
    metrics = _metrics(header, epochs[epoch], recipe, chosen := _say_which(header, choice))
    if content is None:
        return Export(path=folder / FILE, checkpoint=_as_before(folder, header, metrics, licence), chosen=chosen)
    weights = "network" if content["average"] is None else "average"
    labels = _labels(header)
    model = build(recipe.architecture, len(labels))
    model.load_state_dict(content[weights])
    network = recipe.architecture, len(labels), recipe.inference
    checkpoint = Checkpoint(
        id=f"{recipe.id}-seed{header['seed']}",
        description=f"{recipe.architecture} trained on {header['data']['name']} with the recipe {recipe.id}.",
        architecture=recipe.architecture,
        url=_URL,
        sha256=None,
        num_bytes=None,
        category_set=labels,
        preprocessing=recipe.inference,
        metrics=(metrics,),
        recipe=recipe.id,
        num_params=sum(parameter.numel() for parameter in model.parameters()),
        gmacs=count_gmacs(*network),
        min_size=smallest_size(*network),
        code_licence="Apache-2.0" if "/" in recipe.architecture else "BSD-3-Clause",
        weights_licence=licence,
        lineage=_lineage(header, recipe, epoch, weights),
    )
    return Export(path=save(model, folder / FILE, checkpoint), checkpoint=checkpoint, chosen=chosen)


def _as_before(folder: Path, header: Record, metrics: Metrics, licence: str) -> Checkpoint:
    """What the file that is there says of itself. Raises RunError unless the same export of the same run made it."""
    path = folder / FILE
    former = read_checkpoint(path) if path.is_file() else None
    expected = (metrics,), (f"run fingerprint {fingerprint(header)}",), licence
    if former is None or (former.metrics, former.lineage[-1:], former.weights_licence) != expected:
        found = "no" if former is None else "another"
        raise RunError(
            f"the run in `{folder}` is done, and no snapshot is left to export its weights from; it has {found} "
            f"`{FILE}`. To train it again give another `--output`"
        )
    return replace(former, url=_URL, num_bytes=None)


def _say_which(header: Record, choice: Choice) -> str:
    if choice == "last":
        return "the last epoch"
    num_held_out = header["data"]["num_held_out"]
    by = f"{num_held_out} held-out training pictures" if num_held_out else "these same pictures"
    return f"the best epoch, chosen on {by}"


def _metrics(header: Record, epoch: Record, recipe: Recipe, chosen: str) -> Metrics:
    data = header["data"]
    scores: dict[str, Any] = epoch["scores"][data["eval_split"]]
    found = scores.get("average", scores["model"])
    return Metrics(
        dataset=data["name"],
        split=data["eval_split"],
        acc1=100 * found["num_correct1"] / found["num_images"],
        acc5=100 * found["num_correct5"] / found["num_images"],
        num_images=found["num_images"],
        preprocessing=recipe.inference,
        measured_by="reproduce-weights",
        kind="measured",
        source="the log of the run that trained these weights",
        note=chosen + _say_missing(found, data["eval_split"]),
    )


def _say_missing(scores: Record, split: str) -> str:
    num_unreadable = scores.get("num_unreadable", 0)
    return f"; {num_unreadable} more pictures of {split} could not be read" if num_unreadable else ""


def _lineage(header: Record, recipe: Recipe, epoch: int, weights: str) -> tuple[str, ...]:
    data, batch, versions = header["data"], header["batch"], header["versions"]
    kind = "averaged weights" if weights == "average" else "weights"
    return (
        f"recipe {recipe.id}, digest {digest(recipe)}",
        _nearest(recipe),
        *(note for note in recipe.notes if recipe.of),
        f"{kind} after epoch {epoch + 1} of {recipe.epochs}, seed {header['seed']}",
        f"{data['num_train']:,} training pictures of {data['name']}, {data['fingerprint']['train']}",
        f"batches of {batch['num_gpus']} x {batch['batch_size_per_gpu']} x {batch['accumulation_steps']}",
        f"torch {versions['torch']}, torchvision {versions['torchvision']}, commit {header['git_commit']}",
        f"run fingerprint {fingerprint(header)}",
    )


def _nearest(recipe: Recipe) -> str:
    """Where the recipe differs from the nearest published one, as the command line sets it."""
    published = nearest_published(recipe)
    settings = " ".join(change.setting for change in recipe_diff(published, recipe))
    return f"the published recipe {published.id} with {settings}" if settings else "as the recipe was published"


def _labels(header: Record) -> CategorySet:
    record = header["categories"]
    return CategorySet(record["name"], tuple(record["names"]), tuple(record["wordnet_ids"]))

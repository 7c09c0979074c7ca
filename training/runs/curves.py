"""The log of a run -> a picture of how it went: accuracies, loss and learning rate by epoch. Knows not how to train."""

from pathlib import Path
from typing import Any, Final

from training.errors import RunError
from training.recipes.recipe import Recipe
from training.recipes.record import from_dict
from training.recipes.schedule import learning_rates
from training.runs.runlog import Record, RunLog

EVIDENCE: Final = "evidence"
NAME: Final = "training-curves"


def draw_curves(folder: Path, *, path: Path | None = None) -> Path:
    """Draw the epochs that the run in `folder` has done; gives the picture, beside which lies its JSON.

    `path` is `evidence/training-curves.png` in the folder of the run if left out. Equal runs make equal pictures.
    Raises RunError if there is no run, or no epoch of it is done.
    """
    from weights_registry.plots import Panel, Series, stacked_chart, write_chart

    header, epochs = RunLog(folder).read()
    if not epochs:
        raise RunError(f"the run in `{folder}` has done no epoch yet: there is nothing to draw")
    recipe = from_dict(header["recipe"])
    data = curve_data(header, epochs)
    done = data["epoch"]
    accuracies = {"train, as augmented": Series(done, data["train_acc1"])}
    for name, scores in data["acc1"].items():
        accuracies[name] = Series(done, scores["acc1"], low=scores["low"], high=scores["high"])
    figure = stacked_chart(
        [
            Panel("acc@1, %", accuracies),
            Panel("training loss", {"loss": Series(done, data["loss"])}),
            Panel("learning rate", {"rate": Series([each - 1 for each in done], data["lr"])}),
        ],
        title=f"{recipe.id} on {header['data']['name']}",
        subtitle=f"Seed {header['seed']}; bands are 95 % intervals for the number of pictures. "
        "The rate is that which an epoch begins with.",
        x_label="epochs done",
        vertical_lines={"best": data["best_epoch"]},
    )
    return write_chart(figure, path or folder / EVIDENCE / f"{NAME}.png", alt=_in_words(header, data), data=data)


def draw_learning_rate(recipe: Recipe, path: Path) -> Path:
    """Draw the learning rate that each epoch begins with; gives the picture, beside which lies its JSON."""
    from weights_registry.plots import Series, line_chart, write_chart

    rates = learning_rates(recipe)
    epochs = list(range(recipe.epochs))
    figure = line_chart(
        {"rate": Series(epochs, rates)},
        title=f"Learning rate of {recipe.id}",
        x_label="epoch",
        y_label="learning rate",
        markers=False,
    )
    peak = max(rates)
    alt = (
        f"The learning rate over {recipe.epochs} epochs: {rates[0]:.4g} at first, at its highest {peak:.4g} in epoch "
        f"{rates.index(peak)}, {rates[-1]:.4g} in the last."
    )
    return write_chart(figure, path, alt=alt, data={"recipe": recipe.id, "epoch": epochs, "lr": list(rates)})


def curve_data(header: Record, epochs: list[Record]) -> dict[str, Any]:
    """What is drawn, by epochs done: accuracies in percent, those measured with the ends of their 95 % interval."""
    measured: dict[str, dict[str, list[float]]] = {}
    for record in epochs:
        for split, by_weights in record["scores"].items():
            for weights, scores in by_weights.items():
                low, high = scores["interval1"]
                found = measured.setdefault(f"{weights} on {split}", {"acc1": [], "low": [], "high": []})
                for name, value in (("acc1", scores["acc1"]), ("low", low), ("high", high)):
                    found[name].append(value)
    return {
        "recipe": header["recipe"]["id"],
        "data": header["data"]["name"],
        "best_by": header["best_by"],
        "best_epoch": 1 + max(record["epoch"] for record in epochs if record["is_best"]),
        "epoch": [record["epoch"] + 1 for record in epochs],
        "loss": [record["loss"] for record in epochs],
        "train_acc1": [record["train_acc1"] for record in epochs],
        "lr": [record["lr"] for record in epochs],
        "acc1": measured,
    }


def _in_words(header: Record, data: dict[str, Any]) -> str:
    reached = "; ".join(
        f"of the {name} from {each['acc1'][0]:.2f} to {each['acc1'][-1]:.2f}" for name, each in data["acc1"].items()
    )
    return (
        f"Training curves of {data['recipe']} on {data['data']} over {data['epoch'][-1]} epochs. The loss goes from "
        f"{data['loss'][0]:.3g} to {data['loss'][-1]:.3g}; acc@1 in percent {reached}. The best epoch, by "
        f"{header['best_by']}, is {data['best_epoch']}."
    )

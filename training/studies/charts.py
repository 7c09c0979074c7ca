"""The studies as charts: a result in, figures with their names and what they show in words out. Computes nothing.

Importing it imports matplotlib.
"""

from dataclasses import dataclass

from matplotlib.figure import Figure

from training.studies.fixres import FixResStudy
from training.studies.kfold import KFoldStudy
from training.studies.ladder import LadderStudy
from training.studies.resize import ResizeStudy
from training.studies.sample_size import smallest_difference
from training.studies.seeds import SeedsStudy
from weights_registry.plots import Bars, Series, bar_chart, heat_map, line_chart, waterfall_chart

_MAX_CURVES = 6


@dataclass(frozen=True)
class Chart:
    """A figure, the name of its file without ending, and what it shows in words."""

    name: str
    figure: Figure
    alt: str


def resize_charts(study: ResizeStudy, *, of: str, on: str) -> list[Chart]:
    """The gain over the own size at each size, on either half; paired 95 % intervals."""
    sizes = [each.resize_size for each in study.sizes]
    halves = {
        f"choosing half, {study.num_choosing:,} pictures": [each.gain_choosing for each in study.sizes],
        f"confirming half, {study.num_confirming:,} pictures": [each.gain_confirming for each in study.sizes],
    }
    figure = line_chart(
        {
            name: Series(
                sizes,
                [gain.difference if gain else 0.0 for gain in gains],
                [gain.low if gain else 0.0 for gain in gains],
                [gain.high if gain else 0.0 for gain in gains],
            )
            for name, gains in halves.items()
        },
        title="Which size to resize to before the crop",
        subtitle=f"{of} on {on}, crop {study.crop_size}; paired 95 % intervals",
        x_label="resize size, pixels",
        y_label=f"acc@1 gained over {study.own_size}, points",
        x_ticks=sizes if len(sizes) <= 16 else None,
        horizontal_lines={"": 0.0},
        vertical_lines={f"its own, {study.own_size}": study.own_size},
        callouts={f"chosen: {study.winner}": (study.winner, _gain_of(study, study.winner))},
    )
    return [Chart("resize", figure, f"Gain in acc@1 over resize sizes {sizes[0]} to {sizes[-1]}. {study.sentence}")]


def fixres_charts(study: FixResStudy, *, on: str) -> list[Chart]:
    """The matrix, the best of each row framed, and its rows as curves (the first six)."""
    told = "; ".join(f"{row.name}: best at {row.best_size}, {max(row.acc1):.2f} %" for row in study.rows)
    trained_at = {row.train_size for row in study.rows}
    short = len(trained_at) == len(study.rows) and None not in trained_at
    names = [f"trained at {row.train_size}" if short else row.name for row in study.rows]
    subtitle = f"acc@1 in percent on {on}, {study.rows[0].num_images:,} pictures"
    matrix = heat_map(
        [row.acc1 for row in study.rows],
        row_labels=names,
        column_labels=[str(size) for size in study.test_sizes],
        title="Train size against test size",
        subtitle=f"{subtitle}; the best of each row framed",
        x_label="test size, pixels",
        y_label="",
        colour_label="acc@1, %",
        value_format="{:.1f}",
        mark_best="row",
    )
    curves = line_chart(
        {name: Series(study.test_sizes, row.acc1) for name, row in zip(names, study.rows[:_MAX_CURVES], strict=False)},
        title="Accuracy over test size",
        subtitle=subtitle,
        x_label="test size, pixels",
        y_label="acc@1, %",
        x_ticks=study.test_sizes if len(study.test_sizes) <= 16 else None,
        callouts={f"{row.best_size}": (row.best_size, max(row.acc1)) for row in study.rows[:_MAX_CURVES]},
    )
    return [
        Chart("fixres", matrix, f"Accuracy by checkpoint and test size. {told}."),
        Chart("fixres-curves", curves, f"Accuracy over test size, a curve a checkpoint. {told}."),
    ]


def kfold_charts(study: KFoldStudy, *, on: str) -> list[Chart]:
    """The difference on each fold, and over all with its interval."""
    num_folds = len(study.folds)
    figure = bar_chart(
        {
            "B less A": Bars(
                [*(fold.difference for fold in study.folds), study.difference],
                low=[*([None] * num_folds), study.low],
                high=[*([None] * num_folds), study.high],
            )
        },
        [
            *(f"fold {fold.number}" for fold in study.folds),
            "all" if study.low is None else "all, with 95 % interval",
        ],
        title="A choice, fold by fold",
        subtitle=f"A: {study.a}. B: {study.b}. On {on}.",
        x_label="acc@1 of B less that of A, points",
        value_format="{:+.2f}",
    )
    return [Chart("kfold", figure, f"A is {study.a}, B is {study.b}. {study.sentence}")]


def seeds_charts(study: SeedsStudy) -> list[Chart]:
    """How many seeds it takes to see a difference, and where this study stands; each seed where all came out alike."""
    on = f"{study.recipe} on {study.data} {study.split}"
    if study.smallest_difference is None:
        figure = line_chart(
            {"acc@1": Series(range(1, len(study.acc1) + 1), study.acc1)},
            title="Every seed came out alike",
            subtitle=f"{on}: acc@1 {_percent(study.mean)} with the seeds {', '.join(map(str, study.seeds))}",
            x_label="run",
            y_label="acc@1, %",
        )
        return [Chart("seeds", figure, study.sentence)]
    numbers = range(2, max(30, 3 * len(study.seeds)))
    here = f"{len(study.seeds)} seeds: {study.smallest_difference:.2f} points"
    figure = line_chart(
        {
            "seen eight times in ten": Series([smallest_difference(num, study.spread) for num in numbers], numbers),
            here: Series([study.smallest_difference], [len(study.seeds)]),
        },
        title="How many seeds show a difference",
        subtitle=(
            f"{on}: acc@1 {_percent(study.mean)}, standard deviation "
            f"{study.spread:.3f} over {len(study.seeds)} seeds; t test at 0.05, power 0.8"
        ),
        x_label="true difference of two recipes, points of acc@1",
        y_label="seeds of each recipe",
    )
    return [Chart("seeds", figure, f"Seeds needed over the difference to be seen. {study.sentence}")]


def ladder_charts(study: LadderStudy) -> list[Chart]:
    """What each rung adds to the one before, beside what was published."""
    base, published_base = study.steps[0].acc1, study.steps[0].published_acc1
    gains = [step.acc1 - base for step in study.steps]
    spreads = [step.spread or 0.0 for step in study.steps]
    has_spread = len(study.seeds) > 1
    over = f"mean of {len(study.seeds)} seeds with standard deviation" if has_spread else "a single seed"
    figure = waterfall_chart(
        Bars(
            gains,
            [gain - spread for gain, spread in zip(gains, spreads, strict=True)] if has_spread else None,
            [gain + spread for gain, spread in zip(gains, spreads, strict=True)] if has_spread else None,
        ),
        [f"{'' if place == 0 else '+ '}{step.name}" for place, step in enumerate(study.steps)],
        title=f"What each ingredient adds: the ladder on {study.data}",
        subtitle=(
            f"{study.data} {study.split}, {study.num_images:,} pictures, {over}. "
            f"{study.steps[0].name}: {_percent(base)}, published {_percent(published_base)}"
            + (f"\nIn every rung: {study.changed}" if study.changed else "")
        ),
        x_label=f"acc@1 gained over {study.steps[0].name}, points",
        reference=("published: ResNet-50, ImageNet-1K", [step.published_acc1 - published_base for step in study.steps]),
    )
    told = ", ".join(f"{step.name} {step.acc1:.2f} %" for step in study.steps)
    changed = f", in every rung {study.changed}" if study.changed else ""
    return [Chart("ladder", figure, f"Accuracy rung by rung, measured on {study.data}{changed}: {told}.")]


def _percent(value: float) -> str:
    return f"{value:.2f}\N{NO-BREAK SPACE}%"


def _gain_of(study: ResizeStudy, size: int) -> float:
    gain = next(each.gain_choosing for each in study.sizes if each.resize_size == size)
    return gain.difference if gain else 0.0

"""The cards' index: the checkpoints of each data set as a table, accuracy against cost as a chart. Writes no file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from matplotlib.figure import Figure

from weights_registry.card import markdown
from weights_registry.card.metrics import accuracy_interval
from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.plots import Point, frontier_of, scatter_chart
from weights_registry.wording import bytes_text

_FEWEST_IN_A_CHART: Final = 3
_MOST_GROUPS: Final = 6

Kind = Literal["published", "measured"]

_HEADER: Final = ("checkpoint", "acc@1, %", "95 % interval", "by", "GMACs", "parameters", "size", "fed", "licence")
_FIGURES: Final = (1, 4, 5, 6)
_BEST: Final = "●"

_INTRO: Final = """\
# Cards

One page a checkpoint: what it is, how to feed it, what it scored and who measured that, how it was trained, where it
comes from. The head of each page is for machines: it is what the Hugging Face Hub reads, model-index and all.
`weights-registry card NAME` prints a page, `--open` shows it in the terminal, `--browser` in a browser.
"""

_HOW_TO_WRITE: Final = """\
## Writing here

`python cards/make_cards.py` makes the pages from the registry; a test fails if they are not up to date. What people
write stands between two marks, in any card, and is kept:

```markdown
<!-- people: good-for -->
- Sorting parcels by what is printed on them.
<!-- end -->
```

The blocks `about`, `good-for`, `not-good-for` and `licence` have a place of their own; one of any other name stands
under “Notes”. What was measured or drawn about a checkpoint lies in `evidence/`, in a folder of its name: `NAME.png`
with `NAME.json` beside it, or `NAME.json` alone, which becomes a table. What `weights-registry evaluate --json` prints,
kept there as `accuracy.json`, is a row among the accuracies measured here. `sample.png` takes the place of the photo in
the picture of the preprocessing.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The checkpoints whose headline is on one data set and of one kind, the most accurate first."""

    dataset: str
    kind: Kind
    checkpoints: tuple[Checkpoint, ...]

    @property
    def subject(self) -> str:
        """What it ranks by: `ImageNet-1K, as published`."""
        return f"{self.dataset}, {'as published' if self.kind == 'published' else 'as measured here'}"

    @property
    def evaluators(self) -> str:
        """Who measured the figures, in words."""
        return ", ".join(dict.fromkeys(_headline(each).measured_by for each in self.checkpoints))

    @property
    def title(self) -> str:
        """What its chart is called."""
        return f"Accuracy against cost on {self.dataset}"

    @property
    def chart_name(self) -> str:
        """Name, without ending, of the chart's files."""
        return "-".join(["accuracy-against-cost", *re.findall("[a-z0-9]+", self.dataset.casefold()), self.kind])

    @property
    def has_chart(self) -> bool:
        """Whether there are points enough for a chart to say something."""
        return len(self.points) >= _FEWEST_IN_A_CHART

    @property
    def points(self) -> list[Point]:
        """A point for each checkpoint whose cost is known: GMACs of one picture, and acc@1 in percent.

        The first word of a group stands in the legend, by its colour, and not at each point.
        """
        priced = [each for each in self.checkpoints if each.gmacs is not None]
        groups = [_group(_name(each)) for each in priced]
        if len(set(groups)) > _MOST_GROUPS:
            groups = [""] * len(priced)
        return [
            Point(
                x=each.gmacs or 0,
                y=_headline(each).acc1,
                label=group.partition(" ")[2] + _name(each).removeprefix(group),
                group=group,
            )
            for each, group in zip(priced, groups, strict=True)
        ]

    @property
    def best_for_their_cost(self) -> tuple[Checkpoint, ...]:
        """The checkpoints on the frontier, the cheapest first."""
        at = {(each.gmacs, _headline(each).acc1): each for each in reversed(self.checkpoints)}
        return tuple(at[point.x, point.y] for point in frontier_of(self.points))

    @property
    def alt(self) -> str:
        """The chart in words, for who cannot see it."""
        best = [
            f"{_name(each)} ({each.gmacs:g} GMACs, {_headline(each).acc1:.1f} %)" for each in self.best_for_their_cost
        ]
        return (
            f"acc@1 on {self.subject}, against GMACs a picture, for {len(self.points)} checkpoints. Best for their "
            f"cost, from the cheapest: {', '.join(best)}."
        )

    @property
    def data(self) -> dict[str, Any]:
        """What the chart is drawn from, as JSON types."""
        best = self.best_for_their_cost
        points = [
            {"id": each.id, "gmacs": each.gmacs, "acc1": _headline(each).acc1, "best_for_its_cost": each in best}
            for each in self.checkpoints
            if each.gmacs is not None
        ]
        return {"dataset": self.dataset, "kind": self.kind, "points": points}

    @property
    def record(self) -> dict[str, Any]:
        """What stands as JSON beside the chart."""
        return {"title": self.title, "alt": self.alt, "data": self.data}


def rankings(checkpoints: Sequence[Checkpoint]) -> list[Ranking]:
    """A ranking for each data set and kind of headline, in the order in which they come up."""
    alike: dict[tuple[str, Kind], list[Checkpoint]] = {}
    for checkpoint in checkpoints:
        if (headline := checkpoint.headline) is not None:
            alike.setdefault((headline.dataset, headline.kind), []).append(checkpoint)
    return [
        Ranking(
            dataset=dataset,
            kind=kind,
            checkpoints=tuple(sorted(found, key=lambda each: _headline(each).acc1, reverse=True)),
        )
        for (dataset, kind), found in alike.items()
    ]


def draw_ranking(ranking: Ranking) -> Figure:
    """Accuracy against cost as a chart, with the frontier of those that no other beats."""
    return scatter_chart(
        ranking.points,
        title=ranking.title,
        subtitle=f"{ranking.subject} by {ranking.evaluators}; fed as each card says",
        x_label="GMACs a picture (logarithmic)",
        y_label="acc@1 in percent",
        frontier=True,
        x_scale="log",
    )


def index_page(ranked: Sequence[Ranking], *, cards: Mapping[str, str], charts: Mapping[str, str]) -> str:
    """The page: a chart and a table for each ranking. The mappings say where cards lie, by id, and charts, by name."""
    parts = [_INTRO]
    for ranking in ranked:
        parts.append(f"## On {markdown.text(ranking.subject)}\n")
        if ranking.has_chart:
            parts.append(markdown.picture(charts[ranking.chart_name], alt=ranking.alt) + "\n")
        parts.append(_table(ranking, cards) + "\n")
        parts += [f"{remark}\n" for remark in _remarks(ranking)]
    return "\n".join([*parts, _HOW_TO_WRITE])


def _table(ranking: Ranking, cards: Mapping[str, str]) -> str:
    return markdown.table(_HEADER, [_row(each, ranking, cards) for each in ranking.checkpoints], right=_FIGURES)


def _row(checkpoint: Checkpoint, ranking: Ranking, cards: Mapping[str, str]) -> list[str]:
    headline = _headline(checkpoint)
    interval = ""
    if headline.num_images:
        low, high = accuracy_interval(headline.acc1, headline.num_images)
        interval = f"{low:.2f} to {high:.2f}"
    is_best = checkpoint in ranking.best_for_their_cost
    return [
        markdown.local_link(checkpoint.id, cards[checkpoint.id]) + (f" {_BEST}" if is_best else ""),
        f"{'' if headline.of == 'this-file' else '~'}{headline.acc1:.3f}",
        interval,
        markdown.text(headline.measured_by),
        "" if checkpoint.gmacs is None else f"{checkpoint.gmacs:g}",
        f"{checkpoint.num_params / 1e6:.1f}M",
        bytes_text(checkpoint.num_bytes),
        f"{headline.preprocessing.resize_size}/{headline.preprocessing.crop_size}",
        markdown.text(checkpoint.weights_licence),
    ]


def _remarks(ranking: Ranking) -> list[str]:
    remarks = ["*fed* is resize/crop; the interval is Wilson's for the number of pictures."]
    if ranking.best_for_their_cost:
        remarks.append(f"{_BEST} none is as accurate for fewer GMACs, or more accurate for as many.")
    if any(_headline(each).of != "this-file" for each in ranking.checkpoints):
        remarks.append("~ measured on another conversion of the same weights, not proven equal; the card says which.")
    return remarks


def _headline(checkpoint: Checkpoint) -> Metrics:
    assert checkpoint.headline is not None  # a ranking holds no other checkpoints
    return checkpoint.headline


def _name(checkpoint: Checkpoint) -> str:
    """`ResNet50 V2` for `ResNet50_Weights.ImageNet1K_V2`."""
    family, _, member = checkpoint.id.rpartition(".")
    version = member.partition("_")[2] or member
    return " ".join([*family.removesuffix("_Weights").split("_"), version]).strip()


def _group(name: str) -> str:
    """The kind of network, `ResNet` of `ResNet50 V2`: what stands before the first figure."""
    return re.split(r"\d", name, maxsplit=1)[0].strip()

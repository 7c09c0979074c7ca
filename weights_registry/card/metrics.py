"""The evaluations of a checkpoint as tables: published and measured here never share one. Knows no file."""

from collections.abc import Sequence
from typing import Final

from weights_registry.card import markdown
from weights_registry.checkpoint import Metrics
from weights_registry.inference.intervals import wilson_interval
from weights_registry.preprocessing import Preprocessing

SUBJECTS: Final = {"this-file": "this file", "earlier-run": "an earlier run", "sibling-file": "a sibling file"}

_HEADER: Final = ("on", "n", "acc@1, %", "95 % interval", "acc@5, %", "95 % interval", "fed", "of", "measured by")
_FIGURES: Final = (1, 2, 4)
_SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def metrics_table(metrics: Sequence[Metrics], fed: Preprocessing) -> list[str]:
    """Paragraphs: a row an evaluation, then the notes that rows point to. `fed` is the checkpoint's own feeding."""
    notes = list(dict.fromkeys(each.note for each in metrics if each.note))
    rows = [_cells(each, notes, fed) for each in metrics]
    told = "\n".join(f"{_mark(number)} {markdown.text(note)}  " for number, note in enumerate(notes, 1)).rstrip()
    return [markdown.table(_HEADER, rows, right=_FIGURES), *([told] if told else [])]


def describe_feeding(preprocessing: Preprocessing) -> str:
    """The feeding in a few words: `resize 232, crop 224, bilinear`."""
    return f"resize {preprocessing.resize_size}, crop {preprocessing.crop_size}, {preprocessing.interpolation}"


def accuracy_interval(accuracy: float, num_images: int) -> tuple[float, float]:
    """95 % interval of an accuracy in percent, as Wilson's for the nearest count of right pictures."""
    return wilson_interval(round(accuracy * num_images / 100), num_images)


def _cells(metrics: Metrics, notes: list[str], fed: Preprocessing) -> list[str]:
    subject = SUBJECTS[metrics.of] + (_mark(notes.index(metrics.note) + 1) if metrics.note else "")
    return [
        markdown.text(f"{metrics.dataset} {metrics.split}"),
        "not said" if metrics.num_images is None else f"{metrics.num_images:,}",
        f"{metrics.acc1:.3f}",
        _interval(metrics.acc1, metrics.num_images),
        "" if metrics.acc5 is None else f"{metrics.acc5:.3f}",
        "" if metrics.acc5 is None else _interval(metrics.acc5, metrics.num_images),
        _feeding(metrics.preprocessing, fed),
        subject,
        _measured_by(metrics),
    ]


def _feeding(preprocessing: Preprocessing, usual: Preprocessing) -> str:
    """`232/224`, which is resize and crop; and in words what else is not as usual."""
    others = {
        preprocessing.interpolation: preprocessing.interpolation != usual.interpolation,
        "not antialiased" if usual.antialias else "antialiased": preprocessing.antialias != usual.antialias,
        "other mean and std": (preprocessing.mean, preprocessing.std) != (usual.mean, usual.std),
    }
    sizes = f"{preprocessing.resize_size}/{preprocessing.crop_size}"
    return ", ".join([sizes, *(words for words, differs in others.items() if differs)])


def _measured_by(metrics: Metrics) -> str:
    """Who measured, with a link to where it is said, or the place in words where it has no address."""
    linked = markdown.link(metrics.measured_by, metrics.source)
    named = markdown.text(metrics.measured_by)
    return linked if linked != named or not metrics.source else f"{named}: {markdown.text(metrics.source)}"


def _interval(accuracy: float, num_images: int | None) -> str:
    if num_images is None or num_images < 1:
        return ""
    low, high = accuracy_interval(accuracy, num_images)
    return f"{low:.2f} to {high:.2f}"


def _mark(number: int) -> str:
    return str(number).translate(_SUPERSCRIPTS)

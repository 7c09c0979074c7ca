"""Checkpoint -> its card: the sections, in their order; a section with nothing to say is left out. Writes no file."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from weights_registry.card import markdown
from weights_registry.card.evidence import Evidence, Section, other_files, read_evidence
from weights_registry.card.evidence_text import evidence_paragraphs
from weights_registry.card.facts import use_it, what_it_is, where_from
from weights_registry.card.feeding import FeedingPicture
from weights_registry.card.first_words import first_words, told_by_figures
from weights_registry.card.front_matter import front_matter
from weights_registry.card.metrics import metrics_table
from weights_registry.card.people import block
from weights_registry.card.recipe import RecipeTable, recipe_section
from weights_registry.checkpoint import Checkpoint

PLACED_BLOCKS: Final = ("about", "good-for", "not-good-for", "licence")
"""The blocks that have a place of their own in a card; all others stand under `Notes`."""

_HOW_TO_READ: Final = (
    "*fed* is resize/crop, and all else as above. An interval is Wilson's, at 95 %, for the number of pictures: how "
    "far the figure could be off by the choice of pictures. It says nothing of another training run."
)

Paragraphs = list[str]


def make_card(
    checkpoint: Checkpoint,
    *,
    recipe: RecipeTable | None = None,
    evidence: Path | None = None,
    people: Mapping[str, str] | None = None,
    feeding_picture: FeedingPicture | None = None,
    beside: Path | None = None,
) -> str:
    """The card as Markdown, with the front matter of a Hugging Face model card.

    `recipe` says how it was trained. `evidence` is a folder of what was measured about it, laid out as
    `card.evidence` says. `people` is the text of blocks by name, as `read_blocks` finds them in an earlier card; a
    block that it does not name begins with what the record supports. `feeding_picture` shows the preprocessing.
    `beside` is the folder where the card will lie, from which its links lead (default: the one that holds `evidence`).
    Raises CardError for evidence that cannot be read.
    """
    found = read_evidence(evidence)
    folder = beside or (evidence.parent if evidence else Path())
    words, figures = {**first_words(checkpoint), **(people or {})}, told_by_figures(checkpoint)
    sections = {
        "What it is": [*what_it_is(checkpoint), *_block(words, "about")],
        "Use it": use_it(checkpoint),
        "How it is fed": _feeding(checkpoint, feeding_picture, folder),
        "Metrics": [*_metrics(checkpoint, found, folder), *_evidence(found, "metrics", folder)],
        "Recipe": [*(recipe_section(recipe) if recipe else []), *_evidence(found, "training", folder)],
        "Studies": _evidence(found, "studies", folder),
        "Speed here": _evidence(found, "speed", folder),
        "Good for": [*_of(figures, "good-for"), *_block(words, "good-for")],
        "Not good for": [*_of(figures, "not-good-for"), *_block(words, "not-good-for")],
        "Provenance and licence": [
            *where_from(checkpoint),
            *_other_files(evidence, folder),
            *_block(words, "licence"),
        ],
        "Notes": [part for name in words if name not in PLACED_BLOCKS for part in _block(words, name)],
    }
    # A block that somebody emptied stays, without a heading: it must not be filled again.
    emptied = [block(name, "") for name, text in words.items() if not text]
    head = front_matter(checkpoint, measured=[each.metrics for each in found if each.metrics is not None])
    paragraphs = [f"---\n{head.to_yaml()}\n---", f"# {markdown.text(checkpoint.id)}"]
    for heading, content in sections.items():
        paragraphs += [f"## {heading}", *content] if content else []
    return "\n\n".join([*paragraphs, *emptied]) + "\n"


def _feeding(checkpoint: Checkpoint, picture: FeedingPicture | None, folder: Path) -> Paragraphs:
    shown = [] if picture is None else [markdown.picture(_path_from(folder, picture.path), alt=picture.alt)]
    return [markdown.text(checkpoint.preprocessing.describe()), *shown]


def _metrics(checkpoint: Checkpoint, found: Sequence[Evidence], folder: Path) -> Paragraphs:
    """Published and measured in tables apart; an evaluation among the evidence is a row of the latter."""
    evaluated = [(each, metrics) for each in found if (metrics := each.metrics) is not None]
    published = [each for each in checkpoint.metrics if each.kind == "published"]
    measured = [each for each in checkpoint.metrics if each.kind == "measured"]
    measured += [metrics for _, metrics in evaluated]
    paragraphs: Paragraphs = []
    for heading, rows in (("As published", published), ("As measured here", measured)):
        paragraphs += [f"### {heading}", *metrics_table(rows, checkpoint.preprocessing)] if rows else []
    if evaluated:
        links = (markdown.local_link(each.title, _path_from(folder, each.figures)) for each, _ in evaluated)
        paragraphs.append(f"Figures as JSON: {', '.join(links)}.")
    return [*paragraphs, _HOW_TO_READ] if paragraphs else []


def _evidence(found: Sequence[Evidence], section: Section, folder: Path) -> Paragraphs:
    paragraphs: Paragraphs = []
    for each in found:
        if each.section == section and not (each.picture is None and each.metrics is not None):
            files = [path for path in (each.figures, each.picture) if path is not None]
            paragraphs += evidence_paragraphs(each, path_of={path: _path_from(folder, path) for path in files})
    return paragraphs


def _other_files(evidence: Path | None, folder: Path) -> Paragraphs:
    links = [markdown.local_link(path.name, _path_from(folder, path)) for path in other_files(evidence)]
    return [f"Kept beside it: {', '.join(links)}."] if links else []


def _of(texts: Mapping[str, str], name: str) -> Paragraphs:
    return [texts[name]] if name in texts else []


def _block(words: Mapping[str, str], name: str) -> Paragraphs:
    return [block(name, words[name])] if words.get(name) else []


def _path_from(folder: Path, path: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()

"""The card of a checkpoint as this machine knows it: the checkout's where there is one, else from the record alone."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from urllib.request import url2pathname

from weights_registry.card.feeding import FeedingPicture
from weights_registry.card.folder import CardsFolder, bundled_checkpoints, checkout_folder
from weights_registry.card.making import make_card
from weights_registry.card.recipe import find_recipe_table
from weights_registry.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class LocalCard:
    """A card, and the folder from which its links lead."""

    markdown: str
    folder: Path


def local_card(
    checkpoint: Checkpoint, *, evidence: Path | None = None, feeding_picture: FeedingPicture | None = None
) -> LocalCard:
    """The card of a checkpoint, with the recipe's table of whichever installed package knows the recipe.

    The card of one that this package ships is the checkout's, with people's words, evidence and pictures; so it is not
    where the package is installed from a wheel, nor where `evidence` is another folder. Of all others it is made from
    the record, `evidence` (default: the folder of that name beside the file, where a run keeps it) and
    `feeding_picture`, with links from the current folder.
    """
    recipe = None if checkpoint.recipe is None else find_recipe_table(checkpoint.recipe)
    folder = _checkout_of(checkpoint, evidence)
    if folder is not None:
        return LocalCard(folder.card(checkpoint, recipe=recipe), folder.root)
    here, evidence = Path.cwd(), evidence or _evidence_beside(checkpoint)
    card = make_card(checkpoint, recipe=recipe, evidence=evidence, feeding_picture=feeding_picture, beside=here)
    return LocalCard(card, here)


def local_page(checkpoint: Checkpoint, *, evidence: Path | None = None) -> str:
    """The same card as one HTML page with its pictures in it; the feeding is drawn where no picture of it lies here."""
    from weights_registry.card.page import card_page

    if _checkout_of(checkpoint, evidence) is not None:
        card = local_card(checkpoint)
        return card_page(card.markdown, title=checkpoint.id, folder=card.folder)
    evidence = evidence or _evidence_beside(checkpoint)
    with TemporaryDirectory() as drawn:
        picture = _draw_feeding(checkpoint, evidence, Path(drawn))
        card = local_card(checkpoint, evidence=evidence, feeding_picture=picture)
        pictures_in = [Path(drawn), *([] if evidence is None else [evidence])]
        return card_page(card.markdown, title=checkpoint.id, folder=card.folder, pictures_in=pictures_in)


def _checkout_of(checkpoint: Checkpoint, evidence: Path | None) -> CardsFolder | None:
    """The folder that holds the card asked for, None if it is to be made from the record."""
    return checkout_folder() if evidence is None and checkpoint in bundled_checkpoints() else None


def _evidence_beside(checkpoint: Checkpoint) -> Path | None:
    """The folder `evidence` beside the file of a checkpoint of one's own, None if there is none."""
    if not checkpoint.url.startswith("file://"):
        return None
    folder = Path(url2pathname(urlsplit(checkpoint.url).path)).parent / "evidence"
    return folder if folder.is_dir() else None


def _draw_feeding(checkpoint: Checkpoint, evidence: Path | None, folder: Path) -> FeedingPicture:
    from weights_registry.card.feeding_picture import plan_drawing, write_feeding

    sample = None if evidence is None else evidence / "sample.png"
    drawing = plan_drawing(checkpoint.preprocessing, sample if sample is not None and sample.is_file() else None)
    return FeedingPicture(write_feeding(drawing, folder / "feeding.png"), drawing.alt)

"""The card of a checkpoint as this machine knows it: the checkout's where there is one, else from the record alone."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from weights_registry.card.feeding import FeedingPicture
from weights_registry.card.folder import bundled_checkpoints, checkout_folder
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
    the record, `evidence` and `feeding_picture`, with links from the current folder.
    """
    recipe = None if checkpoint.recipe is None else find_recipe_table(checkpoint.recipe)
    folder = checkout_folder()
    if folder is not None and evidence is None and checkpoint in bundled_checkpoints():
        return LocalCard(folder.card(checkpoint, recipe=recipe), folder.root)
    here = Path.cwd()
    card = make_card(checkpoint, recipe=recipe, evidence=evidence, feeding_picture=feeding_picture, beside=here)
    return LocalCard(card, here)


def local_page(checkpoint: Checkpoint, *, evidence: Path | None = None) -> str:
    """The same card as one HTML page with its pictures in it; the feeding is drawn where no picture of it lies here."""
    from weights_registry.card.feeding_picture import plan_drawing, write_feeding
    from weights_registry.card.page import card_page

    sample = None if evidence is None else evidence / "sample.png"
    drawing = plan_drawing(checkpoint.preprocessing, sample if sample is not None and sample.is_file() else None)
    with TemporaryDirectory() as drawn:
        picture = FeedingPicture(write_feeding(drawing, Path(drawn) / "feeding.png"), drawing.alt)
        card = local_card(checkpoint, evidence=evidence, feeding_picture=picture)
        pictures_in = [Path(drawn), *([] if evidence is None else [evidence])]
        return card_page(card.markdown, title=checkpoint.id, folder=card.folder, pictures_in=pictures_in)

"""Where a folder of cards keeps what belongs to each: the card, its evidence, the picture of its feeding.

NAME.md                 the card of the checkpoint whose id is NAME
evidence/NAME/          what was measured or drawn about it, and `sample.png` if it has a picture of its own to show
pictures/               drawings that cards share
"""

import json
from dataclasses import dataclass
from pathlib import Path

import weights_registry
from weights_registry.card.feeding import FeedingPicture, picture_name
from weights_registry.card.making import make_card
from weights_registry.card.people import read_blocks
from weights_registry.card.recipe import RecipeTable
from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import CardError
from weights_registry.families import BUNDLED


@dataclass(frozen=True, slots=True)
class CardsFolder:
    """The folder at `root`."""

    root: Path

    def card_path(self, checkpoint: Checkpoint) -> Path:
        """Where its card lies."""
        return self.root / f"{checkpoint.id}.md"

    def evidence_path(self, checkpoint: Checkpoint) -> Path:
        """The folder of its evidence, which need not be there."""
        return self.root / "evidence" / checkpoint.id

    def sample_path(self, checkpoint: Checkpoint) -> Path | None:
        """The picture of its own that its feeding is shown with, None if it has none."""
        sample = self.evidence_path(checkpoint) / "sample.png"
        return sample if sample.is_file() else None

    def feeding_path(self, checkpoint: Checkpoint) -> Path:
        """Where the picture of its feeding lies: its own if it has a sample, else the one all fed alike share."""
        if self.sample_path(checkpoint) is not None:
            return self.evidence_path(checkpoint) / "feeding.png"
        return self.root / "pictures" / f"{picture_name(checkpoint.preprocessing)}.png"

    def card(self, checkpoint: Checkpoint, *, recipe: RecipeTable | None) -> str:
        """The card made anew, with the blocks that people wrote into the present one.

        Raises CardError, naming the file, for blocks or evidence that cannot be read.
        """
        return make_card(
            checkpoint,
            recipe=recipe,
            evidence=self.evidence_path(checkpoint),
            people=_read_people(self.card_path(checkpoint)),
            feeding_picture=_read_feeding(self.feeding_path(checkpoint)),
            beside=self.root,
        )


def checkout_folder() -> CardsFolder | None:
    """The folder `cards` of the checkout that this package runs from, None where it is installed from a wheel."""
    root = Path(weights_registry.__file__).parent.parent / "cards"
    return CardsFolder(root) if (root / "make_cards.py").is_file() else None


def bundled_checkpoints() -> list[Checkpoint]:
    """The checkpoints of the families that this package ships: those that have a card in the checkout."""
    return [member.checkpoint for family in BUNDLED for member in family]


def _read_people(card: Path) -> dict[str, str]:
    if not card.is_file():
        return {}
    try:
        return read_blocks(card.read_text(encoding="utf-8"))
    except CardError as error:
        raise CardError(f"`{card}`: {error}") from error


def _read_feeding(picture: Path) -> FeedingPicture | None:
    """The picture with the words in its JSON; None where it is not drawn yet."""
    record = picture.with_suffix(".json")
    if not (picture.is_file() and record.is_file()):
        return None
    return FeedingPicture(picture, json.loads(record.read_text(encoding="utf-8"))["alt"])

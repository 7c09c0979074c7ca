"""A recipe as the rows of a table: data that `training` makes and a card shows. Knows no recipe.

A package that knows recipes announces a function, recipe id -> `RecipeTable`, under the entry-point group
`weights_registry.recipe_tables`; the function raises LookupError for a recipe that it does not know.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Final

from weights_registry.card import markdown

ENTRY_POINT_GROUP: Final = "weights_registry.recipe_tables"

_log = logging.getLogger("weights_registry")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeRow:
    """One setting: its name, its value, its value in each recipe of `RecipeTable.before`, and what it means."""

    setting: str
    value: str
    before: tuple[str, ...]
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeTable:
    """The settings of one recipe beside those of the recipes it came from, the nearest first.

    `before` holds their names, and may be empty. `digest` is the recipe's SHA-256, `command` what runs it, `remarks`
    what a reader must know.
    Raises ValueError if a row has not one value for each recipe before.
    """

    id: str
    digest: str
    before: tuple[str, ...]
    rows: tuple[RecipeRow, ...]
    command: str = ""
    remarks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.before) != len(self.before):
                raise ValueError(f"`{row.setting}` has {len(row.before)} values before, for {len(self.before)} recipes")


def find_recipe_table(recipe_id: str) -> RecipeTable | None:
    """The table of a recipe from the installed package that knows it; None if none does."""
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        try:
            make: Callable[[str], RecipeTable] = entry.load()
            return make(recipe_id)
        except LookupError:
            continue
        except Exception as error:  # another package's code may raise anything, and the card has more to say
            _log.warning("the recipe table of entry point `%s` was left out: %s", entry.value, error)
    return None


def recipe_section(table: RecipeTable) -> list[str]:
    """Paragraphs: what the recipe is called and came from, its settings beside what was otherwise before, remarks."""
    intro = f"Recipe {markdown.code(table.id)}, digest {markdown.code(table.digest[:16])}."
    if table.command:
        intro += f" {markdown.code(table.command)} runs it."
    if table.before:
        names = " and ".join(markdown.code(name) for name in table.before)
        whose = "whose column holds" if len(table.before) == 1 else "whose columns hold"
        intro += f" It came from {names}, {whose} only what was otherwise."
    header = ["setting", markdown.code(table.id), *(markdown.code(name) for name in table.before), "meaning"]
    remarks = "\n".join(f"- {markdown.text(remark)}" for remark in table.remarks)
    return [intro, markdown.table(header, [_cells(row) for row in table.rows]), *([remarks] if remarks else [])]


def _cells(row: RecipeRow) -> list[str]:
    """The row; its value in bold if the nearest recipe before has another."""
    value = markdown.text(row.value)
    before = [markdown.text(each) if each != row.value else "" for each in row.before]
    is_new = bool(row.before) and row.before[0] != row.value
    return [markdown.code(row.setting), f"**{value}**" if is_new else value, *before, markdown.text(row.meaning)]

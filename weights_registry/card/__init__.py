"""Model cards: all that is known of one checkpoint as a page to read; this page names all that is public.

Importing it costs milliseconds; huggingface_hub, matplotlib and rich are imported when a card needs them.
"""

from weights_registry.card.making import make_card
from weights_registry.card.people import read_blocks
from weights_registry.card.recipe import RecipeRow, RecipeTable, find_recipe_table

__all__ = ["RecipeRow", "RecipeTable", "find_recipe_table", "make_card", "read_blocks"]

"""Category sets: what a network's outputs mean, in their order. Knows nothing of networks.

A set lives in one text file beside this module: `NAME.tsv` holds a WordNet id, a tab and a unique name a line;
`NAME.txt` holds a name a line.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class CategorySet:
    """The categories of one label space, in the order of the network's outputs.

    `wordnet_ids` is empty, or holds one id a name. Raises ValueError if a name appears twice or the lengths differ.
    """

    name: str
    names: tuple[str, ...]
    wordnet_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names):
            twice = sorted({name for name in self.names if self.names.count(name) > 1})
            raise ValueError(f"category set `{self.name}` names {', '.join(f'`{name}`' for name in twice)} twice")
        if self.wordnet_ids and len(self.wordnet_ids) != len(self.names):
            raise ValueError(
                f"category set `{self.name}` has {len(self.names)} names but {len(self.wordnet_ids)} WordNet ids"
            )

    def __len__(self) -> int:
        return len(self.names)

    def wordnet_id(self, index: int) -> str | None:
        """WordNet id of the category at `index`, None where the set has none."""
        return self.wordnet_ids[index] if self.wordnet_ids else None


@cache
def load_categories(name: str) -> CategorySet:
    """The category set shipped under `name`, such as `imagenet_1k`; read once, the same object ever after.

    Raises ValueError if no set of that name is shipped.
    """
    folder = files(__name__)
    table, listing = folder / f"{name}.tsv", folder / f"{name}.txt"
    if table.is_file():
        rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
        return CategorySet(name, tuple(row[1] for row in rows), tuple(row[0] for row in rows))
    if listing.is_file():
        return CategorySet(name, tuple(listing.read_text(encoding="utf-8").splitlines()))
    known = sorted(entry.name.rpartition(".")[0] for entry in folder.iterdir() if entry.name.endswith((".tsv", ".txt")))
    raise ValueError(f"no category set `{name}` is shipped; there are: {', '.join(known)}")


def numbered_categories(num_classes: int) -> CategorySet:
    """A set for outputs whose meaning is not known: `class 0`, `class 1`, ..."""
    return CategorySet("numbered", tuple(f"class {index}" for index in range(num_classes)))

"""Makes every card of this folder, the pictures and the index, from the registry and what lies in `evidence/`.

Run it as `python cards/make_cards.py`. What people wrote into a card is kept. A card whose checkpoint the registry no
longer has is named, not deleted. `tests/cards/test_folder.py` holds the folder to what this makes.
"""

import json
import sys
from pathlib import Path
from typing import Any

from training.recipes.recipe_table import recipe_table
from weights_registry import Checkpoint
from weights_registry.card.feeding_picture import Drawing, plan_drawing, write_feeding
from weights_registry.card.folder import CardsFolder, bundled_checkpoints
from weights_registry.card.index import Ranking, draw_ranking, index_page, rankings
from weights_registry.card.recipe import RecipeTable
from weights_registry.plots import write_chart
from weights_registry.whole_file import write_whole

HERE = Path(__file__).parent
FOLDER = CardsFolder(HERE)
PICTURES = HERE / "pictures"
INDEX = HERE / "README.md"
THROUGHPUT = HERE / "measurements" / "classifier_throughput.json"


def main() -> int:
    """Write everything; exit status 1 if there are cards of checkpoints that the registry does not have."""
    for path, drawing in drawings().items():
        write_feeding(drawing, path)
    for path, ranking in charts().items():
        write_chart(draw_ranking(ranking), path, alt=ranking.alt, data=ranking.data)
    for path, text in speed_evidence().items():  # before the cards, which show it
        write(path, text)
    for path, text in {**cards(), INDEX: index()}.items():
        write(path, text)
    for path in orphans():
        print(f"`{path}` is the card of no checkpoint in the registry: delete or rename it", file=sys.stderr)
    return 1 if orphans() else 0


def drawings() -> dict[Path, Drawing]:
    """The picture of each distinct feeding, by where it lies."""
    return {
        FOLDER.feeding_path(each): plan_drawing(each.preprocessing, FOLDER.sample_path(each))
        for each in bundled_checkpoints()
    }


def charts() -> dict[Path, Ranking]:
    """The index's charts, by where they lie."""
    return {PICTURES / f"{each.chart_name}.png": each for each in rankings(bundled_checkpoints()) if each.has_chart}


def cards() -> dict[Path, str]:
    """Each card made anew, by where it lies."""
    return {FOLDER.card_path(each): FOLDER.card(each, recipe=recipe_of(each)) for each in bundled_checkpoints()}


def index() -> str:
    """The page that lists the cards."""
    return index_page(
        rankings(bundled_checkpoints()),
        cards={each.id: FOLDER.card_path(each).name for each in bundled_checkpoints()},
        charts={ranking.chart_name: path.relative_to(HERE).as_posix() for path, ranking in charts().items()},
    )


def orphans() -> list[Path]:
    """Pages that look like cards and are those of no checkpoint."""
    known = {INDEX, *(FOLDER.card_path(each) for each in bundled_checkpoints())}
    return sorted(set(HERE.glob("*.md")) - known)


def speed_evidence() -> dict[Path, str]:
    """What `tests/benchmarks/classifier_throughput.py` measured, as evidence of the checkpoint that it ran."""
    measured = json.loads(THROUGHPUT.read_text(encoding="utf-8"))
    rows = [
        {
            "cores": row["threads"],
            "batch_size": int(row["contender"].rpartition(" ")[2]),
            "images_per_s": row["images_per_s"]["median"],
            "slowest_round": row["images_per_s"]["min"],
            "fastest_round": row["images_per_s"]["max"],
        }
        for row in measured["throughput"]
        if row["contender"].startswith("ours")
    ]
    machine, how = measured["machine"], measured["how"]
    record = {
        "title": "Throughput on a processor",
        "data": {"throughput": rows},
        "note": (
            f"P{measured['what'][1:]}: decoding, preprocessing and network together, on {how['pictures']}; median of "
            f"{how['rounds']} rounds, {how['dtype']}."
        ),
        "papers": {
            "hardware": f"{machine['cpu']}, {machine['cores']} cores, {machine['os']}",
            "versions": measured["versions"],
            "command": measured["command"],
            "date": measured["date"][:10],
        },
    }
    return {HERE / "evidence" / how["weights"] / "speed.json": as_json(record)}


def recipe_of(checkpoint: Checkpoint) -> RecipeTable | None:
    """How it was trained, None where no recipe is known."""
    return None if checkpoint.recipe is None else recipe_table(checkpoint.recipe)


def as_json(record: Any) -> str:
    """The record as it stands in a file."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def write(path: Path, text: str) -> None:
    """Write the file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


if __name__ == "__main__":
    sys.exit(main())

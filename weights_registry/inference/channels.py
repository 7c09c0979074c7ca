"""Any Pillow picture -> upright, 8 bits a channel, RGB or grey. Knows nothing of files, limits or tensors.

Alpha, in whichever of Pillow's ways it is stored, is laid over white. 16-bit grey is divided by 257 and rounded, so
that 65535 becomes 255. What cannot be read in one way only (a 32-bit picture of unknown scale) is refused, not guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import Image

from weights_registry.errors import InvalidImage
from weights_registry.inference import pillow_warnings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODES = {1: "L", 3: "RGB"}

_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_METADATA_WITH_ORIENTATION = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")
_ALPHA_MODES = ("LA", "La", "PA", "RGBA", "RGBa")


def upright(image: Image.Image) -> Image.Image:
    """The picture as its EXIF orientation wants it seen; the very same object where nothing is to be turned.

    Broken EXIF turns nothing. A turned picture carries no orientation any more, so that it is not turned twice.
    """
    turn = _TURNS.get(_orientation(image))
    if turn is None:
        return image
    turned = image.transpose(turn)
    for key in _METADATA_WITH_ORIENTATION:
        turned.info.pop(key, None)
    return turned


def to_channels(image: Image.Image, num_channels: int) -> Image.Image:
    """The picture in mode `RGB` (3 channels) or `L` (1); the very same object where it already is.

    Raises InvalidImage if the mode, or the range of a 32-bit picture, allows no certain conversion, and ValueError if
    `num_channels` is neither 1 nor 3.
    """
    if num_channels not in MODES:
        raise ValueError(f"`num_channels` must be 3 (RGB) or 1 (grey), not `{num_channels}`")
    mode = MODES[num_channels]
    if image.mode == mode and "transparency" not in image.info:
        return image
    try:
        return _opaque(_eight_bits(_with_sound_key(image))).convert(mode)
    except (ValueError, TypeError, KeyError, OverflowError, OSError) as error:
        if isinstance(error, InvalidImage):
            raise
        raise InvalidImage(f"its mode `{image.mode}` cannot be converted to `{mode}` ({error})") from error


def _orientation(image: Image.Image) -> int:
    try:
        with pillow_warnings.ignored():
            return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # Pillow's EXIF parser raises whatever comes along; the pixels are fine all the same
        return 1


def _with_sound_key(image: Image.Image) -> Image.Image:
    """The picture with a transparent colour that Pillow can apply, or with none.

    Any text chunk of a PNG may pose as `transparency`. In a 16-bit RGB PNG the colour has 16 bits, its pixels have 8.
    """
    key = image.info.get("transparency")
    if key is None or _is_sound_key(image.mode, key):
        return image
    image = image.copy()
    del image.info["transparency"]
    if image.mode == "RGB" and isinstance(key, tuple) and len(key) == 3:
        image.info["transparency"] = tuple(value >> 8 for value in key)
    return image


def _is_sound_key(mode: str, key: Any) -> bool:
    if mode == "P":
        return isinstance(key, bytes) or (isinstance(key, int) and 0 <= key <= 255)
    if mode == "RGB":
        return isinstance(key, tuple) and len(key) == 3 and all(0 <= value <= 255 for value in key)
    return mode in ("1", "L", "I;16") and isinstance(key, int)


def _opaque(image: Image.Image) -> Image.Image:
    """An 8-bit picture of any mode, laid over white if it has alpha, in mode `L` or `RGB`."""
    if image.mode in _ALPHA_MODES or image.has_transparency_data:
        rgba = (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(rgba, mask=rgba)
        return white
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """A picture of 16 or 32 bits a pixel as `L`; any other as it is."""
    import numpy as np

    if not image.mode.startswith(("I", "F")):
        return image
    values_HW = np.asarray(image)
    if image.mode == "F":
        return Image.fromarray(_from_floats(values_HW))
    if image.mode == "I":
        _check_is_16_bit(int(values_HW.min()), int(values_HW.max()))
    levels = ((np.arange(65536) + 128) // 257).astype(np.uint8)[values_HW]
    if (key := image.info.get("transparency")) is not None:
        levels[values_HW == key] = 255
    return Image.fromarray(levels)


def _check_is_16_bit(low: int, high: int) -> None:
    if low < 0 or high > 65535:
        raise InvalidImage(f"its 32-bit values run from {low} to {high}; scale them to 0..65535, or to mode `L`")
    if 0 < high <= 255:
        raise InvalidImage(
            f"its 32-bit values end at {high}: 8-bit values, or 16-bit ones of a nearly black picture? "
            f"Convert it to mode `L` or `I;16` to say which"
        )


def _from_floats(values_HW: NDArray[np.float32]) -> NDArray[np.uint8]:
    import numpy as np

    low, high = float(values_HW.min()), float(values_HW.max())
    if not (low >= 0 and high <= 1):  # so put, because it is also true of NaN
        raise InvalidImage(f"its float values run from {low:g} to {high:g}; scale them to 0..1, or to mode `L`")
    return np.rint(values_HW * 255).astype(np.uint8)

"""Draws the README's picture: the sample photos, and what the embedded checkpoint says of them.

Run it as `python cards/pictures/draw_samples.py`; it writes samples.png beside this file.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from weights_registry import Classifier, Prediction
from weights_registry.inference.images import open_image
from weights_registry.inference.labelled_folder import find_pictures

HERE = Path(__file__).parent
SAMPLES = HERE.parent.parent / "weights_registry" / "samples"

PHOTO, ROW, GAP, NUM_BARS = 300, 44, 24, 3  # pixels, but for the last
PAPER, INK, FAINT, BAR = "#ffffff", "#1f2328", "#59636e", "#4c8dd6"


def draw(prediction: Prediction) -> Image.Image:
    """A photo over its likeliest categories, each a bar as long as its probability."""
    sheet = Image.new("RGB", (PHOTO, PHOTO + NUM_BARS * ROW + GAP), PAPER)
    sheet.paste(ImageOps.fit(open_image(prediction.source), (PHOTO, PHOTO)))
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=18)
    for rank, category in enumerate(prediction.categories[:NUM_BARS]):
        top = PHOTO + GAP // 2 + rank * ROW
        pen.text((0, top), category.label, INK, font)
        pen.text((PHOTO, top), f"{100 * category.probability:.1f} %", FAINT, font, anchor="ra")
        pen.rectangle((0, top + 26, max(2, round(category.probability * PHOTO)), top + 34), BAR)
    return sheet


def main() -> None:
    """Write the picture."""
    sheets = [draw(prediction) for prediction in Classifier().predict(find_pictures(SAMPLES), top_k=NUM_BARS)]
    width = len(sheets) * PHOTO + (len(sheets) + 1) * GAP
    picture = Image.new("RGB", (width, sheets[0].height + 2 * GAP), PAPER)
    for index, sheet in enumerate(sheets):
        picture.paste(sheet, (GAP + index * (PHOTO + GAP), GAP))
    picture.quantize(128).save(HERE / "samples.png", optimize=True)


if __name__ == "__main__":
    main()

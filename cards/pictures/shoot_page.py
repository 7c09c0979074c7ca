"""Draws the README's pictures of the page: the real one, in a real browser, with a sample photo classified.

    python cards/pictures/shoot_page.py        writes page.png, page_dark.png and page_phone.png beside this file

Needs Chromium, and looks best where the font Inter is installed (`apt install chromium fonts-inter`).
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
SAMPLES = HERE.parent.parent / "weights_registry" / "samples"

# A bare Debian calls DejaVu its system font, which no reader's screen does.
_FONTS = """<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<match target="pattern"><test name="family" compare="not_eq"><string>monospace</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match></fontconfig>"""

Scheme = Literal["light", "dark"]


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server with the embedded checkpoint."""
    command = [sys.executable, "-m", "serve.cli.main", "run", "--port", "0", "--access-log", "off"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            address = re.search(r"http://\S+", process.stderr.readline())
            assert address, "the server did not start"
            yield address[0]
        finally:
            process.terminate()


def shoot(browser: Browser, address: str, *, width: int, scheme: Scheme, is_phone: bool = False) -> Image.Image:
    """The whole page, five device pixels to four of the page."""
    page = browser.new_page(
        viewport={"width": width, "height": 400},
        color_scheme=scheme,
        reduced_motion="reduce",
        device_scale_factor=1.25,
        is_mobile=is_phone,
        has_touch=is_phone,
    )
    page.goto(address)
    page.locator("#weights:enabled").wait_for()
    page.locator("#files").set_input_files(SAMPLES / "espresso.jpg")  # the first is slow: caches are cold
    page.locator(".crop img").wait_for()
    page.locator("#clear").click()
    page.locator("#files").set_input_files(SAMPLES / "tabby_cat.jpg")
    page.locator(".crop img").wait_for()
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    # A window as high as the page: for `full_page=True` playwright would take the phone's touch screen away.
    page.set_viewport_size({"width": width, "height": page.evaluate("document.documentElement.scrollHeight")})
    return Image.open(BytesIO(page.screenshot()))


def save(picture: Image.Image, name: str) -> None:
    """Write the picture in few bytes, that is in 256 colours."""
    picture.convert("RGB").quantize(256, kmeans=8, dither=Image.Dither.NONE).save(HERE / name, optimize=True)


def main() -> None:
    """Write the pictures."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("there is no Chromium here: `apt install chromium`, or name one: CHROMIUM=/path/to/chrome")
    with TemporaryDirectory() as folder, serving() as address, sync_playwright() as playwright:
        (fonts := Path(folder) / "fonts.conf").write_text(_FONTS)
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--font-render-hinting=none"],
            env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
        )
        save(shoot(browser, address, width=1280, scheme="light"), "page.png")
        save(shoot(browser, address, width=1280, scheme="dark"), "page_dark.png")
        save(shoot(browser, address, width=360, scheme="light", is_phone=True), "page_phone.png")
        browser.close()


if __name__ == "__main__":
    main()

"""The ways of pictures into the page, and what it shows of them."""

import base64
import json
import re
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CATS, LITE0, LITE1, SAMPLES, TABBY, Open, Visit
from weights_registry import get_weights
from weights_registry.inference.images import open_image

CLIPBOARD = ["clipboard-read", "clipboard-write"]


def test_a_chosen_cat_is_a_cat_and_the_answer_is_the_servers(visit: Visit) -> None:
    visit.choose(TABBY)
    assert visit.best("tabby_cat.jpg") in CATS
    card = visit.card("tabby_cat.jpg")
    with urlopen(Request(f"{visit.origin}/predict", TABBY.read_bytes(), {"Content-Type": "image/jpeg"})) as answer:
        said = json.load(answer)["pictures"][0]["categories"]
    assert card.locator("tbody th").all_inner_texts() == [each["label"] for each in said]
    assert card.locator("tbody td").all_inner_texts() == [f"{100 * each['score']:.1f}%" for each in said]
    expect(card.locator(".model")).to_have_text(LITE0)


def test_bars_are_as_long_as_the_probabilities(visit: Visit) -> None:
    visit.page.emulate_media(reduced_motion="reduce")  # or they would still grow
    visit.choose(TABBY)
    visit.best("tabby_cat.jpg")
    shares = visit.page.locator(".bar").evaluate_all(
        "bars => bars.map(bar => parseFloat(getComputedStyle(bar, '::before').width) / bar.clientWidth)"
    )
    told = [float(text.rstrip("%")) / 100 for text in visit.page.locator("tbody td").all_inner_texts()]
    assert shares == pytest.approx(told, abs=0.012)  # three pixels are shown of the smallest


def test_all_timings_are_shown_in_milliseconds(visit: Visit) -> None:
    visit.choose(TABBY)
    visit.best("tabby_cat.jpg")
    expect(visit.page.locator(".timings dt")).to_have_text(["Queue", "Decode", "Inference", "Round trip"])
    told = visit.page.locator(".timings dd").all_inner_texts()
    assert all(re.fullmatch(r"\d+(\.\d+)? ms", each) for each in told), told
    *parts, whole = (float(each.removesuffix(" ms")) for each in told)
    assert whole > 0.9 * sum(parts)  # rounded each


@pytest.mark.parametrize("weights", [LITE0, LITE1])
@pytest.mark.parametrize("sample", ["tabby_cat.jpg", "tripod.jpg"])
def test_the_crop_is_what_the_network_is_fed_pixel_for_pixel(visit: Visit, weights: str, sample: str) -> None:
    visit.page.get_by_label("Checkpoint").select_option(weights)
    visit.choose(SAMPLES / sample)
    crop = visit.page.locator(".crop img")
    expect(crop).to_be_visible()
    width, height, levels = crop.evaluate(
        """image => {
            const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
            canvas.drawImage(image, 0, 0);
            const data = canvas.getImageData(0, 0, image.naturalWidth, image.naturalHeight).data;
            return [image.naturalWidth, image.naturalHeight, [...data]];
        }"""
    )
    shown_HWC = np.array(levels, np.uint8).reshape(height, width, 4)[:, :, :3]
    fed_CHW = get_weights(weights).transforms().to_uint8(open_image(SAMPLES / sample)).numpy()
    assert (shown_HWC == fed_CHW.transpose(1, 2, 0)).all()
    assert f"{width} by {height}" in (crop.get_attribute("alt") or "")
    expect(visit.page.locator(".crop-text")).to_contain_text(f"{width} x {height}")


def test_another_checkpoint_answers_for_the_pictures_that_are_there(visit: Visit) -> None:
    visit.choose(TABBY, SAMPLES / "espresso.jpg")
    expect(visit.page.locator(".crop:visible")).to_have_count(2)
    visit.page.get_by_label("Checkpoint").select_option(LITE1)
    expect(visit.page.locator(".model")).to_have_text([LITE1, LITE1])
    expect(visit.page.locator(".crop-text").last).to_contain_text("240 x 240")
    assert visit.best("tabby_cat.jpg") in CATS
    assert visit.best("espresso.jpg") == "espresso"


def test_a_picture_is_pasted_with_the_keys(open_page: Open) -> None:
    visit = open_page(permissions=CLIPBOARD)
    copy_picture(visit)
    visit.page.keyboard.press("Control+V")
    assert visit.best("image.png") in CATS


def test_a_picture_is_pasted_with_the_button(open_page: Open) -> None:
    visit = open_page(permissions=CLIPBOARD)
    copy_picture(visit)
    visit.page.get_by_role("button", name="Paste", exact=True).click()
    assert visit.best("pasted picture") in CATS


def test_pasting_words_is_answered_in_words(open_page: Open) -> None:
    visit = open_page(permissions=CLIPBOARD)
    visit.page.evaluate("navigator.clipboard.writeText('a cat')")
    visit.page.keyboard.press("Control+V")
    expect(visit.page.get_by_role("alert")).to_contain_text("no picture on the clipboard")


def copy_picture(visit: Visit) -> None:
    """Put the cat on the clipboard, as a PNG: browsers copy no other form."""
    visit.page.evaluate(
        """async (jpeg) => {
            const bytes = Uint8Array.from(atob(jpeg), (each) => each.charCodeAt(0));
            const picture = await createImageBitmap(new Blob([bytes]));
            const canvas = new OffscreenCanvas(picture.width, picture.height);
            canvas.getContext("2d").drawImage(picture, 0, 0);
            await navigator.clipboard.write([new ClipboardItem({ "image/png": canvas.convertToBlob() })]);
        }""",
        base64.b64encode(TABBY.read_bytes()).decode(),
    )


def drop(visit: Visit, *files: Path) -> None:
    """Drop files on the page as a hand would: trusted events, from outside the page."""
    session = visit.context.new_cdp_session(visit.page)
    data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        if kind == "drop":
            expect(visit.page.locator("body")).to_have_class("is-over")
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 20, "y": 20, "data": data})
    expect(visit.page.locator("body")).not_to_have_class("is-over")


def test_several_pictures_dropped_at_once_are_answered_in_their_order_and_a_bad_one_does_not_stop_them(
    visit: Visit, tmp_path: Path
) -> None:
    visit.expected.append("400")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(TABBY.read_bytes()[:2000])
    drop(visit, TABBY, broken, SAMPLES / "espresso.jpg")
    assert visit.best("espresso.jpg") == "espresso"
    assert visit.best("tabby_cat.jpg") in CATS
    expect(visit.page.get_by_role("heading", level=3)).to_have_text(["tabby_cat.jpg", "broken.jpg", "espresso.jpg"])
    expect(visit.card("broken.jpg")).to_contain_text("This picture cannot be read")
    assert visit.page.url == f"{visit.origin}/"


def test_a_dropped_folder_is_told_from_a_picture(visit: Visit, tmp_path: Path) -> None:
    visit.expected.append("ERR_FILE_NOT_FOUND")
    drop(visit, tmp_path)
    expect(visit.card(tmp_path.name)).to_contain_text("It is a folder")


def test_a_picture_is_taken_with_the_camera(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Use the camera").click()
    dialog = visit.page.get_by_role("dialog", name="Camera")
    dialog.get_by_role("button", name="Take the picture").click()
    expect(visit.card("camera.jpg").locator("tbody tr")).to_have_count(5)
    expect(dialog).not_to_be_visible()
    assert visit.page.locator("video").evaluate("video => video.srcObject") is None


def test_a_refused_camera_is_answered_in_words(open_page: Open) -> None:
    visit = open_page(permissions=[])
    visit.page.get_by_role("button", name="Use the camera").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("The camera was not allowed")


def test_where_browsers_lend_no_camera_the_page_says_so(open_page: Open) -> None:
    script = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"
    visit = open_page(before=lambda context: context.add_init_script(script))
    visit.page.get_by_role("button", name="Use the camera").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("https")


def test_a_phone_opens_its_own_camera(open_page: Open) -> None:
    visit = open_page(is_mobile=True, has_touch=True, viewport={"width": 360, "height": 740})
    with visit.page.expect_file_chooser() as chooser:
        visit.page.get_by_role("button", name="Use the camera").tap()
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files(TABBY)
    assert visit.best("tabby_cat.jpg") in CATS


def test_a_sample_is_one_press_away(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Sample: a cup of espresso").click()
    assert visit.best("espresso.jpg") == "espresso"


def test_clearing_leaves_the_page_as_it_was(visit: Visit) -> None:
    visit.choose(TABBY)
    visit.best("tabby_cat.jpg")
    visit.page.get_by_role("button", name="Clear").click()
    expect(visit.page.locator("#results")).not_to_be_visible()
    expect(visit.page.get_by_role("button", name="Choose pictures")).to_be_focused()
    visit.choose(TABBY)
    assert visit.best("tabby_cat.jpg") in CATS

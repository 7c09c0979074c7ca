"""The page for everyone: keyboard alone, screen readers, small windows, both colour schemes, no motion."""

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CATS, LITE0, LITE1, SAMPLES, TABBY, Open, Visit

TEXT_COLOURS = """() => {
    const visible = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const background = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const colour = getComputedStyle(each).backgroundColor;
            if (colour !== "rgba(0, 0, 0, 0)") return colour;
        }
        return "rgb(255, 255, 255)";
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const { textContent, parentElement } = walker.currentNode;
        if (!textContent.trim() || !visible(parentElement)) continue;
        found.push([textContent.trim(), getComputedStyle(parentElement).color, background(parentElement)]);
    }
    return found;
}"""


def luminance(colour: str) -> float:
    """Relative luminance of an opaque CSS colour: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    found = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour)
    assert found, f"{colour} is not opaque, or in another notation"
    red, green, blue = (
        level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4
        for level in (int(each) / 255 for each in found.groups())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Contrast ratio, 1 to 21: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def fill(visit: Visit, folder: Path) -> None:
    """Have the page show all it has: an answer, a refusal, a trouble, the field for the key."""
    visit.expected.append("400")
    bad = folder / f"{'a-very-long-name-without-any-space' * 4}.jpg"
    bad.write_text("no picture")
    visit.choose(TABBY, bad)
    expect(visit.card(bad.name)).to_contain_text("cannot be read")
    expect(visit.card("tabby_cat.jpg").locator(".crop")).to_be_visible()
    visit.page.evaluate("document.querySelector('#unlock').hidden = false")
    visit.page.get_by_role("button", name="Paste", exact=True).click()
    expect(visit.page.get_by_role("alert")).to_be_visible()


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgb(119, 119, 119)", "rgb(255, 255, 255)") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_its_background(
    open_page: Open, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    visit = open_page(color_scheme=scheme)
    fill(visit, tmp_path)
    found = visit.page.evaluate(TEXT_COLOURS)
    assert len(found) > 40
    assert not [(text, ink, paper) for text, ink, paper in found if contrast(ink, paper) < 4.5]
    paper = visit.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (luminance(paper) > 0.5) is (scheme == "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_edges_of_fields_and_of_the_focus_stand_out(open_page: Open, scheme: Literal["light", "dark"]) -> None:
    visit = open_page(color_scheme=scheme)
    field = visit.page.get_by_label("Checkpoint")
    field.focus()
    edge, focus, inside, paper = field.evaluate(
        """field => {
            const { borderTopColor, outlineColor, backgroundColor } = getComputedStyle(field);
            const paper = getComputedStyle(document.documentElement).backgroundColor;
            return [borderTopColor, outlineColor, backgroundColor, paper];
        }"""
    )
    assert min(contrast(edge, inside), contrast(edge, paper), contrast(focus, paper)) >= 3


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_is_wider_than_the_window(open_page: Open, tmp_path: Path, width: int) -> None:
    visit = open_page(viewport={"width": width, "height": 640}, reduced_motion="reduce")
    fill(visit, tmp_path)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    sticking_out = visit.page.evaluate(
        """width => [...document.querySelectorAll("body *")]
            .filter((each) => each.checkVisibility() && !each.closest(".visually-hidden"))
            .filter((each) => each.getBoundingClientRect().right > width + 0.5)
            .map((each) => each.outerHTML.slice(0, 80))""",
        width,
    )
    assert sticking_out == []


@pytest.mark.parametrize("name", ["Choose pictures", "Use the camera", "Paste", "Sample: a tabby cat"])
def test_buttons_are_large_enough_for_a_thumb(open_page: Open, name: str) -> None:
    visit = open_page(viewport={"width": 320, "height": 640})
    box = visit.page.get_by_role("button", name=name, exact=name == "Paste").bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44


def focus_on(visit: Visit, name: str, *, most: int = 15) -> None:
    """Press Tab until what is called `name` has the focus; whatever has it on the way must show it."""
    for _ in range(most):
        visit.page.keyboard.press("Tab")
        focused: dict[str, Any] = visit.page.evaluate(
            """() => {
                const found = document.activeElement;
                const { outlineStyle, outlineWidth } = getComputedStyle(found);
                const name = found.ariaLabel ?? found.labels?.[0]?.textContent ?? found.textContent;
                return { name: name.trim(), tag: found.tagName, outline: [outlineStyle, parseFloat(outlineWidth)] };
            }"""
        )
        if focused["tag"] == "BODY":  # the focus went round by the browser's own controls
            continue
        style, width = focused["outline"]
        assert style != "none", focused
        assert width >= 2, focused
        if focused["name"].startswith(name):
            return
    raise AssertionError(f"{most} times Tab do not lead to {name}")


def test_the_keyboard_alone_is_enough(visit: Visit) -> None:
    keyboard = visit.page.keyboard
    focus_on(visit, "Checkpoint")
    keyboard.press("ArrowDown")
    expect(visit.page.get_by_label("Checkpoint")).to_have_value(LITE1)
    focus_on(visit, "Choose pictures")
    with visit.page.expect_file_chooser() as chooser:
        keyboard.press("Enter")
    chooser.value.set_files(TABBY)
    assert visit.best("tabby_cat.jpg") in CATS
    expect(visit.card("tabby_cat.jpg").locator(".model")).to_have_text(LITE1)
    focus_on(visit, "Sample: a cup of espresso")
    keyboard.press("Space")
    assert visit.best("espresso.jpg") == "espresso"
    focus_on(visit, "Clear")
    keyboard.press("Enter")
    expect(visit.page.get_by_role("heading", name="Results")).not_to_be_visible()


def test_the_camera_is_used_and_left_with_the_keyboard_alone(visit: Visit) -> None:
    focus_on(visit, "Use the camera")
    visit.page.keyboard.press("Enter")
    take = visit.page.get_by_role("button", name="Take the picture")
    expect(take).to_be_focused()
    visit.page.keyboard.press("Escape")
    expect(take).not_to_be_visible()
    expect(visit.page.get_by_role("button", name="Use the camera")).to_be_focused()
    expect(visit.page.locator(".card")).to_have_count(0)
    visit.page.keyboard.press("Enter")
    expect(take).to_be_focused()
    visit.page.keyboard.press("Enter")
    expect(visit.card("camera.jpg").locator("tbody tr")).to_have_count(5)


NAMED = {"button", "combobox", "option", "textbox", "link", "image", "heading", "navigation", "region", "log"}
NAMED |= {"table", "columnheader", "rowheader", "cell"}


def accessibility_tree(visit: Visit) -> list[tuple[str, str]]:
    """(role, name) of all that a screen reader is told of."""
    nodes = visit.context.new_cdp_session(visit.page).send("Accessibility.getFullAXTree")["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", "").strip()) for node in nodes if not node["ignored"]
    ]


def test_a_screen_reader_finds_a_name_for_everything(visit: Visit, tmp_path: Path) -> None:
    fill(visit, tmp_path)
    tree = accessibility_tree(visit)
    found = [(role, name) for role, name in tree if role in NAMED]
    assert not [role for role, name in found if not name]
    assert {"button", "combobox", "textbox", "link", "image", "table", "heading", "rowheader", "log"} <= {
        role for role, _ in found
    }
    assert [role for role, _ in tree if role in ("main", "banner", "alert")] == ["banner", "main", "alert"]
    assert ("combobox", "Checkpoint") in tree
    assert ("table", "Categories of tabby_cat.jpg, likeliest first") in tree


def test_headings_make_an_outline(visit: Visit) -> None:
    visit.choose(TABBY)
    visit.best("tabby_cat.jpg")
    levels = [visit.page.get_by_role("heading", level=level).all_inner_texts() for level in (1, 2, 3)]
    assert levels == [["What is in the picture?"], ["Results"], ["tabby_cat.jpg"]]


def test_results_are_announced_in_order(visit: Visit) -> None:
    visit.choose(TABBY, SAMPLES / "espresso.jpg")
    expect(visit.page.get_by_role("log").locator("p")).to_have_text(
        [re.compile(r"tabby_cat.jpg: .*cat, \d+\.\d%"), re.compile(r"espresso.jpg: espresso, \d+\.\d%")]
    )


def test_nothing_moves_for_those_who_ask_for_calm(open_page: Open) -> None:
    visit = open_page(reduced_motion="reduce")
    visit.choose(TABBY)
    visit.best("tabby_cat.jpg")
    assert visit.page.evaluate("document.getAnimations().length") == 0
    moving = visit.page.evaluate(
        """[...document.querySelectorAll("*")].filter((each) => {
            const { transitionDuration } = getComputedStyle(each);
            return transitionDuration !== "0s" || getComputedStyle(each, "::before").animationName !== "none";
        }).length"""
    )
    assert moving == 0


def test_the_facts_of_the_checkpoint_are_told(visit: Visit) -> None:
    expect(visit.page.get_by_label("Checkpoint")).to_have_value(LITE0)
    expect(visit.page.locator("#facts")).to_have_text(re.compile(r"acc@1.*1000.categories.*float32.on.*sha256"))

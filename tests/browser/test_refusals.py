"""What the page says when something is refused, and the API key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CATS, TABBY, Open, Visit, serving


def test_an_unreadable_file_is_refused_in_words_and_not_tried_again(visit: Visit, tmp_path: Path) -> None:
    visit.expected.append("400")
    (tmp_path / "notes.txt").write_text("no picture at all")
    visit.choose(tmp_path / "notes.txt")
    card = visit.card("notes.txt")
    expect(card).to_contain_text("This picture cannot be read")
    expect(card).to_contain_text("JPEG, PNG, WebP")
    expect(card.get_by_role("button", name="Try again")).not_to_be_visible()
    expect(card.locator(".no-preview")).to_be_visible()
    expect(visit.page.get_by_role("log")).to_contain_text("notes.txt: This picture cannot be read.")


def test_a_file_over_the_limit_is_refused_in_words(visit: Visit, tmp_path: Path) -> None:
    visit.expected.append("413")
    (tmp_path / "huge.jpg").write_bytes(TABBY.read_bytes() + bytes(20 * 2**20))
    visit.choose(tmp_path / "huge.jpg")
    expect(visit.card("huge.jpg")).to_contain_text("This picture is too large")
    expect(visit.card("huge.jpg")).to_contain_text("20,971,520 bytes")


def test_a_server_that_is_out_of_reach_can_be_tried_again(visit: Visit) -> None:
    visit.expected.append("ERR_INTERNET_DISCONNECTED")
    visit.context.set_offline(True)
    visit.choose(TABBY)
    card = visit.card("tabby_cat.jpg")
    expect(card).to_contain_text("The server cannot be reached")
    visit.context.set_offline(False)
    card.get_by_role("button", name="Try again").click()
    assert visit.best("tabby_cat.jpg") in CATS
    expect(card.get_by_text("The server cannot be reached")).not_to_be_visible()


@pytest.fixture(scope="module")
def locked() -> Iterator[str]:
    with serving("--api-key", "sesame") as found:
        yield found


def test_the_key_is_asked_for_and_forgotten_with_the_page(open_page: Open, locked: str) -> None:
    visit = open_page(locked)
    visit.expected += ["401", "403"]
    key = visit.page.get_by_label("API key")
    for wrong in ("open", "öffne dich"):
        key.fill(wrong)
        key.press("Enter")
        expect(visit.page.get_by_role("alert")).to_contain_text("key")
    key.fill("sesame")
    key.press("Enter")
    expect(key).not_to_be_visible()
    expect(visit.page.get_by_role("alert")).not_to_be_visible()
    visit.choose(TABBY)
    assert visit.best("tabby_cat.jpg") in CATS
    expect(visit.page.locator(".crop img")).to_be_visible()
    assert visit.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    visit.page.reload()
    expect(key).to_be_visible()
    expect(key).to_have_value("")


def test_a_picture_chosen_before_the_key_is_answered_after_it(open_page: Open, locked: str) -> None:
    visit = open_page(locked)
    visit.expected.append("401")
    visit.choose(TABBY)
    expect(visit.card("tabby_cat.jpg")).to_contain_text("This server needs an API key")
    visit.page.get_by_label("API key").fill("sesame")
    visit.page.get_by_role("button", name="Use this key").click()
    assert visit.best("tabby_cat.jpg") in CATS

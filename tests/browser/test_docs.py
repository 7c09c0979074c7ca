"""The page of the HTTP API: it shows every route, lets a reader try them, and asks no other host."""

from playwright.sync_api import expect

from tests.browser.conftest import LITE0, Visit


def test_every_operation_is_shown_and_one_is_tried_without_a_word_to_another_host(visit: Visit) -> None:
    document = visit.page.request.get(f"{visit.origin}/openapi.json").json()
    operations = {(method.upper(), path) for path, found in document["paths"].items() for method in found}
    assert ("POST", "/predict") in operations
    visit.page.get_by_role("link", name="HTTP API").click()
    shown = visit.page.locator(".opblock-summary")
    expect(shown).to_have_count(len(operations))
    found = shown.evaluate_all(
        """lines => lines.map((line) => [
            line.querySelector(".opblock-summary-method").textContent,
            line.querySelector("[data-path]").dataset.path,
        ])"""
    )
    assert {(method, path) for method, path in found} == operations
    visit.page.locator(".opblock", has=visit.page.locator("[data-path='/readyz']")).click()
    visit.page.get_by_role("button", name="Try it out").click()
    visit.page.get_by_role("button", name="Execute").click()
    expect(visit.page.locator(".live-responses-table .highlight-code").first).to_contain_text(LITE0)
    visit.page.wait_for_load_state("networkidle")

"""The report as a person uses it, in Chromium, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from recette.reports import html
from sas_kernel.text import Lang
from tests.recette.reports import samples

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def address(tmp_path: Path) -> str:
    path = tmp_path / "report.html"
    path.write_text(html.render(samples.red(), Lang.FR), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    # The content security policy would complain here.
    assert said == []


def findings(page: Page) -> list[str]:
    return page.locator("article:visible h3").all_inner_texts()


def tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"the keyboard does not reach {selector}")


def test_the_findings_are_filtered_by_severity_with_the_keyboard(page: Page) -> None:
    tab_to(page, "input[name=severity][value=BLOCKING]")
    page.keyboard.press("Space")
    assert findings(page) == ["Un créneau occupé est transmis."]
    assert page.locator("#findings .tally").inner_text() == "1 / 4"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert len(findings(page)) == 2
    tab_to(page, "button[name=clear]")
    page.keyboard.press("Enter")
    expect(page.locator("article:visible")).to_have_count(4)
    assert page.locator("#findings .tally").inner_text() == "4"


def test_the_scenarios_and_requirements_follow_the_verdict_chosen(page: Page) -> None:
    tab_to(page, "input[name=verdict][value=WARN]")
    page.keyboard.press("Space")
    assert findings(page) == ["Le type de contenu n’est pas celui de FHIR."]
    assert page.locator("tr[id^=r-]:visible").count() == 1
    assert page.locator("#requirements .tally").inner_text() == "1 / 8"
    assert page.get_by_text("Aucun scénario ne répond au filtre.").is_visible()


def test_a_text_is_searched_without_case_or_accents_and_escape_clears_it(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("CRENEAU OCCUPE")
    assert findings(page) == ["Un créneau occupé est transmis."]
    page.keyboard.press("Escape")
    assert len(findings(page)) == 4


def test_the_evidence_opens_with_the_keyboard_and_shows_the_place(page: Page) -> None:
    tab_to(page, "details.evidence > summary")
    page.keyboard.press("Enter")
    mark = page.locator("details.evidence mark").first
    assert mark.inner_text() == '"busy"'
    mark_box, frame_box = mark.bounding_box(), page.locator("details.evidence pre:has(mark)").first.bounding_box()
    assert mark_box is not None
    assert frame_box is not None
    assert frame_box["y"] <= mark_box["y"] <= frame_box["y"] + frame_box["height"]


def test_the_command_is_copied(browser: Browser, address: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address)
    button = page.locator("button[data-copy]").first
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_text("Copié")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator(".command pre").first.inner_text()
    context.close()


def test_a_link_to_a_requirement_shows_it_even_when_it_was_filtered_away(page: Page) -> None:
    page.locator("input[name=severity][value=MINOR]").check(force=True)
    assert not page.locator("#r-SLOT-020").is_visible()
    page.evaluate("location.hash = '#r-SLOT-020'")
    page.wait_for_selector("#r-SLOT-020:visible")
    assert len(findings(page)) == 4


def test_without_script_everything_is_there_but_the_filter(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert page.locator("article").count() == 4
    assert page.locator("article:visible").count() == 4
    assert not page.locator("#filter").is_visible()
    context.close()


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_the_page_fits_its_width(browser: Browser, address: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(address)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()

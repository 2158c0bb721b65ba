"""The pages in a real browser: by keyboard, on a phone, live, with nothing loaded from elsewhere and nothing logged."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.async_api import async_playwright, expect

from recette.dashboard.app import create_app
from recette.dashboard.model import LiveRun, Progress
from recette.dashboard.repository import LiveRuns
from recette.dashboard.settings import Settings
from recette.journal.model import Draft, Kind
from sas_kernel.clock import ManualClock
from tests.recette.dashboard import demo
from tests.sas_platform.conftest import served_app

pytestmark = pytest.mark.browser

PAGES = ("/", f"/projets/{demo.CALLIOPE}", f"/projets/{demo.NOVA}", f"/projets/{demo.CALLIOPE}/anomalies/A-0001")


async def test_a_reader_follows_a_run_by_keyboard_and_reads_everything_on_a_phone(
    chromium: str, sqlite_url: str
) -> None:
    await demo.fill(sqlite_url, *demo.stories(), samples={demo.CALLIOPE: demo.watched()})
    settings = Settings(poll_seconds=0.05)
    clock = ManualClock(demo.NOW)
    app = create_app(settings, database_url=sqlite_url, clock=clock, machine=clock)
    async with served_app(app) as base, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            context = await browser.new_context(
                base_url=base, viewport={"width": 360, "height": 740}, locale="fr-FR", reduced_motion="reduce"
            )
            page = await context.new_page()
            page.set_default_timeout(10_000)
            faults: list[str] = []
            hosts: set[str] = set()
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda message: faults.append(message.text))
            page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
            for path in PAGES:
                await page.goto(path)
                width = await page.evaluate("document.documentElement.scrollWidth")
                assert width <= 360, f"{path} is {width} pixels wide"
                assert await page.evaluate("document.querySelectorAll('h1').length") == 1
                unnamed = "[...document.querySelectorAll('table')].filter(t => !t.caption).length"
                assert await page.evaluate(unnamed) == 0

            await page.goto("/")
            await page.keyboard.press("Tab")
            await expect(page.locator(".skip-link")).to_be_focused()
            await page.keyboard.press("Enter")
            await page.keyboard.press("Tab")
            await expect(page.get_by_role("link", name="A-0001")).to_be_focused()
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("heading", level=1)).to_contain_text("Calliope Santé")

            # A run begins while the page is open, then falls silent.
            database = app.state.dashboard.shelf.database
            progress = Progress("Agenda d’essai", 3, 40, "slot_search.leaks")
            await LiveRuns(database).put(LiveRun(demo.CALLIOPE, "s", demo.NOW, demo.NOW, None, progress))
            await expect(page.locator("#live")).to_contain_text("scénario 3 / 40")
            clock.advance(timedelta(seconds=45))
            await expect(page.locator("#live")).to_contain_text("Sans nouvelles depuis 45 s")

            # The journal moves: the page comes again by itself.
            note = Draft(Kind.NOTE, "A-0001", demo.NOW, "Camille Essai", demo.ANS, "vu par le navigateur")
            await app.state.dashboard.shelf.journal.append(demo.CALLIOPE, [note], demo.NOW)
            await expect(page.locator("#h-journal")).to_contain_text("28")
            assert faults == []
            assert hosts == {urlsplit(base).netloc}
        finally:
            await browser.close()

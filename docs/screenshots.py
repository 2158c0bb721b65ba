"""Makes the pictures of the README from the real services: `make screenshots` (needs Chromium)."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from recette.drivers import services as processes
from sas_kernel import datasets

IMAGES = Path(__file__).resolve().parent / "images"
CHROMIUM = os.environ.get("SAS_TEST_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
DEMO = datasets.load("demo")
RECETTE = [sys.executable, "-m", "recette"]
OVERDUE = "2026-12-16T09:00:00+01:00"
"""In the story that is shipped: a blocking anomaly of the VSR is past its deadline, nothing is decided yet."""


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with processes.Services() as services, tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        agenda_port, platform_port = processes.free_port(), processes.free_port()
        home = f"http://127.0.0.1:{platform_port}"
        agenda, base = processes.agenda(
            services,
            port=agenda_port,
            database_url=f"sqlite:///{services.folder / 'agenda.sqlite'}",
            dataset="demo",
            platform_url=f"{home}/fhir",
            issuer=f"{home}/realms/sas",
        )
        platform, _ = processes.platform(
            services,
            port=platform_port,
            database_url=f"sqlite:///{services.folder / 'platform.sqlite'}",
            dataset="demo",
            editors=[("Agenda de référence", base), ("Agenda arrêté", "http://127.0.0.1:9/fhir")],
            sso_clients=[processes.sso_client_of(agenda_port)],
        )
        agenda.wait_until_ready()
        platform.wait_until_ready()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        _report(browser, base, Path(folder))
        _journey(browser, home)
        _project(browser, services, Path(folder))
        browser.close()


def _context(browser: Browser, height: int = 760) -> BrowserContext:
    return browser.new_context(viewport={"width": 1000, "height": height}, color_scheme="light", locale="fr-FR")


def _report(browser: Browser, base: str, folder: Path) -> None:
    target = folder / "target.toml"
    described = [*RECETTE, "dataset", "describe", "demo", "--base-url", base]
    target.write_bytes(subprocess.run(described, check=True, capture_output=True).stdout)
    judged = [*RECETTE, "run", str(target), "--out", str(folder), "--format", "html"]
    subprocess.run(judged, check=True)
    page = _context(browser).new_page()
    page.goto((folder / "report.html").as_uri())
    page.screenshot(path=IMAGES / "report.png")


def _journey(browser: Browser, home: str) -> None:
    """A regulator searches, follows a slot, accepts the terms, books, and sees the appointment come back."""
    regulator = DEMO.regulators[0]
    context = _context(browser)
    page = context.new_page()
    page.goto(home)
    page.fill("form#login [name=email]", regulator.email)
    page.fill("form#login [name=password]", regulator.password)
    page.locator("form#login button").click()
    people = DEMO.test_data
    ids = [str(people["practitioner_one_place"]), str(people["practitioner_two_places"])]
    page.goto(f"{home}/?ids={'%20'.join(ids)}")
    page.locator(".slot a").first.wait_for()
    page.wait_for_timeout(2500)  # the closed editor's line stands once its connection was given up
    page.screenshot(path=IMAGES / "platform.png")
    with context.expect_page() as opened:
        page.locator(".slot a").first.click()
    _booked(opened.value)
    page.locator("#appointments", has_text="RDV pris").wait_for()
    page.set_viewport_size({"width": 1000, "height": 420})
    page.screenshot(path=IMAGES / "told.png")


def _booked(agenda: Page) -> None:
    agenda.locator("form#terms [name=accept]").check()
    agenda.locator("form#terms button").first.click()
    chosen = agenda.locator("[data-slot][aria-current], [data-slot]:focus").first
    chosen.wait_for()
    agenda.set_viewport_size({"width": 1000, "height": 620})
    agenda.screenshot(path=IMAGES / "agenda.png")
    chosen.click()
    for name, value in {"family": "ORMEVAL", "given": "Hippolyte", "phone": "01 99 00 47 11"}.items():
        agenda.fill(f"form#booking [name={name}]", value)
    agenda.locator("form#booking button").first.click()
    agenda.locator("main[data-appointment]").wait_for()
    agenda.screenshot(path=IMAGES / "booked.png")


def _project(browser: Browser, services: processes.Services, folder: Path) -> None:
    """The dashboard of a simulated project, and the last of its certificates once it was played to the end."""
    during, ended = folder / "during", folder / "ended"
    subprocess.run([*RECETTE, "simulate", "demo", "--until", OVERDUE, "--out", str(during)], check=True)
    subprocess.run([*RECETTE, "simulate", "demo", "--out", str(ended)], check=True)
    port = processes.free_port()
    database = f"sqlite:///{during / 'simulation.sqlite'}"
    arguments = ["dashboard", "--port", str(port), "--database-url", database, "--clock", OVERDUE]
    home = f"http://127.0.0.1:{port}/"
    services.launch("recette", arguments, home).wait_until_ready()
    page = _context(browser).new_page()
    page.goto(home)
    page.locator("main a[href^='/projets/']").last.click()
    page.locator("#h-service").wait_for()
    page.screenshot(path=IMAGES / "dashboard.png")
    page.locator("section:has(#h-service)").screenshot(path=IMAGES / "service.png")
    page.goto(next(ended.glob("*-PV-VSR-*.fr.html")).as_uri())
    page.screenshot(path=IMAGES / "certificate.png")


if __name__ == "__main__":
    main()

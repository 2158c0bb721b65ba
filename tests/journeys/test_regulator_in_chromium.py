"""The whole journey in a real browser, on the real services as processes, on either database.

A regulator signs in at the platform, searches, follows a slot into the agenda without signing in again, accepts its
terms, books, sees the appointment come back, cancels it in the agenda and sees that too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from recette.drivers import services as processes
from sas_kernel import datasets

pytestmark = pytest.mark.browser

DEMO = datasets.load("demo")
REGULATOR = next(r for r in DEMO.regulators if r.kind == "IDNPS" and r.active)
PRACTITIONER = str(DEMO.test_data["practitioner_one_place"])
PATIENT = {"family": "ORMEVAL", "given": "Hippolyte", "phone": "01 99 00 47 11", "reason": "Fièvre depuis deux jours"}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@dataclass(frozen=True)
class Running:
    agenda: str
    platform: str


@contextmanager
def both_services(database_url: str) -> Iterator[Running]:
    with processes.Services() as services:
        agenda_port, platform_port = processes.free_port(), processes.free_port()
        home = f"http://127.0.0.1:{platform_port}"
        agenda, base = processes.agenda(
            services,
            port=agenda_port,
            database_url=database_url,
            dataset="demo",
            platform_url=f"{home}/fhir",
            issuer=f"{home}/realms/sas",
            settings=processes.PUBLIC_PASSWORDS,
        )
        platform, _ = processes.platform(
            services,
            port=platform_port,
            database_url=database_url,
            dataset="demo",
            editors=[("Agenda de référence", base)],
            sso_clients=[processes.sso_client_of(agenda_port)],
            settings=processes.PUBLIC_PASSWORDS,
        )
        agenda.wait_until_ready()
        platform.wait_until_ready()
        yield Running(base.removesuffix("/fhir"), home)


@contextmanager
def browser_of(chromium: str) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A browser, and what its pages complained of."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        context = browser.new_context(locale="fr-FR")
        context.set_default_timeout(15_000)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
        try:
            yield context, complaints
        finally:
            browser.close()


def sign_in(page: Page, home: str) -> None:
    page.goto(home)
    expect(page.locator("form#login")).to_be_visible()
    page.fill("form#login [name=email]", REGULATOR.email)
    page.fill("form#login [name=password]", REGULATOR.password)
    page.locator("form#login button").click()
    expect(page.locator("#whoami")).to_contain_text(REGULATOR.family)


def test_a_regulator_goes_the_whole_way(chromium: str, database_url: str) -> None:
    with both_services(database_url) as running, browser_of(chromium) as (context, complaints):
        platform = context.new_page()
        sign_in(platform, running.platform)
        expect(platform.locator("body")).to_contain_text(REGULATOR.territory)

        platform.fill("#ids", PRACTITIONER)
        platform.locator("#ids").press("Enter")
        bookable = platform.locator(".slot a").first
        expect(bookable).to_be_visible()
        time_of_slot = bookable.inner_text().split()[0]

        # Into the agenda: nobody asks who he is a second time; the terms come before anything else.
        with context.expect_page() as opened:
            bookable.click()
        agenda = opened.value
        expect(agenda.locator("form#terms")).to_be_visible()
        assert agenda.url.startswith(running.agenda)
        agenda.locator("form#terms [name=accept]").check()
        agenda.locator("form#terms button").first.click()

        expect(agenda.locator("#whoami")).to_contain_text(REGULATOR.family)
        chosen = agenda.locator("[data-slot][aria-current], [data-slot]:focus").first
        expect(chosen).to_contain_text(re.compile(re.sub("[h:]", ".", time_of_slot)))
        chosen.click()
        for name, value in PATIENT.items():
            agenda.fill(f"form#booking [name={name}]", value)
        agenda.locator("form#booking button").first.click()
        expect(agenda.locator("main[data-appointment]")).to_have_attribute("data-status", "booked")

        # And back: the platform tells it by itself, without the patient.
        told = platform.locator("#appointments")
        expect(told).to_contain_text("RDV pris")
        expect(told).to_contain_text(re.compile(re.sub("[h:]", ".", time_of_slot)))
        for word in PATIENT.values():
            expect(platform.locator("body")).not_to_contain_text(word)

        agenda.locator("details:has(form#cancel) summary").click()
        agenda.locator("form#cancel button").click()
        expect(agenda.locator("main[data-appointment]")).to_have_attribute("data-status", "cancelled")
        expect(told).to_contain_text(re.compile("annulé", re.IGNORECASE))
        assert complaints == []


def test_who_comes_by_another_way_cannot_book(chromium: str, sqlite_url: str) -> None:
    with both_services(sqlite_url) as running, browser_of(chromium) as (context, complaints):
        page = context.new_page()
        sign_in(page, running.platform)
        page.goto(f"{running.agenda}/connexion")
        page.locator("#psc").click()
        page.wait_for_load_state()
        page.goto(f"{running.agenda}/agenda/ag-1?vue=semaine")
        if page.locator("form#terms").count():
            page.locator("form#terms [name=accept]").check()
            page.locator("form#terms button").first.click()
        expect(page.locator("a[data-slot]")).to_have_count(0)
        assert complaints == []

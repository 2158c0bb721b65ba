"""The page in a real browser, by keyboard alone: slots appear while a third editor is awaited, then reported."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from sas_kernel import datasets
from sas_platform.settings import Settings
from tests.sas_platform.conftest import served
from tests.sas_platform.fake_editor import (
    agenda,
    answers,
    bundle,
    by_search,
    cpts,
    cpts_slot,
    fake_editor,
    hangs,
    knows,
    site,
    slot,
)
from tests.sas_platform.web.conftest import live_platform
from tests.sas_platform.web.test_appointments import AWAITED, at_sos, of_doctor

pytestmark = pytest.mark.browser


@asynccontextmanager
async def opened_page(chromium: str, base_url: str) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        page = await browser.new_page(base_url=base_url)
        page.set_default_timeout(10_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Security Policy" in message.text else None)
        try:
            yield page
            assert faults == []
        finally:
            await browser.close()


async def test_a_regulator_searches_by_keyboard_and_sees_slots_come(chromium: str, tmp_path: Path) -> None:
    general = [p for p in datasets.load("demo").practitioners if p.specialty_code == "SM54"]
    first, second = (p for p in general[:2])
    soon = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=1)
    quick = knows([slot("a1", soon), *agenda(national_id=first.national_id)])
    slower = knows([slot("b1", soon - timedelta(minutes=30)), *agenda(national_id=second.national_id)], after=0.2)
    async with AsyncExitStack() as stack:
        editors = [await stack.enter_async_context(fake_editor(each)) for each in (quick, slower, hangs)]
        names = ("Alizé", "Borée", "Lentisque")
        settings = Settings(
            database_url=f"sqlite:///{tmp_path / 'platform.sqlite'}",
            sign_in_required=False,
            password_rounds=1,
            password_memory=8,
            editors=tuple(f"{name}={editor.base_url}" for name, editor in zip(names, editors, strict=True)),
            answer_timeout=2.5,
        )
        base_url = await stack.enter_async_context(served(settings))
        page = await stack.enter_async_context(opened_page(chromium, base_url))
        await page.goto("/")

        await page.keyboard.press("Tab")
        await expect(page.locator(".skip-link")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.locator("#specialty")).to_be_focused()
        for _ in range(20):
            if await page.locator("#specialty").input_value() == "SM54":
                break
            await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await page.keyboard.type("99")
        await page.keyboard.press("Enter")

        cards = page.locator("article.offer h3")
        await expect(cards).to_have_count(2)
        await expect(cards).to_contain_text([second.family, first.family])  # the earliest first, though it came last
        awaited = page.locator("#editors li", has_text="Lentisque")
        await expect(awaited).to_contain_text("en attente")  # the slots are there while an editor still is not
        await expect(page.locator("#status")).to_contain_text("1 sur 3 réponses attendues")

        link = page.locator("article.offer li a").first
        await link.focus()
        await expect(link).to_have_attribute("href", "https://agenda.example.org/s1?vue=semaine&origin=sas")
        await expect(awaited).to_contain_text("n’a pas répondu à temps", timeout=5000)
        await expect(page.locator("#status")).to_contain_text("2 créneaux chez 2 professionnels")
        await expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
        await expect(link).to_be_focused()
        await expect(page.locator("details.without summary")).to_contain_text("Sans créneau")

        await page.locator("input[name=kind][value=HH]").check()
        await expect(page.locator("article.offer:visible")).to_have_count(0)
        await page.locator("input[name=kind][value=AMB]").check()
        await expect(page.locator("article.offer:visible")).to_have_count(2)


async def test_a_broken_link_with_the_platform_is_said(chromium: str, tmp_path: Path) -> None:
    async with fake_editor(hangs) as editor:
        settings = Settings(
            database_url=f"sqlite:///{tmp_path / 'platform.sqlite'}",
            sign_in_required=False,
            password_rounds=1,
            password_memory=8,
            editors=(f"Alizé={editor.base_url}",),
        )
        async with served(settings) as base_url, opened_page(chromium, base_url) as page:
            await page.route("**/search/stream?*", lambda route: route.abort())
            await page.goto("/?where=99")
            await expect(page.locator("#broken")).to_be_visible()
            await expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    assert [call.target for call in editor.calls if "/Slot" in call.target] == []


async def test_a_regulator_sees_his_appointment_come_back(chromium: str, sqlite_url: str) -> None:
    practitioner = datasets.load("demo").practitioners[0]
    said = f"14:20, Dr {practitioner.family} {practitioner.given}"
    async with live_platform(sqlite_url) as live, opened_page(chromium, live.base_url) as page:
        name, _, value = live.cookie.partition("=")
        await page.context.add_cookies([{"name": name, "value": value, "url": live.base_url}])
        await page.goto("/")
        await expect(page.locator("#whoami")).to_contain_text("VAUQUELIN")
        panel = page.locator("#appointments")
        await expect(panel.locator("#no-appointment")).to_be_visible()

        await live.report(**of_doctor(practitioner.national_id))
        await expect(panel.locator("#news")).to_have_text(f"RDV pris, {said}")
        await expect(panel.locator("li.appointment")).to_have_text([re.compile(re.escape(f"RDV pris, {said}"))])
        await expect(panel.locator("#no-appointment")).to_be_hidden()
        for number in range(4):
            await live.report(key=f"b{number}")
        await live.report("cancelled", **of_doctor(practitioner.national_id))
        await expect(panel.locator("#news")).to_have_text(f"RDV annulé, {said}")
        await expect(panel.locator("li.appointment")).to_have_count(3)
        await expect(panel.locator("li.appointment").first).to_have_attribute("data-status", "cancelled")

        await page.goto("/rendez-vous?etat=booked")
        await expect(page.locator("li.appointment")).to_have_count(4)
        await live.report("fulfilled", "b0")
        await expect(page.locator("li.appointment")).to_have_count(3)
        await expect(page.locator("#filters a[aria-current]")).to_have_text("Pris 3")
        await page.locator("#filters a", has_text="Honoré").click()
        await expect(page.locator("li.appointment .happenings li")).to_have_count(2)

        live.app.state.platform.clock.advance(timedelta(hours=1))
        await page.goto("/rendez-vous")
        assert "/connexion?vers=%2Frendez-vous" in page.url


async def test_the_pages_need_no_script(chromium: str, sqlite_url: str) -> None:
    async with live_platform(sqlite_url) as live, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        context = await browser.new_context(base_url=live.base_url, java_script_enabled=False)
        name, _, value = live.cookie.partition("=")
        await context.add_cookies([{"name": name, "value": value, "url": live.base_url}])
        page = await context.new_page()
        await live.report()
        for path in ("/", "/rendez-vous"):
            await page.goto(path)
            await expect(page.locator("li.appointment")).to_have_count(1)
        await browser.close()


async def test_a_regulator_sees_cpts_slots_and_sites_and_keeps_to_either(chromium: str, tmp_path: Path) -> None:
    demo = datasets.load("demo")
    doctor = next(p for p in demo.practitioners if p.specialty_code == "SM54")
    association = demo.associations[0]
    soon = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=1)
    editor = by_search(
        cpts=answers(bundle(slot("a1", soon), cpts_slot("c1", soon), *agenda(national_id=doctor.national_id), *cpts())),
        sos=answers(bundle(slot("g1", soon, "g1"), *site(siret=association.national_id))),
    )
    async with AsyncExitStack() as stack:
        served_editor = await stack.enter_async_context(fake_editor(editor))
        settings = Settings(
            database_url=f"sqlite:///{tmp_path / 'platform.sqlite'}",
            sign_in_required=False,
            password_rounds=1,
            password_memory=8,
            editors=(f"Alizé={served_editor.base_url}",),
        )
        base_url = await stack.enter_async_context(served(settings))
        page = await stack.enter_async_context(opened_page(chromium, base_url))
        await page.set_viewport_size({"width": 400, "height": 800})
        await page.goto("/?where=99")
        cards = page.locator("article.offer:visible")
        await expect(cards).to_have_count(2)
        await expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
        await expect(page.locator("article.sos h3")).to_contain_text(association.name)
        await expect(page.locator(".slot .cpts")).to_have_text(["CPTS des Deux Rives"])
        await page.locator("input[name=kind]:checked").focus()
        for _ in range(4):
            await page.keyboard.press("ArrowRight")
        await expect(page.locator("input[name=kind][value=CPTS]")).to_be_checked()
        await expect(cards).to_have_count(1)
        await expect(page.locator(".slot:visible")).to_have_count(1)
        await page.keyboard.press("ArrowRight")
        await expect(cards).to_have_count(1)
        await expect(cards).to_have_class(re.compile("sos"))
        assert await page.evaluate("document.documentElement.scrollWidth") <= 400


async def test_a_regulator_sees_a_sos_appointment_wait_then_be_booked_or_refused(
    chromium: str, sqlite_url: str
) -> None:
    demo = datasets.load("demo")
    association, doctor = demo.associations[0], demo.practitioners[0]
    async with live_platform(sqlite_url) as live, opened_page(chromium, live.base_url) as page:
        name, _, value = live.cookie.partition("=")
        await page.context.add_cookies([{"name": name, "value": value, "url": live.base_url}])
        for path in ("/", "/rendez-vous"):
            await page.goto(path)
            first, second = f"{path}1", f"{path}2"
            news = page.locator("#news")
            await live.report("pending", first, **at_sos(association.national_id))
            awaited = f"14:20, {association.name}, médecin à confirmer"
            await expect(news).to_have_text(f"RDV en attente de confirmation, {awaited}")
            await expect(page.locator("li.appointment").first.locator(".badge")).to_have_text("en attente")
            await live.report("booked", first, **at_sos(association.national_id, doctor.national_id))
            await expect(news).to_have_text(f"RDV confirmé, 14:20, Dr {doctor.family} {doctor.given}")
            await expect(page.locator("li.appointment").first).to_have_attribute("data-status", "booked")
            await live.report("pending", second, **at_sos())
            await expect(news).to_have_text("RDV en attente de confirmation, 14:20, SOS Médecins, médecin à confirmer")
            gone = {**at_sos(), "participant": [{**AWAITED, "status": "accepted"}]}
            await live.report("cancelled", second, **gone)
            await expect(news).to_have_text("RDV refusé, 14:20, SOS Médecins, médecin à confirmer")
            await expect(page.locator("li.appointment").first.locator(".badge")).to_have_text("refusé")

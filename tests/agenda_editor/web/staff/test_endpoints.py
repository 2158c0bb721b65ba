"""The first page, and what the platform was told."""

from __future__ import annotations

import asyncio

from agenda_editor.appointments.model import DeliveryState, PatientDetails
from sas_fhir.instants import milliseconds
from sas_kernel.datasets import DatasetStaff
from tests.agenda_editor.browser import Browser
from tests.agenda_editor.sso.conftest import Entrance
from tests.agenda_editor.web.conftest import FROM_PLATFORM


async def test_a_regulator_begins_with_his_appointments(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    page = await lone.open("/")
    assert page.path == "/rendez-vous"
    assert "Vous n’avez pris aucun rendez-vous" in page.words
    assert (await lone.get("/envois")).status == 403


async def test_who_has_no_rights_is_told_how_to_get_them(lone: Browser) -> None:
    page = await lone.accept_terms(await lone.open("/connexion/psc"))
    assert page.path == "/"
    assert "ouvrez un créneau depuis la plateforme SAS" in page.words


async def test_what_waits_for_the_platform_is_shown(lone: Browser, staff: Browser) -> None:
    state = lone.agenda.app.state.services
    now = milliseconds(lone.agenda.clock.now())
    booked = await state.appointments.book(1, 1, PatientDetails("Trébuchet", "Anaïs", None, "0699000012"), now)
    page = await staff.get("/envois")
    assert "En attente (1)" in page.words
    assert "Refusés (0)" in page.words
    assert page.tree.xpath("//tr[@data-delivery]//a/@href") == [f"/rendez-vous/{booked.key}"]
    assert "Trébuchet" not in page.text


async def test_a_refused_message_is_sent_again_on_demand(entrance: Entrance, sqlite_url: str) -> None:
    # The provider of the tests answers 404 to anything it does not know: a platform that refuses for good.
    browser = await entrance(sqlite_url, platform_url="https://platform.example.org/realms/sas/fhir")
    state = browser.agenda.app.state.services
    now = milliseconds(browser.agenda.clock.now())
    await state.sign_on.load_staff([DatasetStaff("accueil", "Accueil-2031", "Accueil")])
    await state.appointments.book(1, 1, PatientDetails("Trébuchet", "Anaïs", None, "0699000012"), now)

    async def refused(count: int) -> None:
        # The outbox works by itself, and nothing tells its progress but what it leaves behind.
        async with asyncio.timeout(10):
            while True:
                heard = browser.provider.requests.count("/fhir/Appointment") >= count
                if heard and await state.appointments.deliveries(DeliveryState.REFUSED):
                    return
                await asyncio.sleep(0.02)

    await refused(1)
    page = await browser.log_in("accueil", "Accueil-2031", "/envois")
    assert "Refusés (1)" in page.words
    assert "404" in page.words
    (action,) = page.tree.xpath("//form[contains(@action, 'nouvel-envoi')]/@action")
    assert (await browser.post(action, {"csrf": "x"})).status == 403
    answer = await browser.post(action, page.first_form("nouvel-envoi"))
    assert answer.location == "/envois"
    await refused(2)
    for unknown in ("0", "x", "99999999999999999999"):
        fields = page.first_form("nouvel-envoi")
        assert (await browser.post(f"/envois/{unknown}/nouvel-envoi", fields)).status == 404

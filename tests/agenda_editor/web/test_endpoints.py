from __future__ import annotations

import re

import pytest

from agenda_editor.agendas.model import AppointmentType, SlotStatus, SlotType
from tests.agenda_editor.conftest import Agenda, resources, slot

RPPS = "810123400017"


async def _html(agenda: Agenda, target: str, status: int = 200) -> str:
    answer = await agenda.get(target)
    assert answer.status == status
    assert answer.header("content-type") == "text/html; charset=utf-8"
    return answer.body.decode()


async def test_the_booking_url_of_a_slot_leads_to_the_agenda_s_page(agenda: Agenda) -> None:
    await agenda.open(RPPS, slot(1), slot(30, appointment_type=AppointmentType.WALKIN, reasons=("Fièvre",)))
    (first, _) = resources(await agenda.search(RPPS), "Slot")
    page = await _html(agenda, first["comment"].removeprefix("https://agenda.example.org"))
    assert '<html lang="fr">' in page
    for text in ("Dr Théo VASSELIN", "4 allée des Peupliers, 99100 Villefictive", "09:00", "lundi 10 mars", "Fièvre"):
        assert text in page
    assert "sans rendez-vous" in page


async def test_the_page_speaks_english_on_request_and_always_through_paris_time(lone_agenda: Agenda) -> None:
    schedule = await lone_agenda.open(RPPS, slot(1))
    page = await _html(lone_agenda, f"/agenda/ag-{schedule.id}?vue=semaine&lang=en")
    assert '<html lang="en">' in page
    assert "Monday 10 March" in page
    assert 'datetime="2031-03-10T09:00:00.000+01:00"' in page


async def test_the_page_shows_only_public_free_slots_of_the_next_72_hours(agenda: Agenda) -> None:
    schedule = await agenda.open(
        RPPS,
        slot(-1),
        slot(1),
        slot(2, types=[SlotType.SNP, SlotType.PRO]),
        slot(3, own_patients_only=True),
        slot(4, status=SlotStatus.BUSY),
        slot(72),
        slot(72.1),
    )
    page = await _html(agenda, f"/agenda/ag-{schedule.id}")
    assert re.findall(r'datetime="([^"]+)"', page) == [
        "2031-03-10T09:00:00.000+01:00",
        "2031-03-13T08:00:00.000+01:00",
    ]


async def test_names_are_escaped(lone_agenda: Agenda) -> None:
    schedule = await lone_agenda.open(RPPS, slot(1, reasons=("<script>x</script>",)), family="<b>")
    page = await _html(lone_agenda, f"/agenda/ag-{schedule.id}")
    assert "<b>" not in page
    assert "<script>" not in page


async def test_an_agenda_without_public_slot_says_what_to_do(lone_agenda: Agenda) -> None:
    schedule = await lone_agenda.open(RPPS)
    assert "Appelez le cabinet" in await _html(lone_agenda, f"/agenda/ag-{schedule.id}")


@pytest.mark.parametrize("name", ["ag-99", "ag-0", "ag-x", "99", "ag-99999999999999999999"])
async def test_an_unknown_agenda_is_a_page_too(lone_agenda: Agenda, name: str) -> None:
    assert "Agenda inconnu" in await _html(lone_agenda, f"/agenda/{name}", 404)
    assert "Unknown agenda" in await _html(lone_agenda, f"/agenda/{name}?lang=en", 404)

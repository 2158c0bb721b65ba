"""The page of an agenda, and what all pages have in common."""

from __future__ import annotations

import re

import pytest

from agenda_editor.agendas.model import AppointmentType, SlotStatus, SlotType
from agenda_editor.appointments.model import PatientDetails
from agenda_editor.communities.model import CommunityDetails
from agenda_editor.communities.service import add_communities
from sas_fhir.instants import milliseconds
from sas_kit.http import HttpLimits, asgi_transport, exchange, new_client
from tests.agenda_editor.browser import Browser
from tests.agenda_editor.conftest import PLACE, PUBLIC_URL, Agenda, resources, slot
from tests.agenda_editor.web.conftest import FROM_PLATFORM

RPPS = "810123400017"
OTHER = "810123400025"


def shown(page: str) -> list[str]:
    return re.findall(r'datetime="([^"]+)"', page)


async def test_the_url_of_a_slot_with_an_origin_opens_on_that_slot(lone: Browser) -> None:
    (first, *_) = resources(await lone.agenda.search(RPPS), "Slot")
    page = await lone.enter(first["comment"].removeprefix(PUBLIC_URL) + "&origin=sas-preprod")
    assert page.status == 200
    for text in ("Dr Théo VASSELIN", "4 allée des Peupliers, 99100 Villefictive", "09:00", "lundi 10 mars"):
        assert text in page.words
    (chosen,) = page.tree.xpath("//li[@aria-current]")
    assert chosen.xpath("a/@data-slot") == [first["id"]]
    assert chosen.xpath("a[@autofocus]/@href") == [f"/reservation/{first['id']}"]


async def test_the_kit_s_first_case_finds_a_login_word(lone: Browser) -> None:
    (first, *_) = resources(await lone.agenda.search(RPPS), "Slot")
    page = await lone.open(first["comment"].removeprefix(PUBLIC_URL))
    assert page.status == 200
    assert "connexion" in page.text.lower()
    assert 'id="app"' not in page.text
    assert "<noscript" not in page.text
    assert "<script" not in page.text
    assert len(lone.visited) == 2


async def test_a_regulator_books_what_the_search_shows_and_nothing_else(lone: Browser) -> None:
    schedule = await lone.agenda.open(
        OTHER,
        slot(-1),
        slot(1),
        slot(2, types=[SlotType.SNP]),
        slot(3, own_patients_only=True),
        slot(4, status=SlotStatus.BUSY),
        slot(5, types=[SlotType.CPTS]),
        slot(6, status=SlotStatus.BUSY, own_patients_only=True),
        slot(7, appointment_type=AppointmentType.WALKIN),
        slot(8, status=SlotStatus.ABSENCE),
        slot(72),
        slot(72.1),
    )
    page = await lone.enter(f"/agenda/ag-{schedule.id}?vue=semaine&origin=sas")
    bookable = page.tree.xpath("//a[@data-slot]/time/text()")
    assert bookable == ["09:00", "10:00", "08:00"]
    others = page.tree.xpath("//span[@data-slot-state]")
    assert [(cell.get("data-slot-state"), cell.xpath("time")[0].text) for cell in others] == [
        ("taken", "12:00"),
        ("walk-in", "15:00"),
    ]
    assert [e["id"] for e in resources(await lone.agenda.search(OTHER), "Slot") if "WALKIN" not in str(e)] == [
        f"{a}" for a in page.tree.xpath("//a[@data-slot]/@data-slot")
    ]


async def test_a_chosen_slot_that_was_taken_meanwhile_is_shown_as_such(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    async with lone.agenda.service.editing() as edit:
        await edit.mark_busy(2)
    page = await lone.get(FROM_PLATFORM)
    assert "vient d’être pris" in page.words
    (chosen,) = page.tree.xpath("//li[@aria-current]")
    assert chosen.get("class") == "taken chosen"
    assert chosen.xpath(".//*[@autofocus]")
    assert not chosen.xpath(".//a")


async def test_a_chosen_slot_that_is_gone_is_told(lone: Browser) -> None:
    page = await lone.enter("/agenda/ag-1?vue=semaine&creneau=cr-99&origin=sas")
    assert "n’est plus proposé" in page.words


async def test_his_other_places_are_one_click_away(lone: Browser) -> None:
    (schedule,) = await lone.agenda.service.schedules(RPPS)
    other = await lone.agenda.open_more(schedule.practitioner, PLACE, slot(5))
    page = await lone.enter("/agenda/ag-1?origin=sas")
    assert f"/agenda/ag-{other.id}?vue=semaine" in page.text
    assert "(1 créneau libre)" in page.words


async def test_the_page_speaks_english_on_request_and_always_through_paris_time(lone: Browser) -> None:
    page = await lone.open("/agenda/ag-1?vue=semaine&lang=en&origin=sas")
    assert "/conditions?" in page.path
    assert "Terms of use" in page.words
    page = await lone.submit("/conditions?lang=en", page.form("terms") | {"accept": "1"})
    assert '<html lang="en">' in page.text
    assert "Monday 10 March" in page.words
    assert "2031-03-10T09:00:00.000+01:00" in shown(page.text)
    assert page.tree.xpath("//a[@data-slot]/@href")[0] == "/reservation/cr-1?lang=en"
    french = page.tree.xpath("//a[@hreflang='fr']/@href")[0]
    assert french == "?vue=semaine&origin=sas&lang=fr"


async def test_names_are_escaped(lone: Browser) -> None:
    schedule = await lone.agenda.open(OTHER, slot(1, reasons=("<script>x</script>",)), family="<b>")
    page = await lone.enter(f"/agenda/ag-{schedule.id}?origin=sas")
    assert "<b>" not in page.text
    assert "<script>" not in page.text
    assert "<script>x</script>" in page.words


async def test_an_agenda_without_slot_says_what_to_do(lone: Browser) -> None:
    schedule = await lone.agenda.open(OTHER)
    assert "Appelez le cabinet" in (await lone.enter(f"/agenda/ag-{schedule.id}?origin=sas")).words


@pytest.mark.parametrize("name", ["ag-99", "ag-0", "ag-x", "99", "ag-99999999999999999999", "ag-1%00"])
async def test_an_unknown_agenda_is_a_page_too(lone_agenda: Agenda, name: str) -> None:
    for query, words in (("", "Agenda inconnu"), ("?lang=en", "Unknown agenda")):
        answer = await lone_agenda.get(f"/agenda/{name}{query}")
        assert answer.status == 404
        assert answer.header("content-type") == "text/html; charset=utf-8"
        assert words in answer.body.decode()


async def test_the_first_page_leads_to_the_login(lone: Browser) -> None:
    assert (await lone.get("/")).location == "/connexion?vers=%2F"
    assert (await lone.get("/?lang=en")).location == "/connexion?vers=%2F%3Flang%3Den&lang=en"


async def test_pages_run_no_script_and_are_not_kept(lone: Browser) -> None:
    page = await lone.enter(FROM_PLATFORM)
    policy = page.header("content-security-policy")
    assert "default-src 'none'" in policy
    assert "style-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://platform.example.org;" in policy  # where logging out ends
    assert page.header("cache-control") == "no-store"
    assert page.header("x-content-type-options") == "nosniff"
    assert "<script" not in page.text
    assert "style=" not in page.text


async def test_the_style_sheets_are_served(lone: Browser) -> None:
    page = await lone.get("/connexion")
    async with new_client(transport=asgi_transport(lone.agenda.app)) as client:
        for path in page.tree.xpath("//link[@rel='stylesheet']/@href"):
            sheet = await exchange(client, "GET", PUBLIC_URL + path, limits=HttpLimits(5, 5, 100_000))
            assert (sheet.status, sheet.header("content-type")) == (200, "text/css; charset=utf-8")


async def test_the_staff_see_agendas_and_what_is_booked_in_them(lone: Browser, staff: Browser) -> None:
    state = lone.agenda.app.state.services
    now = milliseconds(lone.agenda.clock.now())
    await state.appointments.book(1, 1, PatientDetails("Trébuchet", "Anaïs", None, "0699000012"), now)
    home = await staff.get("/")
    (link,) = home.tree.xpath("//main//a/@href")
    page = await staff.get(link)
    assert page.tree.xpath("//tr[@data-appointment]")
    assert page.tree.xpath("//span[@data-slot-state]/@data-slot-state") == ["taken", "free", "free"]
    assert not page.tree.xpath("//a[@data-slot]")
    assert (await staff.get("/reservation/cr-2")).status == 403


async def test_many_agendas_are_shown_page_by_page(lone: Browser, staff: Browser) -> None:
    for n in range(51):
        await lone.agenda.open(f"8101235{n:05d}")
    first = await staff.get("/")
    assert len(first.tree.xpath("//main//tbody/tr")) == 50
    (more,) = first.tree.xpath("//main/p/a/@href")
    assert len((await staff.get(more)).tree.xpath("//main//tbody/tr")) == 2
    assert (await staff.get("/?apres=x")).status == 200
    assert (await staff.get("/?apres=99999999999999999999999")).status == 200


async def test_an_address_that_does_not_exist_is_a_page_for_who_reads_pages(lone: Browser) -> None:
    answer = await lone.agenda.get("/nowhere", headers=[("accept", "text/html,*/*;q=0.8")])
    assert answer.status == 404
    assert "ne mène à aucune page" in answer.body.decode()
    answer = await lone.agenda.get("/nowhere")
    assert answer.header("content-type") == "application/problem+json"


# --- slots of a CPTS --------------------------------------------------------------------------------------------------


async def test_a_regulator_sees_and_may_book_the_slots_of_a_cpts_under_its_name(regulator: Browser) -> None:
    agenda = regulator.agenda
    async with agenda.service.editing() as edit:
        first = await edit.repository.take_ids("community", 1)
        (rives,) = await add_communities(edit.connection, [CommunityDetails("CPTS <Rives>", "990000033")], first)
        (shared, unknown) = await edit.add_slots(
            1, [slot(5, types=[SlotType.CPTS], communities=(rives.id,)), slot(6, types=[SlotType.CPTS])]
        )
    page = await regulator.get("/agenda/ag-1?vue=semaine")
    assert page.tree.xpath("//*[@id='cpts']/text()") == ["CPTS <Rives>"]
    (cell,) = page.tree.xpath(f"//a[@data-slot='cr-{shared.id}']")
    assert "CPTS <Rives>" in cell.text_content()
    assert not page.tree.xpath(f"//a[@data-slot='cr-{unknown.id}']")
    assert (await regulator.get(f"/reservation/cr-{shared.id}")).status == 200

"""The page of a SOS Médecins site, the request made from it, and the association's answer."""

from __future__ import annotations

from agenda_editor.agendas.model import AppointmentType, Slot, SlotStatus, SlotType
from sas_kernel.datasets import DatasetStaff
from tests.agenda_editor.browser import PATIENT, Browser, Page
from tests.agenda_editor.conftest import PUBLIC_URL, opened, slot

NAME = "SOS Médecins Villefictive"


async def _site(browser: Browser) -> tuple[str, list[Slot]]:
    """The path of the first of two sites, and its slots."""
    both = (SlotType.PUBLIC, SlotType.SNP)
    offered = [
        slot(1, types=both),
        slot(2, types=[SlotType.SNP]),
        slot(3, types=both, appointment_type=AppointmentType.WALKIN),
        slot(4, types=both, status=SlotStatus.BUSY),
        slot(80, types=both),
    ]
    north, _south = await opened(browser.agenda, offered, [slot(5)])
    service = browser.agenda.app.state.services.associations
    pages = await service.pages_of(north.id, 0, 2**52)
    return f"/sos/pfg-{north.id}", pages[0].slots


async def _staff(browser: Browser) -> Browser:
    await browser.agenda.app.state.services.sign_on.load_staff([DatasetStaff("accueil", "Accueil-2031", "Accueil")])
    other = Browser(browser.agenda, browser.provider)
    await other.log_in("accueil", "Accueil-2031")
    return other


async def _ask(browser: Browser, number: int) -> Page:
    form = (await browser.get(f"/reservation/cr-{number}")).form("booking")
    return await browser.submit(f"/reservation/cr-{number}", form | PATIENT)


def _main(page: Page) -> tuple[str, str]:
    (main,) = page.tree.xpath("//main")
    return main.get("data-appointment"), main.get("data-status")


async def test_a_regulator_sees_the_next_hours_of_the_site_on_his_slot(regulator: Browser) -> None:
    path, slots = await _site(regulator)
    page = await regulator.get(f"{path}?vue=semaine&creneau=cr-{slots[1].id}&origin=sas")
    assert page.status == 200
    for words in (NAME, "Point de consultation Nord", "99200 Villefictive", "Point de consultation Sud"):
        assert words in page.words
    assert page.tree.xpath("//a[@data-slot]/@data-slot") == [f"cr-{slots[0].id}", f"cr-{slots[1].id}"]
    assert page.tree.xpath("//li[@aria-current]/a/@href") == [f"/reservation/cr-{slots[1].id}"]
    assert page.tree.xpath("//*[@data-slot-state]/@data-slot-state") == ["walk-in", "taken"]
    (other,) = [href for href in page.tree.xpath("//ul//a/@href") if href.startswith("/sos/")]
    assert (await regulator.get(other)).status == 200


async def test_others_see_public_slots_and_book_none(regulator: Browser) -> None:
    path, _ = await _site(regulator)
    staff = await _staff(regulator)
    page = await staff.get(path + "?vue=semaine")
    assert page.tree.xpath("//*[@data-slot-state]/@data-slot-state") == ["free", "free", "walk-in", "taken"]
    assert NAME in (await staff.get("/")).words


async def test_whoever_comes_from_the_platform_signs_in_first(lone: Browser) -> None:
    path, slots = await _site(lone)
    first = await lone.get(f"{path}?vue=semaine&creneau=cr-{slots[0].id}&origin=sas")
    assert first.status == 303
    page = await lone.enter(f"{path}&origin=sas")
    assert (page.status, page.path.removeprefix(PUBLIC_URL).split("?")[0]) == (200, path)


async def test_what_leads_nowhere_is_a_page_that_says_so(regulator: Browser) -> None:
    for path in ("/sos/pfg-999", "/sos/nord", "/sos/ag-1"):
        page = await regulator.get(path)
        assert page.status == 404
        assert "point de consultation" in page.words


async def test_a_request_is_pending_until_the_association_accepts_it(regulator: Browser) -> None:
    path, slots = await _site(regulator)
    page = await _ask(regulator, slots[0].id)
    key, status = _main(page)
    assert status == "pending"
    assert "pas encore acceptée" in page.words
    assert "Rendez-vous demandé" in page.words
    assert not page.tree.xpath("//form[@id='accept' or @id='refuse']")
    assert page.tree.xpath("//form[@id='cancel']")
    assert (await regulator.post(f"/rendez-vous/{key}/acceptation", page.form("cancel"))).status == 403

    staff = await _staff(regulator)
    shown = await staff.get(f"/rendez-vous/{key}")
    assert "Accepter" in shown.words
    assert not shown.tree.xpath("//form[@id='cancel']")
    assert key in (await staff.get(path)).text
    wrong = await staff.post(f"/rendez-vous/{key}/acceptation", shown.form("accept") | {"doctor": "Dr X"})
    assert wrong.status == 409
    assert "RPPS" in wrong.words
    done = await staff.submit(f"/rendez-vous/{key}/acceptation", shown.form("accept") | {"doctor": "10123400017"})
    assert _main(done) == (key, "booked")
    assert done.tree.xpath("//dd[@id='doctor']/text()") == ["810123400017"]
    assert done.tree.xpath("//*[@id='move']")
    late = await staff.post(f"/rendez-vous/{key}/refus", shown.form("refuse"))
    assert late.status == 409
    assert _main(await regulator.get(f"/rendez-vous/{key}")) == (key, "booked")

    page = await regulator.get(f"/rendez-vous/{key}/deplacement")
    assert "L’association devra répondre à nouveau" in page.words
    forms = list(page.tree.xpath("//ul[@class='choices']//form"))
    assert f"cr-{slots[1].id}" in [form.xpath("input[@name='slot']/@value")[0] for form in forms]
    fields = {field.get("name"): field.get("value") for field in forms[0].xpath("input")}
    moved = await regulator.submit(f"/rendez-vous/{key}/deplacement", fields)
    assert _main(moved) == (key, "pending")


async def test_refused_the_slot_is_offered_again(regulator: Browser) -> None:
    path, slots = await _site(regulator)
    key, _ = _main(await _ask(regulator, slots[0].id))
    taken = await regulator.get(f"/reservation/cr-{slots[0].id}")
    assert taken.status == 409
    assert f'data-slot="cr-{slots[1].id}"' in taken.text
    staff = await _staff(regulator)
    form = (await staff.get(f"/rendez-vous/{key}")).form("refuse")
    assert _main(await staff.submit(f"/rendez-vous/{key}/refus", form)) == (key, "cancelled")
    page = await regulator.get(path)
    assert f"cr-{slots[0].id}" in page.tree.xpath("//a[@data-slot]/@data-slot")

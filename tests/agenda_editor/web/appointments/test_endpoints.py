"""Booking and the life of an appointment, as the regulator and the staff live them."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from tests.agenda_editor.browser import PATIENT, Browser, Page
from tests.agenda_editor.conftest import PLACE, resources, slot
from tests.agenda_editor.sso.conftest import add_account
from tests.agenda_editor.web.conftest import FROM_PLATFORM

RPPS = "810123400017"
SECOND = "3990000058/REG0003"


async def book(browser: Browser, name: str = "cr-2", **changes: str) -> Page:
    page = await browser.get(f"/reservation/{name}")
    return await browser.submit(f"/reservation/{name}", page.form("booking") | PATIENT | changes)


async def second_regulator(browser: Browser) -> Browser:
    """Another one, in his own browser."""
    await add_account(browser, SECOND, n=2)
    browser.provider.claims = {"SubjectNameID": SECOND}
    other = Browser(browser.agenda, browser.provider)
    await other.enter(FROM_PLATFORM)
    return other


async def free(browser: Browser) -> list[str]:
    return [entry["id"] for entry in resources(await browser.agenda.search(RPPS), "Slot")]


async def test_a_regulator_books_and_sees_it_confirmed_and_listed(regulator: Browser) -> None:
    page = await book(regulator)
    assert page.status == 200
    assert page.path.startswith("/rendez-vous/")
    assert page.path.endswith("?nouveau=1")
    (main,) = page.tree.xpath("//main")
    assert main.get("data-status") == "booked"
    key = main.get("data-appointment")
    for words in ("Le rendez-vous est pris", "Dr Théo VASSELIN", "Trébuchet", "29/02/1984", "+33699000012", "10:00"):
        assert words in page.words
    assert "cr-2" not in await free(regulator)
    listed = await regulator.get("/rendez-vous")
    assert listed.tree.xpath("//tr/@data-appointment") == [key]


async def test_two_regulators_want_one_slot_and_one_is_told(regulator: Browser) -> None:
    other = await second_regulator(regulator)
    forms = [(await browser.get("/reservation/cr-2")).form("booking") for browser in (regulator, other)]
    answers = await asyncio.gather(
        *(
            browser.post("/reservation/cr-2", form | PATIENT)
            for browser, form in zip((regulator, other), forms, strict=True)
        )
    )
    assert sorted(answer.status for answer in answers) == [303, 409]
    (told,) = [answer for answer in answers if answer.status == 409]
    assert "vient d’être pris" in told.words
    assert told.tree.xpath("//a[starts-with(@href, '/agenda/ag-1')]")


async def test_what_was_typed_for_a_slot_that_is_gone_books_another_with_one_click(regulator: Browser) -> None:
    form = (await regulator.get("/reservation/cr-2")).form("booking")
    async with regulator.agenda.service.editing() as edit:
        await edit.mark_busy(2)
    told = await regulator.post("/reservation/cr-2", form | PATIENT)
    assert told.status == 409
    again = told.first_form("/reservation/cr-2")
    assert again["slot"] == "cr-1"
    page = await regulator.submit("/reservation/cr-2", again)
    assert page.tree.xpath("//main/@data-status") == ["booked"]
    assert "Trébuchet" in page.words
    assert "09:00" in page.words


async def test_a_slot_that_was_taken_before_the_form_is_told_at_once(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    async with lone.agenda.service.editing() as edit:
        await edit.mark_busy(2)
    page = await lone.get("/reservation/cr-2")
    assert page.status == 409
    assert "/reservation/cr-1" in page.tree.xpath("//a[@data-slot]/@href")


@pytest.mark.parametrize("name", ["cr-99", "cr-x", "99", "cr-99999999999999999999"])
async def test_an_unknown_slot_is_not_found(lone: Browser, name: str) -> None:
    await lone.enter(FROM_PLATFORM)
    page = await lone.get(f"/reservation/{name}")
    assert page.status == 404
    assert "Créneau inconnu" in page.words


async def test_mistakes_are_told_beside_their_fields_and_nothing_is_lost(
    lone: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    await lone.enter(FROM_PLATFORM)
    form = (await lone.get("/reservation/cr-2")).form("booking")
    wrong = PATIENT | {"family": "  ", "phone": "12 <b>", "birth_date": "31/02/1984", "given": 'Ana"ïs'}
    with caplog.at_level(logging.DEBUG):
        page = await lone.post("/reservation/cr-2", form | wrong)
    assert page.status == 422
    assert set(page.tree.xpath("//*[@aria-invalid]/@name")) == {"family", "phone", "birth_date"}
    for name in ("family", "phone", "birth_date"):
        (error,) = page.tree.xpath(f"//*[@id='{name}-error']")
        assert error.text.startswith("Attendu")
        assert f"{name}-error" in page.tree.xpath(f"//*[@name='{name}']/@aria-describedby")[0]
    assert page.tree.xpath("//*[@autofocus]/@name") == ["family"]
    kept = page.form("booking")
    assert {name: kept[name] for name in wrong if name != "birth_date"} == {
        name: value for name, value in wrong.items() if name != "birth_date"
    }
    assert "cr-2" in await free(lone)
    for value in ("Trébuchet", 'Ana"ïs', "Fièvre", "12 <b>", "1984"):
        assert value not in caplog.text


async def test_patients_are_in_no_log(lone: Browser, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await lone.enter(FROM_PLATFORM)
        assert (await book(lone)).status == 200
    for value in ("Trébuchet", "Anaïs", "Fièvre", "+33699000012", "BELLANGER", "Tr%C3%A9buchet"):
        assert value not in caplog.text


async def test_nothing_is_booked_before_the_terms_are_accepted(lone: Browser) -> None:
    await lone.open(FROM_PLATFORM)
    page = await lone.get("/reservation/cr-2")
    assert page.location == "/conditions?vers=%2Freservation%2Fcr-2"
    (csrf,) = (await lone.get("/conditions")).tree.xpath("//form[@id='logout']/input/@value")
    answer = await lone.post("/reservation/cr-2", PATIENT | {"csrf": csrf})
    assert answer.location == "/conditions?vers=%2Freservation%2Fcr-2"
    assert "cr-2" in await free(lone)


@pytest.mark.parametrize("csrf", ["", "wrong", None])
async def test_a_form_of_another_session_books_nothing(lone: Browser, csrf: str | None) -> None:
    await lone.enter(FROM_PLATFORM)
    fields = dict(PATIENT) if csrf is None else PATIENT | {"csrf": csrf}
    page = await lone.post("/reservation/cr-2", fields)
    assert page.status == 403
    assert "Formulaire refusé" in page.words
    assert "cr-2" in await free(lone)


async def test_a_body_that_is_no_form_or_too_long_is_a_page(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    page = await lone.post("/reservation/cr-2", PATIENT | {"reason": "x" * 70_000})
    assert page.status == 413
    assert "trop long" in page.words


# --- life -------------------------------------------------------------------------------------------------------------


async def act(browser: Browser, page: Page, form: str) -> Page:
    (action,) = page.tree.xpath(f"//form[@id='{form}']/@action")
    return await browser.submit(action, page.form(form))


async def test_cancelling_gives_the_slot_back(regulator: Browser) -> None:
    page = await book(regulator)
    assert page.tree.xpath("//details/form[@id='cancel']")  # a second step, without a script
    page = await act(regulator, page, "cancel")
    assert page.tree.xpath("//main/@data-status") == ["cancelled"]
    assert not page.tree.xpath("//form[@id='cancel' or @id='honour' or @id='no-show'] | //a[@id='move']")
    assert "Rendez-vous annulé" in page.words
    assert "cr-2" in await free(regulator)


async def test_moving_takes_the_new_slot_and_gives_back_the_old_one(regulator: Browser) -> None:
    (schedule,) = await regulator.agenda.service.schedules(RPPS)
    await regulator.agenda.open_more(schedule.practitioner, PLACE, slot(5))
    page = await book(regulator)
    (link,) = page.tree.xpath("//a[@id='move']/@href")
    choice = await regulator.get(link)
    assert choice.tree.xpath("//form/input[@name='slot']/@value") == ["cr-1", "cr-4", "cr-3"]
    page = await regulator.submit(link, choice.first_form("deplacement") | {"slot": "cr-4"})
    assert page.tree.xpath("//main/@data-status") == ["booked"]
    assert "13:00" in page.words
    assert sorted(await free(regulator)) == ["cr-1", "cr-2", "cr-3"]


async def test_moving_to_a_slot_that_is_gone_leaves_everything_as_it_was(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    page = await book(lone)
    (link,) = page.tree.xpath("//a[@id='move']/@href")
    form = (await lone.get(link)).first_form("deplacement")
    async with lone.agenda.service.editing() as edit:
        await edit.mark_busy(3)
    page = await lone.post(link, form | {"slot": "cr-3"})
    assert page.status == 409
    assert "vient d’être pris" in page.words
    assert (await lone.post(link, form | {"slot": "rubbish"})).status == 404
    assert "cr-2" not in await free(lone)


async def test_the_outcome_of_a_consultation_can_be_told_and_corrected(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    page = await act(lone, await book(lone), "honour")
    assert page.tree.xpath("//main/@data-status") == ["fulfilled"]
    page = await act(lone, page, "no-show")
    assert page.tree.xpath("//main/@data-status") == ["noshow"]
    assert "Patient absent" in page.words


async def test_what_another_tab_has_cancelled_cannot_be_honoured(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    page = await book(lone)
    await act(lone, page, "cancel")
    (action,) = page.tree.xpath("//form[@id='honour']/@action")
    told = await lone.post(action, page.form("honour"))
    assert told.status == 409
    assert told.tree.xpath("//main/@data-status") == ["cancelled"]


async def test_a_regulator_knows_nothing_of_the_appointments_of_another(regulator: Browser) -> None:
    page = await book(regulator)
    path = page.path.removesuffix("?nouveau=1")
    other = await second_regulator(regulator)
    (csrf,) = (await other.get("/rendez-vous")).tree.xpath("//form[@id='logout']/input[@name='csrf']/@value")
    assert (await other.get("/rendez-vous")).tree.xpath("//tr/@data-appointment") == []
    for target in (path, path + "/deplacement"):
        assert (await other.get(target)).status == 404
    for action in ("annulation", "honore", "absence", "deplacement"):
        assert (await other.post(f"{path}/{action}", {"csrf": csrf, "slot": "cr-1"})).status == 404
    assert (await regulator.get(path)).tree.xpath("//main/@data-status") == ["booked"]


@pytest.mark.parametrize("key", ["x", "%00", "00000000-0000-4000-8000-000000000000"])
async def test_an_unknown_appointment_is_a_page(lone: Browser, key: str) -> None:
    await lone.enter(FROM_PLATFORM)
    page = await lone.get(f"/rendez-vous/{key}")
    assert page.status == 404
    assert "Rendez-vous inconnu" in page.words


async def test_the_staff_see_and_do_everything(lone: Browser, staff: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    keys = [(await book(lone, name)).tree.xpath("//main/@data-appointment")[0] for name in ("cr-1", "cr-2")]
    assert (await staff.get("/rendez-vous")).tree.xpath("//tr/@data-appointment") == keys
    page = await staff.get(f"/rendez-vous/{keys[0]}")
    assert "Trébuchet" in page.words
    assert (await act(staff, page, "no-show")).tree.xpath("//main/@data-status") == ["noshow"]
    page = await staff.get(f"/rendez-vous/{keys[1]}")
    (link,) = page.tree.xpath("//a[@id='move']/@href")
    moved = await staff.submit(link, (await staff.get(link)).first_form("deplacement"))
    assert moved.tree.xpath("//main/@data-status") == ["booked"]
    assert (await act(staff, moved, "cancel")).tree.xpath("//main/@data-status") == ["cancelled"]


async def test_a_form_sent_after_the_session_has_ended_does_nothing_and_leads_back(lone: Browser) -> None:
    await lone.enter(FROM_PLATFORM)
    page = await book(lone)
    lone.agenda.clock.advance(timedelta(minutes=31))
    (action,) = page.tree.xpath("//form[@id='cancel']/@action")
    answer = await lone.post(action, page.form("cancel"))
    key = page.tree.xpath("//main/@data-appointment")[0]
    assert answer.location == f"/connexion?vers=%2Frendez-vous%2F{key}"
    assert "cr-2" not in await free(lone)

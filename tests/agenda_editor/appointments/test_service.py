"""Booking and what becomes of it, on both databases, with real concurrency."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from agenda_editor.agendas.model import AgendaUnavailableError, SlotStatus, SlotType
from agenda_editor.appointments import rules, tables
from agenda_editor.appointments.model import (
    Appointment,
    AppointmentError,
    AppointmentStatus,
    Change,
    ChangeKind,
    DeliveryState,
    InvalidPatientError,
    NotEntitledError,
    SlotTakenError,
    TransitionError,
    UnknownAppointmentError,
    UnknownDeliveryError,
)
from agenda_editor.appointments.repository import AppointmentRepository
from agenda_editor.provisioning.service import ProvisioningService
from agenda_editor.regulators.model import Identifier, IdentifierKind
from sas_fhir.search import Token
from sas_kernel import datasets
from sas_kit.database import Database
from tests.agenda_editor.appointments.conftest import FOREVER, HOUR, PATIENT, SECRETS, Bookings
from tests.agenda_editor.conftest import PLACE, Agenda, Starter, resources, slot, starts

RPPS, OTHER = "810123400017", "810123400025"
BOOKED, FULFILLED, NO_SHOW, CANCELLED = (AppointmentStatus(s) for s in ("booked", "fulfilled", "noshow", "cancelled"))
DEMO = datasets.load("demo")
SMALL = replace(DEMO, practitioners=DEMO.practitioners[:2])


async def _bodies(bookings: Bookings) -> list[dict[str, Any]]:
    """What the platform is to be told, in the order it was written."""
    query = sa.select(tables.messages.c.body).order_by(tables.messages.c.id)
    async with bookings.agenda.app.state.services.database.reading() as connection:
        return [json.loads(row[0]) for row in await connection.execute(query)]


# --- booking ---------------------------------------------------------------------------------------------------------


async def test_a_booked_slot_leaves_the_search_at_once_and_a_cancelled_one_returns(bookings: Bookings) -> None:
    schedule = await bookings.agenda.open(RPPS, slot(1), slot(2))
    first, _ = await bookings.slot_ids(schedule.id)
    assert (await bookings.agenda.search(RPPS))["total"] == 2

    booked = await bookings.book(first)
    assert booked == Appointment(
        id=booked.id,
        key=booked.key,
        regulator_id=1,
        schedule_id=schedule.id,
        slot_id=first,
        practitioner_national_id=RPPS,
        practitioner_name="Dr Théo VASSELIN",
        place_name=PLACE.name,
        start=bookings.now + HOUR,
        end=bookings.now + HOUR + 20 * 60_000,
        status=BOOKED,
        created_at=bookings.now,
        changed_at=bookings.now,
    )
    assert (await bookings.agenda.search(RPPS))["total"] == 1
    assert await bookings.service.get(booked.key) == booked

    bookings.agenda.clock.advance(timedelta(minutes=5))
    cancelled = await bookings.service.cancel(booked.key, bookings.now)
    assert cancelled == replace(booked, status=CANCELLED, changed_at=bookings.now)
    assert await bookings.service.get(booked.key) == cancelled
    assert (await bookings.agenda.search(RPPS))["total"] == 2
    again = await bookings.book(first)
    assert (again.slot_id, again.key == booked.key) == (first, False)


async def test_what_is_past_is_not_offered_again(lone_bookings: Bookings) -> None:
    await lone_bookings.agenda.open(RPPS, slot(1), slot(2))
    first, second = await lone_bookings.slot_ids()
    one, two = await lone_bookings.book(first), await lone_bookings.book(second)
    lone_bookings.agenda.clock.advance(timedelta(minutes=90))
    await lone_bookings.service.cancel(one.key, lone_bookings.now)
    await lone_bookings.service.cancel(two.key, lone_bookings.now)
    held = await lone_bookings.agenda.service.slots(1, *FOREVER)
    assert [s.details.status for s in held] == [SlotStatus.BUSY, SlotStatus.FREE]


async def test_only_what_is_offered_is_booked(lone_bookings: Bookings) -> None:
    await lone_bookings.agenda.open(RPPS, slot(1, own_patients_only=True), slot(2, types=[SlotType.CPTS]), slot(73))
    for number in [*await lone_bookings.slot_ids(), 999]:
        with pytest.raises(SlotTakenError):
            await lone_bookings.book(number)
    assert await lone_bookings.service.all(*FOREVER) == []


async def test_an_opposed_practitioner_is_not_booked(lone_bookings: Bookings) -> None:
    schedule = await lone_bookings.agenda.open(RPPS, slot(1))
    async with lone_bookings.agenda.service.editing() as edit:
        await edit.oppose(schedule.practitioner.id)
    with pytest.raises(SlotTakenError):
        await lone_bookings.book((await lone_bookings.slot_ids())[0])


async def test_only_an_active_account_books(lone_bookings: Bookings) -> None:
    await lone_bookings.agenda.open(RPPS, slot(1))
    inactive = await lone_bookings.regulator("3990000058/GONE", active=False)
    (number,) = await lone_bookings.slot_ids()
    for regulator_id in (inactive.id, 999):
        with pytest.raises(NotEntitledError):
            await lone_bookings.book(number, regulator_id)
    assert (await lone_bookings.agenda.search(RPPS))["total"] == 1


async def test_an_invalid_patient_books_nothing(lone_bookings: Bookings) -> None:
    await lone_bookings.agenda.open(RPPS, slot(1))
    (number,) = await lone_bookings.slot_ids()
    with pytest.raises(InvalidPatientError):
        await lone_bookings.service.book(number, 1, replace(PATIENT, phone="?"), lone_bookings.now)
    assert (await lone_bookings.agenda.search(RPPS))["total"] == 1


# --- at the same instant ----------------------------------------------------------------------------------------------


async def _together(*calls: Any) -> list[Any]:
    """Results and refusals; anything else that is raised fails the test."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, AppointmentError):
            raise result
    return results


@pytest.fixture
async def two(bookings: Bookings, start: Starter, database_url: str) -> tuple[Bookings, Bookings]:
    """Two services on one database, as two processes have them."""
    return bookings, Bookings(await start(database_url, clock=bookings.agenda.clock))


async def test_of_many_who_want_one_slot_one_gets_it(two: tuple[Bookings, Bookings]) -> None:
    await two[0].agenda.open(RPPS, slot(1))
    (number,) = await two[0].slot_ids()
    results = await _together(*(two[n % 2].book(number) for n in range(24)))
    winners = [r for r in results if isinstance(r, Appointment)]
    assert len(winners) == 1
    assert {type(r) for r in results} == {Appointment, SlotTakenError}
    assert await two[1].service.all(*FOREVER) == winners
    assert len(await _bodies(two[0])) == 1
    for one in two:
        assert (await one.agenda.search(RPPS))["total"] == 0


async def test_those_who_want_different_slots_all_get_theirs(two: tuple[Bookings, Bookings]) -> None:
    await two[0].agenda.open(RPPS, *(slot(1 + n / 10) for n in range(24)))
    numbers = await two[0].slot_ids()
    results = await _together(*(two[n % 2].book(number) for n, number in enumerate(numbers)))
    assert [r.slot_id for r in results] == numbers


async def test_of_two_who_change_one_appointment_at_once_one_is_first(two: tuple[Bookings, Bookings]) -> None:
    await two[0].agenda.open(RPPS, slot(1))
    booked = await two[0].book((await two[0].slot_ids())[0])
    one, other = two[0].service, two[1].service
    results = await _together(one.cancel(booked.key, two[0].now), other.honour(booked.key, two[0].now))
    assert sorted(isinstance(r, TransitionError) for r in results) == [False, True]
    assert len(await one.history(booked.key)) == 2


async def _consistent(bookings: Bookings) -> None:
    """Each taken slot has one appointment and the reverse; the search shows the others; every change was told."""
    appointments = await bookings.service.all(*FOREVER)
    held = [a.slot_id for a in appointments if a.status is not CANCELLED]
    slots = [s for n in (1, 2) for s in await bookings.agenda.service.slots(n, *FOREVER)]
    taken = [s for s in slots if s.details.status is SlotStatus.BUSY]
    assert sorted(held, key=str) == sorted((s.id for s in taken), key=str)
    by_id = {s.id: s for s in taken}
    assert all(by_id[a.slot_id].details.start == a.start for a in appointments if a.slot_id in by_id)
    shown = resources(await bookings.agenda.search(RPPS, OTHER), "Slot")
    assert {s["id"] for s in shown} == {f"cr-{s.id}" for s in slots} - {f"cr-{s.id}" for s in taken}
    told: dict[str, list[str]] = {}
    for body in await _bodies(bookings):
        told.setdefault(body["identifier"][0]["value"], []).append(body["status"])
    assert told == {a.key: [c.after.value for c in await bookings.service.history(a.key)] for a in appointments}


async def test_two_who_change_places_do_not_wait_for_each_other(two: tuple[Bookings, Bookings]) -> None:
    """Each way, again and again: neither deadlocks, and no slot is lost or given twice."""
    await two[0].agenda.open(RPPS, slot(1), slot(2))
    await two[0].agenda.open(OTHER, slot(1), slot(2))
    left, right = (await two[0].slot_ids(1))[0], (await two[0].slot_ids(2))[0]
    spare_left, spare_right = (await two[0].slot_ids(1))[1], (await two[0].slot_ids(2))[1]
    a, b = await two[0].book(left), await two[0].book(right)
    for _ in range(12):
        await _together(
            two[0].service.move(a.key, right, two[0].now),
            two[1].service.move(b.key, left, two[0].now),
            two[1].service.move(a.key, spare_right, two[0].now),
            two[0].service.move(b.key, spare_left, two[0].now),
        )
        await _consistent(two[0])
        await _together(two[0].service.move(a.key, left, two[0].now), two[1].service.move(b.key, right, two[0].now))
    await _consistent(two[1])


async def test_whatever_is_done_at_once_every_slot_is_one_s_or_free(two: tuple[Bookings, Bookings]) -> None:
    dice = random.Random(1)
    for practitioner in (RPPS, OTHER):
        await two[0].agenda.open(practitioner, *(slot(1 + n) for n in range(4)))
    slots = [n for schedule in (1, 2) for n in await two[0].slot_ids(schedule)]

    def anything(who: Bookings, keys: list[str]) -> Awaitable[Appointment]:
        key, number = dice.choice(keys), dice.choice(slots)
        match dice.randrange(5):
            case 0:
                return who.book(number)
            case 1:
                return who.service.move(key, number, who.now)
            case 2:
                return who.service.cancel(key, who.now)
            case 3:
                return who.service.honour(key, who.now)
            case _:
                return who.service.mark_absent(key, who.now)

    for _ in range(5):
        keys = [a.key for a in await two[0].service.all(*FOREVER)] or ["none"]
        await _together(*(anything(dice.choice(two), keys) for _ in range(16)))
        await _consistent(dice.choice(two))


# --- what becomes of it ----------------------------------------------------------------------------------------------


async def test_a_move_frees_the_old_slot_and_takes_the_new(bookings: Bookings) -> None:
    await bookings.agenda.open(RPPS, slot(1))
    other = await bookings.agenda.open(OTHER, slot(2), family="QUINQUET", given="Ève", prefix="MME")
    (old,), (new,) = await bookings.slot_ids(1), await bookings.slot_ids(other.id)
    booked = await bookings.book(old)
    bookings.agenda.clock.advance(timedelta(minutes=1))
    moved = await bookings.service.move(booked.key, new, bookings.now)
    assert moved == replace(
        booked,
        schedule_id=other.id,
        slot_id=new,
        practitioner_national_id=OTHER,
        practitioner_name="Mme Ève QUINQUET",
        start=booked.start + HOUR,
        end=booked.end + HOUR,
        changed_at=bookings.now,
    )
    assert len(starts(await bookings.agenda.search(RPPS))) == 1
    assert starts(await bookings.agenda.search(OTHER)) == []
    assert await bookings.service.of_schedule(1, *FOREVER) == []
    assert await bookings.service.of_schedule(other.id, *FOREVER) == [moved]


async def test_a_move_that_fails_leaves_everything_as_it_was(bookings: Bookings) -> None:
    await bookings.agenda.open(RPPS, slot(1), slot(2), slot(100))
    one, two, far = await bookings.slot_ids()
    first, second = await bookings.book(one), await bookings.book(two)
    for key, wanted in ((first.key, two), (second.key, one), (first.key, one), (first.key, far), (first.key, 999)):
        with pytest.raises(SlotTakenError):
            await bookings.service.move(key, wanted, bookings.now)
    assert await bookings.service.all(*FOREVER) == [first, second]
    assert len(await _bodies(bookings)) == 2
    assert (await bookings.agenda.search(RPPS))["total"] == 0


async def test_the_life_of_an_appointment_is_recorded_and_told(bookings: Bookings) -> None:
    await bookings.agenda.open(RPPS, slot(1), slot(2))
    one, two = await bookings.slot_ids()
    key = (await bookings.book(one)).key
    service, t = bookings.service, bookings.now
    await service.move(key, two, t + 1)
    await service.honour(key, t + 2)
    await service.mark_absent(key, t + 3)
    await service.honour(key, t + 4)
    for refused in (service.honour(key, t), service.cancel(key, t), service.move(key, one, t)):
        with pytest.raises(TransitionError, match="fulfilled"):
            await refused
    assert await service.history(key) == [
        Change(t, ChangeKind.BOOK, None, BOOKED),
        Change(t + 1, ChangeKind.MOVE, BOOKED, BOOKED),
        Change(t + 2, ChangeKind.HONOUR, BOOKED, FULFILLED),
        Change(t + 3, ChangeKind.MISS, FULFILLED, NO_SHOW),
        Change(t + 4, ChangeKind.HONOUR, NO_SHOW, FULFILLED),
    ]
    bodies = await _bodies(bookings)
    assert [b["status"] for b in bodies] == ["booked", "booked", "fulfilled", "noshow", "fulfilled"]
    assert [b["slot"][0]["reference"] for b in bodies] == [f"Slot/cr-{n}" for n in (one, two, two, two, two)]
    assert {b["created"] for b in bodies} == {bodies[0]["created"]}
    pending = await service.deliveries(DeliveryState.PENDING)
    assert [(d.appointment_key, d.attempts, d.status.value) for d in pending] == [(key, 0, b["status"]) for b in bodies]


async def test_cancelled_is_final(lone_bookings: Bookings) -> None:
    await lone_bookings.agenda.open(RPPS, slot(1), slot(2))
    one, two = await lone_bookings.slot_ids()
    key = (await lone_bookings.book(one)).key
    service, t = lone_bookings.service, lone_bookings.now
    await service.cancel(key, t)
    for refused in (service.cancel(key, t), service.honour(key, t), service.mark_absent(key, t)):
        with pytest.raises(TransitionError, match="cancelled"):
            await refused
    with pytest.raises(TransitionError):
        await service.move(key, two, t)


async def test_the_platform_is_told_the_identifier_the_account_has_at_that_moment(lone_bookings: Bookings) -> None:
    await lone_bookings.agenda.open(RPPS, slot(1))
    uuid = "0D5A3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10"
    regulator = await lone_bookings.regulator(uuid, "INTRN")
    key = (await lone_bookings.book((await lone_bookings.slot_ids())[0], regulator.id)).key
    regulators = lone_bookings.agenda.app.state.services.regulators
    national = replace(regulator.details, identifier=Identifier(IdentifierKind.NATIONAL, "3990000058/NEW"))
    await regulators.put(Token("urn:oid:1.2.250.1.213.3.6", uuid), national, lone_bookings.now)
    await regulators.put(Token("urn:oid:1.2.250.1.71.4.2.1", "3990000058/NEW"), replace(national, active=False), 1)
    await lone_bookings.service.cancel(key, lone_bookings.now)
    operators = [b["extension"][0]["valueReference"]["identifier"] for b in await _bodies(lone_bookings)]
    assert [(o["type"]["coding"][0]["code"], o["value"]) for o in operators] == [
        ("INTRN", uuid),
        ("IDNPS", "3990000058/NEW"),
    ]


# --- reading ---------------------------------------------------------------------------------------------------------


async def test_each_regulator_finds_his_own_the_newest_first(bookings: Bookings) -> None:
    await bookings.agenda.open(RPPS, slot(3), slot(1), slot(2))
    other = await bookings.regulator("3990000058/OTHER")
    late, early, middle = [await bookings.book(n) for n in sorted(await bookings.slot_ids())]
    another = await bookings.agenda.open(OTHER, slot(1))
    theirs = await bookings.book((await bookings.slot_ids(another.id))[0], other.id)
    service = bookings.service
    assert await service.of_regulator(1) == [middle, early, late]
    assert await service.of_regulator(1, limit=1) == [middle]
    assert await service.of_regulator(other.id) == [theirs]
    assert await service.of_schedule(1, *FOREVER) == [early, middle, late]
    assert await service.all(early.start, middle.start) == [early, theirs, middle]
    assert await service.of_schedule(1, middle.start, late.start) == [middle, late]


async def test_what_is_unknown_is_said_to_be(lone_bookings: Bookings) -> None:
    service = lone_bookings.service
    for call in (service.get, service.patient):
        with pytest.raises(UnknownAppointmentError):
            await call("9a4f0d52-58a1-4d53-8f5e-1c0a6b3e7d01")
    for change in (service.cancel, service.honour, service.mark_absent):
        with pytest.raises(UnknownAppointmentError):
            await change("nobody", lone_bookings.now)
    with pytest.raises(UnknownAppointmentError):
        await service.move("nobody", 1, lone_bookings.now)
    with pytest.raises(UnknownDeliveryError):
        await service.send_again(1, lone_bookings.now)
    assert await service.history("nobody") == []


async def test_a_database_that_does_not_answer_is_told(sqlite_url: str, start: Starter) -> None:
    bookings = Bookings(await start(sqlite_url))
    async with bookings.agenda.app.state.services.database.engine.begin() as connection:
        await connection.execute(sa.text("DROP TABLE appointment_messages"))
    with pytest.raises(AgendaUnavailableError):
        await bookings.service.deliveries(DeliveryState.PENDING)


# --- the patient -----------------------------------------------------------------------------------------------------


async def test_the_patient_stays_in_one_table(bookings: Bookings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await bookings.agenda.open(RPPS, slot(1), slot(2))
    one, two = await bookings.slot_ids()
    booked = await bookings.book(one)
    with pytest.raises(SlotTakenError) as refused:
        await bookings.book(one)
    await bookings.service.move(booked.key, two, bookings.now)
    await bookings.service.cancel(booked.key, bookings.now)
    kept = await bookings.service.patient(booked.key)
    assert kept == replace(PATIENT, phone="+33199004711")

    said = [str(refused.value), repr(refused.value), repr(PATIENT), caplog.text]
    database: Database = bookings.agenda.app.state.services.database
    async with database.reading() as connection:
        names = await connection.run_sync(lambda c: sa.inspect(c).get_table_names())
        assert "patients" in names
        for name in set(names) - {"patients"}:
            rows = await connection.execute(sa.text(f'SELECT * FROM "{name}"'))
            said += [str(tuple(row)) for row in rows]
    everything = " ".join(said).lower()
    assert booked.key in everything
    assert [secret for secret in SECRETS if secret in everything] == []


async def test_an_error_of_the_database_does_not_name_the_patient(
    bookings: Bookings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await bookings.agenda.open(RPPS, slot(1))
    (number,) = await bookings.slot_ids()

    async def broken(self: AppointmentRepository, _id: int, _change: Change) -> None:
        await self._connection.execute(sa.text("SELECT no_such_column FROM patients"))

    monkeypatch.setattr(AppointmentRepository, "record", broken)
    with pytest.raises(Exception, match=r"no_such_column|unavailable") as failed:
        await bookings.book(number)
    seen: BaseException | None = failed.value
    said = caplog.text
    while seen is not None:
        said += str(seen) + repr(seen)
        seen = seen.__cause__ or seen.__context__
    assert [secret for secret in SECRETS if secret in said.lower()] == []
    assert (await bookings.agenda.search(RPPS))["total"] == 1


# --- data sets -------------------------------------------------------------------------------------------------------


async def _refresh(agenda: Agenda, dataset: Any = SMALL, *, replace_all: bool = False) -> bool:
    return await ProvisioningService(agenda.service).refresh(dataset, agenda.clock.now(), replace_all=replace_all)


async def _first(bookings: Bookings, national_id: str = "810123400017") -> tuple[int, int]:
    """The number and start of a practitioner's first slot that may be booked."""
    for schedule in await bookings.agenda.service.schedules(national_id):
        for offered in await bookings.agenda.service.slots(schedule.id, bookings.now, FOREVER[1]):
            if rules.is_offered(offered, schedule, bookings.now, 72 * HOUR):
                return offered.id, offered.details.start
    raise AssertionError


@pytest.mark.parametrize("others", [False, True])
async def test_a_data_set_put_in_afresh_keeps_appointments_and_their_time(bookings: Bookings, others: bool) -> None:
    if others:
        await bookings.agenda.open("810199999999", slot(1))  # else the tables are emptied as a whole
    await _refresh(bookings.agenda)
    number, _ = await _first(bookings)
    booked = await bookings.book(number)
    given_up = await bookings.book((await _first(bookings))[0])
    given_up = await bookings.service.cancel(given_up.key, bookings.now)
    told = len(await _bodies(bookings))
    shown = (await bookings.agenda.search("810123400017"))["total"]

    assert await _refresh(bookings.agenda, replace_all=True)
    kept = await bookings.service.get(booked.key)
    assert kept.slot_id not in {None, number}
    assert kept == replace(booked, slot_id=kept.slot_id, schedule_id=kept.schedule_id)
    assert await bookings.service.get(given_up.key) == replace(given_up, slot_id=None)
    assert (await bookings.agenda.search("810123400017"))["total"] == shown
    with pytest.raises(SlotTakenError):
        await bookings.book(kept.slot_id or 0)
    assert len(await _bodies(bookings)) == told
    assert await bookings.service.patient(booked.key) == replace(PATIENT, phone="+33199004711")

    await bookings.service.cancel(booked.key, bookings.now)
    assert (await bookings.agenda.search("810123400017"))["total"] == shown + 1


async def test_an_appointment_outlives_its_slot_and_finds_it_again(bookings: Bookings) -> None:
    await _refresh(bookings.agenda)
    number, start = await _first(bookings)
    booked = await bookings.book(number)
    assert await _refresh(bookings.agenda, replace(SMALL, practitioners=SMALL.practitioners[1:]))
    assert await bookings.service.get(booked.key) == replace(booked, slot_id=None)
    assert await _refresh(bookings.agenda)
    found = await bookings.service.get(booked.key)
    assert found.slot_id is not None
    again = {s.id: s for s in await bookings.agenda.service.slots(found.schedule_id, start, start)}
    assert again[found.slot_id].details.status is SlotStatus.BUSY

    assert await _refresh(bookings.agenda, replace(SMALL, practitioners=SMALL.practitioners[1:]))
    bookings.agenda.clock.advance(timedelta(minutes=1))
    moved = await bookings.service.move(booked.key, (await _first(bookings, "810123400025"))[0], bookings.now)
    cancelled = await bookings.service.cancel(moved.key, bookings.now)
    assert cancelled.status is CANCELLED


async def test_other_people_of_a_data_set_do_not_touch_the_agendas(lone_bookings: Bookings) -> None:
    await _refresh(lone_bookings.agenda)
    booked = await lone_bookings.book((await _first(lone_bookings))[0])
    assert not await _refresh(lone_bookings.agenda, replace(SMALL, regulators=(), staff=(), test_data={}))
    lone_bookings.agenda.clock.advance(timedelta(days=1))
    assert await _refresh(lone_bookings.agenda, replace(SMALL, regulators=()))
    assert await lone_bookings.service.get(booked.key) == booked


async def test_a_data_set_is_put_in_afresh_while_others_book(
    two: tuple[Bookings, Bookings],
) -> None:
    await _refresh(two[0].agenda)
    for _ in range(3):
        (schedule, *_) = await two[0].agenda.service.schedules("810123400017")
        slots = await two[0].agenda.service.slots(schedule.id, two[0].now, two[0].now + 40 * HOUR)
        keys = [a.key for a in await two[0].service.all(*FOREVER) if a.status is BOOKED]
        await _together(
            *(two[n % 2].book(s.id) for n, s in enumerate(slots[:8])),
            _refresh(two[0].agenda, replace_all=True),
            *(two[1].service.cancel(key, two[1].now) for key in keys),
        )
        held = [a for a in await two[0].service.all(*FOREVER) if a.status is BOOKED]
        assert len({(a.practitioner_national_id, a.place_name, a.start) for a in held}) == len(held)
        for a in held:
            assert a.slot_id is not None
            there = await two[1].agenda.service.slots(a.schedule_id, a.start, a.start)
            assert {s.id: s.details.status for s in there}[a.slot_id] is SlotStatus.BUSY


async def test_rendering_again_does_not_offer_what_is_booked_meanwhile(two: tuple[Bookings, Bookings]) -> None:
    await two[0].agenda.open(RPPS, *(slot(1 + n / 10) for n in range(20)))
    numbers = await two[0].slot_ids()

    async def render() -> None:
        async with two[1].agenda.service.editing() as edit:
            await edit.render_everything(0)

    await _together(render(), *(two[0].book(n) for n in numbers[::2]), render())
    assert {s["id"] for s in resources(await two[0].agenda.search(RPPS), "Slot")} == {f"cr-{n}" for n in numbers[1::2]}

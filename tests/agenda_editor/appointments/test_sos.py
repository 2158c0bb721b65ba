"""A SOS Médecins appointment: asked for, answered by the association, and told to the platform each time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from agenda_editor.agendas.model import AppointmentType, SlotStatus, SlotType
from agenda_editor.appointments import fhir
from agenda_editor.appointments.model import (
    Appointment,
    AppointmentStatus,
    ChangeKind,
    InvalidPractitionerError,
    SlotTakenError,
    TransitionError,
)
from agenda_editor.provisioning.service import ProvisioningService
from agenda_editor.regulators.model import Identifier, IdentifierKind
from sas_fhir.instants import milliseconds
from sas_kernel import datasets
from tests.agenda_editor.appointments.conftest import (
    CARD,
    HOUR,
    SECRETS,
    SYSTEM,
    Bookings,
    Receiver,
    Sender,
    settled,
)
from tests.agenda_editor.conftest import NOW, SIRET, Agenda, opened, resources, slot

RPPS = "810123400017"
TYPES = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"
START = milliseconds(NOW) + 25 * HOUR
ASKED = Appointment(
    id=7,
    key="9a4f0d52-58a1-4d53-8f5e-1c0a6b3e7d02",
    regulator_id=3,
    schedule_id=5,
    slot_id=9,
    practitioner_national_id="",
    practitioner_name="SOS Médecins Villefictive",
    place_name="Point de consultation Nord",
    start=START,
    end=START + 900_000,
    status=AppointmentStatus.PENDING,
    created_at=milliseconds(NOW),
    changed_at=milliseconds(NOW),
    association_national_id="3" + SIRET,
)


def _sent(appointment: Appointment) -> dict[str, Any]:
    operator = Identifier(IdentifierKind.NATIONAL, CARD)
    resource: dict[str, Any] = json.loads(fhir.appointment(appointment, operator, SYSTEM))
    return resource


ADM = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "ADM"}]}]


def test_the_whole_resource_while_nobody_has_answered() -> None:
    """Profile B.18, example J.8."""
    assert _sent(ASKED) == {
        "resourceType": "Appointment",
        "meta": {"profile": ["https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-sos-appointment"]},
        "extension": [
            {
                "url": "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator",
                "valueReference": {
                    "identifier": {
                        "type": {"coding": [{"system": TYPES, "code": "IDNPS"}]},
                        "system": "urn:oid:1.2.250.1.71.4.2.1",
                        "value": CARD,
                    }
                },
            }
        ],
        "identifier": [{"system": SYSTEM, "value": ASKED.key}],
        "status": "pending",
        "start": "2031-03-11T09:00:00.000+01:00",
        "end": "2031-03-11T09:15:00.000+01:00",
        "slot": [{"reference": "Slot/cr-9"}],
        "created": "2031-03-10T08:00:00.000+01:00",
        "participant": [{"type": ADM, "status": "needs-action"}],
    }


@pytest.mark.parametrize("status", [s for s in AppointmentStatus if s is not AppointmentStatus.PENDING])
def test_afterwards_nobody_needs_to_act_and_the_doctor_is_told_when_known(status: AppointmentStatus) -> None:
    assert _sent(replace(ASKED, status=status))["participant"] == [{"type": ADM, "status": "accepted"}]
    known = _sent(replace(ASKED, status=status, practitioner_national_id=RPPS))
    identifier = {
        "type": {"coding": [{"system": TYPES, "code": "IDNPS"}]},
        "system": "urn:oid:1.2.250.1.71.4.2.1",
        "value": RPPS,
    }
    assert known["participant"] == [{"type": ADM, "actor": {"identifier": identifier}, "status": "accepted"}]
    assert len(known["extension"]) == 1


# --- its life ---------------------------------------------------------------------------------------------------------


async def _free(agenda: Agenda) -> list[str]:
    bounds = "_has:Slot:schedule:start=ge2031&_has:Slot:schedule:start=le2032&_has:Slot:schedule:status=free"
    answer = await agenda.get(
        f"/fhir/Schedule?{bounds}&actor:Location.organization.identifier=urn:oid:1.2.250.1.71.4.2.2|3{SIRET}"
    )
    return [s["id"] for s in resources(json.loads(answer.body), "Slot")]


async def test_asked_for_then_accepted(bookings: Bookings) -> None:
    (site,) = await opened(bookings.agenda, [slot(1), slot(2)])
    asked = await bookings.book(1)
    assert asked.status is AppointmentStatus.PENDING
    assert (asked.association_national_id, asked.practitioner_national_id) == ("3" + SIRET, "")
    assert (asked.practitioner_name, asked.place_name) == ("SOS Médecins Villefictive", "Point de consultation Nord")
    assert (asked.schedule_id, asked.slot_id) == (site.id, 1)
    assert await _free(bookings.agenda) == ["cr-2"]
    assert await bookings.service.get(asked.key) == asked
    bookings.agenda.clock.advance(timedelta(minutes=5))
    accepted = await bookings.service.accept(asked.key, bookings.now, " 10123400017 ")
    assert accepted.status is AppointmentStatus.BOOKED
    assert accepted.practitioner_national_id == RPPS
    assert await bookings.service.get(asked.key) == accepted
    assert await _free(bookings.agenda) == ["cr-2"]
    kinds = [change.kind for change in await bookings.service.history(asked.key)]
    assert kinds == [ChangeKind.BOOK, ChangeKind.ACCEPT]
    assert (await bookings.service.honour(asked.key, bookings.now)).practitioner_national_id == RPPS


@pytest.mark.parametrize("way", ["refuse", "cancel"])
async def test_refused_or_withdrawn_the_slot_is_offered_again(bookings: Bookings, way: str) -> None:
    await opened(bookings.agenda, [slot(1)])
    asked = await bookings.book(1)
    ended = await getattr(bookings.service, way)(asked.key, bookings.now)
    assert ended.status is AppointmentStatus.CANCELLED
    assert await _free(bookings.agenda) == ["cr-1"]
    for change in (bookings.service.accept, bookings.service.refuse, bookings.service.cancel):
        with pytest.raises(TransitionError):
            await change(asked.key, bookings.now)
    assert (await bookings.book(1)).status is AppointmentStatus.PENDING


async def test_an_answer_is_given_once_and_to_what_was_asked_only(bookings: Bookings) -> None:
    await opened(bookings.agenda, [slot(1)])
    await bookings.agenda.open(RPPS, slot(1))
    asked = await bookings.book(1)
    with pytest.raises(InvalidPractitionerError):
        await bookings.service.accept(asked.key, bookings.now, "Dr Vasselin")
    outcomes = await asyncio.gather(
        *(bookings.service.accept(asked.key, bookings.now) for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Appointment", *["TransitionError"] * 2]
    with pytest.raises(TransitionError):
        await bookings.service.refuse(asked.key, bookings.now)
    booked = await bookings.book(2)
    with pytest.raises(TransitionError):
        await bookings.service.accept(booked.key, bookings.now)


async def test_one_slot_is_asked_for_once(bookings: Bookings) -> None:
    await opened(bookings.agenda, [slot(1)])
    outcomes = await asyncio.gather(*(bookings.book(1) for _ in range(4)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Appointment", *["SlotTakenError"] * 3]


async def test_what_is_not_offered_is_not_asked_for(lone_bookings: Bookings) -> None:
    offered = [
        slot(-1),
        slot(73),
        slot(1, status=SlotStatus.BUSY),
        slot(1, types=[]),
        slot(1, types=[SlotType.SNP], appointment_type=AppointmentType.WALKIN),
    ]
    await opened(lone_bookings.agenda, offered)
    for number in range(1, len(offered) + 2):
        with pytest.raises(SlotTakenError):
            await lone_bookings.book(number)


async def test_nothing_is_moved_from_an_association_to_a_practitioner_or_back(bookings: Bookings) -> None:
    await opened(bookings.agenda, [slot(1), slot(2)])
    schedule = await bookings.agenda.open(RPPS, slot(1), slot(2))
    mine, theirs = await bookings.slot_ids(schedule.id), [1, 2]
    booked, asked = await bookings.book(mine[0]), await bookings.book(theirs[0])
    accepted = await bookings.service.accept(asked.key, bookings.now)
    for appointment, target in ((booked, theirs[1]), (accepted, mine[1])):
        with pytest.raises(SlotTakenError):
            await bookings.service.move(appointment.key, target, bookings.now)
    assert await _free(bookings.agenda) == ["cr-2"]
    assert (await bookings.agenda.search(RPPS))["total"] == 1


async def test_moved_within_an_association_it_waits_for_its_answer_again(bookings: Bookings) -> None:
    await opened(bookings.agenda, [slot(1)], [slot(2)])
    asked = await bookings.book(1)
    with pytest.raises(TransitionError):
        await bookings.service.move(asked.key, 2, bookings.now)
    await bookings.service.accept(asked.key, bookings.now, "10123400017")
    moved = await bookings.service.move(asked.key, 2, bookings.now)
    assert (moved.status, moved.slot_id, moved.practitioner_national_id) == (AppointmentStatus.PENDING, 2, "")
    assert moved.association_national_id == asked.association_national_id
    assert await _free(bookings.agenda) == ["cr-1"]
    sent = _sent(moved)
    assert (sent["status"], sent["participant"][0]["status"]) == ("pending", "needs-action")
    assert "actor" not in sent["participant"][0]
    again = await bookings.service.accept(asked.key, bookings.now)
    assert again.status is AppointmentStatus.BOOKED


async def test_nothing_is_moved_from_one_association_to_another(bookings: Bookings) -> None:
    await opened(bookings.agenda, [slot(1)])
    await opened(bookings.agenda, [slot(2)], siret="99000000000314")
    accepted = await bookings.service.accept((await bookings.book(1)).key, bookings.now)
    with pytest.raises(SlotTakenError):
        await bookings.service.move(accepted.key, 2, bookings.now)
    assert await _free(bookings.agenda) == []


async def test_an_appointment_survives_a_data_set_put_in_afresh(bookings: Bookings) -> None:
    demo = datasets.load("demo")
    small = replace(demo, practitioners=demo.practitioners[:1])
    provisioning = ProvisioningService(bookings.agenda.service)
    await provisioning.refresh(small, bookings.agenda.clock.now())
    site = (await bookings.agenda.app.state.services.associations.directory())[0]
    (page, *_) = await bookings.agenda.app.state.services.associations.pages_of(
        site.id, bookings.now + HOUR, bookings.now + 3 * HOUR
    )
    chosen = next(
        s
        for s in page.slots
        if s.details.status is SlotStatus.FREE and s.details.appointment_type is AppointmentType.ROUTINE
    )
    asked = await bookings.book(chosen.id)
    await provisioning.refresh(small, bookings.agenda.clock.now(), replace_all=True)
    kept = await bookings.service.get(asked.key)
    assert kept.slot_id not in {None, asked.slot_id}
    assert (kept.start, kept.status) == (asked.start, AppointmentStatus.PENDING)
    assert kept.slot_id is not None
    held, again = await bookings.agenda.app.state.services.associations.opening(kept.slot_id)
    assert (held.details.status, again.details.name) == (SlotStatus.BUSY, site.details.name)
    assert kept.schedule_id == again.id


async def test_the_platform_is_told_of_each_step_and_never_of_the_patient(
    sending: Sender, receiver: Receiver, database_url: str
) -> None:
    bookings = await sending(database_url)
    await bookings.regulator()
    await opened(bookings.agenda, [slot(1), slot(2)])
    taken, refused = await bookings.book(1), await bookings.book(2)
    await settled(bookings.service)
    await bookings.service.accept(taken.key, bookings.now, RPPS)
    await bookings.service.refuse(refused.key, bookings.now)
    await settled(bookings.service)
    assert receiver.statuses(taken.key) == ["pending", "booked"]
    assert receiver.statuses(refused.key) == ["pending", "cancelled"]
    told = [state["participant"][0] for state in receiver.states[taken.key]]
    assert [p["status"] for p in told] == ["needs-action", "accepted"]
    assert "actor" not in told[0]
    assert told[1]["actor"]["identifier"]["value"] == RPPS
    methods = [got.method for got in receiver.requests if got.key == taken.key]
    assert methods == ["POST", "PUT"]
    for got in receiver.requests:
        text = got.body.decode().casefold()
        assert not any(secret in text for secret in SECRETS)

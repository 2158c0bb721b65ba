"""What happens to appointments: booked, moved, cancelled, honoured, missed; and by whom they were booked."""

from __future__ import annotations

from dataclasses import replace

from recette.catalogue.appointments.opening import visiting
from recette.catalogue.appointments.visit import EVERY_SCENARIO, Visit
from recette.catalogue.regulators.conversation import national_id
from recette.catalogue.tags import Tag
from recette.checks.answer import instant
from recette.checks.appointment import ChangeKind, Courses, Mail, Offered, Step
from recette.checks.appointment_content import CONTENT
from recette.checks.appointment_delivery import ANNOUNCED, DELAY, DISTINCT, ONCE, ONE_SYSTEM, STABLE
from recette.checks.appointment_form import CREATION, FORM, UPDATE
from recette.checks.appointment_people import (
    CURRENT_OPERATOR,
    OPERATOR,
    OPERATOR_ACCOUNT,
    OPERATOR_FIRST,
    OPERATOR_PAIR,
    PEOPLE,
)
from recette.checks.appointment_privacy import PRIVACY
from recette.checks.appointment_slots import GIVEN_BACK, TAKEN, After
from recette.checks.message_conformance import APPOINTMENT
from recette.checks.response_time import Timed
from recette.model import Check, Scenario
from sas_kernel.flows import Flow
from sas_kernel.text import Text

NEEDS = ("practitioner_one_place",)
BOOKED = ANNOUNCED[ChangeKind.BOOKING]
_OF_A_MESSAGE: tuple[Check, ...] = (*CONTENT, *PEOPLE, *PRIVACY, APPOINTMENT)

_LIFE: tuple[Check, ...] = (
    *(BOOKED, ANNOUNCED[ChangeKind.MOVE], ANNOUNCED[ChangeKind.CANCELLATION]),
    *(CREATION, UPDATE, ONCE, DELAY, STABLE, TAKEN, GIVEN_BACK),
    *FORM,
    *_OF_A_MESSAGE,
    *EVERY_SCENARIO,
)


async def _life(talk: Visit) -> None:
    appointment = await talk.book(talk.national)
    booking = talk.course(appointment).steps[0]
    talk.judge((CREATION,), booking)
    _delay(talk, booking)
    talk.judge_told(_OF_A_MESSAGE, talk.told(appointment, booking))
    await _judge_slots(talk, TAKEN, appointment.slot)
    left = appointment.slot
    moving = await talk.move(appointment)
    talk.judge_told(_OF_A_MESSAGE, talk.told(appointment, moving))
    if appointment.slot != left:  # a person may not have moved it
        await _judge_slots(talk, TAKEN, appointment.slot)
        await _judge_slots(talk, GIVEN_BACK, left)
    cancelling = await talk.cancel(appointment)
    talk.judge_told(_OF_A_MESSAGE, talk.told(appointment, cancelling))
    if cancelling.done.sure or cancelling.messages:
        await _judge_slots(talk, GIVEN_BACK, appointment.slot)
    await talk.watch("appointments.quiet")
    course = talk.course(appointment)
    for step in course.steps[1:]:
        talk.judge((UPDATE,), step)
    talk.judge((ONCE, STABLE), course)
    talk.judge(FORM, Mail(talk.messages()))


async def _judge_slots(talk: Visit, check: Check, slot: Offered | None) -> None:
    if slot is not None:
        talk.judge((check,), After(await talk.search(), slot))


def _delay(talk: Visit, booking: Step) -> None:
    """From the booking (as we saw it confirmed, else as the message tells it) to the message."""
    first = booking.messages[0]
    at = booking.done.at or instant(first.root["created"])
    samples = () if at is None else (max((first.at - at).total_seconds(), 0.0),)
    title = Text("Délai entre la réservation et son message", "Time from the booking to its message")
    level = talk.stage.levels["appointments.push_delay"]
    talk.judge((DELAY,), Timed(talk.stage.measure("appointments.push_delay", title, level, samples), first.exchanges))


LIFE = Scenario(
    "appointments.life",
    Flow.APPOINTMENTS,
    Text("Un rendez-vous pris, déplacé, puis annulé", "An appointment booked, moved, then cancelled"),
    _LIFE,
    visiting(_LIFE, _life),
    needs=NEEDS,
    tags=(Tag.SMOKE, Tag.CONTENT, Tag.LIFECYCLE),
)

_ATTENDANCE: tuple[Check, ...] = (
    *(BOOKED, ANNOUNCED[ChangeKind.HONOURED], ANNOUNCED[ChangeKind.ABSENCE]),
    *(UPDATE, ONCE, STABLE, DISTINCT, ONE_SYSTEM),
    *FORM,
    *_OF_A_MESSAGE,
    *EVERY_SCENARIO,
)


async def _attendance(talk: Visit) -> None:
    came = await talk.book(talk.national)
    honouring = await talk.honour(came)
    talk.judge_told(_OF_A_MESSAGE, talk.told(came, honouring))
    missed = await talk.book(talk.national)
    missing = await talk.mark_absent(missed)
    talk.judge_told(_OF_A_MESSAGE, talk.told(missed, missing))
    await talk.watch("appointments.quiet")
    for course in (talk.course(came), talk.course(missed)):
        talk.judge((UPDATE,), course.steps[-1])
        talk.judge((ONCE, STABLE), course)
    talk.judge((DISTINCT, ONE_SYSTEM), Courses((talk.course(came), talk.course(missed))))
    talk.judge(FORM, Mail(talk.messages()))


ATTENDANCE = Scenario(
    "appointments.attendance",
    Flow.APPOINTMENTS,
    Text("Un patient vient, un autre ne vient pas", "A patient comes, another does not"),
    _ATTENDANCE,
    visiting(_ATTENDANCE, _attendance),
    needs=NEEDS,
    tags=(Tag.CONTENT, Tag.LIFECYCLE),
)

_OF_THE_OPERATOR: tuple[Check, ...] = (OPERATOR, OPERATOR_PAIR, OPERATOR_ACCOUNT, OPERATOR_FIRST)
_TECHNICAL: tuple[Check, ...] = (BOOKED, *_OF_THE_OPERATOR, *EVERY_SCENARIO)


async def _technical(talk: Visit) -> None:
    appointment = await talk.book(talk.technical)
    talk.judge_told(_OF_THE_OPERATOR, talk.told(appointment, talk.course(appointment).steps[0]))


TECHNICAL_ID = Scenario(
    "appointments.technical_id",
    Flow.APPOINTMENTS,
    Text("Un régulateur connu par un identifiant technique réserve", "A regulator known by a technical id books"),
    _TECHNICAL,
    visiting(_TECHNICAL, _technical),
    needs=NEEDS,
    tags=(Tag.CONTENT,),
)

_CHANGED: tuple[Check, ...] = (BOOKED, ANNOUNCED[ChangeKind.CANCELLATION], CURRENT_OPERATOR, *EVERY_SCENARIO)


async def _changed(talk: Visit) -> None:
    person = talk.national
    appointment = await talk.book(person)
    changed = replace(person.account, value=national_id())
    await talk.provision(changed, person.account)
    try:
        cancelling = await talk.cancel(appointment)
    finally:
        await talk.provision(person.account, changed)
    told = talk.told(appointment, cancelling)
    talk.judge_told((CURRENT_OPERATOR,), None if told is None else replace(told, regulator=changed))


CHANGED_IDENTIFIER = Scenario(
    "appointments.changed_identifier",
    Flow.APPOINTMENTS,
    Text(
        "L’identifiant du régulateur change entre la réservation et l’annulation",
        "The regulator's identifier changes between booking and cancellation",
    ),
    _CHANGED,
    visiting(_CHANGED, _changed),
    needs=NEEDS,
    tags=(Tag.CONTENT,),
)

SCENARIOS: tuple[Scenario, ...] = (LIFE, ATTENDANCE, TECHNICAL_ID, CHANGED_IDENTIFIER)

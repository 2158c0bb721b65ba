"""Changes: the condition in each spelling, the five states, what is unknown, what is cancelled."""

from __future__ import annotations

from datetime import datetime, timedelta

from recette.catalogue.platform.appointments.conversation import EVERY_SCENARIO, conversation
from recette.catalogue.platform.appointments.creation import as_sos
from recette.catalogue.tags import Tag
from recette.checks.platform_appointment_refusals import OUTCOME, refused
from recette.checks.platform_appointments import (
    LOCATION_ABSOLUTE,
    Case,
    Pair,
    accepted,
    located,
    same,
    success_status,
)
from recette.model import Actor, Scenario, Stage
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_SAME = same(
    "reception.update_same",
    "APPT-105",
    Text("Un changement concerne le rendez-vous déjà annoncé", "A change is about the appointment told of"),
    Text(
        "Le changement d’un rendez-vous est refusé, ou en fait un autre.",
        "The change of an appointment is refused, or makes another one.",
    ),
)
_STATUS = success_status(
    "reception.update_status",
    "APPT-106",
    Text("Un changement accepté a le statut 200", "A change that is accepted has status 200"),
    Text("Un changement accepté a le statut 200.", "A change that is accepted has status 200."),
    200,
)
_LOCATION = located(
    "reception.update_location",
    "APPT-107",
    Text("Un changement dit dans Location où est le rendez-vous", "A change says in Location where it is"),
)
_REPEATED = same(
    "reception.update_repeated",
    "APPT-111",
    Text("Le même changement deux fois ne change plus rien", "The same change twice changes nothing more"),
    Text(
        "Le même changement envoyé une seconde fois est refusé, ou fait un autre rendez-vous.",
        "The same change sent a second time is refused, or makes another appointment.",
    ),
)
_CAPITAL = same(
    "reception.update_capital",
    "APPT-113",
    Text("Identifier, avec une majuscule, est compris", "Identifier, with a capital, is understood"),
    Text(
        "Un changement par ?Identifier= est refusé, ou fait un autre rendez-vous.",
        "A change by ?Identifier= is refused, or makes another appointment.",
    ),
)
_BAR = same(
    "reception.update_bar",
    "APPT-114",
    Text("La barre nue et %7C disent la même chose", "The bare bar and %7C say the same"),
    Text(
        "Un changement dont la barre n’est pas encodée est refusé, ou fait un autre rendez-vous.",
        "A change whose bar is not encoded is refused, or makes another appointment.",
    ),
)
_BARE = refused(
    "reception.update_bare",
    "APPT-115",
    Text("PUT sans condition est refusé", "PUT without a condition is refused"),
    Text("PUT /Appointment sans identifier est accepté.", "PUT /Appointment without identifier is accepted."),
)
_ANOTHER = refused(
    "reception.update_another",
    "APPT-148",
    Text("Un corps d’un autre rendez-vous que la condition est refusé", "A body of another appointment is refused"),
    Text(
        "Le changement d’un rendez-vous par le corps d’un autre est accepté.",
        "The change of one appointment by the body of another is accepted.",
    ),
)
_UPDATE_CHECKS = (
    *(_SAME, _STATUS, _LOCATION, LOCATION_ABSOLUTE, _REPEATED, _CAPITAL, _BAR, _BARE, _ANOTHER, OUTCOME),
    *EVERY_SCENARIO,
)


async def _update(stage: Stage) -> None:
    async with conversation(stage, _UPDATE_CHECKS) as talk:
        if talk is None:
            return
        booking = talk.booking()
        first = await talk.create(booking)
        for name in ("start", "end"):
            later = datetime.fromisoformat(getattr(booking, name)) + timedelta(minutes=30)
            setattr(booking, name, later.isoformat())
        moved = await talk.update(booking)
        talk.judge((_STATUS, _LOCATION, LOCATION_ABSOLUTE), Case(moved, (first,)))
        talk.judge((_SAME,), Pair(first, moved))
        talk.judge((_REPEATED,), Pair(moved, await talk.update(booking)))
        talk.judge((_CAPITAL,), Pair(moved, await talk.update(booking, name="Identifier")))
        talk.judge((_BAR,), Pair(moved, await talk.update(booking, bar="|")))
        talk.judge((_BARE, OUTCOME), Case(await talk.update_without_condition(booking), (moved,)))
        other = talk.booking()
        second = await talk.create(other)

        def foreign(document: dict[str, object]) -> None:
            document["identifier"] = other.resource()["identifier"]

        talk.judge((_ANOTHER, OUTCOME), Case(await talk.update(booking, foreign), (moved, second)))


UPDATE = Scenario(
    "appointments.platform.update",
    Flow.APPOINTMENTS,
    Text("Le changement d’un rendez-vous, dans chaque écriture", "The change of an appointment, in each spelling"),
    _UPDATE_CHECKS,
    _update,
    actor=Actor.PLATFORM,
    tags=(Tag.CONTENT, Tag.LIFECYCLE),
)

# --- the unknown -----------------------------------------------------------------------------------------------------

_UNKNOWN = accepted(
    "reception.unknown_accepted",
    "APPT-108",
    Text("Le changement d’un inconnu le crée", "The change of an unknown one creates it"),
    Text(
        "Le changement d’un rendez-vous inconnu n’est pas accepté comme une création.",
        "The change of an unknown appointment is not accepted as a creation.",
    ),
)
_UNKNOWN_STATUS = success_status(
    "reception.unknown_status",
    "APPT-109",
    Text("Cette création a le statut 201", "That creation has status 201"),
    Text("Un changement qui crée a le statut 201.", "A change that creates has status 201."),
    201,
)
_UNKNOWN_KEPT = same(
    "reception.unknown_kept",
    "APPT-111",
    Text("Un changement qui suit trouve le rendez-vous créé", "A change that follows finds the one created"),
    Text(
        "Après la création par changement, le même rendez-vous est refusé ou fait deux fois.",
        "After the creation by change, the same appointment is refused or made twice.",
    ),
)
_UNKNOWN_CHECKS = (_UNKNOWN, _UNKNOWN_STATUS, _UNKNOWN_KEPT, *EVERY_SCENARIO)


async def _unknown(stage: Stage) -> None:
    async with conversation(stage, _UNKNOWN_CHECKS) as talk:
        if talk is None:
            return
        booking = talk.booking()
        made = await talk.update(booking)
        talk.judge((_UNKNOWN, _UNKNOWN_STATUS), Case(made))
        talk.judge((_UNKNOWN_KEPT,), Pair(made, await talk.update(booking)))


UNKNOWN = Scenario(
    "appointments.platform.unknown",
    Flow.APPOINTMENTS,
    Text("Le changement d’un rendez-vous jamais annoncé", "The change of an appointment never told of"),
    _UNKNOWN_CHECKS,
    _unknown,
    actor=Actor.PLATFORM,
    tags=(Tag.REFUSALS,),
)

# --- states ----------------------------------------------------------------------------------------------------------

_STATES = accepted(
    "reception.states_accepted",
    "APPT-116",
    Text("Les cinq statuts sont acceptés", "The five statuses are accepted"),
    Text("Un des cinq statuts n’est pas accepté.", "One of the five statuses is not accepted."),
)
_CORRECTION = accepted(
    "reception.states_correction",
    "APPT-119",
    Text("Une correction après l’annulation est acceptée", "A correction after the cancellation is accepted"),
    Text(
        "Un rendez-vous annulé par erreur ne peut être rétabli.",
        "An appointment that was cancelled by mistake cannot be restored.",
    ),
)
_STATE_CHECKS = (_STATES, _CORRECTION, *EVERY_SCENARIO)


async def _states(stage: Stage) -> None:
    async with conversation(stage, _STATE_CHECKS) as talk:
        if talk is None:
            return
        pending = talk.booking()
        pending.status = "pending"
        first = await talk.create(pending, as_sos)
        talk.judge((_STATES,), Case(first))
        booking = talk.booking()
        made = await talk.create(booking)
        for status in ("fulfilled", "noshow", "cancelled"):
            booking.status = status
            talk.judge((_STATES,), Case(await talk.update(booking), (made,)))
        booking.status = "booked"
        restored = await talk.update(booking)
        talk.judge((_CORRECTION,), Case(restored, (made,)))


STATES = Scenario(
    "appointments.platform.states",
    Flow.APPOINTMENTS,
    Text(
        "La vie d’un rendez-vous : cinq statuts et une correction", "An appointment's life: five states, a correction"
    ),
    _STATE_CHECKS,
    _states,
    actor=Actor.PLATFORM,
    tags=(Tag.CONTENT, Tag.LIFECYCLE),
)

SCENARIOS: tuple[Scenario, ...] = (UPDATE, UNKNOWN, STATES)

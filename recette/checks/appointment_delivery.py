"""Checks of when messages come: each change once, in order, under one identifier, and soon.

A change nobody saw done proves nothing by its silence: an operator who did nothing cannot be told from an editor who
never sends. Such a step examines nothing, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from recette.checks.appointment import ChangeKind, Course, Courses, Message, Step
from recette.checks.judging import shown, tally
from recette.checks.response_time import Timed
from recette.model import Check, Judgement, Problem, Verdict
from sas_kernel.text import Text

_NO_MESSAGE = Text("Aucun message n’est arrivé.", "No message arrived.")
_NOT_SURE = Text(
    "Rien n’est arrivé, et rien ne montre non plus que l’opération demandée a été faite.",
    "Nothing arrived, and nothing shows either that what was asked for was done.",
)

# --- each change is told ---------------------------------------------------------------------------------------------


def announced(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that a message came for what was done (evidence: `Step`)."""

    def judge(step: Step) -> Judgement:
        if step.messages:
            return Judgement(1)
        if not step.done.sure:
            return Judgement(0, reason=_NOT_SURE)
        return Judgement(1, (Problem(message, path="http", expected="1..*", actual="0"),))

    return Check(id, requirement, title, judge)


ANNOUNCED: dict[ChangeKind, Check] = {
    ChangeKind.BOOKING: announced(
        "booking.announced",
        "APPT-001",
        Text("Une réservation est transmise", "A booking is sent"),
        Text(
            "Un régulateur a réservé : la plateforme n’a reçu aucun message.",
            "A regulator has booked: the platform received no message.",
        ),
    ),
    ChangeKind.CANCELLATION: announced(
        "cancellation.announced",
        "APPT-005",
        Text("Une annulation est transmise", "A cancellation is sent"),
        Text(
            "Le rendez-vous est annulé : la plateforme n’a reçu aucun message.",
            "The appointment is cancelled: the platform received no message.",
        ),
    ),
    ChangeKind.MOVE: announced(
        "move.announced",
        "APPT-006",
        Text("Un changement d’horaire est transmis", "A change of time is sent"),
        Text(
            "Le rendez-vous est déplacé : la plateforme n’a reçu aucun message.",
            "The appointment is moved: the platform received no message.",
        ),
    ),
    ChangeKind.HONOURED: announced(
        "honoured.announced",
        "APPT-007",
        Text("Un rendez-vous honoré est transmis", "An honoured appointment is sent"),
        Text(
            "Le patient est venu : la plateforme n’a reçu aucun message.",
            "The patient came: the platform received no message.",
        ),
    ),
    ChangeKind.ABSENCE: announced(
        "absence.announced",
        "APPT-008",
        Text("Une absence est transmise", "An absence is sent"),
        Text(
            "Le patient n’est pas venu : la plateforme n’a reçu aucun message.",
            "The patient did not come: the platform received no message.",
        ),
    ),
}


def _once(course: Course) -> Judgement:
    message = Text(
        "Un même changement, déjà accepté, a été transmis une nouvelle fois.",
        "One change, accepted already, was sent once more.",
    )

    def each() -> Iterator[Problem | None]:
        for step in course.steps:
            taken = [told for told in step.messages if told.accepted]
            if taken:
                yield None
            for again in taken[1:]:
                yield Problem(message, "http", "1", shown(f"{again.method} {again.status}"), exchange=again.exchange.id)

    return tally(each(), _NO_MESSAGE)


ONCE = Check("change.once", "APPT-003", Text("Un changement, un message", "One change, one message"), _once)

# --- the identifier --------------------------------------------------------------------------------------------------


def _named(told: Message) -> str | None:
    return told.identifier[1]


def _stable(course: Course) -> Judgement:
    named = [told for told in course.messages if _named(told)]
    message = Text(
        "L’identifiant d’un rendez-vous ne change jamais.", "The identifier of an appointment never changes."
    )
    return tally(
        (
            None
            if told.identifier == named[0].identifier
            else Problem(
                message,
                "Appointment.identifier",
                shown("|".join(str(part) for part in named[0].identifier)),
                shown("|".join(str(part) for part in told.identifier)),
                exchange=told.exchange.id,
            )
            for told in named[1:]
        ),
        Text("Moins de deux messages ont un identifiant.", "Fewer than two messages have an identifier."),
    )


STABLE = Check(
    "identifier.stable", "APPT-014", Text("L’identifiant ne change pas", "The identifier does not change"), _stable
)


def _firsts(courses: Courses) -> list[Message]:
    found = (next((told for told in course.messages if _named(told)), None) for course in courses.courses)
    return [told for told in found if told is not None]


_ONE_ONLY = Text("Moins de deux rendez-vous ont été transmis.", "Fewer than two appointments were sent.")


def _distinct(courses: Courses) -> Judgement:
    message = Text("Deux rendez-vous ont le même identifiant.", "Two appointments have the same identifier.")
    return tally(
        (
            None
            if first.identifier != second.identifier
            else Problem(
                message, "Appointment.identifier", "unique", shown(_named(second)), exchange=second.exchange.id
            )
            for first, second in pairwise(_firsts(courses))
        ),
        _ONE_ONLY,
    )


DISTINCT = Check(
    "identifier.distinct",
    "APPT-015",
    Text("Deux rendez-vous ont deux identifiants", "Two appointments have two identifiers"),
    _distinct,
)


def _one_system(courses: Courses) -> Judgement:
    message = Text(
        "Le système des identifiants est le même pour tous les rendez-vous de l’éditeur.",
        "The identifiers' system is the same for all the editor's appointments.",
    )
    return tally(
        (
            None
            if first.identifier[0] == second.identifier[0]
            else Problem(
                message,
                "Appointment.identifier.system",
                shown(first.identifier[0]),
                shown(second.identifier[0]),
                exchange=second.exchange.id,
            )
            for first, second in pairwise(_firsts(courses))
        ),
        _ONE_ONLY,
    )


ONE_SYSTEM = Check(
    "identifier.one_system",
    "APPT-016",
    Text("Le système ne change pas", "The system does not change"),
    _one_system,
)

# --- order -----------------------------------------------------------------------------------------------------------

_RANKS = {"pending": 0, "booked": 0, "fulfilled": 1, "noshow": 1, "cancelled": 1}


def _ordered(course: Course) -> Judgement:
    taken = [told for told in course.messages if told.accepted and told.status in _RANKS]
    message = Text(
        "Les messages d’un rendez-vous sont dans l’ordre de ses changements.",
        "The messages of an appointment are in the order of its changes.",
    )

    def each() -> Iterator[Problem | None]:
        yield from (None for _ in taken[:1])
        for before, after in pairwise(taken):
            right = _RANKS[before.status] <= _RANKS[after.status]
            wanted, got = f"{after.status}, {before.status}", f"{before.status}, {after.status}"
            yield None if right else Problem(message, "Appointment.status", wanted, got, exchange=after.exchange.id)

    return tally(each(), Text("Aucun message n’a été accepté.", "No message was accepted."))


ORDERED = Check(
    "order.kept", "APPT-017", Text("Les messages gardent leur ordre", "The messages keep their order"), _ordered
)


def _final(course: Course) -> Judgement:
    taken = [told for told in course.messages if told.accepted]
    if not taken:
        return Judgement(0, reason=Text("Aucun message n’a été accepté.", "No message was accepted."))
    last = taken[-1]
    if last.status == "cancelled":
        return Judgement(1)
    if not course.steps[-1].done.sure and all(told.status != "cancelled" for told in course.messages):
        return Judgement(0, reason=_NOT_SURE)
    problem = Problem(
        Text(
            "Après la panne, la plateforme ne connaît pas le dernier état du rendez-vous.",
            "After the outage the platform does not know the last state of the appointment.",
        ),
        path="Appointment.status",
        expected="cancelled",
        actual=shown(last.root["status"].value) if last.root["status"].present else None,
        exchange=last.exchange.id,
    )
    return Judgement(1, (problem,))


FINAL = Check(
    "order.final",
    "APPT-018",
    Text("Après une panne, le dernier état est connu", "After an outage the last state is known"),
    _final,
)

# --- how soon ---------------------------------------------------------------------------------------------------------


def _delay(timed: Timed) -> Judgement:
    measurement = timed.measurement
    if measurement.verdict is Verdict.SKIP or measurement.max is None:
        return Judgement(
            0, reason=Text("L’heure de la réservation n’est pas connue.", "The time of booking is not known.")
        )
    if measurement.verdict is not Verdict.FAIL:
        return Judgement(len(measurement.samples))
    problem = Problem(
        Text(
            "Le message est arrivé {d:.1f} s après la réservation.", "The message arrived {d:.1f} s after the booking."
        ).format(d=measurement.max),
        path="http",
        expected=f"max < {measurement.level.value:g} s",
        actual=f"{measurement.max:.1f} s",
    )
    return Judgement(len(measurement.samples), (problem,))


DELAY = Check(
    "booking.delay",
    "APPT-004",
    Text("La réservation est transmise dans les secondes qui suivent", "A booking is sent within seconds"),
    _delay,
    service_level="appointments.push_delay",
)

"""Which appointment a message means, what it changes, and what that is called. Pure.

Source: implementation guide 1.2.0, INT_R03; no source forbids any order of states.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from sas_fhir.operation_outcome import Issue, IssueType
from sas_fhir.search import Parameter
from sas_kernel.text import Text
from sas_platform.appointments.model import (
    Appointment,
    Change,
    Content,
    Criterion,
    Identifier,
    InvalidAppointmentError,
    InvalidCriterionError,
    Message,
    Oddity,
    Report,
    Status,
)

# The implementation guide writes both; the second only in one table.
IDENTIFIER: Final = ("identifier", "Identifier")
_ANSWERING: Final = frozenset({"_format", "_pretty"})  # how to answer, not which appointment

_UNESCAPED: Final = re.compile(r"((?:\\.|[^\\])*?)([|,])", re.DOTALL)


def criterion(parameters: Iterable[Parameter]) -> Criterion:
    """The one identifier of a conditional update: `system|value`, or a bare value. Raises `InvalidCriterionError`.

    Any other parameter would narrow the choice, so that leaving it aside could change another appointment.
    """
    values: list[str] = []
    for parameter in parameters:
        if parameter.name in IDENTIFIER:
            values.append(parameter.value)
        elif parameter.name not in _ANSWERING:
            raise InvalidCriterionError(
                IssueType.NOT_SUPPORTED,
                Text(
                    "La mise à jour conditionnelle ne connaît que le paramètre identifier ; retirez les autres.",
                    "A conditional update knows the parameter identifier only; remove the others.",
                ),
            )
    if not any(value.strip() for value in values):
        raise InvalidCriterionError(
            IssueType.REQUIRED,
            Text(
                "Paramètre identifier : il manque ; un rendez-vous se modifie par "
                "PUT [base]/Appointment?identifier=<système>|<identifiant>.",
                "Parameter identifier: missing; an appointment is changed with "
                "PUT [base]/Appointment?identifier=<system>|<identifier>.",
            ),
        )
    parts = _split(values[0].strip(" +")) if len(values) == 1 else None
    if parts is None:
        raise InvalidCriterionError(
            IssueType.INVALID,
            Text(
                "Paramètre identifier : donnez un seul identifiant, de la forme système|identifiant "
                "(la barre peut s’écrire %7C, une virgule ou une barre dans l’identifiant \\, ou \\|).",
                "Parameter identifier: give one identifier, of the form system|identifier "
                "(the bar may be written %7C, a comma or a bar inside the identifier \\, or \\|).",
            ),
        )
    return parts


def _split(token: str) -> Criterion | None:
    """None when the token is a list, or has no value."""
    parts, separators, at = [], [], 0
    while found := _UNESCAPED.match(token, at):
        parts.append(found[1])
        separators.append(found[2])
        at = found.end()
    parts = [re.sub(r"\\(.)", r"\1", part).strip() for part in [*parts, token[at:]]]
    if separators == [] and parts[0]:
        return Criterion(None, parts[0])
    if separators == ["|"] and all(parts):
        return Criterion(parts[0], parts[1])
    return None


def check_means(asked: Criterion, identifier: Identifier) -> None:
    """Refuse a body that is another appointment than its condition. Raises `InvalidAppointmentError`.

    The body decides which appointment is meant, so that a bare value never reaches another editor's.
    """
    if asked.value != identifier.value or asked.system not in {None, identifier.system}:
        text = Text(
            "Appointment.identifier[0] : ce n’est pas l’identifiant du paramètre identifier.",
            "Appointment.identifier[0]: this is not the identifier of the parameter identifier.",
        )
        raise InvalidAppointmentError([Issue(IssueType.BUSINESS_RULE, text, "Appointment.identifier[0]")])


_OPERATOR: Final = "Appointment.extension[0].valueReference.identifier.value"


def unknown_operator() -> InvalidAppointmentError:
    text = Text(
        "{at} : aucun compte de régulateur n’a cet identifiant ; envoyez celui qui a été reçu par INT_R02.",
        "{at}: no account of a regulator has this identifier; send the one that was received by INT_R02.",
    )
    return InvalidAppointmentError([Issue(IssueType.BUSINESS_RULE, text.format(at=_OPERATOR), _OPERATOR)])


def inactive_operator() -> InvalidAppointmentError:
    """Who is deactivated books no more (agreement, art. 3.1); what he booked before goes on."""
    text = Text(
        "{at} : ce compte de régulateur est désactivé ; un rendez-vous qu’il n’avait pas déjà ne peut être pris.",
        "{at}: this account of a regulator is deactivated; an appointment it did not have already cannot be taken.",
    )
    return InvalidAppointmentError([Issue(IssueType.BUSINESS_RULE, text.format(at=_OPERATOR), _OPERATOR)])


def another_operator() -> InvalidAppointmentError:
    text = Text(
        "{at} : un autre régulateur a pris ce rendez-vous ; celui qui l’a pris ne change pas.",
        "{at}: another regulator booked this appointment; who booked it does not change.",
    )
    return InvalidAppointmentError([Issue(IssueType.BUSINESS_RULE, text.format(at=_OPERATOR), _OPERATOR)])


# --- what a message changes ------------------------------------------------------------------------------------------

_FOLLOWING: Final[dict[Status, frozenset[Status]]] = {
    Status.PENDING: frozenset({Status.BOOKED, Status.CANCELLED}),
    Status.BOOKED: frozenset({Status.FULFILLED, Status.NO_SHOW, Status.CANCELLED, Status.PENDING}),
    Status.FULFILLED: frozenset({Status.NO_SHOW, Status.BOOKED}),
    Status.NO_SHOW: frozenset({Status.FULFILLED, Status.BOOKED}),
    Status.CANCELLED: frozenset(),
}


def completed(known: Appointment | None, content: Content) -> Content:
    """What is kept after a message: the time of booking stays known when a later message leaves it out."""
    if known is None or content.created is not None:
        return content
    return replace(content, created=known.content.created)


def changes(known: Content | None, content: Content) -> frozenset[Change]:
    """What differs; a creation is `CREATED` and nothing else."""
    if known is None:
        return frozenset({Change.CREATED})
    differing = {
        Change.STATUS: known.status is not content.status,
        Change.TIME: (known.start, known.end) != (content.start, content.end),
        Change.PRACTITIONER: known.practitioner != content.practitioner,
        Change.OTHER: (known.created, known.category, known.structure)
        != (content.created, content.category, content.structure),
    }
    return frozenset(change for change, differs in differing.items() if differs)


def oddity(known: Status | None, status: Status) -> Oddity | None:
    if known is None:
        return None if status in {Status.PENDING, Status.BOOKED} else Oddity.NO_BOOKING
    if known is status or status in _FOLLOWING[known]:
        return None
    return Oddity.REVIVED if known is Status.CANCELLED else Oddity.OUT_OF_TURN


def repeats(report: Report, first: Content, now: Content) -> bool:
    """Whether a second creation says only what the first said, or what is known by now: then it changes nothing."""
    return report.content in {first, now}


# --- what it is called -----------------------------------------------------------------------------------------------

STATUS: Final[dict[Status, Text]] = {
    Status.PENDING: Text("en attente", "pending"),
    Status.BOOKED: Text("pris", "booked"),
    Status.FULFILLED: Text("honoré", "attended"),
    Status.NO_SHOW: Text("non honoré", "not attended"),
    Status.CANCELLED: Text("annulé", "cancelled"),
}
MOVED: Final = Text("déplacé", "moved")
AWAITED: Final = Text("en attente de confirmation", "awaiting confirmation")
REFUSED: Final = Text("refusé", "refused")
_CONFIRMED: Final = Text("confirmé", "confirmed")
_RESTORED: Final = Text("rétabli", "restored")
_REASSIGNED: Final = Text("confié à un autre professionnel", "given to another practitioner")
_COMPLETED: Final = Text("complété", "completed")
_REPEATED: Final = Text("message répété, rien n’a changé", "message repeated, nothing changed")

ODDITY: Final[dict[Oddity, Text]] = {
    Oddity.NO_BOOKING: Text("la réservation n’avait pas été annoncée", "its booking had not been announced"),
    Oddity.REVIVED: Text("il était annulé", "it was cancelled"),
    Oddity.OUT_OF_TURN: Text("changement d’état inattendu", "unexpected change of state"),
}


def is_refused(messages: Iterable[Message]) -> bool:
    """Whether it was given up before anybody confirmed it: the protocol has no other word for a refusal."""
    changed = [message for message in messages if message.changes & {Change.CREATED, Change.STATUS}]
    return bool(changed) and _refuses(changed[-1])


def _refuses(message: Message) -> bool:
    before = message.before[0] if message.before else None
    return Change.STATUS in message.changes and message.content.status is Status.CANCELLED and before is Status.PENDING


def happening(message: Message) -> Text:
    """What a message did to the appointment: `pris`, `déplacé`, `annulé`…"""
    status = message.content.status
    if Change.STATUS in message.changes and status is Status.BOOKED and message.before is not None:
        return _CONFIRMED if message.before[0] is Status.PENDING else _RESTORED
    if _refuses(message):
        return REFUSED
    if message.changes & {Change.CREATED, Change.STATUS} and status is Status.PENDING:
        return AWAITED
    if message.changes & {Change.CREATED, Change.STATUS}:
        return STATUS[status]
    if Change.TIME in message.changes:
        return MOVED
    if Change.PRACTITIONER in message.changes:
        return _REASSIGNED
    return _COMPLETED if message.changes else _REPEATED

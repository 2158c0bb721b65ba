"""Checks of what a message says of an SOS Médecins appointment, where that is not what is said of any other.

Source: profile sas-sos-appointment 1.2.0; IG SAS 1.2.0, drawing of the SOS search: the association answers, and the
patient is told only then.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from recette.checks import appointment_content as content
from recette.checks import appointment_people as people
from recette.checks.answer import codes
from recette.checks.appointment import ChangeKind, Told, told_check
from recette.checks.appointment_content import seen
from recette.checks.appointment_delivery import announced
from recette.checks.profile_conformance import related
from recette.model import Check, Problem
from recette.profiles import facts as guide
from recette.profiles import use_cases
from recette.profiles.checker import Checker, errors
from recette.profiles.use_cases import UseCase
from sas_kernel.text import Text

PROFILE_URL: Final = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-sos-appointment"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"


@cache
def _checker() -> Checker:
    return Checker(guide.load())


def _profile(told: Told) -> Iterator[Problem | None]:
    place = told.root["meta"]["profile"]
    right = any(node.value == PROFILE_URL for node in place.elements)
    message = Text(
        "Le message se réclame du profil sas-sos-appointment.", "The message claims the profile sas-sos-appointment."
    )
    yield None if right else Problem(message, place.path, PROFILE_URL, seen(place))


PROFILE = told_check(
    "sos.profile.claimed",
    "SOS-070",
    Text("Le profil annoncé est sas-sos-appointment", "It claims sas-sos-appointment"),
    _profile,
)


def _one_extension(told: Told) -> Iterator[Problem | None]:
    place = told.root["extension"]
    message = Text(
        "Un rendez-vous SOS n’a qu’une extension, celle du régulateur.",
        "An SOS appointment has one extension only, the regulator's.",
    )
    yield None if len(place.elements) <= 1 else Problem(message, place.path, "1..1", str(len(place.elements)))


ONE_EXTENSION = told_check(
    "sos.extension.one", "APPT-090", Text("Une extension et une seule", "One extension and only one"), _one_extension
)


def _states(told: Told, status: str, participant: str | None, message: Text) -> Iterator[Problem | None]:
    place = told.root["status"]
    yield None if told.message.status == status else Problem(message, place.path, status, seen(place))
    for node in told.root["participant"].elements if participant is not None else ():
        place = node["status"]
        yield None if place.value == participant else Problem(message, place.path, participant, seen(place))


def _pending(told: Told) -> Iterator[Problem | None]:
    if told.done.kind is ChangeKind.BOOKING:
        message = Text(
            "L’association n’a pas encore répondu : pending, et needs-action.",
            "The association has not answered yet: pending, and needs-action.",
        )
        yield from _states(told, "pending", "needs-action", message)


PENDING = told_check(
    "sos.status.pending",
    "SOS-071",
    Text("En attente de l’association : pending", "Waiting for the association: pending"),
    _pending,
)


def _unnamed(told: Told) -> Iterator[Problem | None]:
    for node in told.root["participant"].elements:
        if node["actor"].present:
            continue
        message = Text(
            "Le médecin n’est pas connu : le participant a le type ADM et pas d’acteur.",
            "The doctor is not known: the participant has type ADM and no actor.",
        )
        named = [code for concept in node["type"].elements for _, code in codes(concept, _PARTICIPATION)]
        yield None if named == ["ADM"] else Problem(message, node["type"].path, "ADM", seen(node["type"]))


UNNAMED = told_check(
    "sos.participant.unnamed",
    "SOS-072",
    Text("Le participant sans nom a le type ADM", "The participant without a name has type ADM"),
    _unnamed,
)

CONSENT_ANNOUNCED = announced(
    "sos.consent.announced",
    "SOS-073",
    Text("L’accord de l’association est transmis", "The association's consent is sent"),
    Text(
        "L’association a accepté : la plateforme n’a reçu aucun message.",
        "The association has accepted: the platform received no message.",
    ),
)
REFUSAL_ANNOUNCED = announced(
    "sos.refusal.announced",
    "SOS-074",
    Text("Le refus de l’association est transmis", "The association's refusal is sent"),
    Text(
        "L’association a refusé : la plateforme n’a reçu aucun message.",
        "The association has refused: the platform received no message.",
    ),
)


def _booked(told: Told) -> Iterator[Problem | None]:
    if told.done.kind is ChangeKind.CONSENT:
        message = Text(
            "L’association a accepté : booked, et accepted.", "The association has accepted: booked, accepted."
        )
        yield from _states(told, "booked", "accepted", message)


CONSENT = told_check(
    "sos.consent.status", "SOS-073", Text("Accepté : booked, accepted", "Consented: booked, accepted"), _booked
)


def _cancelled(told: Told) -> Iterator[Problem | None]:
    if told.done.kind is ChangeKind.REFUSAL:
        message = Text("L’association a refusé : cancelled.", "The association has refused: cancelled.")
        yield from _states(told, "cancelled", None, message)


REFUSAL = told_check("sos.refusal.status", "SOS-074", Text("Refusé : cancelled", "Refused: cancelled"), _cancelled)

_ELSE: Final = (
    content.PROFILE,
    content.STATUS_OF_CHANGE,
    content.CATEGORY,
    people.DOCTOR,
    people.DOCTOR_IDENTIFIER,
    people.ACCEPTED,
    people.PENDING,
)
"""What is said of a practitioner's appointment, and otherwise of an association's."""
COMMON: Final[tuple[Check, ...]] = tuple(check for check in (*content.CONTENT, *people.PEOPLE) if check not in _ELSE)
_OWN: Final = (PROFILE, ONE_EXTENSION, PENDING, UNNAMED, CONSENT, REFUSAL)


def _conforms(told: Told) -> Iterator[Problem | None]:
    document = told.root.value
    issues = errors(use_cases.check(_checker(), document, UseCase.SOS_APPOINTMENTS) or [])
    spoken = {problem.path for check in (*COMMON, *_OWN) for problem in check.judge(told).problems}
    problems = [
        Problem(issue.message, issue.path, issue.expected, issue.actual)
        for issue in issues
        if not related(issue.path, spoken)
    ]
    yield from problems or (None,)


CONFORMS = told_check(
    "sos.profile.appointment",
    "SOS-075",
    Text("Rien d’autre ne contredit le profil sas-sos-appointment", "Nothing else contradicts sas-sos-appointment"),
    _conforms,
)
MESSAGE: Final[tuple[Check, ...]] = (*COMMON, PROFILE, ONE_EXTENSION, UNNAMED, CONFORMS)
"""Of each message about an SOS appointment (evidence: `Told`)."""

"""Checks of the people in a message: the regulator who booked, the doctor, and nobody else.

Source: profile FrAppointmentSAS; IG SAS 1.2.0, gestion des rendez-vous, § Nomenclatures; ANS test kit 0.3.0, group V3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from recette.checks import appointment_facts as facts
from recette.checks.answer import kind
from recette.checks.appointment import Told, told_check
from recette.checks.appointment_content import seen
from recette.checks.facts import IDENTIFIER_TYPE_SYSTEM, PRACTITIONER_ID, PRACTITIONER_IDENTIFIER_TYPE
from recette.checks.json_document import Node
from recette.checks.judging import shown
from recette.model import Problem
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from sas_kernel.text import Text

# --- the regulator ---------------------------------------------------------------------------------------------------


def _operators(told: Told) -> tuple[Node, ...]:
    return tuple(node for node in told.root["extension"].elements if node["url"].value == facts.OPERATOR)


def _operator_identifiers(told: Told) -> Iterator[Node]:
    for operator in _operators(told):
        identifier = operator["valueReference"]["identifier"]
        if isinstance(identifier.value, dict):
            yield identifier


def _operator(told: Told) -> Iterator[Problem | None]:
    found = _operators(told)
    message = Text(
        "Le régulateur est dit par une extension FrAppointmentOperator, une seule, dont la référence a un identifiant.",
        "The regulator is told by one extension FrAppointmentOperator and no more, whose reference has an identifier.",
    )
    right = len(found) == 1 and isinstance(found[0]["valueReference"]["identifier"].value, dict)
    place = found[0]["valueReference"]["identifier"] if len(found) == 1 else told.root["extension"]
    yield None if right else Problem(message, place.path, facts.OPERATOR, seen(place))


OPERATOR = told_check(
    "operator.present", "APPT-046", Text("Le régulateur est dit, une fois", "The regulator is told, once"), _operator
)


def _operator_pair(told: Told) -> Iterator[Problem | None]:
    for identifier in _operator_identifiers(told):
        coding = identifier["type"]["coding"]
        first = coding.elements[0] if coding.elements else coding
        system, code = first["system"], first["code"].string
        right = (
            len(coding.elements) == 1
            and (not system.present or system.value == IDENTIFIER_TYPE_SYSTEM)
            and facts.OPERATOR_PAIRS.get(code or "") == identifier["system"].value
        )
        message = Text(
            "Le type et le système du régulateur vont ensemble : IDNPS et le national, ou INTRN et celui du SAS.",
            "The regulator's type and system go together: IDNPS and the national one, or INTRN and the SAS's.",
        )
        expected = " | ".join(f"{code} {system}" for code, system in facts.OPERATOR_PAIRS.items())
        yield (
            None
            if right
            else Problem(
                message, identifier["type"].path, expected, shown(f"{coding.value} {identifier['system'].value}")
            )
        )


OPERATOR_PAIR = told_check(
    "operator.pair",
    "APPT-047",
    Text("Type et système du régulateur vont ensemble", "The regulator's type and system go together"),
    _operator_pair,
)


def _operator_account(told: Told) -> Iterator[Problem | None]:
    account = told.regulator
    for identifier in _operator_identifiers(told):
        got = f"{identifier['system'].string}|{identifier['value'].string}"
        message = Text(
            "Le régulateur est dit tel que son compte a été reçu : même système, même valeur.",
            "The regulator is told as the account was received: same system, same value.",
        )
        right = got == account.token
        yield None if right else Problem(message, identifier["value"].path, account.token, shown(got))


OPERATOR_ACCOUNT = told_check(
    "operator.account",
    "APPT-048",
    Text("Le régulateur est celui qui a réservé", "The regulator is the one who booked"),
    _operator_account,
)
CURRENT_OPERATOR = told_check(
    "operator.current",
    "APPT-083",
    Text("Le régulateur est dit par son identifiant du moment", "The regulator is told by the present identifier"),
    _operator_account,
)
"""The same look on an account whose identifier was changed since."""


def _operator_first(told: Told) -> Iterator[Problem | None]:
    extensions = told.root["extension"].elements
    if not _operators(told):
        return
    place = extensions[0]["url"]
    message = Text(
        "L’extension du régulateur devrait être la première : le kit d’essai ne lit que celle-là.",
        "The regulator's extension should be the first: the test kit reads no other.",
    )
    yield None if place.value == facts.OPERATOR else Problem(message, place.path, facts.OPERATOR, seen(place))


OPERATOR_FIRST = told_check(
    "operator.first",
    "APPT-049",
    Text("L’extension du régulateur est la première", "The regulator's extension is the first"),
    _operator_first,
)


def _logical(told: Told) -> Iterator[Problem | None]:
    places = [operator["valueReference"] for operator in _operators(told)]
    places += [participant["actor"] for participant in told.root["participant"].elements]
    message = Text(
        "Le régulateur et le médecin sont désignés par leur identifiant, sans référence littérale.",
        "The regulator and the doctor are named by their identifier, without a literal reference.",
    )
    for place in places:
        if isinstance(place.value, dict):
            literal = place["reference"]
            yield None if not literal.present else Problem(message, literal.path, "absent", seen(literal))


LOGICAL = told_check(
    "people.logical",
    "APPT-050",
    Text("Les personnes sont dites par leur identifiant", "People are told by their identifier"),
    _logical,
)

PATIENTS: Final = frozenset({"Patient", "RelatedPerson"})


def is_patient(actor: Node) -> bool:
    """Whether an actor is a patient or a relation, by its type, its reference or the kind of its identifier."""
    named = {actor["type"].string or "", *(actor["reference"].string or "").split("?")[0].split("/")}
    codings = actor["identifier"]["type"]["coding"].elements
    return bool(named & PATIENTS) or any((coding["code"].string or "").startswith("INS") for coding in codings)


# --- the doctor ------------------------------------------------------------------------------------------------------


def _actors(told: Told) -> Iterator[Node]:
    for participant in told.root["participant"].elements:
        identifier = participant["actor"]["identifier"]
        if isinstance(identifier.value, dict) and not is_patient(participant["actor"]):
            yield identifier


def _doctor(told: Told) -> Iterator[Problem | None]:
    wanted = {slot.practitioner for slot in told.done.slots}
    values = [identifier["value"].string for identifier in _actors(told)]
    message = Text("Le médecin est celui du créneau réservé.", "The doctor is the one of the slot booked.")
    right = bool(values) and all(value in wanted for value in values)
    place = told.root["participant"]
    yield None if right else Problem(message, f"{place.path}.actor", " | ".join(sorted(wanted)), shown(values))


DOCTOR = told_check(
    "doctor.of_slot", "APPT-056", Text("Le médecin est celui du créneau", "The doctor is the one of the slot"), _doctor
)


def _doctor_identifier(told: Told) -> Iterator[Problem | None]:
    for identifier in _actors(told):
        coding = identifier["type"]["coding"]
        first = coding.elements[0] if coding.elements else coding
        right = (
            len(coding.elements) == 1
            and first["system"].value == IDENTIFIER_TYPE_SYSTEM
            and first["code"].value == PRACTITIONER_IDENTIFIER_TYPE
            and identifier["system"].value == PRACTITIONER_SYSTEM
            and PRACTITIONER_ID.fullmatch(identifier["value"].string or "")
        )
        message = Text(
            "Le médecin est dit par son RPPS précédé de 8 ou son ADELI précédé de 0, de type IDNPS.",
            "The doctor is told by the RPPS after an 8 or the ADELI after a 0, of type IDNPS.",
        )
        yield (
            None
            if right
            else Problem(message, identifier.path, f"IDNPS {PRACTITIONER_SYSTEM}|8…", shown(identifier.value))
        )


DOCTOR_IDENTIFIER = told_check(
    "doctor.identifier",
    "APPT-057",
    Text("Le médecin est dit par son identifiant national", "The doctor is told by the national id"),
    _doctor_identifier,
)


def _participants(told: Told) -> Iterator[Problem | None]:
    place = told.root["participant"]
    message = Text(
        "Il y a un participant au moins, et chacun a un type ou un acteur.",
        "There is one participant at least, and each has a type or an actor.",
    )
    if not place.elements:
        yield Problem(message, place.path, "1..*", seen(place))
    for node in place.elements:
        right = node["type"].present or node["actor"].present
        yield None if right else Problem(message, node.path, "type | actor", seen(node))


PARTICIPANTS = told_check(
    "participant.present", "APPT-058", Text("Il y a un participant", "There is a participant"), _participants
)


def _participant_status(told: Told) -> Iterator[Problem | None]:
    message = Text(
        "Le statut d’un participant est accepted ou needs-action.",
        "A participant's status is accepted or needs-action.",
    )
    for node in told.root["participant"].elements:
        place = node["status"]
        right = place.string in facts.PARTICIPANT_STATUSES
        yield None if right else Problem(message, place.path, " | ".join(facts.PARTICIPANT_STATUSES), seen(place))


PARTICIPANT_STATUS = told_check(
    "participant.status",
    "APPT-059",
    Text("Le statut du participant est connu", "The participant's status is a known one"),
    _participant_status,
)


def _accepted(told: Told) -> Iterator[Problem | None]:
    message = Text(
        "Chez un professionnel, le participant a toujours le statut accepted.",
        "At a practitioner's, the participant always has the status accepted.",
    )
    for node in told.root["participant"].elements:
        place = node["status"]
        wrong = place.value == "needs-action"
        yield Problem(message, place.path, "accepted", seen(place)) if wrong else None


ACCEPTED = told_check(
    "participant.accepted",
    "APPT-060",
    Text("Le participant a accepté", "The participant has accepted"),
    _accepted,
)


def _pending(told: Told) -> Iterator[Problem | None]:
    message = Text(
        "Tant qu’un participant est attendu (needs-action), le rendez-vous est pending.",
        "While a participant is awaited (needs-action), the appointment is pending.",
    )
    waits = any(node["status"].value == "needs-action" for node in told.root["participant"].elements)
    place = told.root["status"]
    yield Problem(message, place.path, "pending", seen(place)) if waits and told.message.status != "pending" else None


PENDING = told_check(
    "participant.pending",
    "APPT-061",
    Text("Un participant attendu rend le rendez-vous pending", "An awaited participant makes it pending"),
    _pending,
)


def _contained(told: Told) -> Iterator[Problem | None]:
    message = Text("Le message ne contient aucune ressource de patient.", "The message contains no patient resource.")
    for node in told.root["contained"].elements:
        if kind(node) in PATIENTS:
            yield Problem(message, node.path, "absent", kind(node))
    yield None


NO_CONTAINED_PATIENT = told_check(
    "patient.contained",
    "APPT-068",
    Text("Aucun patient contenu dans le message", "No patient contained in the message"),
    _contained,
)

PEOPLE = (
    *(OPERATOR, OPERATOR_PAIR, OPERATOR_ACCOUNT, OPERATOR_FIRST, LOGICAL, DOCTOR, DOCTOR_IDENTIFIER),
    *(PARTICIPANTS, PARTICIPANT_STATUS, ACCEPTED, PENDING, NO_CONTAINED_PATIENT),
)
"""Of each message (evidence: `Told`)."""

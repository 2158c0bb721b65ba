"""Checks of what a message says of an appointment, element by element, but for the people in it.

Written from raw JSON against the profile FrAppointmentSAS, on which 1.1.0 and 1.2.0 agree but for the participant's
status and the orientation category.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from recette.checks import appointment_facts as facts
from recette.checks.answer import CLOCK_TOLERANCE, codes, instant
from recette.checks.appointment import ChangeKind, Told, told_check
from recette.checks.json_document import Node
from recette.checks.judging import shown
from recette.model import Problem
from sas_kernel.text import Text


def seen(place: Node) -> str | None:
    return shown(place.value) if place.present else None


def _resource_type(told: Told) -> Iterator[Problem | None]:
    place = told.root["resourceType"]
    right = place.value == "Appointment"
    message = Text("La ressource est un Appointment.", "The resource is an Appointment.")
    yield None if right else Problem(message, "resourceType", "Appointment", seen(place))


RESOURCE_TYPE = told_check(
    "content.resource_type", "APPT-040", Text("La ressource est un Appointment", "It is an Appointment"), _resource_type
)


def _profile(told: Told) -> Iterator[Problem | None]:
    place = told.root["meta"]["profile"]
    right = any(node.value == facts.PROFILE for node in place.elements)
    message = Text(
        "Le message se réclame du profil FrAppointmentSAS.", "The message claims the profile FrAppointmentSAS."
    )
    yield None if right else Problem(message, place.path, facts.PROFILE, seen(place))


PROFILE = told_check(
    "content.profile",
    "APPT-041",
    Text("Le profil annoncé est FrAppointmentSAS", "It claims FrAppointmentSAS"),
    _profile,
)


def _one_identifier(told: Told) -> Iterator[Problem | None]:
    place = told.root["identifier"]
    right = len(place.elements) == 1 and isinstance(place.elements[0].value, dict)
    message = Text("Un rendez-vous a un identifiant et un seul.", "An appointment has one identifier and no more.")
    yield None if right else Problem(message, place.path, "1..1", seen(place))


ONE_IDENTIFIER = told_check(
    "identifier.one", "APPT-043", Text("Un identifiant et un seul", "One identifier and no more"), _one_identifier
)


def _identifier_value(told: Told) -> Iterator[Problem | None]:
    for identifier in told.root["identifier"].elements:
        place = identifier["value"]
        message = Text("L’identifiant a une valeur.", "The identifier has a value.")
        yield None if (place.string or "").strip() else Problem(message, place.path, "1..1", seen(place))


IDENTIFIER_VALUE = told_check(
    "identifier.value", "APPT-044", Text("L’identifiant a une valeur", "The identifier has a value"), _identifier_value
)


def _identifier_system(told: Told) -> Iterator[Problem | None]:
    for identifier in told.root["identifier"].elements:
        place = identifier["system"]
        message = Text(
            "Le système de l’identifiant est l’OID (urn:oid:…) ou une URL de l’éditeur.",
            "The identifier's system is the editor's OID (urn:oid:…) or a URL of the editor.",
        )
        yield (
            None if _is_own(place.string or "") else Problem(message, place.path, "urn:oid:… | https://…", seen(place))
        )


def _is_own(system: str) -> bool:
    if system in facts.NOT_AN_EDITOR_S:
        return False
    if facts.OID.fullmatch(system):
        return True
    try:
        parts = urlsplit(system)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(c <= " " for c in system)
    except ValueError:
        return False


IDENTIFIER_SYSTEM = told_check(
    "identifier.own_system",
    "APPT-045",
    Text("Le système est un OID ou une URL de l’éditeur", "The system is an OID or a URL of the editor"),
    _identifier_system,
)


def _status(told: Told) -> Iterator[Problem | None]:
    place = told.root["status"]
    message = Text(
        "Le statut est l’un des cinq du guide, en minuscules et sans tiret.",
        "The status is one of the guide's five, in lower case and without hyphen.",
    )
    right = place.string in facts.STATUSES
    yield None if right else Problem(message, place.path, " | ".join(facts.STATUSES), seen(place))


STATUS = told_check("status.known", "APPT-051", Text("Le statut est connu", "The status is a known one"), _status)

_WANTED = {
    ChangeKind.BOOKING: "booked",
    ChangeKind.MOVE: "booked",
    ChangeKind.CANCELLATION: "cancelled",
    ChangeKind.HONOURED: "fulfilled",
    ChangeKind.ABSENCE: "noshow",
    ChangeKind.CONSENT: "booked",
    ChangeKind.REFUSAL: "cancelled",
}


def _status_of_change(told: Told) -> Iterator[Problem | None]:
    place, wanted = told.root["status"], _WANTED[told.done.kind]
    message = Text("Le statut dit ce qui a été fait.", "The status says what was done.")
    waits = any(node["status"].value == "needs-action" for node in told.root["participant"].elements)
    right = told.message.status == wanted or (wanted == "booked" and waits and told.message.status == "pending")
    yield None if right else Problem(message, place.path, wanted, seen(place))


STATUS_OF_CHANGE = told_check(
    "status.of_change",
    "APPT-052",
    Text("Le statut dit ce qui a été fait", "The status says what was done"),
    _status_of_change,
)


def _instants(told: Told) -> Iterator[Problem | None]:
    for place in (told.root["start"], told.root["end"]):
        right = place.string is not None and facts.INSTANT.fullmatch(place.string) and instant(place) is not None
        message = Text(
            "start et end sont des instants, avec leur décalage.", "start and end are instants, with their offset."
        )
        yield None if right else Problem(message, place.path, "2031-03-11T09:00:00+01:00", seen(place))


INSTANTS = told_check(
    "times.instants", "APPT-053", Text("start et end sont des instants", "start and end are instants"), _instants
)


def _in_order(told: Told) -> Iterator[Problem | None]:
    start, end = instant(told.root["start"]), instant(told.root["end"])
    if start is None or end is None:
        return
    message = Text("Un rendez-vous commence avant de finir.", "An appointment starts before it ends.")
    right = start < end
    yield None if right else Problem(message, told.root["end"].path, "start < end", seen(told.root["end"]))


IN_ORDER = told_check("times.order", "APPT-054", Text("start précède end", "start precedes end"), _in_order)


def _slot_times(told: Told) -> Iterator[Problem | None]:
    for name in ("start", "end"):
        at = instant(told.root[name])
        wanted = [slot.start if name == "start" else slot.end for slot in told.done.slots]
        if at is None or not wanted:
            continue
        message = Text("Les heures sont celles du créneau réservé.", "The times are those of the slot booked.")
        right = at in wanted
        yield (
            None
            if right
            else Problem(message, told.root[name].path, shown(wanted[0].isoformat()), seen(told.root[name]))
        )


SLOT_TIMES = told_check(
    "times.slot", "APPT-055", Text("Les heures sont celles du créneau", "The times are those of the slot"), _slot_times
)


def _cancelation_reason(told: Told) -> Iterator[Problem | None]:
    place = told.root["cancelationReason"]
    message = Text(
        "cancelationReason n’accompagne que le statut cancelled.",
        "cancelationReason stands with status cancelled only.",
    )
    right = not place.present or told.message.status == "cancelled"
    yield None if right else Problem(message, place.path, "absent", seen(place))


CANCELATION_REASON = told_check(
    "status.cancelation_reason",
    "APPT-062",
    Text("Pas de motif d’annulation sans annulation", "No reason of cancellation without one"),
    _cancelation_reason,
)


def _created(told: Told) -> Iterator[Problem | None]:
    place = told.root["created"]
    at = instant(place)
    message = Text("created dit quand le rendez-vous a été pris.", "created says when the appointment was made.")
    if at is None:
        yield Problem(message, place.path, "2031-03-10T17:42:10+01:00", seen(place))
    elif told.booked_at is not None:
        right = abs(at - told.booked_at) <= CLOCK_TOLERANCE
        yield None if right else Problem(message, place.path, shown(told.booked_at.isoformat()), seen(place))
    else:
        yield None


CREATED = told_check(
    "times.created",
    "APPT-063",
    Text("created est l’heure de la réservation", "created is the time of booking"),
    _created,
)


def _slot_reference(told: Told) -> Iterator[Problem | None]:
    message = Text(
        "slot, s’il est donné, désigne le créneau réservé sous la forme Slot/<id> de la recherche.",
        "slot, where given, names the slot booked in the form Slot/<id> of the search.",
    )
    place = told.root["slot"]
    if not place.elements:
        yield Problem(message, place.path, "[{reference: Slot/…}]", seen(place)) if place.present else None
    wanted = {f"Slot/{slot.id}" for slot in told.done.slots}
    for node in place.elements:
        reference = node["reference"].string or ""
        right = reference in wanted or any(reference.endswith(f"/{each}") for each in wanted)
        yield (
            None
            if right
            else Problem(message, node["reference"].path, next(iter(sorted(wanted)), "Slot/…"), seen(node["reference"]))
        )


SLOT_REFERENCE = told_check(
    "slot.reference", "APPT-064", Text("slot désigne le créneau réservé", "slot names the slot booked"), _slot_reference
)


def _unknown_elements(told: Told) -> Iterator[Problem | None]:
    message = Text(
        "Cet élément n’existe pas dans Appointment (R4).", "This element does not exist in Appointment (R4)."
    )
    for node, known in ((told.root, facts.ELEMENTS), *((p, facts.PARTICIPANT_ELEMENTS) for p in _participants(told))):
        strange = [
            key
            for key in node.value
            if key not in known and not (key[:1] == "_" and key[1:] in known and key[1:] in facts.PRIMITIVES)
        ]
        for key in strange:
            yield Problem(message, node[key].path, "absent", seen(node[key]))
        if not strange:
            yield None


def _participants(told: Told) -> Iterator[Node]:
    for node in told.root["participant"].elements:
        if isinstance(node.value, dict):
            yield node


UNKNOWN_ELEMENTS = told_check(
    "content.unknown",
    "APPT-069",
    Text("Aucun élément étranger à FHIR", "No element foreign to FHIR"),
    _unknown_elements,
)


def _empty_elements(told: Told) -> Iterator[Problem | None]:
    message = Text("Un élément vide ne s’écrit pas.", "An empty element is left out.")
    for node in told.root.walk():
        blank = node.value is None or (isinstance(node.value, str | list | dict) and not node.value)
        if isinstance(node.value, str) and not node.value.strip():
            blank = True
        if blank:
            yield Problem(message, node.path, "absent", shown(repr(node.value)))
    yield None


EMPTY_ELEMENTS = told_check(
    "content.empty", "APPT-070", Text("Aucun élément vide", "No empty element"), _empty_elements
)


def _minutes(told: Told) -> Iterator[Problem | None]:
    place = told.root["minutesDuration"]
    start, end = instant(told.root["start"]), instant(told.root["end"])
    if not place.present or start is None or end is None:
        yield None
        return
    message = Text(
        "minutesDuration, s’il est donné, est la durée de start à end.",
        "minutesDuration, where given, is the time from start to end.",
    )
    minutes = (end - start) / timedelta(minutes=1)
    right = isinstance(place.value, int) and not isinstance(place.value, bool) and place.value == minutes
    yield None if right else Problem(message, place.path, f"{minutes:g}", seen(place))


MINUTES = told_check(
    "times.minutes", "APPT-071", Text("minutesDuration est la durée", "minutesDuration is the duration"), _minutes
)


def _category(told: Told) -> Iterator[Problem | None]:
    message = Text(
        "La catégorie d’orientation, si elle est donnée, porte un code de son jeu de valeurs.",
        "The orientation category, where given, has a code of its value set.",
    )
    for extension in told.root["extension"].elements:
        concept = extension["valueCodeableConcept"]
        right = extension["url"].value != facts.CATEGORY or any(
            code in allowed for system, allowed in facts.CATEGORY_CODES.items() for _, code in codes(concept, system)
        )
        yield None if right else Problem(message, concept.path, "001 | 002 | 003 | 604 | 603 | 124", seen(concept))


CATEGORY = told_check(
    "extension.category",
    "APPT-072",
    Text("La catégorie d’orientation est connue", "The orientation category is a known one"),
    _category,
)

CONTENT = (
    *(RESOURCE_TYPE, PROFILE, ONE_IDENTIFIER, IDENTIFIER_VALUE, IDENTIFIER_SYSTEM, STATUS, STATUS_OF_CHANGE, INSTANTS),
    *(IN_ORDER, SLOT_TIMES, CANCELATION_REASON, CREATED, SLOT_REFERENCE, UNKNOWN_ELEMENTS, EMPTY_ELEMENTS, MINUTES),
    CATEGORY,
)
"""Of each message (evidence: `Told`)."""

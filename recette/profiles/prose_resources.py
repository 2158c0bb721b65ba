"""The rules of the prose that a resource is held to on its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from recette.profiles.model import Issue, Layer
from recette.profiles.prose_rules import RULES
from recette.profiles.use_cases import UseCase, kind_of, listed, mapping

Json = dict[str, Any]

PERSON: Final = "urn:oid:1.2.250.1.71.4.2.1"
STRUCTURE: Final = "urn:oid:1.2.250.1.71.4.2.2"
TECHNICAL: Final = "urn:oid:1.2.250.1.213.3.6"
ESTABLISHMENT: Final = (
    "https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement"
)
SERVICE_TYPE: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Slot.serviceType"
OPERATOR: Final = "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator"
PLACE: Final = "http://sas.fr/fhir/StructureDefinition/FrLocationAgregateur"
CONSULTATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

_PERSON: Final = re.compile(r"8[0-9]{11}|0[0-9A-Z]{9}")
_STRUCTURE: Final = re.compile(r"1[0-9]{9}|3[0-9]{14}|4[0-9]{14}|0[0-9A-Z]{9,14}")
_PHONE: Final = re.compile(r"\+(33|262|590|594|596)[0-9]{9}")
_POSTAL: Final = re.compile(r"[0-9]{5}")
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{2}:\d{2}", re.ASCII)
_BARE_OID: Final = re.compile(r"[0-2](\.[0-9]+){3,}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
URL: Final = re.compile(r"https?://\S+")
_STATUSES: Final = frozenset({"pending", "booked", "fulfilled", "noshow", "cancelled"})


def tell(id: str, path: str, expected: object = None, actual: object = None) -> Issue:
    rule = RULES[id]
    shown = tuple(None if each is None else str(each)[:200] for each in (expected, actual))
    return Issue(rule.weight, Layer.PROSE, path, rule.id, rule.source, rule.message, *shown)


def of_resource(resource: Any, kind: str, case: UseCase, profiles: Mapping[str, str]) -> Iterator[Issue]:
    if not isinstance(resource, dict):
        return
    yield from claimed_profile(resource, kind, profiles.get(kind), lenient=case is UseCase.CPTS and kind == "Slot")
    yield from _identifiers(resource, kind)
    yield from _written(resource, kind)
    if kind == "PractitionerRole":
        for position, place in enumerate(listed(resource, "contained")):
            if kind_of(place) == "Location":
                yield from claimed_profile(place, f"{kind}.contained[{position}]", PLACE)
    look = _LOOKS.get((case, kind)) or _LOOKS.get((None, kind))
    if look is not None:
        yield from look(resource, kind)


def claimed_profile(resource: Json, path: str, profile: str | None, *, lenient: bool = False) -> Iterator[Issue]:
    claimed = mapping(resource.get("meta")).get("profile")
    if claimed == [profile] or profile is None:
        return
    if lenient and claimed == ["http://sas.fr/fhir/StructureDefinition/FrSlotAgregateur"]:
        return  # the CPTS bundle's slicing is open: a slot that is shown to no CPTS may stay as it is in INT_R01
    yield tell("meta.profile", f"{path}.meta.profile", profile, claimed)


def _codes(concept: Any) -> Iterator[tuple[str, str]]:
    for coding in listed(concept, "coding"):
        system, code = mapping(coding).get("system"), mapping(coding).get("code")
        yield (system if isinstance(system, str) else "", code if isinstance(code, str) else "")


_SYSTEMS: Final = {"IDNPS": PERSON, "IDNST": STRUCTURE}


def _identifiers(value: Any, path: str) -> Iterator[Issue]:
    """Every identifier below a place: its type and system go together, its system is a URI."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _identifiers(item, f"{path}[{position}]")
    elif isinstance(value, dict):
        system = value.get("system")
        if isinstance(system, str) and isinstance(value.get("type"), dict):
            codes = {code for _, code in _codes(value["type"])}
            wanted = next((_SYSTEMS[code] for code in codes if code in _SYSTEMS), None)
            if _BARE_OID.fullmatch(system):
                yield tell("system", f"{path}.system", f"urn:oid:{system}", system)
            elif (wanted is not None and system != wanted) or ("INTRN" in codes and system in {PERSON, STRUCTURE}):
                yield tell("identifier-pair", f"{path}.system", wanted, system)
        for key, item in value.items():
            if isinstance(item, dict | list):
                yield from _identifiers(item, f"{path}.{key}")


def _instant(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _period(resource: Json, path: str) -> Iterator[Issue]:
    start, end = _instant(resource.get("start")), _instant(resource.get("end"))
    if start is not None and end is not None and start >= end:
        yield tell("period", f"{path}.end", f"> {resource['start']}", resource["end"])


def _slot(slot: Json, path: str) -> Iterator[Issue]:
    yield from _period(slot, path)
    for key in ("start", "end"):
        value = slot.get(key)
        if isinstance(value, str) and not _INSTANT.fullmatch(value):
            yield tell("instant", f"{path}.{key}", _INSTANT.pattern, value)
    kinds = [code for _, code in _codes(slot.get("appointmentType"))]
    if "appointmentType" not in slot:
        yield tell("appointment-type-missing", f"{path}.appointmentType", "ROUTINE | WALKIN")
    elif len(kinds) != 1 or kinds[0] not in {"ROUTINE", "WALKIN"}:
        yield tell("appointment-type", f"{path}.appointmentType", "ROUTINE | WALKIN", ", ".join(kinds))
    comment = slot.get("comment")
    if "ROUTINE" in kinds and not (isinstance(comment, str) and URL.fullmatch(comment.strip())):
        yield tell("comment", f"{path}.comment", "http(s)://…", comment)
    if not listed(mapping(slot.get("meta")), "security"):
        yield tell("slot-type", f"{path}.meta.security", "≥ 1")
    for position, concept in enumerate(listed(slot, "serviceType")):
        for system, code in _codes(concept):
            if (system == CONSULTATION) is not (code in {"AMB", "HH", "VR"}) and (system == CONSULTATION or not system):
                yield tell("consultation", f"{path}.serviceType[{position}]", "AMB | HH | VR", code)


def _slot_of_cpts(slot: Json, path: str) -> Iterator[Issue]:
    yield from _slot(slot, path)
    named: list[str] = []
    names = False
    for position, concept in enumerate(listed(slot, "serviceType")):
        where = f"{path}.serviceType[{position}]"
        references = [
            mapping(mapping(extension).get("valueReference")).get("reference")
            for extension in listed(concept, "extension")
            if mapping(extension).get("url") == SERVICE_TYPE
        ]
        pairs = list(_codes(concept))
        told = [(s, c) for s, c in pairs if c == "604" or "TRE_R66" in s or "TRE-R66" in s]
        services = [r for r in references if isinstance(r, str) and split_reference(r)[0] == "HealthcareService"]
        if any(pair != (ESTABLISHMENT, "604") for pair in told):
            yield tell("604", where, f"{ESTABLISHMENT}|604", ", ".join(f"{s}|{c}" for s, c in pairs))
        elif references and not told:
            yield tell("604-elsewhere", f"{where}.extension", f"{ESTABLISHMENT}|604", ", ".join(c for _, c in pairs))
        elif told and (len(services) != 1 or len(references) != 1):
            yield tell("604-reference", f"{where}.extension", "HealthcareService/id", ", ".join(services) or None)
        for service in services if told else ():
            if service in named:
                yield tell("cpts-once", f"{where}.extension", None, service)
        named += services if told else []
        names = names or bool(told or references)
    types = {mapping(each).get("code") for each in listed(mapping(slot.get("meta")), "security") if _hashable(each)}
    if "CPTS" in types and not names:
        yield tell("cpts-slot", f"{path}.serviceType", "604")
    if "CPTS" not in types and names:
        yield tell("cpts-type", f"{path}.meta.security", "CPTS")


def _hashable(coding: Any) -> bool:
    return isinstance(mapping(coding).get("code"), str)


def _practitioner(resource: Json, path: str) -> Iterator[Issue]:
    for position, identifier in enumerate(listed(resource, "identifier")):
        value = mapping(identifier).get("value")
        if isinstance(value, str) and not _PERSON.fullmatch(value):
            yield tell("person-id", f"{path}.identifier[{position}].value", _PERSON.pattern, value)
    if not any(mapping(name).get("family") and listed(name, "given") for name in listed(resource, "name")):
        yield tell("name", f"{path}.name", "family, given")


def _role(resource: Json, path: str) -> Iterator[Issue]:
    identifier = mapping(mapping(resource.get("organization")).get("identifier"))
    value = identifier.get("value")
    if isinstance(value, str) and not _STRUCTURE.fullmatch(value):
        yield tell("structure-id", f"{path}.organization.identifier.value", _STRUCTURE.pattern, value)
    yield from _phones(resource, path)
    places = [(n, place) for n, place in enumerate(listed(resource, "contained")) if kind_of(place) == "Location"]
    if len(places) != 1:
        yield tell("one-place", f"{path}.contained", 1, len(places))
    for position, place in places:
        yield from _place(place, f"{path}.contained[{position}]")


def _phones(resource: Json, path: str) -> Iterator[Issue]:
    for position, telecom in enumerate(listed(resource, "telecom")):
        value = mapping(telecom).get("value")
        if mapping(telecom).get("system") == "phone" and isinstance(value, str) and not _PHONE.fullmatch(value):
            yield tell("phone", f"{path}.telecom[{position}].value", _PHONE.pattern, value)


def _place(resource: Json, path: str) -> Iterator[Issue]:
    yield from _phones(resource, path)
    code = mapping(resource.get("address")).get("postalCode")
    if isinstance(code, str) and not _POSTAL.fullmatch(code):
        yield tell("postal-code", f"{path}.address.postalCode", _POSTAL.pattern, code)
    for position, identifier in enumerate(listed(resource, "identifier")):
        codes = {code for _, code in _codes(mapping(identifier).get("type"))}
        value = mapping(identifier).get("value")
        if "IDNST" in codes and isinstance(value, str) and not _STRUCTURE.fullmatch(value):
            yield tell("structure-id", f"{path}.identifier[{position}].value", _STRUCTURE.pattern, value)


def _organization(resource: Json, path: str) -> Iterator[Issue]:
    if "name" not in resource:
        yield tell("structure-name", f"{path}.name")
    yield from _phones(resource, path)


def _schedule_of_sos(resource: Json, path: str) -> Iterator[Issue]:
    kinds = [split_reference(str(mapping(actor).get("reference")))[0] for actor in listed(resource, "actor")]
    if kinds and kinds != ["Location"]:
        yield tell("actors", f"{path}.actor", "Location", ", ".join(kinds))


def _regulator(resource: Json, path: str) -> Iterator[Issue]:
    meta = mapping(resource.get("meta"))
    if "source" not in meta:
        yield tell("source", f"{path}.meta.source", TECHNICAL)
    identifiers = listed(resource, "identifier")
    if len(identifiers) > 1:
        yield tell("one-identifier", f"{path}.identifier", 1, len(identifiers))
    for position, identifier in enumerate(identifiers):
        item = mapping(identifier)
        if not _of_a_regulator(item):
            yield tell("identifier-pair", f"{path}.identifier[{position}].system", "IDNPS | INTRN", item.get("system"))
    if not listed(resource, "name") or not listed(resource, "telecom"):
        yield tell("account", path, "name, telecom")
    for position, telecom in enumerate(listed(resource, "telecom")):
        value = mapping(telecom).get("value")
        if isinstance(value, str) and not _EMAIL.fullmatch(value):
            yield tell("email", f"{path}.telecom[{position}].value", "…@…", value)


def _of_a_regulator(identifier: Json) -> bool:
    """Whether it is national or technical, type and system alike; what is told elsewhere of it is not told again."""
    codes, system = {code for _, code in _codes(identifier.get("type"))}, identifier.get("system")
    if not isinstance(system, str) or not codes or codes & set(_SYSTEMS) or _BARE_OID.fullmatch(system):
        return True
    return "INTRN" in codes and system in {TECHNICAL, PERSON, STRUCTURE}


def _appointment(resource: Json, path: str) -> Iterator[Issue]:
    yield from _period(resource, path)
    status = resource.get("status")
    if isinstance(status, str) and status not in _STATUSES:
        yield tell("status", f"{path}.status", " | ".join(sorted(_STATUSES)), status)
    extensions = listed(resource, "extension")
    urls = [mapping(extension).get("url") for extension in extensions]
    if OPERATOR in urls and urls[0] != OPERATOR:
        yield tell("operator-first", f"{path}.extension[0]", OPERATOR, urls[0])
    for position, extension in enumerate(extensions):
        if mapping(extension).get("url") == OPERATOR:
            yield from _operator(mapping(extension), f"{path}.extension[{position}].valueReference")
    waiting = 0
    for position, participant in enumerate(listed(resource, "participant")):
        yield from _participant(mapping(participant), f"{path}.participant[{position}]")
        waiting += mapping(participant).get("status") == "needs-action"
    if isinstance(status, str) and waiting and status not in {"pending", "cancelled"}:
        yield tell("waiting", f"{path}.status", "pending", status)


def _operator(extension: Json, path: str) -> Iterator[Issue]:
    reference = mapping(extension.get("valueReference"))
    identifier = mapping(reference.get("identifier"))
    if not identifier or "reference" in reference:
        yield tell("operator", path, "identifier")
        return
    if not _of_a_regulator(identifier):
        yield tell("identifier-pair", f"{path}.identifier.system", "IDNPS | INTRN", identifier.get("system"))


def _participant(participant: Json, path: str) -> Iterator[Issue]:
    actor = mapping(participant.get("actor"))
    reference = actor.get("reference")
    if actor.get("type") == "Patient" or (isinstance(reference, str) and split_reference(reference)[0] == "Patient"):
        yield tell("no-patient", f"{path}.actor")
    identifier = mapping(actor.get("identifier"))
    value = identifier.get("value")
    if identifier.get("system") == PERSON and isinstance(value, str) and not _PERSON.fullmatch(value):
        yield tell("person-id", f"{path}.actor.identifier.value", _PERSON.pattern, value)


Look = Callable[[Json, str], Iterator[Issue]]
_LOOKS: Final[Mapping[tuple[UseCase | None, str], Look]] = {
    (UseCase.CPTS, "Slot"): _slot_of_cpts,
    (None, "Slot"): _slot,
    (UseCase.SOS, "Schedule"): _schedule_of_sos,
    (UseCase.REGULATORS, "Practitioner"): _regulator,
    (None, "Practitioner"): _practitioner,
    (None, "PractitionerRole"): _role,
    (None, "Location"): _place,
    (None, "Organization"): _organization,
    (None, "Appointment"): _appointment,
}


# --- references ---


def reference_places(resource: Json, kind: str) -> Iterator[tuple[str, Any]]:
    """The references of a resource that lead to another one of the exchange, each with its path below it."""
    if kind in _SINGLE and _SINGLE[kind] in resource:
        yield f".{_SINGLE[kind]}", resource[_SINGLE[kind]]
    if kind == "Schedule":
        for position, actor in enumerate(listed(resource, "actor")):
            yield f".actor[{position}]", actor
    if kind == "Slot":
        for n, concept in enumerate(listed(resource, "serviceType")):
            for m, extension in enumerate(listed(concept, "extension")):
                if mapping(extension).get("url") == SERVICE_TYPE:
                    yield f".serviceType[{n}].extension[{m}].valueReference", mapping(extension).get("valueReference")


_SINGLE: Final = {
    "Slot": "schedule",
    "HealthcareService": "providedBy",
    "PractitionerRole": "practitioner",
    "Location": "managingOrganization",
}
_REFERENCE: Final = re.compile(r"(.*/)?[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")


def _written(resource: Json, kind: str) -> Iterator[Issue]:
    for path, value in reference_places(resource, kind):
        reference = mapping(value).get("reference")
        if isinstance(value, dict) and (
            reference is None or (isinstance(reference, str) and not is_literal(reference))
        ):
            yield tell("reference", f"{kind}{path}.reference", "Type/id", reference)


def is_literal(reference: str) -> bool:
    return reference.startswith("#") or _REFERENCE.fullmatch(reference) is not None


def split_reference(reference: str) -> tuple[str, str]:
    parts = reference.rsplit("/", 2)
    return (parts[-2], parts[-1]) if len(parts) > 1 else ("", reference)

"""What the guide says in words and no profile expresses, of any document it knows.

The search of practitioners has checks with requirements of their own (`recette.checks`); where those speak, these are
not asked, so that one fault is told once (`recette.checks.conformance`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

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
_URL: Final = re.compile(r"https?://\S+")
_STATUSES: Final = frozenset({"pending", "booked", "fulfilled", "noshow", "cancelled"})


def _told(id: str, path: str, expected: object = None, actual: object = None) -> Issue:
    rule = RULES[id]
    shown = tuple(None if each is None else str(each)[:200] for each in (expected, actual))
    return Issue(rule.weight, Layer.PROSE, path, rule.id, rule.source, rule.message, *shown)


def check(resource: Any, case: UseCase, profiles: Mapping[str, str]) -> list[Issue]:
    """What the prose says of a resource of this use case; `profiles` are its canonicals by resource type."""
    if kind_of(resource) == "Bundle":
        return list(_bundle(resource, case, profiles))
    return list(_resource(resource, kind_of(resource), case, profiles))


# --- a searchset -----------------------------------------------------------------------------------------------------


class _Entry(NamedTuple):
    path: str
    kind: str
    id: str
    resource: Json


def _bundle(bundle: Json, case: UseCase, profiles: Mapping[str, str]) -> Iterator[Issue]:
    yield from _claim(bundle, "Bundle", profiles.get("Bundle"))
    entries: list[_Entry] = []
    for position, item in enumerate(listed(bundle, "entry")):
        path = f"Bundle.entry[{position}]"
        resource = mapping(mapping(item).get("resource"))
        kind, id = kind_of(resource), resource.get("id")
        entries.append(_Entry(f"{path}.resource", kind, id if isinstance(id, str) else "", resource))
        yield from _entry(mapping(item), entries[-1], path, case, profiles)
    slots = sum(entry.kind == "Slot" for entry in entries)
    total = bundle.get("total")
    if isinstance(total, int) and not isinstance(total, bool) and total != slots:
        yield _told("total", "Bundle.total", slots, total)
    if not any(
        mapping(link).get("relation") == "self" and _URL.fullmatch(str(mapping(link).get("url")))
        for link in listed(bundle, "link")
    ):
        yield _told("link", "Bundle.link", "self")
    yield from _unique(entries)
    yield from _links(entries, case)
    for entry in entries:
        if entry.kind in profiles:
            for issue in _resource(entry.resource, entry.kind, case, profiles):
                yield replace(issue, path=entry.path + issue.path[len(entry.kind) :])


def _entry(item: Json, entry: _Entry, path: str, case: UseCase, profiles: Mapping[str, str]) -> Iterator[Issue]:
    mode = mapping(item.get("search")).get("mode")
    if entry.kind == "OperationOutcome" and mode == "outcome":
        return
    if entry.kind not in profiles or (entry.kind == "Location" and case is not UseCase.SOS):
        yield _told("kind", entry.path, ", ".join(sorted(profiles)), entry.kind or None)
        return
    url = item.get("fullUrl")
    optional = url is None and case is UseCase.PRACTITIONERS  # only the two other bundles ask for it
    if not optional and not _is_url_of(url, entry):
        yield _told("fullUrl", f"{path}.fullUrl", f"…/{entry.kind}/{entry.id}", url)
    if isinstance(mode, str):
        searched = {"Slot"} if case is not UseCase.SOS else {"Slot", "Schedule"}
        allowed = {"match"} if entry.kind in searched else {"include"}
        if case is UseCase.SOS and entry.kind in searched:
            allowed = {"match", "include"}  # the guide's two examples differ: Schedule is searched, Slots are counted
        if mode not in allowed:
            yield _told("search.mode", f"{path}.search.mode", " | ".join(sorted(allowed)), mode)


def _is_url_of(url: Any, entry: _Entry) -> bool:
    return isinstance(url, str) and ":" in url and url.endswith(f"/{entry.kind}/{entry.id}")


def _unique(entries: list[_Entry]) -> Iterator[Issue]:
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        if entry.id and (entry.kind, entry.id) in seen:
            yield _told("unique", f"{entry.path}.id", None, f"{entry.kind}/{entry.id}")
        seen.add((entry.kind, entry.id))


def _links(entries: list[_Entry], case: UseCase) -> Iterator[Issue]:
    at = {(entry.kind, entry.id): entry for entry in entries}
    holders: Counter[str] = Counter()
    for entry in entries:
        for place, value in _places(entry.resource, entry.kind):
            reference = mapping(value).get("reference")
            if isinstance(reference, str) and _is_literal(reference) and _split(reference) not in at:
                yield _told("resolves", f"{entry.path}{place}.reference", "Type/id", reference)
        if entry.kind == "PractitionerRole" and "practitioner" not in entry.resource:
            yield _told("resolves", f"{entry.path}.practitioner", "Practitioner/id")
        if entry.kind == "Schedule":
            yield from _actors(entry, at, case, holders)
    yield from _people(entry for entry in entries if entry.kind == "Practitioner")
    if case is UseCase.CPTS:
        yield from _services(entries)


def _people(practitioners: Iterable[_Entry]) -> Iterator[Issue]:
    seen: set[str] = set()
    for entry in practitioners:
        for position, identifier in enumerate(listed(entry.resource, "identifier")):
            value = mapping(identifier).get("value")
            if isinstance(value, str) and value in seen:
                yield _told("one-practitioner", f"{entry.path}.identifier[{position}].value", None, value)
            elif isinstance(value, str):
                seen.add(value)


def _services(entries: list[_Entry]) -> Iterator[Issue]:
    """One service an organization, and one organization a service."""
    provided: Counter[str] = Counter()
    for entry in entries:
        if entry.kind == "HealthcareService":
            provider = str(mapping(entry.resource.get("providedBy")).get("reference"))
            provided[provider] += 1
            if provided[provider] > 1:
                yield _told("one-service", f"{entry.path}.providedBy.reference", None, provider)
    for entry in entries:
        if entry.kind == "Organization" and provided[f"Organization/{entry.id}"] == 0:
            yield _told("one-service", entry.path, f"HealthcareService → Organization/{entry.id}")


def _places(resource: Json, kind: str) -> Iterator[tuple[str, Any]]:
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
    for path, value in _places(resource, kind):
        reference = mapping(value).get("reference")
        if isinstance(value, dict) and (
            reference is None or (isinstance(reference, str) and not _is_literal(reference))
        ):
            yield _told("reference", f"{kind}{path}.reference", "Type/id", reference)


def _is_literal(reference: str) -> bool:
    return reference.startswith("#") or _REFERENCE.fullmatch(reference) is not None


def _split(reference: str) -> tuple[str, str]:
    parts = reference.rsplit("/", 2)
    return (parts[-2], parts[-1]) if len(parts) > 1 else ("", reference)


def _actors(
    entry: _Entry, at: Mapping[tuple[str, str], _Entry], case: UseCase, holders: Counter[str]
) -> Iterator[Issue]:
    found: dict[str, list[str]] = {}
    for actor in listed(entry.resource, "actor"):
        reference = mapping(actor).get("reference")
        if isinstance(reference, str):
            found.setdefault(_split(reference)[0], []).append(_split(reference)[1])
    wanted = {"Location": 1} if case is UseCase.SOS else {"Practitioner": 1, "PractitionerRole": 1}
    if {kind: len(ids) for kind, ids in found.items()} != wanted:
        yield _told("actors", f"{entry.path}.actor", ", ".join(wanted), ", ".join(sorted(found)))
    holder = "Location" if case is UseCase.SOS else "PractitionerRole"
    for id in found.get(holder, []):
        holders[id] += 1
        if holders[id] > 1:
            yield _told("one-schedule", f"{entry.path}.actor", None, f"{holder}/{id}")
    for id in found.get("PractitionerRole", []):
        role = at.get(("PractitionerRole", id))
        person = None if role is None else mapping(role.resource.get("practitioner")).get("reference")
        if isinstance(person, str) and found.get("Practitioner") and _split(person)[1] not in found["Practitioner"]:
            yield _told("same-practitioner", f"{entry.path}.actor", person, f"Practitioner/{found['Practitioner'][0]}")


# --- a resource ------------------------------------------------------------------------------------------------------


def _resource(resource: Any, kind: str, case: UseCase, profiles: Mapping[str, str]) -> Iterator[Issue]:
    if not isinstance(resource, dict):
        return
    yield from _claim(resource, kind, profiles.get(kind), lenient=case is UseCase.CPTS and kind == "Slot")
    yield from _identifiers(resource, kind)
    yield from _written(resource, kind)
    if kind == "PractitionerRole":
        for position, place in enumerate(listed(resource, "contained")):
            if kind_of(place) == "Location":
                yield from _claim(place, f"{kind}.contained[{position}]", PLACE)
    look = _LOOKS.get((case, kind)) or _LOOKS.get((None, kind))
    if look is not None:
        yield from look(resource, kind)


def _claim(resource: Json, path: str, profile: str | None, *, lenient: bool = False) -> Iterator[Issue]:
    claimed = mapping(resource.get("meta")).get("profile")
    if claimed == [profile] or profile is None:
        return
    if lenient and claimed == ["http://sas.fr/fhir/StructureDefinition/FrSlotAgregateur"]:
        return  # the CPTS bundle's slicing is open: a slot that is shown to no CPTS may stay as it is in INT_R01
    yield _told("meta.profile", f"{path}.meta.profile", profile, claimed)


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
                yield _told("system", f"{path}.system", f"urn:oid:{system}", system)
            elif (wanted is not None and system != wanted) or ("INTRN" in codes and system in {PERSON, STRUCTURE}):
                yield _told("identifier-pair", f"{path}.system", wanted, system)
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
        yield _told("period", f"{path}.end", f"> {resource['start']}", resource["end"])


def _slot(slot: Json, path: str) -> Iterator[Issue]:
    yield from _period(slot, path)
    for key in ("start", "end"):
        value = slot.get(key)
        if isinstance(value, str) and not _INSTANT.fullmatch(value):
            yield _told("instant", f"{path}.{key}", _INSTANT.pattern, value)
    kinds = [code for _, code in _codes(slot.get("appointmentType"))]
    if "appointmentType" not in slot:
        yield _told("appointment-type-missing", f"{path}.appointmentType", "ROUTINE | WALKIN")
    elif len(kinds) != 1 or kinds[0] not in {"ROUTINE", "WALKIN"}:
        yield _told("appointment-type", f"{path}.appointmentType", "ROUTINE | WALKIN", ", ".join(kinds))
    comment = slot.get("comment")
    if "ROUTINE" in kinds and not (isinstance(comment, str) and _URL.fullmatch(comment.strip())):
        yield _told("comment", f"{path}.comment", "http(s)://…", comment)
    if not listed(mapping(slot.get("meta")), "security"):
        yield _told("slot-type", f"{path}.meta.security", "≥ 1")
    for position, concept in enumerate(listed(slot, "serviceType")):
        for system, code in _codes(concept):
            if (system == CONSULTATION) is not (code in {"AMB", "HH", "VR"}) and (system == CONSULTATION or not system):
                yield _told("consultation", f"{path}.serviceType[{position}]", "AMB | HH | VR", code)


def _slot_of_cpts(slot: Json, path: str) -> Iterator[Issue]:
    yield from _slot(slot, path)
    named = 0
    for position, concept in enumerate(listed(slot, "serviceType")):
        where = f"{path}.serviceType[{position}]"
        references = [
            mapping(mapping(extension).get("valueReference")).get("reference")
            for extension in listed(concept, "extension")
            if mapping(extension).get("url") == SERVICE_TYPE
        ]
        pairs = list(_codes(concept))
        told = [(s, c) for s, c in pairs if c == "604" or "TRE_R66" in s or "TRE-R66" in s]
        if any(pair != (ESTABLISHMENT, "604") for pair in told) or (references and not told):
            yield _told("604", where, f"{ESTABLISHMENT}|604", ", ".join(f"{s}|{c}" for s, c in pairs))
        elif told and not any(isinstance(r, str) and _split(r)[0] == "HealthcareService" for r in references):
            yield _told("604-reference", f"{where}.extension", "HealthcareService/id")
        named += bool(told or references)
    types = {mapping(each).get("code") for each in listed(mapping(slot.get("meta")), "security") if _hashable(each)}
    if ("CPTS" in types) is not (named > 0):
        yield _told("cpts-slot", f"{path}.serviceType" if named == 0 else f"{path}.meta.security", "CPTS + 604")


def _hashable(coding: Any) -> bool:
    return isinstance(mapping(coding).get("code"), str)


def _practitioner(resource: Json, path: str) -> Iterator[Issue]:
    for position, identifier in enumerate(listed(resource, "identifier")):
        value = mapping(identifier).get("value")
        if isinstance(value, str) and not _PERSON.fullmatch(value):
            yield _told("person-id", f"{path}.identifier[{position}].value", _PERSON.pattern, value)
    if not any(mapping(name).get("family") and listed(name, "given") for name in listed(resource, "name")):
        yield _told("name", f"{path}.name", "family, given")


def _role(resource: Json, path: str) -> Iterator[Issue]:
    identifier = mapping(mapping(resource.get("organization")).get("identifier"))
    value = identifier.get("value")
    if isinstance(value, str) and not _STRUCTURE.fullmatch(value):
        yield _told("structure-id", f"{path}.organization.identifier.value", _STRUCTURE.pattern, value)
    yield from _phones(resource, path)
    places = [(n, place) for n, place in enumerate(listed(resource, "contained")) if kind_of(place) == "Location"]
    if len(places) != 1:
        yield _told("one-place", f"{path}.contained", 1, len(places))
    for position, place in places:
        yield from _place(place, f"{path}.contained[{position}]")


def _phones(resource: Json, path: str) -> Iterator[Issue]:
    for position, telecom in enumerate(listed(resource, "telecom")):
        value = mapping(telecom).get("value")
        if mapping(telecom).get("system") == "phone" and isinstance(value, str) and not _PHONE.fullmatch(value):
            yield _told("phone", f"{path}.telecom[{position}].value", _PHONE.pattern, value)


def _place(resource: Json, path: str) -> Iterator[Issue]:
    yield from _phones(resource, path)
    code = mapping(resource.get("address")).get("postalCode")
    if isinstance(code, str) and not _POSTAL.fullmatch(code):
        yield _told("postal-code", f"{path}.address.postalCode", _POSTAL.pattern, code)
    for position, identifier in enumerate(listed(resource, "identifier")):
        codes = {code for _, code in _codes(mapping(identifier).get("type"))}
        value = mapping(identifier).get("value")
        if "IDNST" in codes and isinstance(value, str) and not _STRUCTURE.fullmatch(value):
            yield _told("structure-id", f"{path}.identifier[{position}].value", _STRUCTURE.pattern, value)


def _organization(resource: Json, path: str) -> Iterator[Issue]:
    if "name" not in resource:
        yield _told("structure-name", f"{path}.name")
    yield from _phones(resource, path)


def _schedule_of_sos(resource: Json, path: str) -> Iterator[Issue]:
    kinds = [_split(str(mapping(actor).get("reference")))[0] for actor in listed(resource, "actor")]
    if kinds and kinds != ["Location"]:
        yield _told("actors", f"{path}.actor", "Location", ", ".join(kinds))


def _regulator(resource: Json, path: str) -> Iterator[Issue]:
    meta = mapping(resource.get("meta"))
    if "source" not in meta:
        yield _told("source", f"{path}.meta.source", TECHNICAL)
    identifiers = listed(resource, "identifier")
    if len(identifiers) > 1:
        yield _told("one-identifier", f"{path}.identifier", 1, len(identifiers))
    for position, identifier in enumerate(identifiers):
        item = mapping(identifier)
        if not _of_a_regulator(item):
            yield _told("identifier-pair", f"{path}.identifier[{position}].system", "IDNPS | INTRN", item.get("system"))
    if not listed(resource, "name") or not listed(resource, "telecom"):
        yield _told("account", path, "name, telecom")
    for position, telecom in enumerate(listed(resource, "telecom")):
        value = mapping(telecom).get("value")
        if isinstance(value, str) and not _EMAIL.fullmatch(value):
            yield _told("email", f"{path}.telecom[{position}].value", "…@…", value)


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
        yield _told("status", f"{path}.status", " | ".join(sorted(_STATUSES)), status)
    extensions = listed(resource, "extension")
    urls = [mapping(extension).get("url") for extension in extensions]
    if OPERATOR in urls and urls[0] != OPERATOR:
        yield _told("operator-first", f"{path}.extension[0]", OPERATOR, urls[0])
    for position, extension in enumerate(extensions):
        if mapping(extension).get("url") == OPERATOR:
            yield from _operator(mapping(extension), f"{path}.extension[{position}].valueReference")
    waiting = 0
    for position, participant in enumerate(listed(resource, "participant")):
        yield from _participant(mapping(participant), f"{path}.participant[{position}]")
        waiting += mapping(participant).get("status") == "needs-action"
    if isinstance(status, str) and waiting and status not in {"pending", "cancelled"}:
        yield _told("waiting", f"{path}.status", "pending", status)


def _operator(extension: Json, path: str) -> Iterator[Issue]:
    reference = mapping(extension.get("valueReference"))
    identifier = mapping(reference.get("identifier"))
    if not identifier or "reference" in reference:
        yield _told("operator", path, "identifier")
        return
    if not _of_a_regulator(identifier):
        yield _told("identifier-pair", f"{path}.identifier.system", "IDNPS | INTRN", identifier.get("system"))


def _participant(participant: Json, path: str) -> Iterator[Issue]:
    actor = mapping(participant.get("actor"))
    reference = actor.get("reference")
    if actor.get("type") == "Patient" or (isinstance(reference, str) and _split(reference)[0] == "Patient"):
        yield _told("no-patient", f"{path}.actor")
    identifier = mapping(actor.get("identifier"))
    value = identifier.get("value")
    if identifier.get("system") == PERSON and isinstance(value, str) and not _PERSON.fullmatch(value):
        yield _told("person-id", f"{path}.actor.identifier.value", _PERSON.pattern, value)


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

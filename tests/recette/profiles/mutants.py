"""Right resources, and what is wrong with each of them in turn: where it is, and by which rule."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

Json = dict[str, Any]
FOLDER: Final = Path(__file__).resolve().parents[2] / "fixtures" / "fhir"
DELETE: Final = object()

_ENTRIES: Final = {
    "slot": ("bundle-ps", 0),
    "schedule": ("bundle-ps", 3),
    "practitioner": ("bundle-ps", 6),
    "role": ("bundle-ps", 8),
    "cpts_slot": ("bundle-cpts", 0),
    "service": ("bundle-cpts", 5),
    "cpts": ("bundle-cpts", 7),
    "sos_slot": ("bundle-sos", 0),
    "sos_schedule": ("bundle-sos", 2),
    "site": ("bundle-sos", 4),
    "association": ("bundle-sos", 6),
}
BUNDLES: Final = ("bundle-ps", "bundle-cpts", "bundle-sos")
WHOLE: Final = (*BUNDLES, "appointment-sas", "appointment-sos", "practitioner-regul")


@cache
def _text(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def base(name: str) -> Json:
    """A right resource, built anew: a whole document, one of its entries, or the place a role contains."""
    document: Json
    if name == "place":
        document = base("role")["contained"][0]
    elif name in _ENTRIES:
        bundle, position = _ENTRIES[name]
        document = json.loads(_text(bundle))["entry"][position]["resource"]
    else:
        document = json.loads(_text(name))
    return document


def steps(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in path.replace("/", ".").split(".")]


def mutant(name: str, path: str, value: Any) -> Json:
    """The right resource with one value put, deleted, or (path ending with `+`) appended; `=path` copies another."""
    document = base(name)
    *above, last = steps(path)
    holder: Any = document
    for step in above:
        holder = holder[step]
    if isinstance(value, str) and value.startswith("="):
        source: Any = document
        for step in steps(value[1:]):
            source = source[step]
        value = source
    if value is DELETE:
        del holder[last]
    elif last == "+":
        holder.append(copy.deepcopy(value))
    else:
        holder[last] = copy.deepcopy(value)
    return document


CODE_604: Final = "https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement"
STRANGE: Final = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "ZZZ"}]}
PATIENT: Final = {"actor": {"reference": "Patient/1"}, "status": "accepted"}
DIV: Final = '<div xmlns="http://www.w3.org/1999/xhtml">'

BASE: Final[list[tuple[str, str, Any, str, str]]] = [
    ("slot", "status", DELETE, "Slot.status", "min"),
    ("slot", "start", DELETE, "Slot.start", "min"),
    ("slot", "end", DELETE, "Slot.end", "min"),
    ("slot", "schedule", DELETE, "Slot.schedule", "min"),
    ("slot", "start", "2031-03-11", "Slot.start", "format"),
    ("slot", "start", "2031-03-11T09:00+01:00", "Slot.start", "format"),
    ("slot", "start", "2031-03-11T09:00:00.000", "Slot.start", "format"),
    ("slot", "start", "2031-02-30T09:00:00.000+01:00", "Slot.start", "format"),
    ("slot", "start", "2031-03-11T25:00:00.000+01:00", "Slot.start", "format"),
    ("slot", "start", 1930989600, "Slot.start", "format"),
    ("slot", "overbooked", "false", "Slot.overbooked", "format"),
    ("slot", "comment", 3, "Slot.comment", "format"),
    ("slot", "comment", "", "Slot.comment", "format"),
    ("slot", "comment", "  ", "Slot.comment", "format"),
    ("slot", "comment", None, "Slot.comment", "ele-1"),
    ("slot", "comment", "a\u0000b", "Slot.comment", "format"),
    ("slot", "comment", ["https://a.example.org"], "Slot.comment", "json"),
    ("slot", "serviceType", {"text": "x"}, "Slot.serviceType", "json"),
    ("slot", "serviceType", [], "Slot.serviceType", "json"),
    ("slot", "serviceType.0", {}, "Slot.serviceType[0]", "ele-1"),
    ("slot", "serviceType.0", "AMB", "Slot.serviceType[0]", "type"),
    ("slot", "serviceType.0.coding.0.userSelected", "yes", "Slot.serviceType[0].coding[0].userSelected", "format"),
    ("slot", "colour", "red", "Slot.colour", "unknown"),
    ("slot", "schedule.id_", "x", "Slot.schedule.id_", "unknown"),
    ("slot", "serviceType.0.codings", [], "Slot.serviceType[0].codings", "unknown"),
    ("slot", "id", "a b", "Slot.id", "format"),
    ("slot", "id", "x" * 65, "Slot.id", "format"),
    ("slot", "meta", {}, "Slot.meta", "ele-1"),
    ("slot", "meta.lastUpdated", "yesterday", "Slot.meta.lastUpdated", "format"),
    ("slot", "meta.profile", "http://x", "Slot.meta.profile", "json"),
    ("slot", "_start", {}, "Slot.start", "json"),
    ("slot", "_start", {"value": 1}, "Slot.start.value", "unknown"),
    ("slot", "schedule.reference", "#ag-z", "Slot.schedule", "ref-1"),
    ("slot", "schedule.reference", "Practitioner/ps-a", "Slot.schedule.reference", "target"),
    ("slot", "schedule.type", "Practitioner", "Slot.schedule.type", "target"),
    ("slot", "extension", [{"valueString": "x"}], "Slot.extension[0].url", "min"),
    ("slot", "extension", [{"url": "http://x.example.org"}], "Slot.extension[0]", "ext-1"),
    ("slot", "extension", [{"url": "x", "valueString": "x"}], "Slot.extension[0].url", "extension"),
    (
        "slot",
        "extension",
        [{"url": "http://x.example.org", "valueString": "x", "valueCode": "y"}],
        "Slot.extension[0].value",
        "choice",
    ),
    ("slot", "extension", [{"url": "http://x.example.org", "valueSlot": "x"}], "Slot.extension[0].valueSlot", "type"),
    ("slot", "identifier", [{"period": {"start": "2031", "end": "2030"}}], "Slot.identifier[0].period", "per-1"),
    ("slot", "identifier", [{"use": "mine"}], "Slot.identifier[0].use", "binding"),
    ("slot", "identifier", [{"system": "urn:oid:1.2.03"}], "Slot.identifier[0].system", "format"),
    ("slot", "identifier", [{"system": "a b"}], "Slot.identifier[0].system", "format"),
    ("slot", "text", {"div": f"{DIV}x</div>"}, "Slot.text.status", "min"),
    ("slot", "text", {"status": "generated", "div": "<div>x</div>"}, "Slot.text.div", "txt-1"),
    ("slot", "text", {"status": "generated", "div": f"{DIV}<b>x</div>"}, "Slot.text.div", "txt-1"),
    (
        "slot",
        "text",
        {"status": "generated", "div": f'{DIV}<p onclick="x">x</p></div>'},
        "Slot.text.div",
        "txt-1",
    ),
    ("slot", "text", {"status": "generated", "div": f"{DIV}</div>"}, "Slot.text.div", "txt-2"),
    ("slot", "resourceType", "Schedule", "Slot.resourceType", "resourceType"),
    ("slot", "contained", [{"resourceType": "Zebra", "id": "z"}], "Slot.contained[0].resourceType", "resourceType"),
    ("slot", "contained", [{"resourceType": "Patient", "id": "z", "active": True}], "Slot", "dom-3"),
    ("practitioner", "gender", "M", "Practitioner.gender", "binding"),
    ("practitioner", "birthDate", "1970-13-01", "Practitioner.birthDate", "format"),
    ("practitioner", "name.0.use", "big", "Practitioner.name[0].use", "binding"),
    ("practitioner", "name.0.given", "Théo", "Practitioner.name[0].given", "json"),
    ("practitioner", "name.0.given", [None], "Practitioner.name[0].given[0]", "ele-1"),
    ("practitioner", "photo", [{"data": "aGV-"}], "Practitioner.photo[0].data", "format"),
    ("practitioner", "photo", [{"data": "aGVs"}], "Practitioner.photo[0]", "att-1"),
    (
        "practitioner",
        "telecom",
        [{"system": "phone", "value": "+33199000011", "rank": 0}],
        "Practitioner.telecom[0].rank",
        "format",
    ),
    ("practitioner", "qualification", [{"issuer": {"display": "x"}}], "Practitioner.qualification[0].code", "min"),
    ("place", "position", {"longitude": "2.3", "latitude": 4.5}, "Location.position.longitude", "format"),
    ("place", "position", {"longitude": 2.3}, "Location.position.latitude", "min"),
    ("place", "status", "open", "Location.status", "binding"),
    ("place", "hoursOfOperation.0.openingTime", "8h30", "Location.hoursOfOperation[0].openingTime", "format"),
    ("place", "hoursOfOperation.0.daysOfWeek.0", "MON", "Location.hoursOfOperation[0].daysOfWeek[0]", "binding"),
    ("association", "telecom.0.use", "home", "Organization.telecom[0]", "org-3"),
    ("association", "address", [{"use": "home", "city": "X"}], "Organization.address[0]", "org-2"),
    ("appointment-sas", "end", DELETE, "Appointment", "app-2"),
    ("appointment-sas", "status", "taken", "Appointment.status", "binding"),
    ("appointment-sas", "participant.0.actor", DELETE, "Appointment.participant[0]", "app-1"),
    ("appointment-sas", "minutesDuration", 0, "Appointment.minutesDuration", "format"),
    ("appointment-sas", "created", "10/03/2031", "Appointment.created", "format"),
    ("bundle-ps", "total", "3", "Bundle.total", "format"),
    ("bundle-ps", "total", -1, "Bundle.total", "format"),
    ("bundle-ps", "entry.0.search.mode", "found", "Bundle.entry[0].search.mode", "binding"),
    ("bundle-ps", "entry.0.response", {"status": "200"}, "Bundle", "bdl-4"),
    ("bundle-ps", "entry.0.request", {"method": "GET", "url": "Slot"}, "Bundle", "bdl-3"),
    ("bundle-ps", "entry.1.fullUrl", "=entry.0.fullUrl", "Bundle", "bdl-7"),
    ("bundle-ps", "entry.0.fullUrl", "https://a.example.org/Slot/cr-a1/_history/1", "Bundle.entry[0]", "bdl-8"),
    ("bundle-ps", "entry.0.resource", DELETE, "Bundle.entry[0]", "bdl-5"),
    ("bundle-ps", "link.0.url", DELETE, "Bundle.link[0].url", "min"),
    ("bundle-ps", "entry", [], "Bundle.entry", "json"),
]
PROFILE: Final[list[tuple[str, str, Any, str, str]]] = [
    ("slot", "status", "busy", "Slot.status", "fixed"),
    ("slot", "schedule.reference", "#x", "Slot.schedule.reference", "aggregation"),
    ("slot", "meta.security.0.code", "PRIVATE", "Slot.meta.security[0]", "binding"),
    ("slot", "meta.security.0.code", DELETE, "Slot.meta.security[0]", "binding"),
    ("slot", "meta.security.0.system", "http://x.example.org", "Slot.meta.security[0]", "binding"),
    ("slot", "serviceType.0.coding.0.code", "ZZZ", "Slot.serviceType[0]", "binding"),
    ("schedule", "actor", DELETE, "Schedule.actor", "min"),
    ("schedule", "serviceType", [{"text": "x"}], "Schedule.serviceType", "max"),
    ("schedule", "actor.0.reference", "Organization/x", "Schedule.actor[0].reference", "target"),
    ("practitioner", "identifier", DELETE, "Practitioner.identifier", "min"),
    ("practitioner", "identifier.0.type", DELETE, "Practitioner.identifier[0].type", "min"),
    ("practitioner", "identifier.0.system", DELETE, "Practitioner.identifier[0].system", "min"),
    ("practitioner", "identifier.0.value", DELETE, "Practitioner.identifier[0].value", "min"),
    ("practitioner", "identifier.0.system", "urn:oid:1.2.3.4", "Practitioner.identifier[0].system", "pattern"),
    ("practitioner", "identifier.0.type.coding.0.code", "RPPS", "Practitioner.identifier[0].type", "pattern"),
    (
        "practitioner",
        "identifier.0.type.coding.+",
        {"system": "http://x.example.org", "code": "y"},
        "Practitioner.identifier[0].type.coding",
        "max",
    ),
    ("practitioner", "telecom", [{"value": "x"}], "Practitioner.telecom[0].system", "min"),
    ("practitioner", "telecom", [{"system": "phone"}], "Practitioner.telecom[0].value", "min"),
    ("role", "contained", DELETE, "PractitionerRole.contained", "min"),
    ("role", "location", DELETE, "PractitionerRole.location", "min"),
    ("role", "location.+", {"reference": "#lieu-a"}, "PractitionerRole.location", "max"),
    ("role", "location.0.reference", "Location/lieu-a", "PractitionerRole.location[0].reference", "aggregation"),
    (
        "role",
        "organization.identifier.system",
        "urn:oid:1.2.250.1.71.4.2.1",
        "PractitionerRole.organization.identifier.system",
        "pattern",
    ),
    (
        "role",
        "organization.identifier.type.coding.0.code",
        "FINEG",
        "PractitionerRole.organization.identifier.type",
        "pattern",
    ),
    ("role", "organization.reference", "#x", "PractitionerRole.organization", "ref-1"),
    ("role", "contained.0.address", DELETE, "PractitionerRole.contained[0].address", "min"),
    ("role", "contained.0.address.city", DELETE, "PractitionerRole.contained[0].address.city", "min"),
    ("role", "contained.0.address.line.+", "bâtiment B", "PractitionerRole.contained[0].address.line", "max"),
    ("role", "contained.0.identifier", DELETE, "PractitionerRole.contained[0].identifier", "min"),
    (
        "role",
        "contained.0",
        {"resourceType": "Organization", "id": "lieu-a", "name": "x"},
        "PractitionerRole.location[0].reference",
        "target",
    ),
    ("role", "telecom.0.system", DELETE, "PractitionerRole.telecom[0].system", "min"),
    ("place", "address.postalCode", DELETE, "Location.address.postalCode", "min"),
    ("place", "identifier.0.system", DELETE, "Location.identifier[0].system", "min"),
    ("cpts_slot", "status", "busy", "Slot.status", "pattern"),
    ("cpts_slot", "appointmentType.coding.0.code", "CHECKUP", "Slot.appointmentType.coding[0]", "binding"),
    (
        "cpts_slot",
        "serviceType.1.extension.0.valueReference.reference",
        "Organization/cpts-1",
        "Slot.serviceType[1].extension[0].valueReference.reference",
        "target",
    ),
    ("cpts_slot", "serviceType.1.extension.0.url", DELETE, "Slot.serviceType[1].extension[0].url", "min"),
    (
        "cpts_slot",
        "serviceType.0.extension",
        "=serviceType.1.extension",
        "Slot.serviceType[0].extension:sas-servicetype-r5",
        "max",
    ),
    ("service", "id", DELETE, "HealthcareService.id", "min"),
    ("service", "providedBy", DELETE, "HealthcareService.providedBy", "min"),
    ("service", "providedBy.reference", "Location/x", "HealthcareService.providedBy.reference", "target"),
    ("cpts", "identifier", DELETE, "Organization.identifier", "min"),
    ("cpts", "identifier.+", {"system": "http://x", "value": "1"}, "Organization.identifier", "max"),
    ("cpts", "identifier.0.value", "3990000330001", "Organization.identifier[0]", "FINESS-invariant"),
    ("cpts", "identifier.0.type.coding.0.code", "INTRN", "Organization.identifier[0].type", "pattern"),
    ("sos_slot", "meta.security.0.code", "PRO", "Slot.meta.security[0]", "binding"),
    ("sos_slot", "serviceType.0.coding.0.code", "IMP", "Slot.serviceType[0].coding[0]", "binding"),
    ("sos_schedule", "actor.0.reference", DELETE, "Schedule.actor[0].reference", "min"),
    ("sos_schedule", "actor.0.reference", "Practitioner/ps-a", "Schedule.actor[0].reference", "target"),
    ("site", "name", DELETE, "Location.name", "min"),
    ("site", "address.postalCode", "992000", "Location.address.postalCode", "maxLength"),
    ("site", "managingOrganization", DELETE, "Location.managingOrganization", "min"),
    ("site", "managingOrganization.reference", DELETE, "Location.managingOrganization.reference", "min"),
    ("site", "identifier.0.type.coding.0.code", "EXTRN", "Location.identifier[0].type", "pattern"),
    ("association", "identifier.0.value", "199000000", "Organization.identifier[0]", "SIRET-invariant"),
    ("association", "identifier.0.system", "urn:oid:1.2.3", "Organization.identifier[0].system", "pattern"),
    ("appointment-sas", "extension.0", DELETE, "Appointment.extension:appointmentOperator", "min"),
    ("appointment-sas", "extension.+", "=extension.0", "Appointment.extension:appointmentOperator", "max"),
    (
        "appointment-sas",
        "extension.0.valueReference.identifier",
        DELETE,
        "Appointment.extension[0].valueReference.identifier",
        "min",
    ),
    (
        "appointment-sas",
        "extension.0",
        {"url": "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator", "valueString": "x"},
        "Appointment.extension[0].valueString",
        "type",
    ),
    (
        "appointment-sas",
        "extension.1.valueCodeableConcept.coding.0.code",
        "999",
        "Appointment.extension[1].valueCodeableConcept",
        "binding",
    ),
    (
        "appointment-sas",
        "extension.1",
        {"url": "relative", "valueString": "x"},
        "Appointment.extension[1].url",
        "extension",
    ),
    ("appointment-sas", "identifier.+", "=identifier.0", "Appointment.identifier", "max"),
    ("appointment-sas", "participant", DELETE, "Appointment.participant", "min"),
    ("appointment-sas", "participant.0.status", "declined", "Appointment.participant[0].status", "binding"),
    (
        "appointment-sas",
        "participant.0.actor.identifier.system",
        "urn:oid:1.2.250.1.71.4.2.2",
        "Appointment.participant[0].actor.identifier.system",
        "pattern",
    ),
    (
        "appointment-sas",
        "participant.0.actor.identifier.type.coding.0.code",
        "RPPS",
        "Appointment.participant[0].actor.identifier.type.coding[0]",
        "pattern",
    ),
    ("appointment-sas", "cancelationReason", {"text": "x"}, "", ""),
    ("appointment-sos", "extension.+", "=extension.0", "Appointment.extension", "max"),
    (
        "appointment-sos",
        "extension.0.valueReference.identifier.type.coding.0.code",
        "IDNST",
        "Appointment.extension[0].valueReference.identifier.type.coding[0]",
        "binding",
    ),
    ("practitioner-regul", "active", DELETE, "Practitioner.active", "min"),
    ("practitioner-regul", "identifier", DELETE, "Practitioner.identifier", "min"),
    ("practitioner-regul", "name.0.family", DELETE, "Practitioner.name[0].family", "min"),
    ("practitioner-regul", "name.0.given.+", "Claude", "Practitioner.name[0].given", "max"),
    ("practitioner-regul", "telecom.0.system", "phone", "Practitioner.telecom[0].system", "pattern"),
    ("practitioner-regul", "meta.source", "urn:oid:1.2.3", "Practitioner.meta.source", "pattern"),
    ("practitioner-regul", "identifier.0.type.coding.0.code", "INTRN", "Practitioner.identifier[0].type", "pattern"),
    ("bundle-ps", "type", "collection", "Bundle.type", "pattern"),
    ("bundle-cpts", "total", DELETE, "Bundle.total", "min"),
    ("bundle-cpts", "link.+", {"relation": "next", "url": "https://a.example.org/2"}, "Bundle.link", "max"),
    ("bundle-cpts", "entry.3", DELETE, "Bundle.entry:practitionerAgregateur", "min"),
    ("bundle-sos", "link", DELETE, "Bundle.link", "min"),
    ("bundle-sos", "entry.6", DELETE, "Bundle.entry:organizationAgregateurSOS", "min"),
    ("bundle-sos", "entry.0.resource.status", "busy", "Bundle.entry[0].resource.status", "pattern"),
]
TERMINOLOGY: Final[list[tuple[str, str, Any, str, str]]] = [
    ("slot", "specialty", [STRANGE], "Slot.specialty[0]", "binding"),
    ("role", "specialty.0.coding.0.code", "SM99", "PractitionerRole.specialty[0]", "binding"),
    ("slot", "appointmentType.coding.0.code", "NOPE", "Slot.appointmentType.coding[0].code", "code"),
    ("cpts_slot", "serviceType.0.coding.0.code", "ZZZ", "Slot.serviceType[0].coding[0].code", "code"),
]
PROSE: Final[list[tuple[str, str, Any, str, str]]] = [
    ("bundle-cpts", "total", 9, "Bundle.total", "total"),
    ("bundle-sos", "total", 7, "Bundle.total", "total"),
    ("bundle-cpts", "link.0.relation", "next", "Bundle.link", "link"),
    ("bundle-cpts", "entry.0.fullUrl", "https://agenda.example.org/fhir/Slot/zz", "Bundle.entry[0].fullUrl", "fullUrl"),
    ("bundle-sos", "entry.4.fullUrl", DELETE, "Bundle.entry[4].fullUrl", "fullUrl"),
    ("bundle-cpts", "entry.0.search.mode", "include", "Bundle.entry[0].search.mode", "search.mode"),
    ("bundle-cpts", "entry.2.search.mode", "match", "Bundle.entry[2].search.mode", "search.mode"),
    ("bundle-sos", "entry.4.search.mode", "match", "Bundle.entry[4].search.mode", "search.mode"),
    ("bundle-cpts", "entry.1.resource.id", "cr-c1", "Bundle.entry[1].resource.id", "unique"),
    ("bundle-cpts", "entry.+", {"resource": {"resourceType": "Patient"}}, "Bundle.entry[9].resource", "kind"),
    (
        "bundle-cpts",
        "entry.0.resource.schedule.reference",
        "Schedule/zz",
        "Bundle.entry[0].resource.schedule.reference",
        "resolves",
    ),
    (
        "bundle-cpts",
        "entry.0.resource.serviceType.1.extension.0.valueReference.reference",
        "HealthcareService/zz",
        "Bundle.entry[0].resource.serviceType[1].extension[0].valueReference.reference",
        "resolves",
    ),
    (
        "bundle-cpts",
        "entry.5.resource.providedBy.reference",
        "Organization/zz",
        "Bundle.entry[5].resource.providedBy.reference",
        "resolves",
    ),
    (
        "bundle-cpts",
        "entry.2.resource.actor.1.reference",
        "PractitionerRole/zz",
        "Bundle.entry[2].resource.actor[1].reference",
        "resolves",
    ),
    (
        "bundle-cpts",
        "entry.4.resource.practitioner.reference",
        "Practitioner/zz",
        "Bundle.entry[4].resource.practitioner.reference",
        "resolves",
    ),
    (
        "bundle-sos",
        "entry.4.resource.managingOrganization.reference",
        "Organization/zz",
        "Bundle.entry[4].resource.managingOrganization.reference",
        "resolves",
    ),
    ("bundle-cpts", "entry.2.resource.actor.1", DELETE, "Bundle.entry[2].resource.actor", "actors"),
    (
        "bundle-sos",
        "entry.3.resource.actor.0.reference",
        "Location/pfg-1",
        "Bundle.entry[3].resource.actor",
        "one-schedule",
    ),
    (
        "bundle-cpts",
        "entry.6.resource.providedBy.reference",
        "Organization/cpts-1",
        "Bundle.entry[6].resource.providedBy.reference",
        "one-service",
    ),
    ("bundle-cpts", "entry.+", "=entry.3", "Bundle.entry[9].resource.identifier[0].value", "one-practitioner"),
    (
        "bundle-ps",
        "entry.7.resource.identifier.0.value",
        "810123400017",
        "Bundle.entry[7].resource.identifier[0].value",
        "one-practitioner",
    ),
    ("bundle-ps", "entry.8.resource.practitioner", DELETE, "Bundle.entry[8].resource.practitioner", "resolves"),
    (
        "bundle-ps",
        "entry.3.resource.actor.0.reference",
        "Practitioner/ps-b",
        "Bundle.entry[3].resource.actor",
        "same-practitioner",
    ),
    ("bundle-ps", "entry.0.fullUrl", "Slot/cr-a1", "Bundle.entry[0].fullUrl", "fullUrl"),
    ("role", "contained.0.meta", DELETE, "PractitionerRole.contained[0].meta.profile", "meta.profile"),
    ("slot", "schedule", {"display": "x"}, "Slot.schedule.reference", "reference"),
    ("slot", "schedule.reference", "ag-a", "Slot.schedule.reference", "reference"),
    ("schedule", "actor.0", {"display": "x"}, "Schedule.actor[0].reference", "reference"),
    ("service", "providedBy", {"display": "x"}, "HealthcareService.providedBy.reference", "reference"),
    ("cpts_slot", "serviceType.0.coding.0.system", DELETE, "Slot.serviceType[0]", "consultation"),
    ("cpts_slot", "meta.profile", DELETE, "Slot.meta.profile", "meta.profile"),
    ("cpts_slot", "meta.profile.+", "http://x.example.org", "Slot.meta.profile", "meta.profile"),
    ("site", "meta.profile.0", "=meta.profile.0", "", ""),
    ("cpts_slot", "end", "=start", "Slot.end", "period"),
    ("cpts_slot", "start", "2031-03-11T11:00:00+01:00", "Slot.start", "instant"),
    ("cpts_slot", "comment", DELETE, "Slot.comment", "comment"),
    ("cpts_slot", "comment", "agenda", "Slot.comment", "comment"),
    ("cpts_slot", "serviceType.1.coding.0.code", "620", "Slot.serviceType[1]", "604"),
    ("cpts_slot", "serviceType.1.coding.0.system", CODE_604.replace("/FHIR", ""), "Slot.serviceType[1]", "604"),
    (
        "cpts_slot",
        "serviceType.1.extension.0.valueReference",
        {"display": "x"},
        "Slot.serviceType[1].extension",
        "604-reference",
    ),
    ("cpts_slot", "serviceType.1.extension", DELETE, "Slot.serviceType[1].extension", "604-reference"),
    ("cpts_slot", "serviceType.1", DELETE, "Slot.serviceType", "cpts-slot"),
    ("cpts_slot", "serviceType.+", "=serviceType.1", "Slot.serviceType[2].extension", "cpts-once"),
    ("cpts_slot", "serviceType.1.coding", DELETE, "Slot.serviceType[1].extension", "604-elsewhere"),
    ("cpts_slot", "meta.security.0.code", "PUBLIC", "Slot.meta.security", "cpts-type"),
    ("cpts_slot", "serviceType.0.coding.0.code", "IMP", "Slot.serviceType[0]", "consultation"),
    ("practitioner", "identifier.0.value", "10123400017", "Practitioner.identifier[0].value", "person-id"),
    ("practitioner", "identifier.0.value", "8101234000171", "Practitioner.identifier[0].value", "person-id"),
    (
        "role",
        "organization.identifier.value",
        "990000017",
        "PractitionerRole.organization.identifier.value",
        "structure-id",
    ),
    ("role", "telecom.0.value", "01 99 00 00 12", "PractitionerRole.telecom[0].value", "phone"),
    (
        "role",
        "contained.0.address.postalCode",
        "9910",
        "PractitionerRole.contained[0].address.postalCode",
        "postal-code",
    ),
    ("role", "contained.+", "=contained.0", "PractitionerRole.contained", "one-place"),
    ("site", "telecom.0.value", "0199000032", "Location.telecom[0].value", "phone"),
    ("site", "address.postalCode", "9920A", "Location.address.postalCode", "postal-code"),
    ("site", "identifier.0.system", "urn:oid:1.2.250.1.71.4.2.2", "Location.identifier[0].system", "identifier-pair"),
    ("site", "identifier.0.system", "1.2.250.1.999", "Location.identifier[0].system", "system"),
    ("cpts", "telecom.0.value", "+33 1 99 00 00 21", "Organization.telecom[0].value", "phone"),
    ("sos_schedule", "actor.+", "=actor.0", "Schedule.actor", "actors"),
    ("appointment-sas", "end", "=start", "Appointment.end", "period"),
    ("appointment-sas", "status", "arrived", "Appointment.status", "status"),
    ("appointment-sas", "participant.0.status", "needs-action", "", ""),
    ("appointment-sos", "participant.0.status", "needs-action", "Appointment.status", "waiting"),
    ("appointment-sas", "participant.+", PATIENT, "Appointment.participant[1].actor", "no-patient"),
    (
        "appointment-sas",
        "participant.0.actor.identifier.value",
        "10101",
        "Appointment.participant[0].actor.identifier.value",
        "person-id",
    ),
    (
        "appointment-sas",
        "extension.0.valueReference.identifier.system",
        "urn:oid:1.2.250.1.71.4.2.1",
        "Appointment.extension[0].valueReference.identifier.system",
        "identifier-pair",
    ),
    (
        "appointment-sas",
        "extension.0.valueReference.identifier.system",
        "https://agenda.example.org",
        "Appointment.extension[0].valueReference.identifier.system",
        "identifier-pair",
    ),
    (
        "practitioner-regul",
        "identifier.0.system",
        "urn:oid:1.2.250.1.71.4.2.2",
        "Practitioner.identifier[0].system",
        "identifier-pair",
    ),
    ("practitioner-regul", "identifier.+", "=identifier.0", "Practitioner.identifier", "one-identifier"),
    ("practitioner-regul", "telecom.0.value", "ysee.bellanger", "Practitioner.telecom[0].value", "email"),
]

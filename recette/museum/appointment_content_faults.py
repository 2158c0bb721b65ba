"""Editors whose messages say something wrong, and those whose search does."""

from __future__ import annotations

from datetime import timedelta

from recette.museum.appointment_partner import DOCTOR, Json, Moment, Ways, named
from recette.museum.appointment_ways import (
    AppointmentFault,
    actor_of,
    bending,
    identifier_of,
    more_extensions,
    on,
    operator_of,
    setting,
    shifted,
    without,
)
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM


def _needs_action(document: Json, _moment: Moment) -> None:
    document["participant"][0]["status"] = "needs-action"
    document["status"] = "pending"


def _an_hour_off(document: Json, _moment: Moment) -> None:
    for name in ("start", "end"):
        document[name] = shifted(document[name], timedelta(hours=1))


def _as_if_created_now(document: Json, moment: Moment) -> None:
    document["created"] = shifted(document["created"], timedelta(hours=1))


def _patient_participant(document: Json, _moment: Moment) -> None:
    document["participant"].append({"actor": {"type": "Patient", "display": "P."}, "status": "accepted"})


def _insured_participant(document: Json, _moment: Moment) -> None:
    coding = {"system": "http://interopsante.org/fhir/CodeSystem/fr-v2-0203", "code": "INS-NIR"}
    identifier = {"type": {"coding": [coding]}, "system": "urn:oid:1.2.250.1.213.1.4.8", "value": "0"}
    document["participant"].append({"actor": {"identifier": identifier}, "status": "accepted"})


FAULTS: tuple[AppointmentFault, ...] = (
    AppointmentFault("an-encounter", "APPT-040", "another resource", setting("resourceType", "Encounter")),
    AppointmentFault(
        "sample-s-profile",
        "APPT-041",
        "the profile of the guide's sample, which does not exist",
        setting("meta", {"profile": ["http://interopsante.org/fhir/StructureDefinition/FrAppointmentSAS"]}),
    ),
    AppointmentFault("no-profile", "APPT-041", "no meta", without("meta")),
    AppointmentFault(
        "two-identifiers",
        "APPT-043",
        "an identifier of its own beside",
        bending(lambda d, _: d["identifier"].append({"system": "https://agenda.example.org/n", "value": "7"})),
    ),
    AppointmentFault(
        "identifier-without-value", "APPT-044", "a system only", bending(lambda d, _: identifier_of(d).pop("value"))
    ),
    AppointmentFault(
        "identifier-word",
        "APPT-045",
        "a word for a system",
        bending(lambda d, _: identifier_of(d).update(system="agenda")),
    ),
    AppointmentFault(
        "identifier-of-the-sas",
        "APPT-045",
        "the system of the SAS's own draft",
        bending(lambda d, _: identifier_of(d).update(system="urn:oid:1.2.250.1.213.3.6.2")),
    ),
    AppointmentFault("no-operator", "APPT-046", "nobody booked", without("extension")),
    AppointmentFault(
        "two-operators",
        "APPT-046",
        "the regulator twice",
        bending(lambda d, _: d["extension"].append(d["extension"][0])),
    ),
    AppointmentFault(
        "operator-by-name",
        "APPT-046",
        "a name and no identifier",
        bending(lambda d, _: d["extension"][0].update(valueReference={"display": "Ysée BELLANGER"})),
    ),
    AppointmentFault(
        "operator-mixed",
        "APPT-047",
        "type and system of two kinds",
        bending(lambda d, _: operator_of(d)["type"]["coding"][0].update(code="RPPS")),
    ),
    AppointmentFault(
        "operator-other",
        "APPT-048",
        "an account of its own",
        bending(lambda d, _: operator_of(d).update(value="3990000058/AGENDA")),
        check="operator.account",
        also=("APPT-083",),
    ),
    AppointmentFault(
        "operator-technical",
        "APPT-048",
        "a UUID for everybody",
        bending(lambda d, _: d["extension"][0]["valueReference"].update(identifier=named(REGULATOR_SYSTEM, "7"))),
        also=("APPT-083",),
    ),
    AppointmentFault(
        "category-first",
        "APPT-049",
        "another extension first",
        bending(lambda d, _: more_extensions(d, "001", at=0)),
    ),
    AppointmentFault(
        "literal-actor",
        "APPT-050",
        "Practitioner/12",
        bending(lambda d, _: actor_of(d).update(reference="Practitioner/12")),
    ),
    AppointmentFault(
        "literal-operator",
        "APPT-050",
        "Practitioner/3",
        bending(lambda d, _: d["extension"][0]["valueReference"].update(reference="Practitioner/3")),
    ),
    AppointmentFault(
        "capital-status", "APPT-051", "BOOKED", bending(lambda d, _: d.update(status=d["status"].upper()))
    ),
    AppointmentFault("hyphen", "APPT-051", "no-show", on("miss", lambda d, _: d.update(status="no-show"))),
    AppointmentFault(
        "always-booked", "APPT-052", "honoured: booked", on("honour", lambda d, _: d.update(status="booked"))
    ),
    AppointmentFault(
        "absent-is-cancelled", "APPT-052", "missed: cancelled", on("miss", lambda d, _: d.update(status="cancelled"))
    ),
    AppointmentFault("no-offset", "APPT-053", "local times", bending(lambda d, _: d.update(start=d["start"][:19]))),
    AppointmentFault("no-end", "APPT-053", "no end", without("end")),
    AppointmentFault(
        "backwards",
        "APPT-054",
        "ends when it starts",
        bending(lambda d, _: d.update(end=d["start"])),
        check="times.order",
        also=("APPT-055",),
    ),
    AppointmentFault("hour-off", "APPT-055", "an hour late", bending(_an_hour_off)),
    AppointmentFault("old-time", "APPT-055", "the time before the move", on("move", _an_hour_off)),
    AppointmentFault(
        "other-doctor",
        "APPT-056",
        "another doctor",
        bending(lambda d, _: actor_of(d).update(identifier=named(PRACTITIONER_SYSTEM, "810999999999"))),
    ),
    AppointmentFault(
        "doctor-type",
        "APPT-057",
        "RPPS instead of IDNPS",
        bending(lambda d, _: actor_of(d)["identifier"]["type"]["coding"][0].update(code="RPPS")),
    ),
    AppointmentFault(
        "doctor-without-prefix",
        "APPT-057",
        "eleven digits",
        bending(lambda d, _: actor_of(d)["identifier"].update(value=DOCTOR[1:])),
        check="doctor.identifier",
        also=("APPT-056",),
    ),
    AppointmentFault("no-participant", "APPT-058", "nobody comes", without("participant"), also=("APPT-056",)),
    AppointmentFault(
        "empty-participant",
        "APPT-058",
        "somebody of no type",
        bending(lambda d, _: d["participant"].append({"status": "accepted"})),
    ),
    AppointmentFault(
        "tentative",
        "APPT-059",
        "a status of FHIR that the SAS does not know",
        bending(lambda d, _: d["participant"][0].update(status="tentative")),
    ),
    AppointmentFault("awaited", "APPT-060", "waits for the doctor", on("book", _needs_action)),
    AppointmentFault(
        "awaited-and-booked",
        "APPT-061",
        "needs-action while booked",
        bending(lambda d, _: d["participant"][0].update(status="needs-action")),
        also=("APPT-060",),
    ),
    AppointmentFault(
        "reason-of-absence",
        "APPT-062",
        "noshow with cancelationReason",
        on("miss", lambda d, _: d.update(cancelationReason={"coding": [{"code": "pat"}]})),
    ),
    AppointmentFault("no-created", "APPT-063", "no created", without("created")),
    AppointmentFault("created-later", "APPT-063", "created an hour off", bending(_as_if_created_now)),
    AppointmentFault("other-slot", "APPT-064", "another slot", setting("slot", [{"reference": "Slot/cr-999"}])),
    AppointmentFault("patient-participant", "APPT-066", "the patient takes part", bending(_patient_participant)),
    AppointmentFault("insured-participant", "APPT-066", "a national health identity", bending(_insured_participant)),
    AppointmentFault("a-remark", "APPT-067", "a description", setting("description", "Pris par téléphone")),
    AppointmentFault(
        "a-narrative",
        "APPT-067",
        "a narrative",
        setting("text", {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">RDV</div>'}),
    ),
    AppointmentFault("a-reason", "APPT-067", "a reason in words", setting("reasonCode", [{"text": "Douleur"}])),
    AppointmentFault(
        "contained-patient",
        "APPT-068",
        "a Patient inside",
        setting("contained", [{"resourceType": "Patient", "id": "p"}]),
    ),
    AppointmentFault("own-element", "APPT-069", "an element of its own", setting("agendaId", "12")),
    AppointmentFault("an-empty-list", "APPT-070", "an empty list", setting("specialty", [])),
    AppointmentFault("a-null", "APPT-070", "null", bending(lambda d, _: d["participant"][0].update(required=None))),
    AppointmentFault("wrong-minutes", "APPT-071", "another duration", setting("minutesDuration", 99)),
    AppointmentFault(
        "wrong-category",
        "APPT-072",
        "a category nobody knows",
        bending(lambda d, _: more_extensions(d, "999", at=1)),
    ),
    AppointmentFault("keeps-offering", "APPT-080", "the slot stays in the search", Ways(takes_slot=False)),
    AppointmentFault("keeps-to-itself", "APPT-081", "the slot never returns", Ways(gives_slot_back=False)),
    AppointmentFault(
        "former-identifier",
        "APPT-083",
        "the regulator as at the booking",
        Ways(operator=lambda booked_as, _now: booked_as),
    ),
)

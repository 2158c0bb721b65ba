"""Editors who send their messages wrongly: never, twice, elsewhere, out of order, once only."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

from recette.museum.appointment_partner import Json, Moment, Rdv, Sending, Ways
from recette.museum.appointment_ways import (
    AppointmentFault,
    bending,
    identifier_of,
    sending,
    silent_on,
    updating,
    with_header,
)


def _created_by_put(request: Sending, moment: Moment) -> Sending:
    identifier = json.loads(request.body)["identifier"][0]
    token = f"{identifier['system']}%7C{identifier['value']}"
    return replace(request, method="PUT", target=f"/fhir/Appointment?identifier={token}") if first(moment) else request


def first(moment: Moment) -> bool:
    return moment.kind == "book" and moment.attempt == 1


def _created_elsewhere(request: Sending, moment: Moment) -> Sending:
    return replace(request, target=f"/fhir/Appointment/{moment.rdv.key}") if first(moment) else request


def _changed_by_post(request: Sending, moment: Moment) -> Sending:
    return request if moment.kind == "book" else replace(request, method="POST", target="/fhir/Appointment")


def _cancelled_by_delete(request: Sending, moment: Moment) -> Sending:
    return replace(request, method="DELETE") if moment.kind == "cancel" else request


def _other_criterion(request: Sending, _moment: Moment) -> Sending:
    system, _, _ = request.target.rpartition("%7C")
    return replace(request, target=f"{system}%7C{uuid.uuid4()}")


def _bare_criterion(request: Sending, moment: Moment) -> Sending:
    return replace(request, target=f"/fhir/Appointment?identifier={moment.rdv.key}")


def _repeated_key(request: Sending, _moment: Moment) -> Sending:
    return replace(request, body=b'{"status":"booked",' + request.body[1:])


def _forgotten_in_an_outage(kind: str, rdv: Rdv) -> bool:
    return kind != "cancel" or not rdv.failing


def _new_identifier_of_retry(document: Json, moment: Moment) -> None:
    if moment.attempt > 1:
        identifier_of(document)["value"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{moment.rdv.key}{moment.attempt}"))


def _new_identifier_of_change(document: Json, moment: Moment) -> None:
    if moment.kind != "book":
        identifier_of(document)["value"] = str(uuid.uuid5(uuid.NAMESPACE_URL, moment.rdv.key + moment.kind))


FAULTS: tuple[AppointmentFault, ...] = (
    AppointmentFault("never-tells", "APPT-001", "books and says nothing", silent_on("book")),
    AppointmentFault("creates-by-put", "APPT-002", "PUT for a booking", sending(_created_by_put)),
    AppointmentFault("creates-under-an-id", "APPT-002", "POST Appointment/id", sending(_created_elsewhere)),
    AppointmentFault("pushes-twice", "APPT-003", "tells twice", Ways(copies=lambda kind: 2 if kind == "move" else 1)),
    AppointmentFault("pushes-late", "APPT-004", "tells after twelve seconds", Ways(delay=12.0)),
    AppointmentFault(
        "forgets-cancellation", "APPT-005", "keeps a cancellation to itself", silent_on("cancel"), also=("APPT-018",)
    ),
    AppointmentFault("forgets-move", "APPT-006", "keeps a change of time to itself", silent_on("move")),
    AppointmentFault("forgets-honoured", "APPT-007", "never says that a patient came", silent_on("honour")),
    AppointmentFault("forgets-absence", "APPT-008", "never says that a patient did not come", silent_on("miss")),
    AppointmentFault("changes-by-post", "APPT-009", "POST for a change", sending(_changed_by_post)),
    AppointmentFault(
        "cancels-by-delete", "APPT-009", "DELETE to cancel", sending(_cancelled_by_delete), also=("APPT-018",)
    ),
    AppointmentFault(
        "no-criterion", "APPT-010", "a bare PUT", updating(lambda r, _: replace(r, target="/fhir/Appointment"))
    ),
    AppointmentFault(
        "put-by-id",
        "APPT-010",
        "PUT Appointment/id",
        updating(lambda r, m: replace(r, target=f"/fhir/Appointment/{m.rdv.key}")),
    ),
    AppointmentFault(
        "capital-identifier",
        "APPT-011",
        "Identifier= as in the guide's table",
        updating(lambda r, _: replace(r, target=r.target.replace("?identifier", "?Identifier"))),
    ),
    AppointmentFault("other-criterion", "APPT-012", "the criterion of another", updating(_other_criterion)),
    AppointmentFault("bare-criterion", "APPT-013", "a value without its system", updating(_bare_criterion)),
    AppointmentFault("new-identifier", "APPT-014", "an identifier a change", bending(_new_identifier_of_change)),
    AppointmentFault(
        "one-identifier",
        "APPT-015",
        "one identifier for all appointments",
        bending(lambda document, _: identifier_of(document).update(value="rdv")),
    ),
    AppointmentFault(
        "system-an-appointment",
        "APPT-016",
        "a system for each appointment",
        bending(lambda d, m: identifier_of(d).update(system=f"https://agenda.example.org/rdv/{m.rdv.key}")),
    ),
    AppointmentFault(
        "out-of-order",
        "APPT-017",
        "tells the cancellation before the booking",
        Ways(in_order=False, spacing=lambda kind: 2.0 if kind == "book" else 1.0),
        check="order.kept",
        also=("APPT-018",),
    ),
    AppointmentFault(
        "loses-the-last",
        "APPT-018",
        "forgets what happens during an outage",
        Ways(announces=_forgotten_in_an_outage),
    ),
    AppointmentFault("gives-up-after-503", "APPT-020", "one attempt", Ways(retries=lambda status: status in {0, 429})),
    AppointmentFault("gives-up-after-silence", "APPT-021", "one attempt", Ways(retries=lambda s: s == 429 or s >= 500)),
    AppointmentFault("retries-by-post", "APPT-022", "POST once more", Ways(retry_method="POST")),
    AppointmentFault(
        "new-identifier-of-retry", "APPT-023", "an identifier an attempt", bending(_new_identifier_of_retry)
    ),
    AppointmentFault("hammers", "APPT-024", "ten attempts a second", Ways(spacing=lambda kind: 0.05)),
    AppointmentFault("ignores-retry-after", "APPT-025", "waits as always", Ways(heeds_retry_after=False)),
    AppointmentFault(
        "gives-up-after-429", "APPT-026", "one attempt", Ways(retries=lambda status: status == 0 or status >= 500)
    ),
    AppointmentFault(
        "repeats-the-refused",
        "APPT-027",
        "sends again what was refused",
        Ways(retries=lambda status: status in {0, 422, 429} or status >= 500),
    ),
    AppointmentFault(
        "stops-at-a-refusal", "APPT-028", "nothing more after a 422", Ways(blocked_by=lambda status: status == 422)
    ),
    AppointmentFault("as-text", "APPT-030", "text/plain", with_header("Content-Type", "text/plain")),
    AppointmentFault(
        "in-latin-1",
        "APPT-030",
        "another charset",
        with_header("Content-Type", "application/fhir+json; charset=latin1"),
    ),
    AppointmentFault("as-xml", "APPT-031", "XML", sending(lambda r, _: replace(r, body=b"<Appointment/>"))),
    AppointmentFault("key-twice", "APPT-031", "a key twice", sending(_repeated_key)),
)

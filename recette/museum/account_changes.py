"""Editors who create, change, find or disable regulators' accounts wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from recette.model import TransportFailure
from recette.museum.accounts import (
    NATIONAL,
    TECHNICAL,
    Ledger,
    Wanted,
    accepting,
    afterwards,
    elsewhere,
    instead,
    refusing,
    said,
    succeeding,
    without_header,
)
from recette.museum.bending import Apply, Fault, html
from recette.museum.wire import Asked, Reply


def _as(status: int) -> Callable[[Reply], Reply]:
    return lambda reply: replace(reply, status=status)


def _creates(wanted: Wanted) -> bool:
    return wanted.creates


def _updates(wanted: Wanted) -> bool:
    return wanted.updates


def _changes(read: Callable[[Wanted], object]) -> Apply:
    """Refuses an update that changes one thing of a known account."""

    def matches(wanted: Wanted, ledger: Ledger) -> bool:
        if not wanted.updates or not wanted.complete or wanted.key != wanted.token or wanted.key not in ledger.last:
            return False
        return read(wanted) != read(Wanted(Asked("PUT", "", body=json.dumps(ledger.last[wanted.key]).encode())))

    return refusing(matches)


def _name(part: str) -> Callable[[Wanted], object]:
    return lambda wanted: (wanted.document or {})["name"][0][part]


def _other_given(reply: Reply) -> Reply:
    document = reply.json
    document["name"][0]["given"] = ["Anonyme"]
    return reply.with_json(document)


def _relative(reply: Reply) -> Reply:
    location = next(value for name, value in reply.headers if name.lower() == "location")
    return reply.with_header("Location", location.removeprefix("http://127.0.0.1:8081/fhir/"))


def _own_id(wanted: Wanted, _ledger: Ledger, reply: Reply) -> Reply:
    document = wanted.document or {}
    if wanted.creates and reply.status == 201 and "id" in document:
        return reply.with_header("Location", f"http://127.0.0.1:8081/fhir/Practitioner/{document['id']}")
    return reply


def _sent_as(media_type: str) -> Apply:
    return refusing(lambda wanted, _: wanted.asked.header("Content-Type") == media_type, 415)


def _written(part: str) -> Apply:
    """Does not understand a target in which this stands."""
    return refusing(lambda wanted, _: wanted.updates and part in wanted.asked.target, 400)


def _email_taken(wanted: Wanted, ledger: Ledger) -> bool:
    return wanted.creates and any(
        document["telecom"][0]["value"] == wanted.email and token != wanted.token
        for token, document in ledger.last.items()
    )


def _second_on_change(wanted: Wanted, ledger: Ledger, reply: Reply) -> Reply:
    """Another account for each new state."""
    made = ledger.made.get(wanted.token)
    changed = wanted.updates and wanted.key == wanted.token and made is not None and "id" not in (wanted.document or {})
    return elsewhere(reply, json.dumps(wanted.document)) if changed and made != wanted.document else reply


def _repeats(wanted: Wanted, ledger: Ledger) -> bool:
    """The same update of an account made by POST, once more."""
    same = wanted.updates and wanted.complete and wanted.key == wanted.token and wanted.key in ledger.posted
    return same and ledger.repeated(wanted) and ledger.last[wanted.key] == wanted.document


def _unknown(wanted: Wanted, ledger: Ledger) -> bool:
    return wanted.updates and wanted.complete and wanted.key == wanted.token and wanted.key not in ledger.last


def _by_update(wanted: Wanted, ledger: Ledger) -> bool:
    """A later update of an account made by PUT."""
    return wanted.updates and wanted.complete and wanted.key in ledger.last and wanted.key not in ledger.posted


def _second_upsert(wanted: Wanted, ledger: Ledger, reply: Reply) -> Reply:
    if _unknown(wanted, ledger):
        ledger.marked.add(wanted.key)
        return reply
    return elsewhere(reply, "again") if wanted.updates and wanted.key in ledger.marked else reply


def _with_active(wanted: Wanted, *, active: bool) -> Asked:
    return replace(wanted.asked, body=json.dumps({**(wanted.document or {}), "active": active}).encode())


def _never_enables(wanted: Wanted, ledger: Ledger) -> Asked | None:
    again = wanted.updates and wanted.active is True and wanted.key == wanted.token and ledger.disabled(wanted.key)
    return _with_active(wanted, active=False) if again else None


def _never_disables(wanted: Wanted, _ledger: Ledger) -> Asked | None:
    return _with_active(wanted, active=True) if wanted.updates and wanted.active is False else None


def _pretends_to_create(wanted: Wanted, ledger: Ledger) -> Reply | None:
    if _unknown(wanted, ledger):
        ledger.marked.add(wanted.key)
        return said(201, wanted.key)
    if wanted.updates and wanted.key in ledger.marked - ledger.posted:
        return said(200, wanted.key)
    return None


def _national_rename(wanted: Wanted, _ledger: Ledger) -> bool:
    return wanted.renames and wanted.code == "IDNPS" and wanted.key.startswith(NATIONAL)


def _conversion(wanted: Wanted, _ledger: Ledger) -> bool:
    return wanted.renames and wanted.code == "IDNPS" and wanted.key.startswith(TECHNICAL)


def _second_on_rename(wanted: Wanted, ledger: Ledger, reply: Reply) -> Reply:
    """Another account for each new identifier."""
    if wanted.renames and wanted.code == "IDNPS" and reply.status == 200:
        ledger.marked.add(wanted.token)
    return elsewhere(reply, wanted.token) if wanted.updates and wanted.token in ledger.marked else reply


def _lost_after_rename(wanted: Wanted, ledger: Ledger) -> bool:
    if _conversion(wanted, ledger):
        ledger.marked.add(wanted.token)
    return wanted.updates and wanted.key == wanted.token and wanted.key in ledger.marked


def _second_on_retry(wanted: Wanted, ledger: Ledger, reply: Reply) -> Reply:
    return elsewhere(reply, wanted.token) if wanted.renames and ledger.repeated(wanted) else reply


def _uuid_elsewhere(wanted: Wanted, _ledger: Ledger) -> bool:
    return wanted.renames and wanted.code == "INTRN" and wanted.key.startswith(NATIONAL)


def _taken(wanted: Wanted, ledger: Ledger) -> bool:
    return wanted.renames and wanted.code == "IDNPS" and ledger.enabled(wanted.token) and not ledger.repeated(wanted)


def _loses_the_malformed(wanted: Wanted, _ledger: Ledger, reply: Reply) -> Reply:
    return replace(reply, failure=TransportFailure.CONNECTION_LOST) if wanted.unreadable else reply


FAULTS: tuple[Fault, ...] = (
    Fault("acct-lets-go", "ACCT-001", "no answer to what it cannot read", afterwards(_loses_the_malformed)),
    Fault("acct-no-national", "ACCT-002", "no national id", refusing(lambda w, _: w.creates and w.code == "IDNPS")),
    Fault("acct-no-uuid", "ACCT-003", "knows no UUID", refusing(lambda w, _: w.creates and w.code == "INTRN")),
    Fault("acct-200-on-create", "ACCT-004", "creates with 200", succeeding(_creates, _as(200))),
    Fault(
        "acct-no-location",
        "ACCT-005",
        "201 without Location",
        succeeding(_creates, lambda reply: without_header(reply, "Location")),
    ),
    Fault(
        "acct-location-of-search",
        "ACCT-005",
        "a Location that names no account",
        succeeding(_creates, lambda reply: reply.with_header("Location", "http://127.0.0.1:8081/fhir/Practitioner")),
    ),
    Fault("acct-relative-location", "ACCT-006", "a relative Location", succeeding(_creates, _relative)),
    Fault("acct-other-given", "ACCT-007", "returns another given name", succeeding(_updates, _other_given)),
    Fault(
        "acct-html-created",
        "ACCT-007",
        "201 and a page",
        succeeding(_creates, lambda reply: replace(reply, body=html(201).body)),
    ),
    Fault("acct-takes-id", "ACCT-008", "takes the id of the body", afterwards(_own_id)),
    Fault(
        "acct-refuses-id",
        "ACCT-008",
        "refuses an id in a creation",
        refusing(lambda w, _: w.creates and "id" in (w.document or {}), 400),
    ),
    Fault(
        "acct-id-mismatch",
        "ACCT-009",
        "refuses an id in an update",
        refusing(lambda w, _: w.updates and "id" in (w.document or {}), 400),
    ),
    Fault("acct-no-json", "ACCT-010", "415 to application/json", _sent_as("application/json")),
    Fault("acct-no-former", "ACCT-011", "415 to application/json+fhir", _sent_as("application/json+fhir")),
    Fault("acct-no-charset", "ACCT-012", "415 to a charset", _sent_as("Application/FHIR+JSON;charset=UTF-8")),
    Fault("acct-no-format", "ACCT-013", "400 to _format", refusing(lambda w, _: w.creates and "?_f" in w.asked.target)),
    Fault("acct-no-format-put", "ACCT-014", "400 to _format in an update", _written("&_format")),
    Fault("acct-email-fixed", "ACCT-020", "the e-mail cannot change", _changes(lambda wanted: wanted.email)),
    Fault("acct-family-fixed", "ACCT-021", "the name cannot change", _changes(_name("family"))),
    Fault("acct-given-fixed", "ACCT-022", "the given name cannot change", _changes(_name("given"))),
    Fault("acct-id-fixed", "ACCT-023", "the national id cannot change", refusing(_national_rename)),
    Fault(
        "acct-no-disabling",
        "ACCT-024",
        "refuses active=false",
        refusing(lambda w, ledger: w.active is False and w.key in ledger.last),
        "update.disable",
    ),
    Fault(
        "acct-keeps-upserts",
        "ACCT-024",
        "cannot disable what PUT made",
        refusing(lambda w, ledger: w.active is False and _by_update(w, ledger)),
        "cleanup.disabled",
    ),
    Fault(
        "acct-no-enabling",
        "ACCT-025",
        "refuses active=true",
        refusing(lambda w, ledger: w.updates and w.active is True and w.key == w.token and ledger.disabled(w.key)),
    ),
    Fault("acct-forgets-enabling", "ACCT-026", "says 200 and stays disabled", instead(_never_enables)),
    Fault(
        "acct-202-on-update",
        "ACCT-027",
        "updates with 202",
        afterwards(lambda w, _, reply: replace(reply, status=202) if w.updates and reply.status == 200 else reply),
    ),
    Fault(
        "acct-put-no-location",
        "ACCT-028",
        "200 without Location",
        succeeding(_updates, lambda reply: without_header(reply, "Location")),
    ),
    Fault("acct-second-on-change", "ACCT-029", "another account on each change", afterwards(_second_on_change)),
    Fault(
        "acct-second-on-repeat",
        "ACCT-030",
        "another account on a repeated PUT",
        afterwards(lambda w, ledger, reply: elsewhere(reply, "again") if _repeats(w, ledger) else reply),
        "update.repeated",
    ),
    Fault("acct-409-on-repeat", "ACCT-030", "409 to a repeated PUT", refusing(_repeats, 409), "update.repeat_accepted"),
    Fault("acct-no-criteria", "ACCT-031", "updates nobody", accepting(lambda w, _: w.updates and not w.key, 200)),
    Fault("acct-no-upsert", "ACCT-032", "404 to an unknown account", refusing(_unknown, 404)),
    Fault(
        "acct-202-on-upsert",
        "ACCT-033",
        "creates by PUT with 202",
        afterwards(lambda w, _, reply: replace(reply, status=202) if w.updates and reply.status == 201 else reply),
    ),
    Fault("acct-pretends", "ACCT-034", "says 201 to an unknown PUT and makes nothing", instead(_pretends_to_create)),
    Fault(
        "acct-second-upsert",
        "ACCT-035",
        "each PUT of an unknown makes an account",
        afterwards(_second_upsert),
    ),
    Fault(
        "acct-no-disabled-upsert",
        "ACCT-036",
        "refuses to disable an unknown",
        refusing(lambda w, ledger: _unknown(w, ledger) and w.active is False),
    ),
    Fault("acct-raw-bar", "ACCT-040", "400 to a raw |", _written("|")),
    Fault(
        "acct-encoded-slash",
        "ACCT-041",
        "404 to %2F",
        refusing(lambda w, _: "%2F" in w.asked.target and "%3A" not in w.asked.target),
    ),
    Fault("acct-encoded-colon", "ACCT-042", "400 to %3A", _written("%3A")),
    Fault("acct-strict-system", "ACCT-043", "a UUID only under its own system", refusing(_uuid_elsewhere, 422)),
    Fault("acct-no-conversion", "ACCT-050", "a UUID is for ever", refusing(_conversion)),
    Fault("acct-second-on-rename", "ACCT-051", "another account for a new identifier", afterwards(_second_on_rename)),
    Fault(
        "acct-lost-on-rename",
        "ACCT-052",
        "not found, nor disabled, under its new identifier",
        refusing(_lost_after_rename, 404),
        also=("ACCT-024",),
    ),
    Fault("acct-second-on-retry", "ACCT-053", "another account for a late request", afterwards(_second_on_retry)),
    Fault(
        "acct-retry-refused",
        "ACCT-054",
        "refuses a late request",
        refusing(lambda w, ledger: w.renames and ledger.repeated(w)),
    ),
    Fault(
        "acct-forgets-disabling",
        "ACCT-055",
        "says 200 and stays enabled",
        instead(_never_disables),
        "release.creation",
    ),
    Fault(
        "acct-holds-on-create",
        "ACCT-055",
        "a disabled account's id serves no new one",
        refusing(lambda w, ledger: w.creates and ledger.disabled(w.token), 409),
        "release.creation",
    ),
    Fault(
        "acct-holds-on-change",
        "ACCT-055",
        "a disabled account's id serves no other",
        refusing(lambda w, ledger: w.renames and ledger.disabled(w.token), 409),
        "release.conversion",
    ),
    Fault("acct-unique-email", "ACCT-056", "an e-mail serves once", refusing(_email_taken)),
    Fault("acct-takes-over", "ACCT-057", "takes another's identifier", accepting(_taken, 200)),
)

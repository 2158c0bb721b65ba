"""Editors who accept of regulators' accounts what they ought to refuse, or refuse it badly."""

from __future__ import annotations

from dataclasses import replace

from recette.museum.accounts import (
    ELEMENTS,
    NATIONAL,
    TECHNICAL,
    Ledger,
    Wanted,
    accepting,
    afterwards,
    elsewhere,
    instead,
    refused,
)
from recette.museum.bending import Apply, Fault, html
from recette.museum.wire import Reply


def _accepts_without(element: str, how: str) -> Apply:
    def matches(wanted: Wanted, ledger: Ledger) -> bool:
        if wanted.missing != element:
            return False
        known = wanted.key in ledger.last
        return {"POST": wanted.creates, "PUT": wanted.updates and known, "unknown": wanted.updates and not known}[how]

    return accepting(matches, 200 if how == "PUT" else 201)


_REQUIRED = {"identifier": "ACCT-070", "name": "ACCT-071", "telecom": "ACCT-072", "active": "ACCT-073"}
_INCOMPLETE = tuple(
    Fault(
        f"acct-{how.lower()}-without-{element}",
        _REQUIRED[element],
        f"accepts {how} without {element}",
        _accepts_without(element, how),
    )
    for how in ("POST", "PUT", "unknown")
    for element in ELEMENTS
)


def _duplicates(wanted: Wanted, ledger: Ledger) -> bool:
    return wanted.creates and wanted.complete and ledger.enabled(wanted.token)


def _same_email(wanted: Wanted, ledger: Ledger) -> bool:
    known = ledger.last.get(wanted.token, {"telecom": [{"value": None}]})
    return bool(known["telecom"][0]["value"] == wanted.email)


def _another_after_duplicate(wanted: Wanted, ledger: Ledger, reply: Reply) -> Reply:
    """Refuses the duplicate and makes it all the same."""
    if _duplicates(wanted, ledger):
        ledger.marked.add(wanted.token)
    return elsewhere(reply, wanted.token) if wanted.updates and wanted.key in ledger.marked else reply


def _left_behind(wanted: Wanted, ledger: Ledger) -> Reply | None:
    """Refuses the incomplete and keeps it all the same."""
    if wanted.creates and wanted.missing in {"name", "telecom"}:
        ledger.marked.add(wanted.token)
    return refused(409, "duplicate") if wanted.creates and wanted.complete and wanted.token in ledger.marked else None


def _left_behind_by_update(wanted: Wanted, ledger: Ledger) -> Reply | None:
    if wanted.updates and wanted.missing in {"name", "telecom"} and wanted.key not in ledger.last:
        ledger.marked.add(wanted.key)
    return refused(409, "duplicate") if wanted.creates and wanted.token in ledger.marked else None


def _value(element: str, key: str, value: str) -> Apply:
    def matches(wanted: Wanted, _ledger: Ledger) -> bool:
        return wanted.complete and (wanted.document or {})[element][0].get(key) == value

    return accepting(matches)


def _paired(code: str, system: str) -> Apply:
    return accepting(lambda w, _: w.complete and w.code == code and w.token.startswith(f"{system}|"))


def _wrong(wanted: Wanted) -> bool:
    return wanted.creates and wanted.missing != ""


def _without_code(wanted: Wanted, _ledger: Ledger, reply: Reply) -> Reply:
    if not _wrong(wanted):
        return reply
    document = reply.json
    for issue in document["issue"]:
        del issue["code"]
    return reply.with_json(document)


FAULTS: tuple[Fault, ...] = (
    Fault(
        "acct-duplicates",
        "ACCT-060",
        "accepts a duplicate",
        accepting(lambda w, ledger: _duplicates(w, ledger) and _same_email(w, ledger)),
    ),
    Fault(
        "acct-duplicates-by-email",
        "ACCT-061",
        "accepts a duplicate under another e-mail",
        accepting(lambda w, ledger: _duplicates(w, ledger) and not _same_email(w, ledger)),
    ),
    Fault("acct-makes-duplicates", "ACCT-062", "refuses it and makes it", afterwards(_another_after_duplicate)),
    Fault(
        "acct-400-on-duplicate",
        "ACCT-063",
        "400 to a duplicate",
        instead(lambda w, ledger: refused(400, "invalid") if _duplicates(w, ledger) else None),
    ),
    *_INCOMPLETE,
    Fault("acct-leaves-behind", "ACCT-074", "refuses an incomplete account and keeps it", instead(_left_behind)),
    Fault(
        "acct-leaves-behind-put",
        "ACCT-074",
        "refuses an incomplete PUT and keeps it",
        instead(_left_behind_by_update),
    ),
    Fault("acct-empty-family", "ACCT-075", "accepts an empty name", _value("name", "family", "")),
    Fault("acct-empty-email", "ACCT-076", "accepts an empty e-mail", _value("telecom", "value", "")),
    Fault("acct-phone", "ACCT-077", "accepts a phone", _value("telecom", "system", "phone")),
    Fault("acct-idnps-technical", "ACCT-078", "accepts IDNPS with the SAS OID", _paired("IDNPS", TECHNICAL)),
    Fault("acct-intrn-national", "ACCT-079", "accepts INTRN with the national OID", _paired("INTRN", NATIONAL)),
    Fault("acct-cut-json", "ACCT-080", "accepts a body cut off", accepting(lambda w, _: w.unreadable)),
    Fault(
        "acct-422-on-cut-json",
        "ACCT-081",
        "422 to a body cut off",
        instead(lambda w, _: refused(422, "invalid") if w.unreadable else None),
    ),
    Fault(
        "acct-html-error",
        "ACCT-082",
        "refuses with a page",
        afterwards(lambda w, _, reply: html(reply.status) if _wrong(w) else reply),
    ),
    Fault("acct-issue-without-code", "ACCT-082", "an issue without a code", afterwards(_without_code)),
    Fault(
        "acct-500-on-missing-name",
        "ACCT-083",
        "500 where the name is missing",
        afterwards(lambda w, _, reply: replace(reply, status=500) if w.missing == "name" else reply),
    ),
    Fault(
        "acct-says-no-element",
        "ACCT-084",
        "a refusal that names nothing",
        instead(lambda w, _: refused(422, "invalid", "Ressource invalide.") if w.missing else None),
    ),
    Fault(
        "acct-patient",
        "ACCT-085",
        "accepts a Patient",
        accepting(lambda w, _: w.creates and b'"Patient"' in w.asked.body),
    ),
)

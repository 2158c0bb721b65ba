"""Editors who misread the query, the headers, or refuse badly."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from recette.museum.bending import (
    DATA,
    Apply,
    Fault,
    Json,
    html,
    linked,
    on_reply,
    on_request,
    outcome,
    resources,
)
from recette.museum.people import one_of
from recette.museum.wire import Agenda, Asked, Reply


def _retargeted(asked: Asked, pattern: str, by: Any) -> Asked:
    return replace(asked, target=re.sub(pattern, by, asked.target))


def _reading(pattern: str, by: Any) -> Apply:
    """Understands the target as if what matches were written otherwise."""
    return on_request(lambda asked: _retargeted(asked, pattern, by) if asked.is_search else asked)


def _answering(matches: Any, reply: Reply) -> Apply:
    return on_request(lambda asked: reply if asked.is_search and matches(asked) else asked)


def is_over(asked: Asked) -> bool:
    """Whether the window ended before the request came."""
    bounds = re.findall(r"start=le([^&]+)", asked.decoded)
    try:
        return asked.at is not None and any(datetime.fromisoformat(bound) < asked.at for bound in bounds)
    except (ValueError, TypeError):  # unreadable, or without an offset
        return False


def _written(pattern: str) -> Any:
    return lambda asked: re.search(pattern, asked.target) is not None


def _ids(asked: Asked) -> int:
    return asked.decoded.count("71.4.2.1|")


def _accept(*values: str | None) -> Any:
    return lambda asked: asked.header("Accept") in values


def _missing(name: str) -> Apply:
    """Serves a search without `name` as if it had been there; the usual window stands in for a missing one."""

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        reply = await reference(asked)
        if asked.is_search and reply.status == 400 and name not in asked.target:
            return linked(asked, await reference(replace(asked, target=asked.target + f"&{name}free")))
        return reply

    return apply


def _served(matches: Any, pattern: str, by: str) -> Apply:
    """Serves what should be refused, reading it in its own way."""

    def bend(asked: Asked) -> Asked:
        return _retargeted(asked, pattern, by) if asked.is_search and matches(asked) else asked

    return on_request(bend)


def _later(match: re.Match[str]) -> str:
    """The bound, one millisecond further inside the window."""
    step = 1 if match[1] == "ge" else -1
    moved = int(match[3]) + step
    return f"{match[1]}{match[2]}.{moved:03d}" if 0 <= moved <= 999 else match[0]


def _errors(bend: Any) -> Apply:
    return on_reply(lambda asked, reply: bend(reply) if asked.is_search and reply.status >= 400 else reply)


_BOUND = r"start=(ge|le)"
_FULL_NAIVE = r"(start=(?:ge|le)\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?)(?=&|$)"


def _pages_by_count(asked: Asked, reply: Reply) -> Reply:
    if not asked.is_search or "&_count=1" not in asked.target or "1000" in asked.target:
        return reply
    document = reply.json
    first = resources(document, "Slot")[0]
    document["entry"] = [
        e for e in document["entry"] if e["resource"] is first or e["resource"]["resourceType"] != "Slot"
    ]
    return reply.with_json(document)


def _forgets_later_ids(asked: Asked) -> Asked:
    """Keeps the first ten identifiers of a longer list."""
    head, marker, tail = asked.target.partition("Practitioner.identifier=")
    if not asked.is_search or not marker:
        return asked
    values, ampersand, rest = tail.partition("&")
    listed = values.split(",")
    return (
        replace(asked, target=head + marker + ",".join(listed[:10]) + ampersand + rest)
        if 20 < len(listed) <= 25
        else asked
    )


def _together_loses_last(asked: Asked) -> Asked:
    """Of exactly two identifiers, reads the first one."""
    both = ",".join(f"urn:oid:1.2.250.1.71.4.2.1%7C{id}" for id in DATA["practitioners_together"])
    return replace(asked, target=asked.target.replace(both + "&", both.split(",")[0] + "&"))


def _metadata(bend: Any) -> Apply:
    def apply(asked: Asked, reply: Reply) -> Reply:
        if asked.target != "/fhir/metadata":
            return reply
        document = reply.json
        bend(document)
        return reply.with_json(document)

    return on_reply(apply)


def _no_slot(statement: Json) -> None:
    for rest in statement["rest"]:
        rest["resource"] = [r for r in rest["resource"] if r["type"] != "Slot"]


FAULTS: tuple[Fault, ...] = (
    Fault(
        "error-on-unknown",
        "SLOT-167",
        "500 on an unknown practitioner",
        _answering(lambda a: one_of("practitioner_unknown") in a.target and _ids(a) == 1, outcome(500, "exception")),
    ),
    Fault(
        "unknown-hides-others",
        "SLOT-168",
        "an unknown one empties the answer",
        on_request(
            lambda a: (
                _retargeted(a, one_of("practitioner_one_place"), "800000009999")
                if one_of("practitioner_unknown") in a.target
                else a
            )
        ),
    ),
    Fault(
        "error-on-nothing",
        "SLOT-169",
        "404 when nothing is free",
        _answering(
            lambda a: one_of("practitioner_without_slots") in a.target and _ids(a) == 1, outcome(404, "not-found")
        ),
    ),
    Fault(
        "no-metadata",
        "SLOT-010",
        "no metadata",
        on_request(lambda a: outcome(404, "not-found") if a.target == "/fhir/metadata" else a),
    ),
    Fault("other-fhir-version", "SLOT-011", "says FHIR 3", _metadata(lambda d: d.update(fhirVersion="3.0.2"))),
    Fault("search-undeclared", "SLOT-012", "Slot is not declared", _metadata(_no_slot)),
    Fault(
        "platform-accept-refused",
        "SLOT-020",
        "406 to application/json+fhir",
        _answering(_accept("application/json+fhir"), outcome(406, "not-supported")),
    ),
    Fault(
        "registered-accept-refused",
        "SLOT-021",
        "406 to application/fhir+json",
        _answering(_accept("application/fhir+json"), outcome(406, "not-supported")),
    ),
    Fault(
        "no-accept-refused", "SLOT-022", "406 without Accept", _answering(_accept(None), outcome(406, "not-supported"))
    ),
    Fault(
        "format-ignored",
        "SLOT-023",
        "_format is not read",
        _answering(lambda a: a.header("Accept") == "application/xml", outcome(406, "not-supported")),
    ),
    Fault(
        "json-whatever-is-asked",
        "SLOT-024",
        "JSON to who wants XML",
        on_request(
            lambda a: replace(a, headers=(("Accept", "*/*"),)) if a.header("Accept") == "application/xml" else a
        ),
    ),
    Fault("raw-pipe-refused", "SLOT-030", "400 on a raw |", _answering(_written(r"\|"), outcome(400))),
    Fault("raw-plus-refused", "SLOT-031", "400 on a raw +", _answering(_written(_BOUND + r"[^&]*\+\d"), outcome(400))),
    Fault(
        "blanks-not-stripped",
        "SLOT-032",
        "blanks belong to the identifier",
        _answering(_written(r",(%20|\+)|\+,"), outcome(400)),
    ),
    Fault("slash-not-found", "SLOT-033", "404 on /Slot/", _answering(_written(r"/Slot/\?"), outcome(404, "not-found"))),
    Fault(
        "order-matters",
        "SLOT-034",
        "wants start before status",
        _answering(_written(r"status=free&.*start="), outcome(400)),
    ),
    Fault("colon-encoded-unread", "SLOT-035", "does not decode %3A", _answering(_written("%3A"), outcome(400))),
    Fault("count-refused", "SLOT-036", "400 on _count=1000", _answering(_written("_count=1000"), outcome(400))),
    Fault("count-pages", "SLOT-037", "_count=1 cuts", on_reply(_pages_by_count)),
    Fault(
        "include-refused", "SLOT-038", "400 on an unknown include", _answering(_written("Slot:recette"), outcome(400))
    ),
    Fault(
        "parameter-refused",
        "SLOT-039",
        "400 on an unknown parameter",
        _answering(lambda a: "&recette-unknown" in a.target and a.header("Prefer") is None, outcome(400)),
    ),
    Fault(
        "exclusive-bound",
        "SLOT-162",
        "bounds do not belong to the window",
        _reading(r"(?<=start=)(ge|le)([^&]{19})\.(\d{3})", _later),
    ),
    Fault(
        "bounds-by-the-minute",
        "SLOT-163",
        "compares minutes",
        _reading(
            r"(start=(?:ge|le)[^&]{16}):\d{2}\.\d{3}", lambda m: m[1] + (":59.999" if "=le" in m[1] else ":00.000")
        ),
    ),
    Fault(
        "together-loses-one", "SLOT-165", "reads the first of two", on_request(_together_loses_last), also=("SLOT-092",)
    ),
    Fault("long-list-cut", "SLOT-166", "keeps ten identifiers", on_request(_forgets_later_ids)),
    Fault(
        "error-on-past",
        "SLOT-170",
        "400 on a past window",
        _answering(is_over, outcome(400)),
    ),
    Fault(
        "offset-unread",
        "SLOT-171",
        "compares the text before the offset",
        _reading(r"(start=(?:ge|le)[^&]{19}(?:\.\d{3})?)(?:Z|[-]\d{2}:\d{2}|%2B\d{2}:\d{2})", r"\1%2B01:00"),
    ),
    Fault(
        "milliseconds-wanted",
        "SLOT-172",
        "400 without milliseconds",
        _answering(_written(r"start=(ge|le)[^&]{19}(Z|%2B|-\d)"), outcome(400)),
    ),
    Fault("no-offset-is-utc", "SLOT-173", "no offset read as UTC", _reading(_FULL_NAIVE, r"\1Z")),
    Fault(
        "partial-refused",
        "SLOT-174",
        "400 on a date alone",
        _answering(_written(r"start=(ge|le)\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?(&|$)"), outcome(400)),
    ),
    Fault("html-errors", "SLOT-180", "errors in HTML", _errors(lambda reply: html(reply.status))),
    Fault(
        "issue-without-code",
        "SLOT-180",
        "an issue without code",
        _errors(lambda reply: reply.with_json({"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]})),
    ),
    Fault(
        "client-errors-are-500",
        "SLOT-181",
        "500 on a malformed request",
        on_reply(
            lambda asked, reply: (
                replace(reply, status=500)
                if reply.status == 400 and _ids(asked) <= 25 and asked.header("Prefer") is None
                else reply
            )
        ),
    ),
    Fault(
        "crash-on-long-list", "SLOT-182", "500 beyond 25", _answering(lambda a: _ids(a) > 25, outcome(500, "exception"))
    ),
    Fault(
        "status-ignored",
        "SLOT-183",
        "busy is read as free",
        _served(_written("status=busy"), "status=busy", "status=free"),
    ),
    Fault("system-ignored", "SLOT-184", "any system will do", _reading(r"71\.4\.2\.1\.999", "71.4.2.1")),
    Fault(
        "first-bound-wins",
        "SLOT-185",
        "the second ge is forgotten",
        on_request(lambda a: _retargeted(a, r"&start=ge[^&]*$", "") if a.target.count("start=ge") == 2 else a),
    ),
    Fault(
        "strict-ignored",
        "SLOT-186",
        "handling=strict is not read",
        on_request(lambda a: replace(a, headers=tuple(h for h in a.headers if h[0] != "Prefer"))),
    ),
    Fault("missing-accepted", "SLOT-187", "status is optional", _missing("status=")),
    Fault(
        "bad-date-accepted",
        "SLOT-188",
        "an unreadable date is no bound",
        _served(_written("start=geXYZ"), "start=geXYZ", "start=ge2000-01-01"),
    ),
    Fault("gt-accepted", "SLOT-189", "gt is read as ge", _served(_written("start=gt"), "start=gt", "start=ge")),
    Fault(
        "comma-accepted",
        "SLOT-190",
        "a comma is read as AND",
        _served(_written(r"start=ge[^&]*,le"), r"start=(ge[^&]*),le", r"start=\1&start=le"),
    ),
    Fault(
        "empty-token-accepted",
        "SLOT-191",
        "an identifier without value is nobody",
        _served(_written("%7C(&|$)"), "%7C(?=&|$)", "%7C800000000000"),
    ),
)

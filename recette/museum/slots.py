"""Editors whose slots are wrong: leaked, late, mistyped, without address."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from recette.museum.bending import Fault, Json, add_slot, drop, each, linked, on_bundle, one, put, resources
from recette.museum.queries import is_over
from recette.museum.wire import Agenda, Asked, Reply


def _moved(by: timedelta) -> Any:
    def bend(slot: Json) -> None:
        for key in ("start", "end"):
            slot[key] = (datetime.fromisoformat(slot[key]) + by).isoformat(timespec="milliseconds")

    return bend


def _extra(by: timedelta) -> Any:
    """One more slot, away from the last one."""

    def bend(document: Json) -> None:
        slot = add_slot(document)
        if slot is not None:
            _moved(by)(slot)

    return on_bundle(bend)


def _three_days_later(bound: re.Match[str]) -> str:
    """The end of the window stays below the horizon that is usual."""
    by = timedelta(days=3 if bound[1] == "ge" else 2)
    moved = (datetime.fromisoformat(unquote(bound[2])) + by).isoformat(timespec="milliseconds")
    return f"start={bound[1]}{moved.replace('+', '%2B')}"


async def _past_window_served(asked: Asked, reference: Agenda) -> Reply:
    """A window that is over is served, with the slots it held."""
    reply = await reference(asked)
    if not asked.is_search or not is_over(asked):
        return reply
    within = re.sub(r"start=(ge|le)([^&]+)", _three_days_later, asked.target)
    document = (await reference(replace(asked, target=within))).json
    for slot in resources(document, "Slot"):
        _moved(-timedelta(days=3))(slot)
    return linked(asked, reply.with_json(document))


def _written(pattern: str, by: str) -> Any:
    def bend(slot: Json) -> None:
        for key in ("start", "end"):
            slot[key] = re.sub(pattern, by, slot[key])

    return each("Slot", bend)


def _utc(slot: Json) -> None:
    for key in ("start", "end"):
        slot[key] = f"{datetime.fromisoformat(slot[key]).astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _typed_by_oid(slot: Json) -> None:
    for coding in slot["meta"]["security"]:
        coding["system"] = "urn:oid:1.2.250.1.213.3.3.71"


def _busy(document: Json) -> None:
    add_slot(document, status="busy")


def _private(document: Json) -> None:
    slot = add_slot(document)
    if slot is not None:
        slot["meta"]["security"] = [{**slot["meta"]["security"][0], "code": "PATIENTELE"}]


def _coded(element: str, **changes: str) -> Any:
    def bend(slot: Json) -> None:
        node = slot[element]
        concept = next(c for c in node if "coding" in c) if isinstance(node, list) else node
        concept["coding"][0].update(changes)

    return bend


def _text_beside(slot: Json) -> None:
    next(c for c in slot["serviceType"] if "coding" in c)["text"] = "Fièvre"


def _without_consultation(slot: Json) -> None:
    slot["serviceType"] = [{"text": "Fièvre"}, *(c for c in slot["serviceType"] if "extension" in c)]


def _walk_ins(bend: Any) -> Any:
    def only(slot: Json) -> None:
        if slot["appointmentType"]["coding"][0]["code"] == "WALKIN":
            bend(slot)

    return each("Slot", only)


def _booked(bend: Any) -> Any:
    def only(slot: Json) -> None:
        if slot["appointmentType"]["coding"][0]["code"] != "WALKIN":
            bend(slot)

    return each("Slot", only)


def _own_address(slot: Json) -> None:
    slot["comment"] = slot["comment"].replace("?", f"/{slot['id']}?")


def _untyped(document: Json) -> None:
    slot = add_slot(document)
    if slot is not None:
        del slot["meta"]["security"]


def _without_codes(element: str, codes: set[str]) -> Any:
    """No slot says these codes any more; one that says nothing else says another code."""

    def bend(slot: Json) -> None:
        if element == "security":
            kept = [c for c in slot["meta"]["security"] if c["code"] not in codes]
            slot["meta"]["security"] = kept or [{**slot["meta"]["security"][0], "code": "PUBLIC"}]
        else:
            for concept in slot["serviceType"]:
                for coding in concept.get("coding", []):
                    if coding["code"] in codes:
                        coding["code"] = "AMB"

    return each("Slot", bend)


def _one_code(slot: Json) -> None:
    slot["meta"]["security"].append({**slot["meta"]["security"][0], "code": "CPTS"})


FAULTS: tuple[Fault, ...] = (
    Fault("slot-without-end", "SLOT-101", "no end", each("Slot", drop("end"))),
    Fault("busy-leaked", "SLOT-102", "a busy slot", on_bundle(_busy), "slot.status"),
    Fault("no-milliseconds", "SLOT-103", "instants without milliseconds", _written(r"\.\d{3}", "")),
    Fault("zulu", "SLOT-103", "instants with Z", each("Slot", _utc)),
    Fault("ends-before-start", "SLOT-104", "end before start", each("Slot", lambda s: s.update(end=s["start"]))),
    Fault("past-slot", "SLOT-105", "a slot of this morning", _extra(-timedelta(days=4)), "slot.not_past"),
    Fault("past-window-served", "SLOT-105", "a window that is over", _past_window_served, "past.withheld"),
    Fault("late-slot", "SLOT-106", "a slot after the window", _extra(timedelta(days=2))),
    Fault("private-leaked", "SLOT-107", "a slot for own patients", on_bundle(_private), "slot.type.code"),
    Fault("untyped-slot", "SLOT-108", "a slot without type", on_bundle(_untyped)),
    Fault(
        "type-of-other-system",
        "SLOT-109",
        "types by OID",
        each("Slot", _typed_by_oid),
    ),
    Fault("consultation-by-word", "SLOT-110", "CABINET for AMB", one("Slot", _coded("serviceType", code="CABINET"))),
    Fault(
        "consultation-unsaid",
        "SLOT-111",
        "no consultation type",
        one("Slot", _without_consultation),
    ),
    Fault("reason-beside-type", "SLOT-112", "text beside a coding", each("Slot", _text_beside)),
    Fault(
        "specialty-of-other-system",
        "SLOT-113",
        "SM54 of another system",
        each("Slot", lambda s: s.update(specialty=[{"coding": [{"system": "http://example.org", "code": "SM54"}]}])),
    ),
    Fault(
        "specialty-mute",
        "SLOT-114",
        "specialty without code or text",
        each("Slot", lambda s: s.update(specialty=[{"coding": [{"display": "Médecine générale"}]}])),
    ),
    Fault("appointment-unsaid", "SLOT-115", "no appointmentType", one("Slot", drop("appointmentType"))),
    Fault("appointment-of-other-code", "SLOT-116", "CHECKUP", one("Slot", _coded("appointmentType", code="CHECKUP"))),
    Fault("no-comment", "SLOT-117", "no address to book", _booked(drop("comment"))),
    Fault("blank-comment", "SLOT-117", "a blank address", _booked(put("comment", "   "))),
    Fault("walk-in-without-comment", "SLOT-118", "no address on walk-ins", _walk_ins(drop("comment"))),
    Fault(
        "comment-not-url", "SLOT-119", "a sentence for an address", each("Slot", put("comment", "Appelez le cabinet"))
    ),
    Fault(
        "comment-without-query",
        "SLOT-120",
        "an address without ?",
        each("Slot", lambda s: s.update(comment=s["comment"].partition("?")[0])),
    ),
    Fault("comment-of-slot", "SLOT-121", "an address a slot", each("Slot", _own_address)),
    Fault("type-declared-unused", "SLOT-125", "PRO is declared and never sent", _without_codes("security", {"PRO"})),
    Fault("type-undeclared", "SLOT-125", "CPTS is sent and not declared", each("Slot", _one_code)),
    Fault("consultation-declared-unused", "SLOT-126", "HH declared, never sent", _without_codes("serviceType", {"HH"})),
)

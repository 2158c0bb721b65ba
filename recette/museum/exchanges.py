"""Editors whose exchange itself is wrong: status, body, media type, time."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from recette.museum.bending import Apply, Fault, Json, html, on_bundle, on_reply, outcome, put
from recette.museum.wire import Asked, Reply


def _shifted(reply: Reply) -> Reply:
    """Paris time labelled UTC, as a naive rendering does."""
    document = reply.json
    for entry in document.get("entry", []):
        slot = entry["resource"]
        if slot["resourceType"] == "Slot":
            for key in ("start", "end"):
                slot[key] = datetime.fromisoformat(slot[key]).replace(tzinfo=None).isoformat(timespec="milliseconds")
                slot[key] += "+00:00"
    return reply.with_json(document)


def _searches(bend: Callable[[Reply], Reply]) -> Apply:
    return on_reply(lambda asked, reply: bend(reply) if asked.is_search and reply.status == 200 else reply)


def _nothing(document: Json) -> None:
    del document["entry"]
    document["total"] = 0


def _late_at_times(seconds: float) -> Apply:
    """Every other full list is late: who is always late is given up before anybody measures."""
    turn = itertools.count()

    def bent(asked: Asked, reply: Reply) -> Reply:
        full = asked.is_search and asked.target.count("%7C") >= 25
        return replace(reply, seconds=seconds) if full and next(turn) % 2 else reply

    return on_reply(bent)


def _slow(seconds: float) -> Apply:
    """Every search but one for a full list."""

    def bent(asked: Asked, reply: Reply) -> Reply:
        short = asked.is_search and asked.target.count("%7C") < 25
        return replace(reply, seconds=seconds) if short else reply

    return on_reply(bent)


FAULTS: tuple[Fault, ...] = (
    Fault("late-answer", "SLOT-002", "8 s", _slow(8.0), "exchange.in_time"),
    Fault(
        "late-full-list", "SLOT-002", "7.5 s for 25, every other time", _late_at_times(7.5), "response_time.full_list"
    ),
    Fault("slow-answer", "SLOT-008", "1.5 s for one", _slow(1.5)),
    Fault("server-error", "SLOT-003", "503 to every search", _searches(lambda _: outcome(503, "transient"))),
    Fault("html-for-bundle", "SLOT-004", "HTML with status 200", _searches(lambda _: html(200))),
    Fault(
        "latin-1",
        "SLOT-004",
        "not UTF-8",
        _searches(lambda reply: replace(reply, body=reply.body.decode().encode("latin-1", "replace"))),
    ),
    Fault("error-in-200", "SLOT-005", "an OperationOutcome with status 200", _searches(lambda _: outcome(200))),
    Fault("collection", "SLOT-005", "a Bundle of type collection", on_bundle(put("type", "collection"))),
    Fault(
        "plain-json",
        "SLOT-006",
        "Content-Type: application/json",
        _searches(lambda reply: reply.with_header("Content-Type", "application/json")),
    ),
    Fault("nothing-found", "SLOT-100", "never finds a slot", on_bundle(_nothing)),
    Fault(
        "wall-time-as-utc", "SLOT-162", "Paris time labelled +00:00", _searches(_shifted), also=("SLOT-163", "SLOT-106")
    ),
)

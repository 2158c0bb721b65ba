"""Our own endpoint as a platform: it answers as a right one does, or fails as a scenario wants."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from recette.checks.appointment import Message
from recette.model import Dropped, Exchange, Request, Response, Timings

_JSON = ("Content-Type", "application/fhir+json; charset=utf-8")

Mood = Callable[[Message], Response | Dropped | None]
"""What a scenario answers in the platform's place; None leaves it to the platform."""


@dataclass(slots=True)
class Platform:
    """A `recette.model.Responder`. `url` is its FHIR base, `base` the path of it.

    `mood` goes before its own answer, but for messages about appointments of `earlier` scenarios.
    """

    url: str
    base: str
    now: Callable[[], datetime]
    earlier: frozenset[tuple[str | None, str | None]] = frozenset()
    mood: Mood | None = None
    ids: dict[tuple[str | None, str | None], str] = field(default_factory=dict)

    def __call__(self, request: Request) -> Response | Dropped:
        message = Message(Exchange("", self.now(), request, Timings(None, 0.0)), self.base)
        stale = message.method != "POST" and message.identifier in self.earlier
        wanted = self.mood(message) if self.mood is not None and not stale else None
        if wanted is not None:
            if isinstance(wanted, Dropped):
                self.ids.setdefault(message.identifier, uuid.uuid4().hex)  # it was read, and kept
            return wanted
        return self._own(message)

    def _own(self, message: Message) -> Response:
        if message.path.rstrip("/") != message.place:
            return refusal(404, "not-found", "POST Appointment | PUT Appointment?identifier=")
        if message.method not in {"POST", "PUT"}:
            return refusal(405, "not-supported", "POST | PUT")
        if message.unusable is not None or message.root["resourceType"].value != "Appointment":
            return refusal(400, "structure", "Appointment")
        if message.method == "PUT" and message.criterion is None:
            return refusal(400, "required", "identifier")
        known = message.identifier in self.ids
        id = self.ids.setdefault(message.identifier, uuid.uuid4().hex)
        status = 200 if known and message.method == "PUT" else 201
        return Response(status, (("Location", f"{self.url}/Appointment/{id}"),), b"")


def refusal(status: int, code: str, details: str, *headers: tuple[str, str]) -> Response:
    """A failure as the guide wants it: an OperationOutcome."""
    issue = {"severity": "error", "code": code, "diagnostics": details}
    return Response(
        status, (_JSON, *headers), json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()
    )


def unavailable(_message: Message) -> Response:
    """A mood: an outage."""
    return refusal(503, "transient", "unavailable")


def once(answer: Callable[[], Response | Dropped]) -> Mood:
    """A mood for the next message only."""
    used = False

    def mood(_message: Message) -> Response | Dropped | None:
        nonlocal used
        if used:
            return None
        used = True
        return answer()

    return mood


def in_turn(*moods: Mood) -> Mood:
    """A mood: the first appointment told of meets the first of these, the second the second; the others meet none.

    An appointment is known by its identifier and its time, for two may have one identifier, wrongly.
    """
    following = iter(moods)
    met: dict[object, Mood] = {}

    def mood(message: Message) -> Response | Dropped | None:
        key = (message.identifier, message.root["start"].string or message.exchange.request.body)
        if key not in met:
            met[key] = next(following, lambda message: None)
        return met[key](message)

    return mood


def refusing(_message: Message) -> Response:
    """A mood: refused for good."""
    return refusal(422, "business-rule", "refused by the test")


def throttling(seconds: float) -> Mood:
    """A mood: the next message is to come back after `seconds`."""
    return once(lambda: refusal(429, "throttled", "later", ("Retry-After", f"{seconds:g}")))

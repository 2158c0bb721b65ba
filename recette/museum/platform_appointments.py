"""How a fault bends what the platform does of appointments."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from recette.model import TransportFailure
from recette.museum.bending import Apply, Json, on_reply, outcome
from recette.museum.wire import Agenda, Asked, Reply
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM

PATH = "/fhir/Appointment"
ELEMENTS = ("identifier", "extension", "status", "start", "end", "participant")


@dataclass(frozen=True)
class Sent:
    """A message about an appointment, read."""

    asked: Asked

    @cached_property
    def document(self) -> Json:
        """The body; empty where it is no JSON object."""
        try:
            value: Any = json.loads(self.asked.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def ours(self) -> bool:
        return self.asked.target.startswith(PATH)

    @property
    def creates(self) -> bool:
        return self.asked.method == "POST"

    @property
    def updates(self) -> bool:
        return self.asked.method == "PUT"

    @property
    def key(self) -> str:
        return str((self.document.get("identifier") or [{}])[0].get("value", ""))

    @property
    def condition(self) -> str:
        """The value of the appointment that an update looks for."""
        query = parse_qs(self.asked.target.partition("?")[2])
        return next((v[0].rpartition("|")[2] for k, v in query.items() if k.lower() == "identifier"), "")

    @property
    def status(self) -> str:
        return str(self.document.get("status", ""))

    @property
    def operator(self) -> Json:
        extensions = self.document.get("extension") or [{}]
        found: Json = extensions[0].get("valueReference", {}).get("identifier", {})
        return found

    @property
    def missing(self) -> str:
        if self.document.get("resourceType") != "Appointment":
            return ""
        return next((element for element in ELEMENTS if element not in self.document), "")

    @property
    def participants(self) -> list[Json]:
        return self.document.get("participant") or []


@dataclass
class Known:
    """What the platform has accepted: identifiers, and the bodies and targets it has seen."""

    keys: set[str] = field(default_factory=set)
    posted: set[str] = field(default_factory=set)
    seen: set[tuple[str, bytes]] = field(default_factory=set)


Matches = Callable[[Sent, Known], bool]


def _watching(decide: Callable[[Sent, Known, Agenda], Any]) -> Apply:
    known = Known()

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        sent = Sent(asked)
        if not sent.ours:
            return await reference(asked)
        reply: Reply = await decide(sent, known, reference)
        known.seen.add((asked.target, asked.body))
        if 200 <= reply.status < 300 and sent.key:
            known.keys.add(sent.key)
            known.posted |= {sent.key} if sent.creates else set()
        return reply

    return apply


def accepting(matches: Matches, *, as_id: str = "rdv-x") -> Apply:
    """Say yes, and do nothing."""

    async def decide(sent: Sent, known: Known, reference: Agenda) -> Reply:
        if not matches(sent, known):
            return await reference(sent.asked)
        return Reply(201 if sent.creates else 200, (("Location", f"http://127.0.0.1:8080{PATH}/{as_id}"),), b"")

    return _watching(decide)


def refusing(matches: Matches, status: int = 422) -> Apply:
    async def decide(sent: Sent, known: Known, reference: Agenda) -> Reply:
        return outcome(status, "business-rule") if matches(sent, known) else await reference(sent.asked)

    return _watching(decide)


def answering(matches: Callable[[Sent, Known, Reply], bool], bend: Callable[[Reply], Reply]) -> Apply:
    """Change some replies; what the platform did stays done."""

    async def decide(sent: Sent, known: Known, reference: Agenda) -> Reply:
        reply = await reference(sent.asked)
        return bend(reply) if matches(sent, known, reply) else reply

    return _watching(decide)


def with_status(status: int) -> Callable[[Reply], Reply]:
    return lambda reply: replace(reply, status=status)


def without_location(reply: Reply) -> Reply:
    return replace(reply, headers=tuple(pair for pair in reply.headers if pair[0].lower() != "location"))


def elsewhere(reply: Reply) -> Reply:
    return reply.with_header("Location", f"http://127.0.0.1:8080{PATH}/rdv-elsewhere")


def relative(reply: Reply) -> Reply:
    location = reply.header("location") or ""
    return reply.with_header("Location", location.removeprefix("http://127.0.0.1:8080"))


def success(sent: Sent, known: Known, reply: Reply) -> bool:
    return reply.status < 300


def lacks(element: str) -> Matches:
    return lambda sent, known: sent.missing == element


def is_refusal(sent: Sent, known: Known, reply: Reply) -> bool:
    return reply.status >= 400


def unreadable(sent: Sent) -> bool:
    return sent.creates and sent.document.get("resourceType") not in {"Appointment", "Practitioner"}


def absurd_at_first() -> Apply:
    """Falls over what is nested too deeply, and stays down for the message that follows."""
    down = [0]

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        if asked.body.startswith(b"[[["):
            down[0] = 6
        if down[0]:
            down[0] -= 1
            return outcome(503, "transient")
        return await reference(asked)

    return apply


def lost_at(matches: Callable[[Sent], bool]) -> Apply:
    async def apply(asked: Asked, reference: Agenda) -> Reply:
        if matches(Sent(asked)):
            return Reply(0, (), b"", failure=TransportFailure.CONNECTION_LOST)
        return await reference(asked)

    return apply


def erasing() -> Apply:
    """DELETE is refused, and yet what it named is forgotten: the next update makes it anew."""
    gone: set[str] = set()

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        sent = Sent(asked)
        if asked.method == "DELETE":
            gone.add(sent.condition)
        reply = await reference(asked)
        if sent.updates and sent.condition in gone and reply.status == 200:
            gone.discard(sent.condition)
            return elsewhere(replace(reply, status=201))
        return reply

    return apply


def final() -> Apply:
    """What was cancelled stays so."""
    cancelled: set[str] = set()

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        sent = Sent(asked)
        if sent.key in cancelled and sent.status != "cancelled":
            return outcome(422, "business-rule")
        reply = await reference(asked)
        if sent.status == "cancelled" and reply.status < 300:
            cancelled.add(sent.key)
        return reply

    return apply


def readable() -> Apply:
    def bend(asked: Asked, reply: Reply) -> Reply:
        if asked.method != "GET" or not asked.target.startswith(PATH):
            return reply
        return replace(reply, status=200).with_json({"resourceType": "Bundle", "type": "searchset", "entry": []})

    return on_reply(bend)


def deleting() -> Apply:
    def bend(asked: Asked, reply: Reply) -> Reply:
        return Reply(204, (), b"") if asked.method == "DELETE" else reply

    return on_reply(bend)


def clash(sent: Sent) -> bool:
    codings = (sent.operator.get("type") or {}).get("coding") or [{}]
    pairs = {("IDNPS", PRACTITIONER_SYSTEM), ("INTRN", REGULATOR_SYSTEM)}
    return bool(sent.operator) and (codings[0].get("code"), sent.operator.get("system")) not in pairs


def media_type(asked: Asked) -> str:
    return asked.header("content-type") or ""


def unnamed(reply: Reply) -> Reply:
    """The same refusal, with nothing that says where."""
    if reply.status < 400:
        return reply
    return outcome(reply.status, "required")

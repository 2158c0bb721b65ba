"""How a fault bends what the reference agenda does of regulators' accounts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from recette.museum.bending import Apply, Json
from recette.museum.wire import Agenda, Asked, Reply
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM

ELEMENTS = ("identifier", "name", "telecom", "active")
TECHNICAL = REGULATOR_SYSTEM
NATIONAL = PRACTITIONER_SYSTEM


@dataclass(frozen=True)
class Wanted:
    """A request on an account, read."""

    asked: Asked

    @cached_property
    def document(self) -> Json | None:
        """The Practitioner of the body; None where it is unreadable or something else."""
        try:
            value: Any = json.loads(self.asked.body)
        except ValueError:
            return None
        return value if isinstance(value, dict) and value.get("resourceType") == "Practitioner" else None

    @property
    def unreadable(self) -> bool:
        """Whether the body of a creation is no JSON at all."""
        return self.creates and self.document is None and b'"Patient"' not in self.asked.body

    @property
    def creates(self) -> bool:
        return self.asked.method == "POST"

    @property
    def updates(self) -> bool:
        return self.asked.method == "PUT"

    @cached_property
    def key(self) -> str:
        """The token an update looks for, decoded; empty where there is none."""
        found = parse_qs(self.asked.target.partition("?")[2], keep_blank_values=True).get("identifier", [""])
        return found[0] if self.updates else ""

    @cached_property
    def token(self) -> str:
        """The token of the body."""
        identifiers = (self.document or {}).get("identifier") or [{}]
        return f"{identifiers[0].get('system')}|{identifiers[0].get('value')}" if identifiers[0] else ""

    @property
    def code(self) -> str:
        identifiers = (self.document or {}).get("identifier")
        return str(identifiers[0]["type"]["coding"][0]["code"]) if identifiers else ""

    @property
    def email(self) -> str:
        return str(((self.document or {}).get("telecom") or [{}])[0].get("value"))

    @property
    def active(self) -> object:
        return (self.document or {}).get("active")

    @property
    def missing(self) -> str:
        """The element that is left out, where one is."""
        if self.document is None:
            return ""
        return next((element for element in ELEMENTS if element not in self.document), "")

    @property
    def complete(self) -> bool:
        return self.document is not None and not self.missing

    @property
    def renames(self) -> bool:
        """Whether an update changes the identifier."""
        return self.updates and self.complete and bool(self.key) and self.key != self.token


@dataclass
class Ledger:
    """What has been accepted by now, by token: the document it was made with, and the last one."""

    made: dict[str, Json] = field(default_factory=dict)
    last: dict[str, Json] = field(default_factory=dict)
    posted: set[str] = field(default_factory=set)
    seen: set[tuple[str, bytes]] = field(default_factory=set)
    marked: set[str] = field(default_factory=set)

    def note(self, wanted: Wanted, reply: Reply) -> None:
        self.seen.add((wanted.asked.target, wanted.asked.body))
        if not 200 <= reply.status <= 299 or not wanted.complete:
            return
        assert wanted.document is not None
        self.made.setdefault(wanted.token, wanted.document)
        self.last[wanted.token] = wanted.document
        if wanted.creates:
            self.posted.add(wanted.token)

    def repeated(self, wanted: Wanted) -> bool:
        return (wanted.asked.target, wanted.asked.body) in self.seen

    def disabled(self, token: str) -> bool:
        return token in self.last and self.last[token]["active"] is False

    def enabled(self, token: str) -> bool:
        return token in self.last and self.last[token]["active"] is True


Instead = Callable[[Wanted, Ledger], Asked | Reply | None]
Afterwards = Callable[[Wanted, Ledger, Reply], Reply]


def instead(decide: Instead) -> Apply:
    """Answer in the place of the reference (a reply), or make it understand something else (a request)."""
    ledger = Ledger()

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        if not asked.target.startswith("/fhir/Practitioner"):
            return await reference(asked)
        wanted = Wanted(asked)
        decided = decide(wanted, ledger)
        reply = decided if isinstance(decided, Reply) else await reference(decided or asked)
        if isinstance(decided, Asked):
            reply = replace(reply, body=b"") if reply.status < 400 else reply  # what was understood must not show
        ledger.note(wanted, reply)
        return reply

    return apply


def afterwards(bend: Afterwards) -> Apply:
    """Change the reference's reply."""
    ledger = Ledger()

    async def apply(asked: Asked, reference: Agenda) -> Reply:
        if not asked.target.startswith("/fhir/Practitioner"):
            return await reference(asked)
        wanted, reply = Wanted(asked), await reference(asked)
        bent = bend(wanted, ledger, reply)
        ledger.note(wanted, reply)
        return bent

    return apply


def said(status: int, seed: str) -> Reply:
    """A success that describes nothing, on an account that is always the same for the same seed."""
    return Reply(status, (("Location", located(seed)),), b"")


def located(seed: str) -> str:
    return f"http://127.0.0.1:8081/fhir/Practitioner/{hashlib.sha256(seed.encode()).hexdigest()[:20]}"


def elsewhere(reply: Reply, seed: str) -> Reply:
    """The same reply about another account."""
    return reply.with_header("Location", located(seed))


def refused(status: int = 422, code: str = "business-rule", names: str = "") -> Reply:
    issue = {"severity": "error", "code": code, "diagnostics": names or "Refusé."}
    document = {"resourceType": "OperationOutcome", "issue": [issue]}
    return Reply(status, (("content-type", "application/fhir+json"),), b"").with_json(document)


def refusing(matches: Callable[[Wanted, Ledger], bool], status: int = 422) -> Apply:
    return instead(lambda wanted, ledger: refused(status) if matches(wanted, ledger) else None)


def accepting(matches: Callable[[Wanted, Ledger], bool], status: int = 201) -> Apply:
    """Say yes, and do nothing."""
    return instead(
        lambda wanted, ledger: (
            said(status, wanted.asked.body.decode("utf-8", "replace") + str(len(ledger.seen)))
            if matches(wanted, ledger)
            else None
        )
    )


def succeeding(matches: Callable[[Wanted], bool], bend: Callable[[Reply], Reply]) -> Apply:
    """Change the successes of some requests."""
    return afterwards(
        lambda wanted, ledger, reply: bend(reply) if matches(wanted) and 200 <= reply.status <= 299 else reply
    )


def without_header(reply: Reply, name: str) -> Reply:
    return replace(reply, headers=tuple(pair for pair in reply.headers if pair[0].lower() != name.lower()))

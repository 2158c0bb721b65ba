"""How a scenario speaks of regulators' accounts: new invented people, the platform's requests, and clearing up.

Each account is of an identity drawn for it alone, so that a second run on the same base finds it as empty as the first.
What the target accepted is disabled at the end, whatever happened: the interface knows no deletion.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from recette.checks.regulators import CLEANED, WHOLE, Account, Disabled, Heard, Told
from recette.model import Check, Evidence, Exchange, Stage
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from sas_kernel.text import Text

NATIONAL, TECHNICAL = "IDNPS", "INTRN"

MEDIA_TYPE = "application/fhir+json"
"""FHIR's registered type, that of every request but those that are about another."""

EVERY_SCENARIO: tuple[Check, ...] = (WHOLE, CLEANED)
"""What is checked of all the exchanges of any scenario."""

_PROFILE = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/FrPractitionerRegul"
_IDENTIFIER_TYPES = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"
_STRUCTURE = "3990000058"
"""An invented structure: no FINESS number of a real one begins so."""

Json = dict[str, Any]
Bend = Callable[[Json], None]


def national_id() -> str:
    """A national id of the form of an employee's card, borne by nobody."""
    return f"{_STRUCTURE}/{uuid.uuid4().hex[:12].upper()}"


def with_national_id() -> Account:
    """A regulator nobody knows, under a national id."""
    return Account(PRACTITIONER_SYSTEM, NATIONAL, national_id(), "BELLANGER", "Ysée", _email())


def with_technical_id() -> Account:
    """A regulator nobody knows, under a technical id."""
    return Account(REGULATOR_SYSTEM, TECHNICAL, str(uuid.uuid4()), "QUÉMÉNER", "Maël", _email())


def _email() -> str:
    return f"regulateur.{uuid.uuid4().hex[:12]}@recette.example.org"


def under(account: Account, other: Account) -> Account:
    """The same person under the identifier of another."""
    return replace(account, system=other.system, code=other.code, value=other.value)


def resource(account: Account) -> Json:
    """The account as the platform writes it: profile FrPractitionerRegul."""
    return {
        "resourceType": "Practitioner",
        "meta": {"source": REGULATOR_SYSTEM, "profile": [_PROFILE]},
        "identifier": [
            {
                "type": {"coding": [{"system": _IDENTIFIER_TYPES, "code": account.code}]},
                "system": account.system,
                "value": account.value,
            }
        ],
        "active": account.active,
        "name": [{"family": account.family, "given": [account.given]}],
        "telecom": [{"system": "email", "value": account.email}],
    }


def without(element: str) -> Bend:
    def bend(document: Json) -> None:
        del document[element]

    return bend


def written(token: str) -> str:
    """A token as it stands in the query: its `|` encoded, the rest as it is."""
    return token.replace("|", "%7C")


@dataclass(slots=True)
class Conversation:
    """The exchanges of one scenario, and the accounts it knows the target to hold enabled, by token."""

    stage: Stage
    heard: list[Exchange] = field(default_factory=list)
    held: dict[str, Account] = field(default_factory=dict)

    async def create(
        self,
        account: Account,
        bend: Bend | None = None,
        *,
        target: str = "/Practitioner",
        media_type: str = MEDIA_TYPE,
        body: bytes | None = None,
    ) -> Told:
        """Ask for a new account; `bend` changes the resource, `body` takes its place."""
        return await self._send("POST", target, account, bend, media_type=media_type, body=body)

    async def update(
        self,
        key: Account,
        account: Account,
        bend: Bend | None = None,
        *,
        token: str | None = None,
        suffix: str = "",
    ) -> Told:
        """Put `account` on the one that `key` identifies; `token` is that identifier as written in the query."""
        query = f"?identifier={written(key.token) if token is None else token}{suffix}"
        return await self._send("PUT", f"/Practitioner{query}", account, bend, key=key)

    async def replace_without_criteria(self, account: Account, query: str) -> Told:
        return await self._send("PUT", f"/Practitioner{query}", account, None)

    async def _send(
        self,
        method: str,
        target: str,
        account: Account,
        bend: Bend | None,
        *,
        media_type: str = MEDIA_TYPE,
        body: bytes | None = None,
        key: Account | None = None,
    ) -> Told:
        document = resource(account)
        if bend is not None:
            bend(document)
        content = json.dumps(document, ensure_ascii=False).encode() if body is None else body
        headers = (("Accept", "application/json+fhir"), ("Content-Type", media_type))
        told = Told(await self.stage.send(target, method=method, headers=headers, body=content), account)
        self.heard.append(told.exchange)
        if told.accepted and "identifier" in document:
            self._note(key, account)
        return told

    def _note(self, key: Account | None, account: Account) -> None:
        if key is not None:
            self.held.pop(key.token, None)
        if account.active:
            self.held[account.token] = account
        else:
            self.held.pop(account.token, None)

    async def clear_up(self) -> None:
        """Disable what the target holds enabled because of us, and say what it refuses to disable."""
        answers = [await self.update(account, replace(account, active=False)) for account in tuple(self.held.values())]
        if answers:
            self.stage.judge(CLEANED, Disabled(tuple(answers)))

    def judge(self, checks: Sequence[Check], evidence: Evidence) -> None:
        for check in checks:
            self.stage.judge(check, evidence)

    def skip(self, checks: Sequence[Check], reason: Text) -> None:
        for check in checks:
            self.stage.skip(check, reason)


@asynccontextmanager
async def conversation(stage: Stage) -> AsyncIterator[Conversation]:
    """Open a conversation; whatever happens in it, its accounts are disabled and its exchanges judged at the end."""
    talk = Conversation(stage)
    try:
        yield talk
    finally:
        try:
            await talk.clear_up()
        finally:
            if talk.heard:
                stage.judge(WHOLE, Heard(tuple(talk.heard)))

"""What the platform sends, and an agenda's accounts as it sees them."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from agenda_editor.regulators.model import Change
from agenda_editor.regulators.service import RegulatorService
from sas_kit.http import HttpAnswer
from tests.agenda_editor.conftest import Agenda

NATIONAL = "urn:oid:1.2.250.1.71.4.2.1"
TECHNICAL = "urn:oid:1.2.250.1.213.3.6"
TYPES = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"
CODES = {NATIONAL: "IDNPS", TECHNICAL: "INTRN"}
CARD = "3990000058/00417AB"
UUID = "0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10"


def type_of(code: str) -> dict[str, Any]:
    return {"coding": [{"system": TYPES, "code": code}]}


def body(
    value: str = CARD,
    system: str = NATIONAL,
    *,
    active: bool = True,
    family: str = "BELLANGER",
    given: str = "Ysée",
    email: str = "ysee.bellanger@samu.example.org",
) -> dict[str, Any]:
    """A whole account as the platform sends it."""
    return {
        "resourceType": "Practitioner",
        "meta": {
            "source": TECHNICAL,
            "profile": ["https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/FrPractitionerRegul"],
        },
        "identifier": [{"type": type_of(CODES[system]), "system": system, "value": value}],
        "active": active,
        "name": [{"family": family, "given": [given]}],
        "telecom": [{"system": "email", "value": email}],
    }


def without(resource: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """The same without the element at the end of the path."""
    changed = copy.deepcopy(resource)
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return changed


def changed(resource: dict[str, Any], value: Any, *path: str | int) -> dict[str, Any]:
    """The same with another value at the end of the path."""
    result = copy.deepcopy(resource)
    holder: Any = result
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return result


@dataclass(slots=True)
class Accounts:
    """The platform's view of an agenda."""

    agenda: Agenda

    @property
    def service(self) -> RegulatorService:
        service: RegulatorService = self.agenda.app.state.services.regulators
        return service

    async def send(
        self,
        method: str,
        target: str,
        sent: Any,
        headers: Sequence[tuple[str, str]] = (("content-type", "application/json"),),
    ) -> HttpAnswer:
        raw = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        return await self.agenda.get(target, method=method, headers=headers, body=raw)

    async def post(self, sent: Any) -> HttpAnswer:
        return await self.send("POST", "/fhir/Practitioner", sent)

    async def put(self, value: str, sent: Any, system: str = NATIONAL) -> HttpAnswer:
        return await self.send("PUT", f"/fhir/Practitioner?identifier={quote(system + '|' + value, safe='')}", sent)

    async def history(self, answer: HttpAnswer) -> list[Change]:
        return await self.service.history(int(account_id(answer).removeprefix("regul-")))


@pytest.fixture
def accounts(agenda: Agenda) -> Accounts:
    """No account yet; the test runs on both databases."""
    return Accounts(agenda)


@pytest.fixture
def lone_accounts(lone_agenda: Agenda) -> Accounts:
    """On SQLite, for what the database has no part in."""
    return Accounts(lone_agenda)


def account_id(answer: HttpAnswer) -> str:
    """The id of an accepted account: `Location` and the resource tell the same."""
    assert answer.status in {200, 201}, answer.body
    assert answer.header("content-type") == "application/fhir+json; charset=utf-8"
    resource = json.loads(answer.body)
    assert resource["resourceType"] == "Practitioner"
    assert answer.header("location") == f"http://agenda.test/fhir/Practitioner/{resource['id']}"
    found: str = resource["id"]
    return found


def stored(answer: HttpAnswer) -> dict[str, Any]:
    account_id(answer)
    resource: dict[str, Any] = json.loads(answer.body)
    return resource


def issues(answer: HttpAnswer, status: int) -> set[tuple[str, str | None]]:
    """`(code, element)` of every issue of a refusal, each of which says something in both languages."""
    assert answer.status == status, answer.body
    assert answer.header("content-type") == "application/fhir+json; charset=utf-8"
    assert answer.header("location") is None
    outcome = json.loads(answer.body)
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"]
    found = set()
    for issue in outcome["issue"]:
        assert issue["severity"] == "error"
        assert issue["details"]["text"].strip()
        assert issue["diagnostics"].strip()
        assert "{" not in issue["details"]["text"] + issue["diagnostics"]
        found.add((issue["code"], issue["expression"][0] if "expression" in issue else None))
    return found

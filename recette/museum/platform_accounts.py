"""A little platform that tells an editor of its regulators: right by default, with one switch a fault.

It answers at the addresses of the reference platform (administration, login page) and tells at once what the real one
tells in the background, so that a fault is seen without waiting.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from recette.museum.wire import Asked, Deliver, Reply
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM

TOKEN = "invented-admin-token"
_TYPES = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"
_PROFILE = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/FrPractitionerRegul"
_LOGIN = (
    b'<html><form method="post" action="/connexion"><input type="email" name="email">'
    b'<input type="password" name="password"></form></html>'
)
Json = dict[str, Any]


@dataclass(slots=True)
class Account:
    """`told` is what the editor has accepted, `known_as` the identifier under which it did, or may have."""

    number: int
    family: str
    given: str
    email: str
    password: str
    code: str
    value: str
    active: bool = True
    known_as: str | None = None
    told: Json | None = None

    @property
    def system(self) -> str:
        return PRACTITIONER_SYSTEM if self.code == "IDNPS" else REGULATOR_SYSTEM

    @property
    def token(self) -> str:
        return f"{self.system}|{self.value}"


@dataclass(slots=True)
class LittlePlatform:
    """A party of the street, and the sender of messages; `fault` is the one thing it gets wrong."""

    deliver: Deliver
    fault: str = ""
    accounts: dict[int, Account] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __call__(self, asked: Asked) -> Reply:
        path = asked.target.partition("?")[0]
        if path == "/connexion":
            return await self._login(asked)
        if not path.startswith("/api/admin/regulators"):
            return Reply(404, (), b"")
        rest = path.removeprefix("/api/admin/regulators").strip("/").split("/")
        body = json.loads(asked.body or b"{}")
        if asked.method == "POST" and rest == [""]:
            return _json(201, await self._enrol(body))
        account = self.accounts[int(rest[0])]
        if asked.method == "PATCH":
            account.family = body.get("family", account.family)
            if "national_id" in body:
                account.code, account.value = "IDNPS", body["national_id"]
            if self.fault == "change-at-once":
                await self._tell(account)
        elif rest[-1] == "deactivate":
            account.active = False
            if account.known_as is not None and self.fault != "deactivation-waits":
                await self._tell(account, anyway=True)
        return _json(200, {"id": account.number})

    async def _login(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            return Reply(200, (("content-type", "text/html"),), _LOGIN)
        given = dict(parse_qsl(asked.body.decode()))
        found = next((a for a in self.accounts.values() if a.email == given.get("email")), None)
        if found is None or not found.active or found.password != given.get("password"):
            return Reply(403, (("content-type", "text/html"),), _LOGIN)
        accepted = await self._tell(found)
        if self.fault == "login-fails-with-the-editor" and not accepted:
            return Reply(502, (("content-type", "text/html"),), b"<html>Erreur</html>")
        return Reply(200, (("content-type", "text/html"),), b"<html>Bonjour</html>")

    async def _enrol(self, body: Json) -> Json:
        number = next(self.numbers)
        code = "IDNPS" if "national_id" in body else "INTRN"
        value = body.get("national_id") or str(uuid.uuid4())
        if self.fault == "technical-id-is-no-uuid" and code == "INTRN":
            value = f"REGUL-{number}"
        account = Account(number, body["family"], body["given"], body["email"], body["password"], code, value)
        self.accounts[number] = account
        if self.fault == "told-when-made":
            await self._tell(account)
        return {"id": number}

    # --- telling ---------------------------------------------------------------------------------------------------

    async def _tell(self, account: Account, *, anyway: bool = False) -> bool:
        """Whether the editor has accepted, or knew already."""
        document = self._resource(account)
        if account.told == document and not anyway and self.fault != "tells-each-time":
            return True
        former = account.known_as
        method, condition = ("PUT", former) if former else ("POST", None)
        if self.fault == "puts-creations" and not former:
            method, condition = "PUT", account.token
        if self.fault == "posts-changes" and former and account.active:
            method, condition = "POST", None
        if self.fault == "switches-on-the-new-id" and former:
            condition = account.token
        if self.fault == "deletes" and not account.active:
            method = "DELETE"
        return await self._send(account, method, condition, document)

    async def _send(
        self, account: Account, method: str, condition: str | None, document: Json, *, again: bool = False
    ) -> bool:
        query = "" if condition is None else f"?identifier={quote(condition, safe=':')}"
        media = "text/plain" if self.fault == "sends-text" else "application/fhir+json"
        body = b"" if method == "DELETE" else json.dumps(document).encode()
        answer = await self.deliver(method, f"/Practitioner{query}", (("Content-Type", media),), body)
        if answer is not None and answer.status < 300:
            account.told, account.known_as = document, account.token
            return True
        if not again and self.fault != "never-retries":
            lost = answer is None
            if lost and self.fault != "posts-again":
                method, condition = "PUT", account.token
            task = asyncio.ensure_future(self._later(account, method, condition, document))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        return False

    async def _later(self, account: Account, method: str, condition: str | None, document: Json) -> None:
        await asyncio.sleep(0.01)
        await self._send(account, method, condition, document, again=True)

    def _resource(self, account: Account) -> Json:
        coding = {"system": _TYPES, "code": account.code}
        document: Json = {
            "resourceType": "Practitioner",
            "meta": {"source": REGULATOR_SYSTEM, "profile": [_PROFILE]},
            "identifier": [{"type": {"coding": [coding]}, "system": account.system, "value": account.value}],
            "active": account.active,
            "name": [{"family": account.family, "given": [account.given]}],
            "telecom": [{"system": "email", "value": account.email}],
        }
        bend = _BENDS.get(self.fault)
        if bend is not None:
            bend(document, account)
        return document


def _json(status: int, body: Json) -> Reply:
    return Reply(status, (("content-type", "application/json"),), json.dumps(body).encode())


def _code(wanted: str, told: str) -> Callable[[Json, Account], None]:
    def bend(document: Json, account: Account) -> None:
        if account.code == wanted:
            document["identifier"][0]["type"]["coding"][0]["code"] = told

    return bend


def _without(*path: str) -> Callable[[Json, Account], None]:
    def bend(document: Json, _account: Account) -> None:
        for name in path[:-1]:
            document = document[name]
        document.pop(path[-1])

    return bend


def _put(name: str, value: Callable[[Account], Any]) -> Callable[[Json, Account], None]:
    def bend(document: Json, account: Account) -> None:
        document[name] = value(account)

    return bend


_BENDS: dict[str, Callable[[Json, Account], None]] = {
    "national-as-rpps": _code("IDNPS", "RPPS"),
    "technical-as-national": _code("INTRN", "IDNPS"),
    "without-source": _without("meta", "source"),
    "without-profile": _without("meta", "profile"),
    "two-given-names": _put("name", lambda a: [{"family": a.family, "given": [a.given, "Ysée"]}]),
    "sends-a-phone": _put(
        "telecom",
        lambda a: [{"system": "email", "value": a.email}, {"system": "phone", "value": "+33199000012"}],
    ),
    "without-active": _without("active"),
    "stale-name": _put("name", lambda a: [{"family": "ANCIEN", "given": [a.given]}]),
    "gender-of-hl7-v2": _put("gender", lambda a: "M"),
    "blocked-stays-active": _put("active", lambda a: True),
}


@dataclass(frozen=True, slots=True)
class AccountFault:
    """One thing a platform gets wrong, by its name; `check` and `also` as in `recette.museum.bending.Fault`."""

    name: str
    requirement: str
    also: tuple[str, ...] = ()
    check: str = ""


FAULTS: tuple[AccountFault, ...] = (
    AccountFault("puts-creations", "ACCT-100"),
    AccountFault("posts-changes", "ACCT-101", also=("ACCT-115",)),
    AccountFault("national-as-rpps", "ACCT-102"),
    AccountFault("technical-as-national", "ACCT-103"),
    AccountFault("technical-id-is-no-uuid", "ACCT-103"),
    AccountFault("without-source", "ACCT-104"),
    AccountFault("without-profile", "ACCT-105"),
    AccountFault("two-given-names", "ACCT-106"),
    AccountFault("sends-a-phone", "ACCT-107"),
    AccountFault("deletes", "ACCT-108", check="provisioning.deactivation_no_delete"),
    AccountFault("blocked-stays-active", "ACCT-108", also=("ACCT-114",), check="provisioning.deactivation_message"),
    AccountFault("told-when-made", "ACCT-109", also=("ACCT-100",), check="provisioning.creation_not_before"),
    AccountFault("change-at-once", "ACCT-109", check="provisioning.change_not_before"),
    AccountFault("deactivation-waits", "ACCT-110"),
    AccountFault("never-retries", "ACCT-111"),
    AccountFault("sends-text", "ACCT-112"),
    AccountFault("without-active", "ACCT-112", also=("ACCT-108", "ACCT-114")),
    AccountFault("tells-each-time", "ACCT-113"),
    AccountFault("stale-name", "ACCT-114", also=("ACCT-101",)),
    AccountFault("switches-on-the-new-id", "ACCT-115"),
    AccountFault("posts-again", "ACCT-116"),
    AccountFault("login-fails-with-the-editor", "ACCT-117"),
    AccountFault("gender-of-hl7-v2", "ACCT-119"),
)

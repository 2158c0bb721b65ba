"""What a scenario of this flow rests on: the provider, the people it knows, and an address where one books."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from recette.catalogue.regulators.conversation import NATIONAL, TECHNICAL
from recette.catalogue.slot_search.conversation import PLATFORM_ACCEPT, Query, to_millisecond
from recette.checks.page import absolute
from recette.checks.regulators import Account
from recette.checks.sso_pages import Provider
from recette.model import Exchange, SignOnTarget, Stage
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from sas_kernel.text import Text
from sas_kernel.time_window import window_from

Json = dict[str, Any]


class Groundless(Exception):  # noqa: N818  a way out of a scenario, not a fault
    """What a scenario rests on is not there: its remaining checks are skipped, with this reason."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the provider knows. `account` is None when only the login is known. `fault`: what his tokens have."""

    login: str
    password: str = field(repr=False)
    account: Account | None = None
    fault: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What would name this person in an address."""
        if self.account is None:
            return (self.login,)
        return (self.login, self.account.value, self.account.email, self.account.family)


@dataclass(frozen=True, slots=True)
class Ground:
    """`address` is where an appointment is booked: what a slot of the editor gives."""

    provider: Provider
    people: tuple[Person, ...]
    address: str


async def ground(stage: Stage) -> Ground:
    """Ask the editor for a booking address, and the provider who it is and whom it knows; else `Groundless`."""
    sso = stage.target.sso
    if sso is None:
        raise Groundless(
            Text(
                "Le fichier de cible n’a pas de section [sso] : le fournisseur est inconnu.",
                "The target file has no section [sso]: the provider is not known.",
            )
        )
    address = await _address(stage)
    discovered = await _discovery(stage, sso)
    endpoint = discovered.get("authorization_endpoint")
    if not isinstance(endpoint, str):
        raise Groundless(
            Text(
                "Le fournisseur {i} ne répond pas, ou ne dit pas où est son point d’autorisation.",
                "The provider {i} does not answer, or does not say where its authorization endpoint is.",
            ).format(i=sso.issuer)
        )
    return Ground(Provider(sso.issuer, endpoint), await _people(stage, sso), address)


async def _discovery(stage: Stage, sso: SignOnTarget) -> Json:
    for name in ("openid-configuration", "wallet-openid-configuration"):
        document = _document(await stage.fetch(f"{sso.issuer}/.well-known/{name}"))
        if "authorization_endpoint" in document:
            return document
    return {}


async def _people(stage: Stage, sso: SignOnTarget) -> tuple[Person, ...]:
    listed = _document(await stage.fetch(f"{sso.issuer}/test-identities")).get("identities")
    people = [person for person in map(_person, listed if isinstance(listed, list) else []) if person is not None]
    if sso.login:
        known = next((each.account for each in people if each.login == sso.login and not each.fault), None)
        mine = Person(sso.login, sso.password, known)
        people = [mine, *(each for each in people if each.fault)]
    return tuple(people)


def _person(read: Any) -> Person | None:
    try:
        system, value = str(read["identifier"]["system"]), str(read["identifier"]["value"])
        code = NATIONAL if system == PRACTITIONER_SYSTEM else TECHNICAL
        account = Account(system, code, value, str(read["family"]), str(read["given"]), str(read["email"]))
        return Person(str(read["login"]), str(read["password"]), account, str(read["fault"] or ""))
    except (KeyError, TypeError):
        return None


async def _address(stage: Stage) -> str:
    """The address of the first slot that is booked by appointment, else of the first that has one."""
    doctor = str(stage.target.test_data["practitioner_one_place"])
    horizon = timedelta(hours=stage.levels["slot_search.horizon"].value)
    query = Query.of((doctor,), window_from(to_millisecond(stage.now()), horizon))
    entries = _document(await stage.send(query.target, headers=(PLATFORM_ACCEPT,))).get("entry")
    slots = [each.get("resource") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    found = [slot for slot in slots if isinstance(slot, dict) and isinstance(slot.get("comment"), str)]
    booked = [slot for slot in found if "ROUTINE" in json.dumps(slot.get("appointmentType"))]
    for slot in (*booked, *found):
        address = absolute("", str(slot["comment"]).strip())
        if address is not None and urlsplit(address).scheme in {"http", "https"}:
            return address
    raise Groundless(
        Text(
            "Aucun créneau du professionnel {p} ne donne d’adresse de réservation.",
            "No slot of practitioner {p} gives a booking address.",
        ).format(p=doctor)
    )


def _document(exchange: Exchange) -> Json:
    try:
        read = json.loads(exchange.response.body) if exchange.response is not None else None
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}

"""A platform's messages about regulators' accounts (INT_R02), as the editor it tells receives them, and their checks.

What ought to come is known from what was done at the platform, by us or by somebody who was asked to do it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import parse_qsl

from recette.checks.json_document import Document, Node, read
from recette.checks.judging import shown, tally
from recette.model import Check, Exchange, Judgement, Problem
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM
from sas_kernel.text import Text

PROFILE = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/FrPractitionerRegul"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_JSON = ("application/fhir+json", "application/json", "application/json+fhir")


@dataclass(frozen=True)
class Message:
    """One message of the platform: an exchange whose request is its own, and whose answer is ours."""

    exchange: Exchange

    @property
    def method(self) -> str:
        return self.exchange.request.method

    @property
    def at(self) -> datetime:
        """When its last byte was read."""
        return self.exchange.sent_at

    @cached_property
    def document(self) -> Document:
        return read(self.exchange.request.body)

    @property
    def root(self) -> Node:
        return self.document.root

    @property
    def about_accounts(self) -> bool:
        return "/Practitioner" in self.exchange.request.target.partition("?")[0]

    @cached_property
    def condition(self) -> str:
        """The identifier an update looks for, decoded; empty where there is none."""
        query = self.exchange.request.target.partition("?")[2]
        return dict(parse_qsl(query, keep_blank_values=True)).get("identifier", "")

    @property
    def identifier(self) -> Node:
        found = self.root["identifier"].elements
        return found[0] if found else Node(f"{self.root.path}.identifier[0]")

    @property
    def code(self) -> object:
        codings = self.identifier["type"]["coding"].elements
        return codings[0]["code"].value if codings else None

    @property
    def token(self) -> str:
        return f"{self.identifier['system'].string or ''}|{self.identifier['value'].string or ''}"

    @property
    def emails(self) -> tuple[str, ...]:
        return tuple((each["value"].string or "").casefold() for each in self.root["telecom"].elements)

    @property
    def name(self) -> Node:
        found = self.root["name"].elements
        return found[0] if found else Node(f"{self.root.path}.name[0]")

    @property
    def outcome(self) -> str:
        return f"{self.method} {self.exchange.request.target.partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class Account:
    """The account as the platform holds it. Empty fields: we were not the ones who made it.

    `kind` is the code of its identifier, IDNPS or INTRN.
    """

    family: str = ""
    given: str = ""
    email: str = ""
    kind: str = ""
    active: bool = True


@dataclass(frozen=True)
class Expected:
    """What was done at the platform (`proof`), and the messages about that person that came of it, in order.

    `ground` says why nothing can be concluded. `before` is the token the person had; `since` when it was done.
    """

    messages: tuple[Message, ...]
    account: Account = Account()
    before: str = ""
    since: datetime | None = None
    proof: tuple[Exchange, ...] = ()
    ground: Text | None = None
    sure: bool = True
    """Whether we did it ourselves and know that it was done."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (*(message.exchange for message in self.messages), *self.proof)

    @property
    def first(self) -> Message | None:
        return self.messages[0] if self.messages else None

    @property
    def last(self) -> Message | None:
        return self.messages[-1] if self.messages else None


NOTHING_CAME = Text("Aucun message n’est arrivé.", "No message arrived.")


def _absent(expected: Expected, message: Text) -> Judgement:
    """Nothing came: a fault where we know that something was to come, else for a person to look at."""
    if not expected.sure:
        return Judgement(1, review=Text("{m} À vérifier.", "{m} To be checked.").format(m=message))
    exchange = expected.proof[-1].id if expected.proof else None
    return Judgement(1, (Problem(message, "inbox", "a message", "nothing", exchange),))


def comes(
    id: str,
    requirement: str,
    title: Text,
    message: Text,
    right: Callable[[Expected, Message], bool],
    expected: str,
    *,
    at_all: bool = True,
) -> Check:
    """A check that a message came (evidence: `Expected`) and that the first one is as it ought to be.

    Without `at_all`, another check says that none came.
    """

    def judge(evidence: Expected) -> Judgement:
        if evidence.ground is not None:
            return Judgement(0, reason=evidence.ground)
        if evidence.first is None:
            return _absent(evidence, message) if at_all else Judgement(0, reason=NOTHING_CAME)
        first = evidence.first
        held = right(evidence, first)
        return tally([None if held else Problem(message, "request", expected, first.outcome, first.exchange.id)])

    return Check(id, requirement, title, judge)


def comes_not(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that no message came (evidence: `Expected`)."""

    def judge(evidence: Expected) -> Judgement:
        if evidence.ground is not None:
            return Judgement(0, reason=evidence.ground)
        first = evidence.first
        return tally(
            [None if first is None else Problem(message, "inbox", "nothing", first.outcome, first.exchange.id)]
        )

    return Check(id, requirement, title, judge)


def no_method(id: str, requirement: str, title: Text, message: Text, method: str) -> Check:
    """A check that none of the messages (evidence: `Expected`) has this method."""

    def judge(evidence: Expected) -> Judgement:
        if evidence.ground is not None or not evidence.messages:
            return Judgement(0, reason=evidence.ground or NOTHING_CAME)
        return tally(
            Problem(message, "request", f"no {method}", each.outcome, each.exchange.id)
            if each.method == method
            else None
            for each in evidence.messages
        )

    return Check(id, requirement, title, judge)


@dataclass(frozen=True)
class SignIn:
    """A sign-in that editors were told of while one of them failed: `refused` says what did not succeed."""

    exchanges: tuple[Exchange, ...]
    refused: Text | None
    told: bool
    """Whether the failing editor was reached: else its failure proves nothing."""


def signed_in(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that somebody could sign in all the same (evidence: `SignIn`)."""

    def judge(sign_in: SignIn) -> Judgement:
        if not sign_in.told:
            return Judgement(0, reason=sign_in.refused or NOTHING_CAME)
        return tally([None if sign_in.refused is None else Problem(message, "page", "signed in", sign_in.refused.en)])

    return Check(id, requirement, title, judge)


def says(id: str, requirement: str, title: Text, look: Callable[[Message, Account], Iterator[Problem | None]]) -> Check:
    """A check of what each message says (evidence: `Expected`)."""

    def judge(evidence: Expected) -> Judgement:
        if evidence.ground is not None or not evidence.messages:
            return Judgement(0, reason=evidence.ground or NOTHING_CAME)
        return tally(
            None
            if problem is None
            else Problem(problem.message, problem.path, problem.expected, problem.actual, each.exchange.id)
            for each in evidence.messages
            if each.method in {"POST", "PUT"}
            for problem in look(each, evidence.account)
        )

    return Check(id, requirement, title, judge)


def _pair(system: str, code: str, message: Text) -> Callable[[Message, Account], Iterator[Problem | None]]:
    """Of messages whose identifier has this system or this code, or should: that it has both."""

    def look(told: Message, account: Account) -> Iterator[Problem | None]:
        found, kind = told.identifier["system"].value, told.code
        if system == found or code in {kind, account.kind}:
            held = (found, kind) == (system, code)
            yield None if held else Problem(message, told.identifier.path, f"{code} {system}", f"{kind} {found}")

    return look


NATIONAL = says(
    "provisioning.message_national",
    "ACCT-102",
    Text("Un identifiant national est IDNPS et de son système", "A national id is IDNPS and of its system"),
    _pair(PRACTITIONER_SYSTEM, "IDNPS", Text("Type et système ne vont pas ensemble.", "Type and system clash.")),
)


def _technical(told: Message, account: Account) -> Iterator[Problem | None]:
    clash = Text("Type et système ne vont pas ensemble.", "Type and system clash.")
    yield from _pair(REGULATOR_SYSTEM, "INTRN", clash)(told, account)
    value = told.identifier["value"].string or ""
    if told.identifier["system"].value == REGULATOR_SYSTEM:
        message = Text("Un identifiant technique est un UUID.", "A technical id is a UUID.")
        yield (
            None if _UUID.fullmatch(value) else Problem(message, told.identifier["value"].path, "a UUID", shown(value))
        )


TECHNICAL = says(
    "provisioning.message_technical",
    "ACCT-103",
    Text("Un identifiant technique est INTRN et de son système", "A technical id is INTRN and of its system"),
    _technical,
)


def _source(told: Message, _account: Account) -> Iterator[Problem | None]:
    node = told.root["meta"]["source"]
    message = Text("meta.source n’est pas le système de la plateforme.", "meta.source is not the platform's system.")
    held = node.value == REGULATOR_SYSTEM
    yield None if held else Problem(message, node.path, REGULATOR_SYSTEM, shown(node.value) if node.present else None)


SOURCE = says(
    "provisioning.message_source", "ACCT-104", Text("meta.source est constant", "meta.source is constant"), _source
)


def _profile(told: Message, _account: Account) -> Iterator[Problem | None]:
    node = told.root["meta"]["profile"]
    listed = [str(each.value).partition("|")[0] for each in node.elements]
    message = Text("Le profil FrPractitionerRegul n’est pas nommé.", "The profile FrPractitionerRegul is not named.")
    yield None if PROFILE in listed else Problem(message, node.path, PROFILE, shown(listed))


CLAIMED = says(
    "provisioning.message_profile", "ACCT-105", Text("Le profil est nommé", "The profile is named"), _profile
)


def _name(told: Message, _account: Account) -> Iterator[Problem | None]:
    names, given = told.root["name"].elements, told.name["given"].elements
    message = Text("Attendu un nom de famille et un prénom.", "Expected one family name and one given name.")
    held = len(names) == 1 and bool(told.name["family"].string) and len(given) == 1 and bool(given[0].string)
    yield (
        None
        if held
        else Problem(message, told.root["name"].path, "one family, one given", f"{len(names)}, {len(given)}")
    )


NAME = says(
    "provisioning.message_name",
    "ACCT-106",
    Text("Un nom de famille, un prénom", "One family name, one given name"),
    _name,
)


def _telecom(told: Message, _account: Account) -> Iterator[Problem | None]:
    contacts = told.root["telecom"].elements
    message = Text("Attendu une adresse électronique, et rien d’autre.", "Expected an e-mail address, nothing else.")
    if not contacts:
        yield Problem(message, told.root["telecom"].path, "an e-mail", None)
    for each in contacts:
        held = each["system"].value == "email" and "@" in (each["value"].string or "")
        yield None if held else Problem(message, each["system"].path, "email", shown(each["system"].value))


TELECOM = says(
    "provisioning.message_telecom", "ACCT-107", Text("Des adresses électroniques seulement", "E-mails only"), _telecom
)


def _form(told: Message, _account: Account) -> Iterator[Problem | None]:
    headers = {name.lower(): value for name, value in told.exchange.request.headers}
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    message = Text("Le message n’est pas un Practitioner en JSON.", "The message is no Practitioner in JSON.")
    yield None if kind in _JSON else Problem(message, "http.Content-Type", " | ".join(_JSON), kind or None)
    held = told.root["resourceType"].value == "Practitioner"
    yield None if held else Problem(message, "body", "Practitioner", shown(told.root["resourceType"].value))
    active = told.root["active"]
    missing = Text("active est obligatoire.", "active is mandatory.")
    yield None if isinstance(active.value, bool) else Problem(missing, active.path, "true | false", shown(active.value))


FORM = says(
    "provisioning.message_form",
    "ACCT-112",
    Text("Un Practitioner complet en JSON", "A whole Practitioner in JSON"),
    _form,
)


def _account(told: Message, account: Account) -> Iterator[Problem | None]:
    if not account.email:
        return
    message = Text("Le message ne dit pas ce que la plateforme tient du compte.", "The message is not the account.")
    given = told.name["given"].elements
    for path, held, wanted in (
        (told.name["family"].path, told.name["family"].value == account.family, account.family),
        (told.name["given"].path, bool(given) and given[0].value == account.given, account.given),
        (told.root["telecom"].path, account.email.casefold() in told.emails, account.email),
        (told.root["active"].path, told.root["active"].value is account.active, str(account.active)),
    ):
        yield None if held else Problem(message, path, wanted, None)


CONTENT = says(
    "provisioning.message_account",
    "ACCT-114",
    Text("Le message dit le compte tel qu’il est", "The message says the account as it is"),
    _account,
)
EVERY_MESSAGE: tuple[Check, ...] = (NATIONAL, TECHNICAL, SOURCE, CLAIMED, NAME, TELECOM, FORM, CONTENT)
"""What is asked of whatever the platform sends about an account."""


def checks_of(told: Expected) -> tuple[Check, ...]:
    """Those of `EVERY_MESSAGE` that this account's kind of identifier, or that of what came, makes sense of."""
    kind = told.account.kind
    if not kind and told.first is not None:
        kind = "INTRN" if told.first.token.startswith(f"{REGULATOR_SYSTEM}|") else "IDNPS"
    return tuple(check for check in EVERY_MESSAGE if check is not (NATIONAL if kind == "INTRN" else TECHNICAL))

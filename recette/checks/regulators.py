"""Answers about regulators' accounts (INT_R02), as evidence, and the checks of those that succeed.

Nothing is read back through this interface: that two answers concern one account shows in their `Location`, and that an
account exists in what is accepted or refused afterwards. A check whose ground was not laid examines nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from recette.checks.json_document import Document, Node, read
from recette.checks.judging import shown, tally
from recette.model import Check, Exchange, Judgement, Problem, Response, TransportFailure
from sas_kernel.text import Text

_LOCATION = re.compile(r"(?:.*/)?Practitioner/(?P<id>[A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")


@dataclass(frozen=True, slots=True)
class Account:
    """A regulator's account as a request describes it."""

    system: str
    code: str
    value: str
    family: str
    given: str
    email: str
    active: bool = True

    @property
    def token(self) -> str:
        return f"{self.system}|{self.value}"


@dataclass(frozen=True)
class Told:
    """One answer about an account, and what the request said of it."""

    exchange: Exchange
    account: Account

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (self.exchange,)

    @property
    def response(self) -> Response | None:
        return self.exchange.response

    @property
    def accepted(self) -> bool:
        return self.response is not None and 200 <= self.response.status <= 299

    @property
    def refused(self) -> bool:
        return self.response is not None and self.response.status >= 400

    @cached_property
    def document(self) -> Document:
        return read(b"" if self.response is None else self.response.body)

    @property
    def root(self) -> Node:
        return self.document.root

    @property
    def location(self) -> str | None:
        return None if self.response is None else self.response.header("Location")

    @property
    def account_id(self) -> str | None:
        """The id of the account in `Location`, read leniently (relative, or with a version); else None."""
        match = _LOCATION.fullmatch(self.location or "")
        return match["id"] if match is not None else None

    @property
    def base_url(self) -> str:
        return self.exchange.request.url.partition("?")[0].rpartition("/Practitioner")[0]

    @property
    def outcome(self) -> str:
        """What came, in a few words: the status and, where an account was made or found, where it is."""
        if self.response is None:
            return str(self.exchange.failure)
        return f"{self.response.status} {self.location or ''}".strip()


@dataclass(frozen=True)
class Case:
    """An answer, and the answers that must have been accepted for it to prove something.

    `element` names what was missing or wrong in the request, where one thing was.
    """

    answer: Told
    before: tuple[Told, ...] = ()
    element: str = ""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (*self.answer.exchanges, *(told.exchange for told in self.before))

    @cached_property
    def groundless(self) -> Text | None:
        """Why nothing can be concluded: no answer, or an earlier request that was not accepted."""
        for told in self.before:
            if not told.accepted:
                return Text(
                    "La requête qui devait aboutir d’abord n’a pas abouti ({s}).",
                    "The request that had to succeed first did not ({s}).",
                ).format(s=told.outcome)
        if self.answer.response is None:
            return Text("Aucune réponse n’est arrivée ({k}).", "No answer arrived ({k}).").format(
                k=self.answer.exchange.failure
            )
        return None


@dataclass(frozen=True)
class Pair:
    """Two answers that ought to concern one and the same account."""

    first: Told
    again: Told

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (*self.again.exchanges, *self.first.exchanges)


@dataclass(frozen=True)
class Heard:
    """Every exchange of a scenario."""

    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True)
class Disabled:
    """The answers to the requests that disable, at the end of a scenario, the accounts it made."""

    answers: tuple[Told, ...]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(told.exchange for told in self.answers)


# --- what is said in several places -----------------------------------------------------------------------------------

NOT_ACCEPTED = Text("La requête n’a pas abouti.", "The request did not succeed.")
NO_LOCATION = Text("La réponse ne dit pas où est le compte.", "The answer does not say where the account is.")


def status_problem(message: Text, expected: str, told: Told) -> Problem:
    return Problem(message, path="http.status", expected=expected, actual=told.outcome, exchange=told.exchange.id)


# --- the exchange ----------------------------------------------------------------------------------------------------

_NOT_REACHED = (TransportFailure.UNREACHABLE, TransportFailure.TLS)


def _whole(heard: Heard) -> Judgement:
    return tally(
        None
        if exchange.response is not None
        else Problem(
            Text("La réponse n’est pas arrivée entière : {d}.", "The answer did not arrive whole: {d}.").format(
                d=exchange.failure_detail or exchange.failure
            ),
            path="http",
            expected="a whole HTTP answer",
            actual=str(exchange.failure),
            exchange=exchange.id,
        )
        for exchange in heard.exchanges
        if exchange.failure not in _NOT_REACHED
    )


WHOLE = Check(
    "account.whole",
    "ACCT-001",
    Text("Chaque requête sur un compte reçoit une réponse entière", "Each request on an account gets a whole answer"),
    _whole,
)


# --- acceptance ------------------------------------------------------------------------------------------------------


def accepted(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that a request (evidence: `Case`) is accepted with a 2xx status. `message` says what was not."""

    def judge(case: Case) -> Judgement:
        if case.groundless is not None:
            return Judgement(0, reason=case.groundless)
        return tally([None if case.answer.accepted else status_problem(message, "2xx", case.answer)])

    return Check(id, requirement, title, judge)


def success_status(id: str, requirement: str, title: Text, message: Text, allowed: frozenset[int]) -> Check:
    """A check of the status of a request (evidence: `Case`) that is accepted; whether it is has its own check."""

    def judge(case: Case) -> Judgement:
        response = case.answer.response
        if case.groundless is not None or response is None or not case.answer.accepted:
            return Judgement(0, reason=case.groundless or NOT_ACCEPTED)
        expected = " | ".join(str(status) for status in sorted(allowed))
        return tally([None if response.status in allowed else status_problem(message, expected, case.answer)])

    return Check(id, requirement, title, judge)


def located(id: str, requirement: str, title: Text) -> Check:
    """A check that an accepted request (evidence: `Case`) says in `Location` where the account is."""

    def judge(case: Case) -> Judgement:
        answer = case.answer
        if case.groundless is not None or not answer.accepted:
            return Judgement(0, reason=case.groundless or NOT_ACCEPTED)
        if answer.account_id is not None:
            return Judgement(1)
        problem = Problem(
            Text(
                "La réponse doit dire dans Location où est le compte : [base]/Practitioner/id.",
                "The answer must say in Location where the account is: [base]/Practitioner/id.",
            ),
            path="http.Location",
            expected="[base]/Practitioner/id",
            actual=answer.location,
        )
        return Judgement(1, (problem,))

    return Check(id, requirement, title, judge)


def _base(case: Case) -> Judgement:
    answer = case.answer
    if case.groundless is not None or not answer.accepted or answer.account_id is None:
        return Judgement(0, reason=case.groundless or NO_LOCATION)
    expected = f"{answer.base_url}/Practitioner/"
    if (answer.location or "").startswith(expected):
        return Judgement(1)
    problem = Problem(
        Text(
            "Location devrait commencer par l’URL de base que la plateforme emploie.",
            "Location should begin with the base URL the platform uses.",
        ),
        path="http.Location",
        expected=f"{expected}…",
        actual=answer.location,
    )
    return Judgement(1, (problem,))


LOCATION_BASE = Check(
    "location.base",
    "ACCT-006",
    Text("Location commence par l’URL de base", "Location begins with the base URL"),
    _base,
)


def _described(answer: Told) -> Iterator[Problem | None]:
    """What a success answer's body says of the account, element by element."""
    root, sent = answer.root, answer.account
    if root["resourceType"].value != "Practitioner":
        yield Problem(
            _BODY_MESSAGE,
            path="body",
            expected="Practitioner",
            actual=shown(answer.response.body[:80].decode("utf-8", "replace")) if answer.response else None,
        )
        return
    names, telecoms = root["name"].elements, root["telecom"].elements
    name = names[0] if names else Node(f"{root.path}.name[0]")
    given = name["given"].elements
    values = [identifier["value"].string for identifier in root["identifier"].elements]
    emails = [(telecom["value"].string or "").lower() for telecom in telecoms]
    for path, right, expected, actual in (
        (root["identifier"].path, sent.value in values, sent.value, values),
        (root["active"].path, root["active"].value is sent.active, sent.active, root["active"].value),
        (name["family"].path, name["family"].value == sent.family, sent.family, name["family"].value),
        (
            name["given"].path,
            bool(given) and given[0].value == sent.given,
            sent.given,
            [node.value for node in given],
        ),
        (root["telecom"].path, sent.email.lower() in emails, sent.email, emails),
    ):
        yield None if right else Problem(_BODY_MESSAGE, path=path, expected=str(expected), actual=shown(actual))


_BODY_MESSAGE = Text(
    "Le corps d’une réponse de succès, quand il y en a un, décrit le compte tel qu’il a été envoyé.",
    "The body of a success answer, where there is one, describes the account as it was sent.",
)


def _body(case: Case) -> Judgement:
    answer = case.answer
    if case.groundless is not None or not answer.accepted or answer.response is None:
        return Judgement(0, reason=case.groundless or NOT_ACCEPTED)
    if not answer.response.body or answer.root["resourceType"].value == "OperationOutcome":
        return Judgement(0, reason=Text("La réponse ne décrit pas le compte.", "The answer describes no account."))
    return tally(_described(answer))


SUCCESS_BODY = Check(
    "success.body",
    "ACCT-007",
    Text("Le corps rendu décrit le compte envoyé", "The returned body describes the account that was sent"),
    _body,
)


# --- clean-up --------------------------------------------------------------------------------------------------------


def _cleaned(disabled: Disabled) -> Judgement:
    message = Text(
        "Un compte d’essai reste actif chez l’éditeur : sa désactivation est refusée.",
        "A test account stays enabled at the editor: its disabling is refused.",
    )
    return tally(
        None if told.accepted else status_problem(message, "200", told)
        for told in disabled.answers
        if told.response is not None
    )


CLEANED = Check(
    "cleanup.disabled",
    "ACCT-024",
    Text("Les comptes d’essai sont désactivés à la fin", "The test accounts are disabled at the end"),
    _cleaned,
)

"""Landings of a person who signs on, as evidence, and how what they were given or refused is judged.

A refusal proves something only beside somebody who is admitted: `Visit.agenda` is what that person was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, unquote, urlsplit

from recette.checks.judging import shown, tally
from recette.checks.page import Page
from recette.checks.regulators import Told, status_problem
from recette.checks.sso_pages import (
    GIVEN,
    NEEDS_A_BROWSER,
    Agenda,
    Kind,
    Provider,
    grants,
    kind_of,
    refuses,
    told,
)
from recette.model import Check, Exchange, Judgement, Problem, TransportFailure
from sas_kernel.text import Text


@dataclass(frozen=True)
class Visit:
    """Where somebody got to (`page`), and the pages that the same browser then asked for (`tries`).

    `ground` says why nothing can be concluded from it, when something that had to come first did not; `by_hand` what a
    person has to do instead of us.
    """

    page: Page
    provider: Provider
    agenda: Agenda | None = None
    tries: tuple[Page, ...] = ()
    ground: Text | None = None
    by_hand: Text | None = None
    asked: str = ""
    """The address where the way began."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        before = self.agenda.page.exchanges[-1:] if self.agenda is not None else ()
        return (
            self.page.last,
            *self.page.exchanges[:-1],
            *self.page.fetched,
            *(page.last for page in self.tries),
            *before,
        )

    @cached_property
    def kind(self) -> Kind:
        return kind_of(self.page, self.provider, self.agenda)

    @property
    def told(self) -> str:
        return told(self.page, self.kind)


@dataclass(frozen=True)
class Visits:
    """Several landings of which the same is asked."""

    visits: tuple[Visit, ...]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(exchange for visit in self.visits for exchange in visit.exchanges)


@dataclass(frozen=True)
class Travelled:
    """Every exchange a scenario's browsers had with the editor, and the words that name the people who signed on."""

    exchanges: tuple[Exchange, ...]
    personal: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cleared:
    """The answers to the requests that disable the test accounts at the end."""

    answers: tuple[Told, ...]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(each.exchange for each in self.answers)


NOT_ADMITTED = Text(
    "La personne témoin n’a pas obtenu l’agenda avec réservation : un refus ne prouverait rien.",
    "The control person was not given the agenda with booking: a refusal would prove nothing.",
)
NO_ANSWER = Text("Aucune réponse n’est arrivée.", "No answer arrived.")
UNKNOWN_PAGE = Text(
    "La page n’est ni l’agenda ni un refus reconnaissable : à regarder ({p}).",
    "The page is neither the agenda nor a refusal that can be recognised: to be looked at ({p}).",
)


# --- given -----------------------------------------------------------------------------------------------------------


def lands(id: str, requirement: str, title: Text, message: Text, wanted: frozenset[Kind]) -> Check:
    """A check that a landing (evidence: `Visit`, or `Visits`) is one of these kinds. `message` says what was not."""

    def look(visit: Visit) -> Judgement:
        if visit.ground is not None or visit.kind is Kind.NOTHING:
            return Judgement(0, reason=visit.ground or NO_ANSWER)
        if visit.kind in wanted:
            return Judgement(1)
        if visit.kind is Kind.SCRIPT:
            return Judgement(1, review=NEEDS_A_BROWSER)
        if visit.kind is Kind.OTHER:
            return Judgement(1, review=UNKNOWN_PAGE.format(p=visit.told))
        expected = " | ".join(sorted(wanted))
        problem = Problem(message, "page", expected, visit.told, visit.page.last.id)
        return Judgement(1, (problem,))

    return Check(id, requirement, title, _of_each(look))


def lands_where_asked(id: str, requirement: str, title: Text) -> Check:
    """A check that who asked for an agenda (evidence: `Visit`) gets that one after signing in."""

    def judge(visit: Visit) -> Judgement:
        if visit.ground is not None or visit.kind not in GIVEN:
            return Judgement(0, reason=visit.ground or NOT_ADMITTED)
        asked = urlsplit(visit.asked).path
        if visit.page.path == asked:
            return Judgement(1)
        message = Text(
            "Après la connexion, une autre page que celle du créneau s’ouvre.",
            "After sign-in, another page opens than that of the slot.",
        )
        return Judgement(1, (Problem(message, "page", asked, visit.page.path, visit.page.last.id),))

    return Check(id, requirement, title, judge)


def _of_each(look: Callable[[Visit], Judgement]) -> Callable[[Visit | Visits], Judgement]:
    def judge(evidence: Visit | Visits) -> Judgement:
        visits = evidence.visits if isinstance(evidence, Visits) else (evidence,)
        said = [look(visit) for visit in visits]
        return Judgement(
            sum(each.examined for each in said),
            tuple(problem for each in said for problem in each.problems),
            next((each.reason for each in said if each.reason is not None), None),
            next((each.review for each in said if each.review is not None), None),
        )

    return judge


# --- refused ---------------------------------------------------------------------------------------------------------


_SOMETHING = frozenset({Kind.AGENDA, Kind.TERMS})
"""Who is shown these is known and in a session, though not yet with every right."""


def nothing_granted(
    id: str, requirement: str, title: Text, message: Text, *, allowed: frozenset[Kind] = frozenset()
) -> Check:
    """A check that neither the landing nor what the same browser then tried gives a regulator's rights.

    The agenda without booking and the terms count as given, and any page that is no refusal is to be looked at, unless
    they are `allowed`.
    """

    def look(visit: Visit) -> Judgement:
        if visit.ground is not None or visit.agenda is None:
            return Judgement(0, reason=visit.ground or NOT_ADMITTED)
        if visit.by_hand is not None:
            return Judgement(1, review=visit.by_hand)
        pages = (visit.page, *visit.tries)
        answered = [page for page in pages if page.last.response is not None]
        if not answered:
            return Judgement(0, reason=NO_ANSWER)
        problems = tuple(
            Problem(message, "page", "refusal", told(page, kind), page.last.id)
            for page, kind in ((page, kind_of(page, visit.provider, visit.agenda)) for page in answered)
            # An agenda that is shown to everybody gives nothing to who asks for it without origin.
            if grants(page, visit.agenda)
            or (kind in _SOMETHING - allowed and (page is visit.page or kind is Kind.TERMS))
        )
        if problems:
            return Judgement(len(answered), problems)
        if visit.kind is Kind.SCRIPT:
            return Judgement(len(answered), review=NEEDS_A_BROWSER)
        if visit.kind is Kind.OTHER and Kind.OTHER not in allowed:
            return Judgement(len(answered), review=UNKNOWN_PAGE.format(p=visit.told))
        return Judgement(len(answered))

    return Check(id, requirement, title, _of_each(look))


def _clear(visit: Visit) -> Judgement:
    if visit.ground is not None or visit.agenda is None or visit.kind is Kind.NOTHING:
        return Judgement(0, reason=visit.ground or NOT_ADMITTED)
    if visit.kind in GIVEN | _SOMETHING:
        return Judgement(0, reason=Text("Rien n’a été refusé.", "Nothing was refused."))
    if visit.kind is Kind.SCRIPT:
        return Judgement(1, review=NEEDS_A_BROWSER)
    if refuses(visit.page) and visit.page.text and not visit.page.too_many_redirects:
        return Judgement(1)
    problem = Problem(
        Text("Le refus ne se lit pas sur la page.", "The refusal cannot be read on the page."),
        "page",
        "4xx, and words that say so",
        visit.told,
        visit.page.last.id,
    )
    return Judgement(1, (problem,))


CLEAR_REFUSAL = Check(
    "refusal.clear",
    "SSO-006",
    Text("Un refus se lit sur la page", "A refusal can be read on the page"),
    _of_each(_clear),
)

# --- all the way -----------------------------------------------------------------------------------------------------

_NOT_REACHED = (TransportFailure.UNREACHABLE, TransportFailure.TLS)


def _whole(travelled: Travelled) -> Judgement:
    return tally(
        None
        if exchange.response is not None
        else Problem(
            Text("La réponse n’est pas arrivée entière : {d}.", "The answer did not arrive whole: {d}.").format(
                d=exchange.failure_detail or exchange.failure
            ),
            "http",
            "a whole HTTP answer",
            str(exchange.failure),
            exchange.id,
        )
        for exchange in travelled.exchanges
        if exchange.failure not in _NOT_REACHED
    )


WHOLE = Check(
    "page.whole",
    "SSO-001",
    Text("Chaque page de l’éditeur arrive entière", "Each page of the editor arrives whole"),
    _whole,
)


def _no_crash(travelled: Travelled) -> Judgement:
    return tally(
        None
        if exchange.response.status < 500
        else Problem(
            Text("La page de l’éditeur échoue.", "The editor's page fails."),
            "http.status",
            "< 500",
            str(exchange.response.status),
            exchange.id,
        )
        for exchange in travelled.exchanges
        if exchange.response is not None
    )


NO_CRASH = Check(
    "page.no_crash",
    "SSO-002",
    Text("Aucune page de l’éditeur n’échoue (5xx)", "No page of the editor fails (5xx)"),
    _no_crash,
)

_SECRET_NAMES = frozenset(
    {"access_token", "id_token", "refresh_token", "client_secret", "password", "code_verifier", "id_token_hint"}
)


def _addresses(travelled: Travelled) -> Iterator[tuple[Exchange, str]]:
    """What a browser shows and keeps: the addresses asked for and those redirected to, fragments included."""
    for exchange in travelled.exchanges:
        yield exchange, exchange.request.url
        location = None if exchange.response is None else exchange.response.header("location")
        if location is not None:
            yield exchange, location


def _no_secret(travelled: Travelled) -> Judgement:
    def looks() -> Iterator[Problem | None]:
        for exchange, url in _addresses(travelled):
            address, _, fragment = url.partition("#")
            path, _, query = address.partition("?")
            pairs = (*parse_qsl(query), *parse_qsl(fragment))
            names = {name for name, _ in pairs} & _SECRET_NAMES
            # A hint goes to the provider, whose address it is; that is how OpenID Connect signs out.
            if exchange.request.url != url:
                names -= {"id_token_hint"}
            yield (
                Problem(
                    Text(
                        "Une adresse porte un jeton ou un secret : {n}.", "An address carries a token or a secret: {n}."
                    ).format(n=", ".join(sorted(names))),
                    "http.url",
                    "no token, password or secret",
                    shown(path),
                    exchange.id,
                )
                if names
                else None
            )

    return tally(looks())


NO_SECRET = Check(
    "url.no_secret",
    "SSO-003",
    Text("Aucune adresse ne porte de jeton ni de secret", "No address carries a token or a secret"),
    _no_secret,
)


def _nobody(travelled: Travelled) -> Judgement:
    words = [word.casefold() for word in travelled.personal if len(word) > 3]

    def looks() -> Iterator[Problem | None]:
        for exchange, url in _addresses(travelled) if words else ():
            read = unquote(url).casefold()
            named = next((word for word in words if word in read), None)
            yield (
                None
                if named is None
                else Problem(
                    Text("Une adresse nomme la personne connectée.", "An address names the person signed on."),
                    "http.url",
                    "no name, e-mail or identifier of a person",
                    shown(named),
                    exchange.id,
                )
            )

    return tally(looks())


NOBODY_NAMED = Check(
    "url.nobody",
    "SSO-004",
    Text("Aucune adresse ne nomme la personne connectée", "No address names the person signed on"),
    _nobody,
)


def _cleared(cleared: Cleared) -> Judgement:
    message = Text(
        "Un compte d’essai reste actif chez l’éditeur : sa désactivation est refusée.",
        "A test account stays enabled at the editor: its disabling is refused.",
    )
    return tally(
        None if each.accepted else status_problem(message, "200", each)
        for each in cleared.answers
        if each.response is not None
    )


CLEARED = Check(
    "accounts.disabled",
    "SSO-005",
    Text("Les comptes d’essai sont désactivés à la fin", "The test accounts are disabled at the end"),
    _cleared,
)

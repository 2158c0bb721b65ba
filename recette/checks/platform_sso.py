"""An OpenID provider's answers, as evidence, and how they are judged: redirects, forms of errors, what is granted.

A refusal proves something only beside what was granted: `ground` says why nothing can be concluded, where nothing can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import SplitResult, parse_qsl, urlsplit

from recette.checks.json_document import Document, Node, read
from recette.checks.judging import shown, tally
from recette.checks.page import Page
from recette.model import Check, Exchange, Judgement, Problem, Response
from sas_kernel.text import Text


def split(url: str) -> SplitResult:
    """The parts of what a provider wrote as an address; empty ones where nothing could be reached by it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts if parts.scheme in {"http", "https"} and parts.hostname and url.isprintable() else urlsplit("")


NO_ANSWER = Text("Aucune réponse n’est arrivée.", "No answer arrived.")


@dataclass(frozen=True)
class Reply:
    """One answer of an endpoint, JSON or not. `secret` values never leave in a finding: only members are named."""

    exchange: Exchange
    ground: Text | None = None

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (self.exchange,)

    @property
    def response(self) -> Response | None:
        return self.exchange.response

    @property
    def status(self) -> int:
        """0 when no answer came."""
        return 0 if self.response is None else self.response.status

    @cached_property
    def document(self) -> Document:
        return read(b"" if self.response is None else self.response.body)

    @property
    def root(self) -> Node:
        return self.document.root

    def text(self, member: str) -> str:
        """A string member; empty where there is none."""
        return self.root[member].string or ""

    @property
    def groundless(self) -> Text | None:
        return self.ground if self.ground is not None else (NO_ANSWER if self.response is None else None)

    @property
    def outcome(self) -> str:
        error = self.text("error")
        return f"{self.status} {error}".strip() if self.response is not None else str(self.exchange.failure)


@dataclass(frozen=True)
class Authorized:
    """Where an authorization request has led. `asked` is the address it wanted to come back to."""

    page: Page
    asked: str
    state: str = ""
    ground: Text | None = None

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (self.page.last, *self.page.exchanges[:-1])

    @cached_property
    def location(self) -> str | None:
        """The redirect to the address asked for; None when there was none."""
        response = self.page.last.response
        location = None if response is None else response.header("location")
        if location is None or not 300 <= self.page.status <= 399:
            return None
        return location if self._is_asked(location) else None

    def _is_asked(self, location: str) -> bool:
        got, asked = split(location), split(self.asked)
        return (got.scheme, got.netloc, got.path) == (asked.scheme, asked.netloc, asked.path)

    @cached_property
    def parameters(self) -> dict[str, str]:
        return {} if self.location is None else dict(parse_qsl(split(self.location).query, keep_blank_values=True))

    @property
    def code(self) -> str:
        return self.parameters.get("code", "")

    @property
    def groundless(self) -> Text | None:
        return self.ground if self.ground is not None else (NO_ANSWER if self.page.last.response is None else None)

    @property
    def outcome(self) -> str:
        """What came, without codes: the status and, for a redirect, the names and the error."""
        if self.location is None:
            return f"{self.page.status} {self.page.path}"
        error = self.parameters.get("error")
        return f"{self.page.status} {error or ', '.join(sorted(self.parameters))}"


@dataclass(frozen=True)
class Pages:
    """Every exchange of a scenario that went to the provider."""

    exchanges: tuple[Exchange, ...]


# --- authorization ---------------------------------------------------------------------------------------------------


def _problem(message: Text, expected: str, evidence: Authorized | Reply) -> Problem:
    path = "http.Location" if isinstance(evidence, Authorized) else "http.status"
    return Problem(message, path, expected, evidence.outcome, evidence.exchanges[0].id)


def gives_code(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that the request (evidence: `Authorized`) ends in a redirect with a code."""

    def judge(authorized: Authorized) -> Judgement:
        if authorized.groundless is not None:
            return Judgement(0, reason=authorized.groundless)
        return tally([None if authorized.code else _problem(message, "code", authorized)])

    return Check(id, requirement, title, judge)


def gives_no_code(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that the request (evidence: `Authorized`) ends without a code."""

    def judge(authorized: Authorized) -> Judgement:
        if authorized.groundless is not None:
            return Judgement(0, reason=authorized.groundless)
        return tally([_problem(message, "no code", authorized) if authorized.code else None])

    return Check(id, requirement, title, judge)


def redirects_error(id: str, requirement: str, title: Text, message: Text, allowed: frozenset[str]) -> Check:
    """A check that the request (evidence: `Authorized`) comes back with one of these errors."""

    def judge(authorized: Authorized) -> Judgement:
        if authorized.groundless is not None:
            return Judgement(0, reason=authorized.groundless)
        held = not authorized.code and authorized.parameters.get("error") in allowed
        return tally([None if held else _problem(message, f"error={' | '.join(sorted(allowed))}", authorized)])

    return Check(id, requirement, title, judge)


def goes_nowhere(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that no redirect of the way (evidence: `Authorized`) goes to the address that was asked for."""

    def judge(authorized: Authorized) -> Judgement:
        if authorized.groundless is not None:
            return Judgement(0, reason=authorized.groundless)
        for exchange in authorized.page.exchanges:
            location = None if exchange.response is None else exchange.response.header("location")
            if location is not None and location.startswith(authorized.asked.partition("?")[0]):
                shown_as = shown(location.partition("?")[0])
                return Judgement(1, (Problem(message, "http.Location", "no redirect", shown_as, exchange.id),))
        return Judgement(1)

    return Check(id, requirement, title, judge)


def _state(authorized: Authorized) -> Judgement:
    if authorized.groundless is not None or authorized.location is None:
        return Judgement(0, reason=authorized.groundless or Text("Aucun retour.", "No redirect back."))
    if authorized.parameters.get("state") == authorized.state:
        return Judgement(1)
    message = Text("state ne revient pas tel qu’il est parti.", "state does not come back as it left.")
    actual = shown(authorized.parameters["state"]) if "state" in authorized.parameters else None
    return Judgement(1, (Problem(message, "state", authorized.state, actual),))


STATE = Check(
    "provider.authorize_state", "SSO-111", Text("state revient tel quel", "state comes back as it is"), _state
)

# --- the login page --------------------------------------------------------------------------------------------------

MARKER = "Ministère de la Santé et de la prévention"
"""What the acceptance kit of ANS looks for on the page where somebody who comes from an agenda has to sign in."""


def _marked(authorized: Authorized) -> Judgement:
    page = authorized.page
    if authorized.groundless is not None or not page.is_html:
        return Judgement(0, reason=authorized.groundless or Text("Aucune page.", "No page."))
    if MARKER.casefold() in page.text.casefold() or MARKER.casefold() in page.source.casefold():
        return Judgement(1)
    message = Text(
        "La page de connexion ne porte pas le texte par lequel l’outil de recette de l’ANS la reconnaît.",
        "The login page does not bear the text by which the acceptance kit of ANS knows it.",
    )
    return Judgement(1, (Problem(message, "page", MARKER, shown(page.text) or None),))


LOGIN_MARKER = Check(
    "provider.login_marker",
    "SSO-112",
    Text("La page de connexion porte le texte attendu", "The login page bears the expected text"),
    _marked,
)


def _traps(authorized: Authorized) -> Judgement:
    page = authorized.page
    if authorized.groundless is not None or page.root is None:
        return Judgement(0, reason=authorized.groundless or Text("Aucune page.", "No page."))
    scripts = [value for value in page.values("//script/@src") if "app" in value or "chunk" in value]
    found = {
        "div#app": bool(page.root.xpath("//div[@id='app']")),
        "noscript": bool(page.root.xpath("//noscript")),
        "script src": bool(scripts),
    }
    message = Text(
        "L’outil de recette de l’ANS prendrait la page de connexion pour une application d’une page ({w}).",
        "The acceptance kit of ANS would take the login page for a single-page application ({w}).",
    )
    return tally(
        Problem(message.format(w=what), "page", "none", what) if there else None for what, there in found.items()
    )


LOGIN_TRAPS = Check(
    "provider.login_traps",
    "SSO-113",
    Text("La page de connexion est rendue par le serveur", "The login page is rendered by the server"),
    _traps,
)


def not_stored(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that an answer (evidence: `Authorized` or `Reply`) says `Cache-Control: no-store`."""

    def judge(evidence: Authorized | Reply) -> Judgement:
        response = evidence.exchanges[0].response
        if evidence.groundless is not None or response is None:
            return Judgement(0, reason=evidence.groundless or NO_ANSWER)
        said = response.header("cache-control")
        if "no-store" in (said or "").lower():
            return Judgement(1)
        return Judgement(1, (Problem(message, "http.Cache-Control", "no-store", said, evidence.exchanges[0].id),))

    return Check(id, requirement, title, judge)


# --- endpoints -------------------------------------------------------------------------------------------------------


def grants(id: str, requirement: str, title: Text, message: Text, members: tuple[str, ...]) -> Check:
    """A check that a request (evidence: `Reply`) is answered 200 with a JSON object that has these string members."""

    def judge(reply: Reply) -> Judgement:
        if reply.groundless is not None:
            return Judgement(0, reason=reply.groundless)
        if reply.status != 200:
            return Judgement(1, (_problem(message, "200", reply),))
        looks = [
            None if reply.text(member) else Problem(message, f"$.{member}", "a string", _kind(reply.root[member]))
            for member in members
        ]
        return tally(looks or [None])

    return Check(id, requirement, title, judge)


def _kind(node: Node) -> str | None:
    """What stands at a place that may hold a secret: its type."""
    return type(node.value).__name__ if node.present else None


def refuses(
    id: str, requirement: str, title: Text, message: Text, errors: frozenset[str], statuses: frozenset[int]
) -> Check:
    """A check that a request (evidence: `Reply`) is refused with one of these statuses and standard errors.

    Without errors only the status counts.
    """

    def judge(reply: Reply) -> Judgement:
        if reply.groundless is not None:
            return Judgement(0, reason=reply.groundless)
        held = reply.status in statuses and (not errors or reply.text("error") in errors)
        expected = f"{' | '.join(str(s) for s in sorted(statuses))} {' | '.join(sorted(errors))}".strip()
        return tally([None if held else _problem(message, expected, reply)])

    return Check(id, requirement, title, judge)


def _standard(reply: Reply) -> Judgement:
    if reply.groundless is not None or reply.status < 400:
        return Judgement(0, reason=reply.groundless or Text("Rien n’a été refusé.", "Nothing was refused."))
    message = Text("L’erreur n’a pas la forme de RFC 6749.", "The error has not the form of RFC 6749.")
    response = reply.response
    kind = "" if response is None else (response.header("content-type") or "")

    def looks() -> Iterator[Problem | None]:
        right = kind.lower().startswith("application/json")
        yield None if right else Problem(message, "http.Content-Type", "application/json", kind or None)
        yield None if reply.text("error") else Problem(message, "$.error", "a code", _kind(reply.root["error"]))

    return tally(looks())


STANDARD_ERROR = Check(
    "provider.token_error_form",
    "SSO-140",
    Text("Une erreur est du JSON, avec son code", "An error is JSON, with its code"),
    _standard,
)


def holds(id: str, requirement: str, title: Text, look: Callable[[Reply], Iterator[Problem | None]]) -> Check:
    """A check of what an answer of success (evidence: `Reply`) says."""

    def judge(reply: Reply) -> Judgement:
        if reply.groundless is not None or reply.status != 200:
            return Judgement(0, reason=reply.groundless or Text("Rien n’a été rendu.", "Nothing was returned."))
        return tally(look(reply))

    return Check(id, requirement, title, judge)

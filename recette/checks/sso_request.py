"""The authorization request by which an editor sends an unknown visitor to the provider: evidence and checks.

Sources: OpenID Connect Core 1.0, RFC 7636 (PKCE), RFC 9700 (OAuth 2.0 security), ANS material on Pro Santé Connect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from recette.checks.judging import shown
from recette.checks.page import Page, absolute
from recette.checks.sso_pages import MARKER, NEEDS_A_BROWSER, Provider, login_form, title
from recette.model import Check, Exchange, Judgement, Problem
from sas_kernel.text import Text

MOST_REDIRECTS_OF_THE_KIT = 3
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Entry:
    """A visitor's way from the booking address to the provider, and a second visitor's, who knows nothing of the first.

    `client_id` is the editor's at this provider, when the target file tells it.
    """

    page: Page
    provider: Provider
    again: Page | None = None
    client_id: str = ""

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (*self.page.exchanges, *(self.again.exchanges if self.again is not None else ()))

    @cached_property
    def sent(self) -> dict[str, str] | None:
        """The parameters of the authorization request; None when the provider's authorization endpoint was not met."""
        return _parameters(self.page, self.provider)

    @cached_property
    def sent_again(self) -> dict[str, str]:
        return (_parameters(self.again, self.provider) if self.again is not None else None) or {}

    @property
    def exchange(self) -> str:
        """The exchange that carried the request, else the last one."""
        asked = next((e for e in self.page.exchanges if _asks(e.request.url, self.provider)), self.page.last)
        return asked.id


def _asks(url: str, provider: Provider) -> bool:
    return url.partition("?")[0].rstrip("/") == provider.authorization_endpoint.partition("?")[0].rstrip("/")


def _parameters(page: Page, provider: Provider) -> dict[str, str] | None:
    asked = next((url for url in page.visited if _asks(url, provider)), None)
    return None if asked is None else dict(parse_qsl(urlsplit(asked).query, keep_blank_values=True))


_NOT_SENT = Text(
    "L’éditeur n’a pas envoyé le navigateur au point d’autorisation du fournisseur.",
    "The editor did not send the browser to the provider's authorization endpoint.",
)


def _arrives(entry: Entry) -> Judgement:
    page = entry.page
    if page.last.response is None:
        return Judgement(0, reason=Text("Aucune réponse n’est arrivée.", "No answer arrived."))
    if page.built_by_script and not entry.provider.holds(page.url):
        return Judgement(1, review=NEEDS_A_BROWSER)
    if entry.provider.holds(page.url) and login_form(page) is not None:
        return Judgement(1)
    problem = Problem(
        Text(
            "Un visiteur inconnu, arrivé avec origin, n’est pas conduit à la page de connexion du fournisseur.",
            "An unknown visitor who arrives with origin is not led to the provider's login page.",
        ),
        "page",
        f"login page at {entry.provider.issuer}",
        shown(f"{page.status} {page.origin}{page.path} {title(page)}"),
        page.last.id,
    )
    return Judgement(1, (problem,))


def arrives(id: str, requirement: str, title: Text) -> Check:
    """A check that a visitor who arrives with origin (evidence: `Entry`) ends on the provider's login page."""
    return Check(id, requirement, title, _arrives)


def _as_the_kit(entry: Entry) -> Judgement:
    if not entry.provider.holds(entry.page.url):
        return Judgement(0, reason=_NOT_SENT)
    redirects = len(entry.page.exchanges) - 1
    problems = []
    if redirects > MOST_REDIRECTS_OF_THE_KIT:
        problems.append(
            Problem(
                Text(
                    "Le kit d’essai de l’ANS ne suit que trois redirections.",
                    "The ANS test kit follows three redirects only.",
                ),
                "http.redirects",
                f"<= {MOST_REDIRECTS_OF_THE_KIT}",
                str(redirects),
                entry.page.last.id,
            )
        )
    if MARKER not in entry.page.text.casefold():
        problems.append(
            Problem(
                Text(
                    "La page atteinte ne porte pas le texte que le kit d’essai de l’ANS y cherche.",
                    "The page reached does not have the text the ANS test kit looks for.",
                ),
                "page",
                MARKER,
                shown(entry.page.text[:80]),
                entry.page.last.id,
            )
        )
    return Judgement(2, tuple(problems))


AS_THE_KIT = Check(
    "entry.kit",
    "SSO-021",
    Text(
        "L’arrivée au fournisseur est celle qu’attend le kit de l’ANS", "The provider is reached as the ANS kit expects"
    ),
    _as_the_kit,
)


def _endpoint(entry: Entry) -> Judgement:
    if entry.sent is not None:
        return Judgement(1)
    if not entry.provider.holds(entry.page.url):
        return Judgement(0, reason=_NOT_SENT)
    problem = Problem(
        _NOT_SENT,
        "http.url",
        entry.provider.authorization_endpoint,
        entry.page.url.partition("?")[0],
        entry.page.last.id,
    )
    return Judgement(1, (problem,))


AUTHORIZATION_ENDPOINT = Check(
    "authorization.endpoint",
    "SSO-022",
    Text("La demande passe par le point d’autorisation", "The request goes to the authorization endpoint"),
    _endpoint,
)


def _parameter(
    id: str, requirement: str, name: str, title: Text, expected: str, right: Callable[[Entry, str], bool]
) -> Check:
    """A check of one parameter of the request; an absent one is the empty string."""

    def judge(entry: Entry) -> Judgement:
        if entry.sent is None:
            return Judgement(0, reason=_NOT_SENT)
        value = entry.sent.get(name, "")
        if right(entry, value):
            return Judgement(1)
        message = Text("Dans la demande d’autorisation : {n}.", "In the authorization request: {n}.").format(n=name)
        quoted = "(…)" if name == "client_secret" else shown(value)
        return Judgement(1, (Problem(message, f"request.{name}", expected, quoted, entry.exchange),))

    return Check(id, requirement, title, judge)


def _own_address(entry: Entry, value: str) -> bool:
    parts = urlsplit(absolute(value, "") or "")
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    # Another host of the editor's may receive the answer; another organisation's may not, which nothing here can tell.
    return secure and bool(parts.hostname) and not parts.fragment and not entry.provider.holds(value)


def _differs(name: str) -> Callable[[Entry, str], bool]:
    return lambda entry, value: not value or name not in entry.sent_again or entry.sent_again[name] != value


REQUEST: tuple[Check, ...] = (
    AUTHORIZATION_ENDPOINT,
    _parameter(
        "authorization.response_type",
        "SSO-023",
        "response_type",
        Text("La demande est celle d’un code", "The request asks for a code"),
        "code",
        lambda entry, value: value == "code",
    ),
    _parameter(
        "authorization.client_id",
        "SSO-024",
        "client_id",
        Text("La demande nomme le client enregistré", "The request names the registered client"),
        "the client id of the editor",
        lambda entry, value: value == entry.client_id if entry.client_id else bool(value),
    ),
    _parameter(
        "authorization.redirect_uri",
        "SSO-025",
        "redirect_uri",
        Text("La demande dit où revenir, en https", "The request says where to come back, over https"),
        "an absolute https address of the editor, without fragment",
        _own_address,
    ),
    _parameter(
        "authorization.scope",
        "SSO-026",
        "scope",
        Text("La portée contient openid", "The scope holds openid"),
        "openid …",
        lambda entry, value: "openid" in value.split(),
    ),
    _parameter(
        "authorization.scope_all",
        "SSO-027",
        "scope",
        Text("La portée contient scope_all", "The scope holds scope_all"),
        "openid scope_all",
        lambda entry, value: "scope_all" in value.split(),
    ),
    _parameter(
        "authorization.state",
        "SSO-028",
        "state",
        Text("La demande porte un state", "The request has a state"),
        "a value that cannot be guessed",
        lambda entry, value: len(value) >= 8,
    ),
    _parameter(
        "authorization.state_new",
        "SSO-029",
        "state",
        Text("Le state change à chaque demande", "The state is new in every request"),
        "another value than in the request before",
        _differs("state"),
    ),
    _parameter(
        "authorization.nonce",
        "SSO-030",
        "nonce",
        Text("La demande porte un nonce", "The request has a nonce"),
        "a value that cannot be guessed",
        lambda entry, value: len(value) >= 8,
    ),
    _parameter(
        "authorization.nonce_new",
        "SSO-031",
        "nonce",
        Text("Le nonce change à chaque demande", "The nonce is new in every request"),
        "another value than in the request before",
        _differs("nonce"),
    ),
    _parameter(
        "authorization.pkce",
        "SSO-032",
        "code_challenge",
        Text("La demande est protégée par PKCE, méthode S256", "The request is protected by PKCE, method S256"),
        "43 characters, code_challenge_method=S256",
        lambda entry, value: len(value) == 43 and (entry.sent or {}).get("code_challenge_method") == "S256",
    ),
    _parameter(
        "authorization.acr_values",
        "SSO-033",
        "acr_values",
        Text("La demande exige le niveau eidas1", "The request asks for level eidas1"),
        "eidas1",
        lambda entry, value: "eidas1" in value.split(),
    ),
    _parameter(
        "authorization.client_secret",
        "SSO-034",
        "client_secret",
        Text(
            "Le secret du client ne passe pas par le navigateur", "The client's secret does not go through the browser"
        ),
        "(absent)",
        lambda entry, value: not value,
    ),
)

"""The session an editor opens for a regulator: its cookies, and what its pages leave in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from recette.checks.cookies import Cookie, cookies_set
from recette.checks.judging import tally
from recette.checks.page import Page
from recette.checks.sso_pages import NEEDS_A_BROWSER
from recette.model import Check, Exchange, Judgement, Problem
from sas_kernel.text import Text

_READ_BY_SCRIPTS = re.compile(r"c?srf|xsrf|lang|consent|theme", re.IGNORECASE)
_SHORTEST_SESSION = 12
"""Characters: no session has a shorter name for itself that could not be guessed."""


@dataclass(frozen=True)
class Session:
    """The exchanges with the editor, in order, by which somebody got a session; and the page he got."""

    exchanges: tuple[Exchange, ...]
    page: Page

    @cached_property
    def cookies(self) -> tuple[tuple[Exchange, Cookie], ...]:
        """Those that may open a session: no preference, none that a page's own script has to read."""
        found: dict[str, tuple[Exchange, Cookie]] = {}
        for exchange in self.exchanges:
            for key, cookie in cookies_set(exchange).items():
                if len(cookie.value) >= _SHORTEST_SESSION and not _READ_BY_SCRIPTS.search(key):
                    found[key] = (exchange, cookie)
        return tuple(found.values())


def _cookie(id: str, requirement: str, title: Text, attribute: str, right: Callable[[Exchange, Cookie], bool]) -> Check:
    def judge(session: Session) -> Judgement:
        return tally(
            None
            if right(exchange, cookie)
            else Problem(
                Text("Le cookie « {n} » n’a pas {a}.", "The cookie '{n}' lacks {a}.").format(
                    n=cookie.name, a=attribute
                ),
                "http.Set-Cookie",
                attribute,
                None,
                exchange.id,
            )
            for exchange, cookie in session.cookies
            if attribute != "Secure" or exchange.request.url.startswith("https:")
        )

    return Check(id, requirement, title, judge)


COOKIES: tuple[Check, ...] = (
    _cookie(
        "cookie.http_only",
        "SSO-083",
        Text("Le cookie de session est HttpOnly", "The session cookie is HttpOnly"),
        "HttpOnly",
        lambda exchange, cookie: "httponly" in cookie.attributes,
    ),
    _cookie(
        "cookie.same_site",
        "SSO-084",
        Text("Le cookie de session a un SameSite", "The session cookie has a SameSite"),
        "SameSite=Lax | Strict",
        lambda exchange, cookie: cookie.attribute("samesite").lower() in {"lax", "strict"},
    ),
    _cookie(
        "cookie.secure",
        "SSO-085",
        Text("Le cookie de session est Secure en https", "The session cookie is Secure over https"),
        "Secure",
        lambda exchange, cookie: "secure" in cookie.attributes,
    ),
)


def _holds_data(exchange: Exchange) -> bool:
    response = exchange.response
    kind = "" if response is None else (response.header("content-type") or "").lower()
    return response is not None and response.status == 200 and ("json" in kind or "html" in kind)


def _no_store(session: Session) -> Judgement:
    page = session.page
    if page.status != 200 or not page.is_html:
        return Judgement(0)
    if page.built_by_script:
        return Judgement(0, reason=NEEDS_A_BROWSER)
    # The document of a page that its script fills holds nobody's data: what the script was answered does.
    answers = tuple(filter(_holds_data, page.fetched)) or (page.last,)

    def looks() -> Iterator[Problem | None]:
        for exchange in answers:
            said = ((exchange.response and exchange.response.header("cache-control")) or "").lower()
            yield (
                None
                if "no-store" in said
                else Problem(
                    Text(
                        "La page d’une personne connectée peut être gardée par le navigateur.",
                        "The page of a person signed on may be kept by the browser.",
                    ),
                    "http.Cache-Control",
                    "no-store",
                    said or None,
                    exchange.id,
                )
            )

    return tally(looks())


NO_STORE = Check(
    "page.no_store",
    "SSO-086",
    Text("Les pages d’une session ne sont pas gardées", "The pages of a session are not kept"),
    _no_store,
)


def _no_code(session: Session) -> Judgement:
    if session.page.status != 200:
        return Judgement(0, reason=Text("Aucune page n’a été obtenue.", "No page was given."))
    if session.page.built_by_script:
        return Judgement(0, reason=NEEDS_A_BROWSER)
    kept = [name for name in ("code", "session_state") if re.search(rf"[?&]{name}=", session.page.url)]
    problem = Problem(
        Text(
            "L’adresse de la page atteinte garde le code d’autorisation.",
            "The address of the page reached keeps the authorization code.",
        ),
        "http.url",
        "no code",
        ", ".join(kept),
        session.page.last.id,
    )
    return Judgement(1, (problem,) if kept else ())


NO_CODE = Check(
    "url.no_code",
    "SSO-087",
    Text("L’adresse atteinte ne garde pas le code", "The address reached does not keep the code"),
    _no_code,
)

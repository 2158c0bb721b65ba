"""The return from the provider, forged, swapped, replayed; and the session it opens, ended."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit

from recette.catalogue.browser import Browser
from recette.catalogue.sso.conversation import Conversation, scenario
from recette.catalogue.tags import Tag
from recette.checks.page import Form, Page
from recette.checks.sso import CLEAR_REFUSAL, Visit, nothing_granted
from recette.checks.sso_pages import GIVEN, Agenda, Kind, grants, kind_of, leaving
from recette.model import Check
from sas_kernel.text import Text

_NO_PAGE = frozenset({Kind.OTHER, Kind.AGENDA})


def _forged(name: str, requirement: str, title: Text, message: Text) -> Check:
    return nothing_granted(f"callback.{name}", requirement, title, message, allowed=frozenset({Kind.OTHER}))


_OTHER_BROWSER = _forged(
    "other_browser",
    "SSO-090",
    Text("Le retour d’un autre navigateur est refusé", "The return of another browser is refused"),
    Text(
        "L’adresse de retour d’une personne, ouverte dans un autre navigateur, y ouvre la session de cette personne.",
        "A person's return address, opened in another browser, opens that person's session there.",
    ),
)
_SWAPPED = _forged(
    "swapped",
    "SSO-091",
    Text("Le retour d’une autre demande est refusé", "The return of another request is refused"),
    Text(
        "Un navigateur qui avait sa propre demande accepte le retour de celle d’un autre.",
        "A browser that had a request of its own accepts the return of another's.",
    ),
)
_STATELESS = _forged(
    "no_state",
    "SSO-092",
    Text("Un retour sans state est refusé", "A return without state is refused"),
    Text("Un retour sans state est accepté.", "A return without state is accepted."),
)
_INVENTED_STATE = _forged(
    "invented_state",
    "SSO-093",
    Text("Un retour au state inventé est refusé", "A return with an invented state is refused"),
    Text("Un retour dont le state est inventé est accepté.", "A return whose state is invented is accepted."),
)
_INVENTED_CODE = _forged(
    "invented_code",
    "SSO-094",
    Text("Un retour au code inventé est refusé", "A return with an invented code is refused"),
    Text("Un retour dont le code est inventé est accepté.", "A return whose code is invented is accepted."),
)
_REPLAYED = _forged(
    "replayed",
    "SSO-095",
    Text("Un retour ne sert qu’une fois", "A return serves once"),
    Text("Un retour déjà employé ouvre une seconde session.", "A return that was used opens a second session."),
)
_DENIED = _forged(
    "denied",
    "SSO-096",
    Text("Un refus du fournisseur n’ouvre rien", "A refusal by the provider opens nothing"),
    Text(
        "Le fournisseur renvoie une erreur, et l’éditeur ouvre une session.",
        "The provider sends back an error, and the editor opens a session.",
    ),
)


async def _callback(talk: Conversation) -> None:
    agenda = await talk.agenda()
    known = await talk.known_to_provider(talk.regulator)

    async def at_the_door() -> tuple[Browser, str]:
        """A browser whose own request is pending at the editor and which forgets the provider; and its way back."""
        browser = talk.browser()
        browser.cookies.update(known.cookies)
        address = await talk.at_the_door(browser, talk.regulator)
        # Without the provider's session: an editor that starts again by itself must not look like one that lets in.
        return talk.like(browser, editor=True), address

    async def judge(check: Check, browser: Browser, address: str) -> Visit:
        visit = await talk.refused(browser, await talk.arrive(browser, address), agenda)
        talk.judge(check, visit)
        return visit

    _, address = await at_the_door()
    await judge(_OTHER_BROWSER, talk.browser(), address)
    _, address = await at_the_door()
    waiting = talk.browser()
    await talk.arrive(waiting)
    await judge(_SWAPPED, waiting, address)
    forged: tuple[tuple[Check, dict[str, str | None]], ...] = (
        (_STATELESS, {"state": None}),
        (_INVENTED_STATE, {"state": secrets.token_urlsafe(24)}),
        (_INVENTED_CODE, {"code": secrets.token_urlsafe(24)}),
    )
    for check, changes in forged:
        browser, address = await at_the_door()
        await judge(check, browser, changed(address, changes))
    browser, address = await at_the_door()
    denied = await judge(_DENIED, browser, changed(address, {"code": None, "error": "access_denied"}))
    talk.judge(CLEAR_REFUSAL, denied)
    await _replay(talk, agenda, *await at_the_door())


async def _replay(talk: Conversation, agenda: Agenda, browser: Browser, address: str) -> None:
    before = dict(browser.cookies)
    admitted = await talk.arrive(browser, address)
    if kind_of(admitted, talk.provider, agenda) not in GIVEN | {Kind.TERMS}:
        talk.skip(_REPLAYED, Text("Le retour n’a pas servi une première fois.", "The return did not serve once."))
        return
    again, other = talk.browser(), talk.browser()
    again.cookies.update(before)
    other.cookies.update(before)
    if grants(await talk.arrive(other, talk.address), agenda):
        talk.skip(
            _REPLAYED,
            Text(
                "Le cookie d’avant suffit à ouvrir la session.", "The cookie of before is enough to open the session."
            ),
        )
        return
    talk.judge(_REPLAYED, await talk.refused(again, await talk.arrive(again, address), agenda))


def changed(address: str, changes: dict[str, str | None]) -> str:
    """An address with some of its parameters changed, added, or (None) left out."""
    parts = urlsplit(address)
    kept = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **changes}
    return parts._replace(query=urlencode({k: v for k, v in kept.items() if v is not None})).geturl()


CALLBACK = scenario(
    "callback",
    Text("Un retour qui n’est pas celui de la demande est refusé", "A return that is not the request's own is refused"),
    (
        *(_OTHER_BROWSER, _SWAPPED, _STATELESS, _INVENTED_STATE, _INVENTED_CODE),
        *(_DENIED, CLEAR_REFUSAL, _REPLAYED),
    ),
    _callback,
    tags=(Tag.REFUSALS, Tag.SECURITY),
)

_LEFT = nothing_granted(
    "session.left",
    "SSO-080",
    Text("La déconnexion met fin à la session", "Signing out ends the session"),
    Text(
        "Après sa déconnexion, le régulateur a encore ses droits.", "After signing out, the regulator still has rights."
    ),
    allowed=_NO_PAGE,
)
_DEAD = nothing_granted(
    "session.dead",
    "SSO-081",
    Text("Le cookie d’une session quittée ne vaut plus rien", "The cookie of a session that was left is worth nothing"),
    Text(
        "Le cookie d’une session quittée, remis dans un navigateur, rouvre la session.",
        "The cookie of a session that was left, put back into a browser, opens it again.",
    ),
    allowed=_NO_PAGE,
)
_NEW_NAME = nothing_granted(
    "session.renewed",
    "SSO-082",
    Text("La session prend un nouveau nom à la connexion", "The session takes a new name at sign-in"),
    Text(
        "Le cookie reçu avant la connexion ouvre la session après elle (fixation de session).",
        "The cookie received before sign-in opens the session after it (session fixation).",
    ),
    allowed=_NO_PAGE,
)


async def _session(talk: Conversation) -> None:
    agenda = await talk.agenda()
    browser = talk.browser()
    address = await talk.at_the_door(browser, talk.regulator)
    before = talk.like(browser, editor=True)
    page = await talk.arrive(browser, address)
    if kind_of(page, talk.provider, agenda) not in GIVEN:
        for check in (_LEFT, _DEAD, _NEW_NAME):
            talk.skip(check, Text("Aucune session n’a été ouverte.", "No session was opened."))
        return
    talk.judge(_NEW_NAME, await talk.refused(before, await talk.arrive(before, talk.address), agenda))
    way = leaving(page)
    if way is None:
        for check in (_LEFT, _DEAD):
            talk.skip(
                check, Text("Aucun moyen de se déconnecter n’a été reconnu.", "No way to sign out was recognised.")
            )
        return
    kept = talk.like(browser, editor=True)
    await _leave(talk, browser, page, way)
    left = talk.like(browser, editor=True)
    talk.judge(_LEFT, await talk.refused(left, await talk.arrive(left, talk.address), agenda))
    talk.judge(_DEAD, await talk.refused(kept, await talk.arrive(kept, talk.address), agenda))


async def _leave(talk: Conversation, browser: Browser, page: Page, way: Form | str) -> None:
    if isinstance(way, str):
        await talk.arrive(browser, way)
    else:
        pressed = dict([*way.offers.items()][:1])
        talk.heard += (await browser.submit(page, way, **pressed)).traffic


SESSION = scenario(
    "session",
    Text("La session d’un régulateur, jusqu’à la déconnexion", "A regulator's session, up to signing out"),
    (_NEW_NAME, _LEFT, _DEAD),
    _session,
    tags=(Tag.SECURITY, Tag.LIFECYCLE),
)

SCENARIOS = (CALLBACK, SESSION)

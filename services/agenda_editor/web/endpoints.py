"""What all pages have in common, and the page of an agenda, where booking URLs lead."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException

from agenda_editor.agendas.model import (
    AgendaUnavailableError,
    Schedule,
    Slot,
    UnknownScheduleError,
    UnknownSlotError,
)
from agenda_editor.appointments.model import (
    NotEntitledError,
    SlotTakenError,
    TransitionError,
    UnknownAppointmentError,
    UnknownDeliveryError,
)
from agenda_editor.associations.model import Site, UnknownSiteError
from agenda_editor.dependencies import State, state_of
from agenda_editor.sso.model import (
    LOGIN_COOKIE,
    SESSION_COOKIE,
    ForgedFormError,
    InvalidTokenError,
    LockedOutError,
    NoAccountError,
    NotAllowedError,
    NotConfiguredError,
    ProviderRefusalError,
    ProviderUnavailableError,
    SignedIn,
    SignOnError,
    UnknownStateError,
    WrongPasswordError,
)
from agenda_editor.sso.service import check_form
from agenda_editor.web import rules
from agenda_editor.web.model import SlotState, Viewer
from sas_fhir import instants
from sas_kernel import contracts
from sas_kernel.errors import SasError
from sas_kernel.text import Lang, Text
from sas_kit.web import form_fields, route_of

_log = logging.getLogger(__name__)

BACK_FROM_PROVIDER: Final = "/sso/retour"
LOGGED_OUT: Final = "/deconnecte"

_STATUS: Final[dict[type[SasError], tuple[int, Text]]] = {
    UnknownScheduleError: (404, Text("Agenda inconnu", "Unknown agenda")),
    UnknownSiteError: (404, Text("Point de consultation inconnu", "Unknown place of consultation")),
    UnknownSlotError: (404, Text("Créneau inconnu", "Unknown slot")),
    UnknownAppointmentError: (404, Text("Rendez-vous inconnu", "Unknown appointment")),
    UnknownDeliveryError: (404, Text("Envoi inconnu", "Unknown message")),
    SlotTakenError: (409, Text("Créneau déjà pris", "Slot already taken")),
    TransitionError: (409, Text("Changement impossible", "Change not possible")),
    NotEntitledError: (403, Text("Compte désactivé", "Account deactivated")),
    AgendaUnavailableError: (503, Text("Agenda momentanément indisponible", "Agenda unavailable for now")),
    ForgedFormError: (403, Text("Formulaire refusé", "Form refused")),
    NotAllowedError: (403, Text("Accès refusé", "Access refused")),
    NoAccountError: (403, Text("Accès refusé", "Access refused")),
    UnknownStateError: (403, Text("Connexion refusée", "Sign-in refused")),
    InvalidTokenError: (401, Text("Connexion refusée", "Sign-in refused")),
    ProviderRefusalError: (401, Text("Connexion refusée", "Sign-in refused")),
    ProviderUnavailableError: (503, Text("Connexion indisponible", "Sign-in unavailable")),
    NotConfiguredError: (503, Text("Connexion indisponible", "Sign-in unavailable")),
    WrongPasswordError: (401, Text("Connexion refusée", "Login refused")),
    LockedOutError: (429, Text("Trop d’essais", "Too many attempts")),
}
_LOST: Final[dict[type[SasError], Text]] = {
    UnknownScheduleError: Text(
        "Cette adresse ne mène à aucun agenda. Vérifiez le lien, ou reprenez la recherche.",
        "This address leads to no agenda. Check the link, or search again.",
    ),
    UnknownSiteError: Text(
        "Cette adresse ne mène à aucun point de consultation. Vérifiez le lien, ou reprenez la recherche.",
        "This address leads to no place of consultation. Check the link, or search again.",
    ),
    UnknownSlotError: Text(
        "Ce créneau n’existe pas ou plus. Reprenez la recherche.", "This slot does not exist any more. Search again."
    ),
}
_REFUSED: Final = Text("Demande refusée", "Request refused")
_REQUESTS: Final = {
    413: Text("Le formulaire envoyé est trop long.", "The form sent is too long."),
    415: Text("Ce n’est pas un formulaire de cet agenda.", "This is no form of this agenda."),
    400: Text("Le formulaire envoyé est illisible.", "The form sent cannot be read."),
    404: Text("Cette adresse ne mène à aucune page.", "This address leads to no page."),
    405: Text("Cette adresse ne se visite pas ainsi.", "This address is not visited this way."),
}


# --- routes -----------------------------------------------------------------------------------------------------------


class SentAway(Exception):  # noqa: N818  not a fault: the visitor has something else to do first
    """`browser`: the name to give the browser before it goes."""

    def __init__(self, location: str, browser: str | None = None) -> None:
        super().__init__(location)
        self.location = location
        self.browser = browser


class PageRoute(APIRoute):
    """A route whose endpoint reads the request by itself, and whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except SentAway as away:
                return leave(request, away.location, browser=away.browser)
            except (SasError, HTTPException) as error:
                return error_page(request, error)

        return answer


router = APIRouter(route_class=PageRoute, include_in_schema=False)


def leave(request: Request, location: str, *, browser: str | None = None) -> Response:
    """See another page. `browser`: the name it needs at the provider's answer, for ten minutes."""
    answer = RedirectResponse(location, 303, headers=dict(headers(request)))
    if browser is not None:
        set_cookie(request, answer, LOGIN_COOKIE, browser, seconds=600)
    return answer


def headers(request: Request) -> dict[str, str]:
    """Of every page. A form may end, by redirects, at the provider: browsers follow to named sites only."""
    targets = " ".join(("'self'", *state_of(request).sign_on.form_targets))
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'self'; img-src 'self' data:; form-action {targets}; base-uri 'none'; "
            "frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def set_cookie(request: Request, answer: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    secure = state_of(request).sign_on.secure
    answer.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)


# --- who is there -----------------------------------------------------------------------------------------------------


async def visitor(request: Request, *, back: str | None = None) -> SignedIn:
    """Who is signed in and has accepted the terms; anybody else is sent to where he can.

    `back` is the page to show afterwards, this one unless it only takes forms.
    """
    state = state_of(request)
    person = await signed_in(request)
    target = back or own_address(request)
    origins = request.query_params.getlist("origin")
    origin = next((origin for origin in origins if origin in state.sign_on.origins), None)
    if origin is not None and (person is None or not person.regulator_role):
        browser = request.cookies.get(LOGIN_COOKIE)
        departure = await state.sign_on.depart(browser, target, origin, now_of(state))
        raise SentAway(departure.url, departure.browser)
    if person is None:
        raise SentAway(localized(request, f"/connexion?vers={quote(target, safe='')}"))
    if not person.terms_accepted:
        raise SentAway(localized(request, f"/conditions?vers={quote(target, safe='')}"))
    return person


async def signed_in(request: Request) -> SignedIn | None:
    """Who is signed in, terms or no terms."""
    state = state_of(request)
    person = await state.sign_on.signed_in(request.cookies.get(SESSION_COOKIE), now_of(state))
    request.state.person = person
    return person


async def posted(request: Request) -> dict[str, str]:
    """The fields of a form of this very session. Raises `ForgedFormError` for any other."""
    fields = await form_fields(request, state_of(request).max_request_bytes)
    check_form(request.cookies.get(SESSION_COOKIE), fields.get("csrf"))
    return fields


def viewer_of(person: SignedIn) -> Viewer:
    if person.is_staff:
        return Viewer.STAFF
    return Viewer.REGULATOR if person.regulator_role else Viewer.OTHER


def require(person: SignedIn, *viewers: Viewer) -> None:
    """Raises `NotAllowedError`."""
    if viewer_of(person) not in viewers:
        raise NotAllowedError


def now_of(state: State) -> int:
    return instants.milliseconds(state.clock.now())


def own_address(request: Request) -> str:
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


# --- rendering --------------------------------------------------------------------------------------------------------


def language(request: Request) -> Lang:
    return rules.language(request.query_params.get("lang"))


def localized(request: Request, path: str) -> str:
    """A path of ours in the language of the visitor."""
    if language(request) is Lang.FR:
        return path
    return f"{path}{'&' if '?' in path else '?'}lang=en"


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    lang = language(request)
    other = Lang.FR if lang is Lang.EN else Lang.EN
    # An answer of the provider serves once: asked for again in the other language it would be refused.
    once = request.url.path == BACK_FROM_PROVIDER
    query = [(k, v) for k, v in parse_qsl(request.url.query, keep_blank_values=True) if k != "lang" and not once]
    html = (
        templates()
        .get_template(template)
        .render(
            lang=lang.value,
            t=_chooser(lang),
            href=lambda path: localized(request, path),
            here=request.url.path,
            other=other.value,
            other_href=("/connexion?" if once else "?") + urlencode([*query, ("lang", other.value)]),
            person=getattr(request.state, "person", None),
            hours=hours_ahead(),
            **values,
        )
    )
    return HTMLResponse(html, status, headers(request))


def error_page(request: Request, error: SasError | HTTPException) -> Response:
    """A refusal in words. Those of sign-on have a reference, under which the reason is in the log."""
    lang = language(request)
    incident = ""
    if isinstance(error, HTTPException):
        status, title, text = error.status_code, _REFUSED, _REQUESTS.get(error.status_code, _REFUSED)
    else:
        found = next((value for kind, value in _STATUS.items() if isinstance(error, kind)), None)
        if found is None:
            raise error
        (status, title), text = found, _LOST.get(type(error), error.text)
    if isinstance(error, SignOnError):
        incident = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}".upper()
        _log.warning("sign-on refused, incident %s: %s", incident, error.reason)
    elif status >= 500:
        _log.error("%s %s: %s", request.method, route_of(request), error, exc_info=error)
    answer = page(request, "error.html", status=status, title=title.to(lang), text=text.to(lang), incident=incident)
    if status == 503:
        answer.headers["Retry-After"] = "5"
    return answer


def _chooser(lang: Lang) -> Callable[[str, str], str]:
    return lambda fr, en: en if lang is Lang.EN else fr


@lru_cache(maxsize=1)
def hours_ahead() -> int:
    return int(contracts.service_levels()["slot_search.horizon"].value)


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Everything printed is escaped; a name the template does not know is a fault, not an empty text."""
    return Environment(
        loader=PackageLoader("agenda_editor.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


# --- an agenda --------------------------------------------------------------------------------------------------------


@router.get("/agenda/{name}")
async def agenda_page(request: Request) -> Response:
    """The next hours of an agenda. An address with `creneau` opens on that slot."""
    name, glued, rest = request.path_params["name"].partition("&")
    if glued:  # a platform that adds `&origin=…` to an address without `?`
        query = "&".join(part for part in (rest, request.url.query) if part)
        raise SentAway(f"/agenda/{quote(name)}?{query}")
    number = rules.schedule_number(name)
    state = state_of(request)
    now = instants.first_millisecond_from(state.clock.now())
    horizon = hours_ahead() * 3_600_000
    if number is None:
        raise UnknownScheduleError(0)
    schedule = (await state.agendas.page(number, now, now)).schedule  # who follows a dead link need not sign in first
    person = await visitor(request)
    lang, viewer = language(request), viewer_of(person)
    pages = {
        found.schedule.id: (found.schedule, seen(found.schedule, found.slots, viewer, now))
        for found in await state.agendas.pages_of(schedule.practitioner.id, now, now + horizon)
    }
    chosen = request.query_params.get("creneau", "")
    appointments = await state.appointments.of_schedule(number, now, now + horizon) if person.is_staff else []
    # Which CPTS a slot is for says nothing to the public.
    shared = set() if viewer is Viewer.OTHER else rules.communities_of(pages[number][1])
    communities = {one.id: one.details.name for one in await state.communities.named(shared)}
    return page(
        request,
        "agenda.html",
        view=rules.agenda_view(schedule, pages, chosen, lang, communities),
        chosen=chosen,
        viewer=viewer.value,
        appointments=[rules.appointment_view(appointment, lang) for appointment in appointments],
    )


def seen(holder: Schedule | Site, slots: list[Slot], viewer: Viewer, now: int) -> list[tuple[Slot, SlotState]]:
    """The slots that are for the eyes of this viewer."""
    horizon = hours_ahead() * 3_600_000
    states = ((slot, rules.state(slot, holder, viewer, now, horizon)) for slot in slots)
    return [(slot, kind) for slot, kind in states if kind is not None]

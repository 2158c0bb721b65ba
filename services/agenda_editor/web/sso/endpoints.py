"""`/connexion`, the provider's answer, `/conditions`, `/deconnexion`."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agenda_editor.dependencies import state_of
from agenda_editor.sso.model import (
    LOGIN_COOKIE,
    SESSION_COOKIE,
    LockedOutError,
    SignOnError,
    WrongPasswordError,
)
from agenda_editor.sso.rules import csrf_token, local_target
from agenda_editor.sso.service import check_form, new_secret
from agenda_editor.web.endpoints import (
    BACK_FROM_PROVIDER,
    LOGGED_OUT,
    PageRoute,
    leave,
    localized,
    now_of,
    page,
    posted,
    set_cookie,
    signed_in,
)
from sas_kit.web import form_fields

_FORM_FOR: Final = 3600  # seconds that an open login page stays good

router = APIRouter(route_class=PageRoute, include_in_schema=False)


# --- the editor's own page --------------------------------------------------------------------------------------------


@router.get("/connexion")
async def login_page(request: Request) -> Response:
    return _login_page(request, local_target(request.query_params.get("vers")))


@router.post("/connexion")
async def log_in(request: Request) -> Response:
    state = state_of(request)
    fields = await form_fields(request, state.max_request_bytes)
    check_form(request.cookies.get(LOGIN_COOKIE), fields.get("csrf"))
    target = local_target(fields.get("vers"))
    login = fields.get("login", "")
    try:
        cookie = await state.sign_on.log_in(
            login, fields.get("password", ""), request.cookies.get(SESSION_COOKIE), now_of(state)
        )
    except (WrongPasswordError, LockedOutError) as error:
        return _login_page(request, target, login, error)
    answer = leave(request, localized(request, target) if target == "/" else target)
    set_cookie(request, answer, SESSION_COOKIE, cookie)
    return answer


def _login_page(request: Request, target: str, login: str = "", error: SignOnError | None = None) -> Response:
    state = state_of(request)
    browser = request.cookies.get(LOGIN_COOKIE) or new_secret()
    status = 200 if error is None else 429 if isinstance(error, LockedOutError) else 401
    answer = page(
        request,
        "login.html",
        status=status,
        target=target,
        by_provider=f"/connexion/psc?vers={quote(target, safe='')}" if state.sign_on.has_provider else "",
        login=login,
        error=error.text.to(request.query_params.get("lang") or "fr") if error else "",
        csrf=csrf_token(browser),
    )
    set_cookie(request, answer, LOGIN_COOKIE, browser, seconds=_FORM_FOR)
    return answer


# --- the provider -----------------------------------------------------------------------------------------------------


@router.get("/connexion/psc")
async def depart(request: Request) -> Response:
    """To the provider by one's own choice: the session has no rights of a regulator."""
    state = state_of(request)
    target = local_target(request.query_params.get("vers"))
    departure = await state.sign_on.depart(request.cookies.get(LOGIN_COOKIE), target, None, now_of(state))
    return leave(request, departure.url, browser=departure.browser)


@router.get(BACK_FROM_PROVIDER)
async def arrive(request: Request) -> Response:
    """The provider's answer. Whatever is wrong with it, nothing is opened, and what was open stays as it was."""
    state = state_of(request)
    answered = dict(reversed(request.query_params.multi_items()))  # of a repeated parameter, the first
    arrival = await state.sign_on.arrive(
        request.cookies.get(LOGIN_COOKIE), answered, request.cookies.get(SESSION_COOKIE), now_of(state)
    )
    answer = leave(request, arrival.destination)
    set_cookie(request, answer, SESSION_COOKIE, arrival.cookie)
    return answer


# --- the terms of use -------------------------------------------------------------------------------------------------


@router.get("/conditions")
async def terms_page(request: Request) -> Response:
    target = local_target(request.query_params.get("vers"))
    person = await signed_in(request)
    if person is not None and person.terms_accepted and "vers" in request.query_params:
        return leave(request, target)  # accepted meanwhile, in another window: nothing here would lead on
    return _terms_page(request, target, asked=person is not None and not person.terms_accepted)


@router.post("/conditions")
async def accept_terms(request: Request) -> Response:
    state = state_of(request)
    fields = await posted(request)
    target = local_target(fields.get("vers"))
    person = await signed_in(request)
    if person is None:
        return leave(request, localized(request, f"/connexion?vers={quote(target, safe='')}"))
    if not fields.get("accept"):
        return _terms_page(request, target, asked=True, unticked=True, status=422)
    if not await state.sign_on.accept_terms(person.person, fields.get("version", ""), now_of(state)):
        return _terms_page(request, target, asked=True, changed=True, status=409)
    return leave(request, target)


def _terms_page(
    request: Request, target: str, *, asked: bool, unticked: bool = False, changed: bool = False, status: int = 200
) -> Response:
    version = state_of(request).sign_on.terms_version
    return page(
        request,
        "terms.html",
        status=status,
        target=target,
        version=version,
        asked=asked,
        unticked=unticked,
        changed=changed,
    )


# --- the end ----------------------------------------------------------------------------------------------------------


@router.post("/deconnexion")
async def log_out(request: Request) -> Response:
    state = state_of(request)
    await posted(request)
    answer = leave(request, await state.sign_on.log_out(request.cookies[SESSION_COOKIE], now_of(state)))
    answer.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax", secure=state.sign_on.secure)
    return answer


@router.get(LOGGED_OUT)
async def logged_out(request: Request) -> Response:
    return page(request, "logged_out.html")

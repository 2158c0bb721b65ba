"""The provider's endpoints, at the addresses that Pro Santé Connect's realm gives its own."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from sas_kernel.text import Text
from sas_kit.web import bounded_body
from sas_platform.dependencies import LangDep, State, StateDep
from sas_platform.sso.endpoints import (
    NO_STORE,
    VisitDep,
    forget_session,
    login_page,
    message_page,
)
from sas_platform.sso.oauth import rules
from sas_platform.sso.oauth.model import (
    ENDPOINTS,
    REALM,
    Answer,
    LoginNeeded,
    LogoutRefusedError,
    UntrustedRequestError,
)
from sas_platform.sso.oauth.service import Parameters
from sas_platform.sso.rules import without_asking_again
from sas_platform.sso.server.service import refused

router = APIRouter(prefix=REALM, include_in_schema=False)

_AUTHORIZATION: Final = f"{ENDPOINTS}/auth"
_JSON: Final = "application/json"


@router.get("/.well-known/openid-configuration")
@router.get("/.well-known/wallet-openid-configuration")
async def discovery(state: StateDep) -> Response:
    """OpenID Provider Metadata, at its usual place and at Pro Santé Connect's."""
    return _json(rules.discovery(state.provider.issuer), {"Cache-Control": "public, max-age=300"})


@router.get(f"{ENDPOINTS}/certs")
async def certificates(state: StateDep) -> Response:
    """The public keys: that which signs and those whose tokens still live. Not cached: a rotation is seen at once."""
    return _json({"keys": await state.provider.keys.published(state.clock.now())}, {"Cache-Control": "no-cache"})


@router.api_route(_AUTHORIZATION, methods=["GET", "POST"])
async def authorize(request: Request, state: StateDep, lang: LangDep, visit: VisitDep) -> Response:
    """Answer by a redirect, or ask for the password. Nothing is redirected to an address that is not known."""
    parameters = await _parameters(request, state) if request.method == "POST" else _query(request)
    refused_title = Text("Connexion impossible", "Sign-in impossible")
    if parameters is None:
        text = Text("La demande de connexion est illisible.", "The request to sign in cannot be read.")
        return message_page(state, lang, refused_title, text, status=400)
    parameters = [(name, value) for name, value in parameters if name != "lang"]
    try:
        answer = await state.provider.authorize(parameters, visit, state.clock.now())
    except UntrustedRequestError as error:
        return message_page(state, lang, refused_title, error.text, status=400)
    if isinstance(answer, LoginNeeded):
        here = f"{REALM}{_AUTHORIZATION}?{urlencode(parameters)}"
        return login_page(request, state, lang, without_asking_again(here), here=here)
    return Response(status_code=answer.status, headers={**dict(answer.headers), **NO_STORE})


@router.post(f"{ENDPOINTS}/token")
async def token(request: Request, state: StateDep) -> Response:
    """Exchange a code, or refresh."""
    parameters = await _parameters(request, state)
    if parameters is None:
        return _sent(refused("invalid_request", "A form is expected (application/x-www-form-urlencoded)."))
    return _sent(await state.provider.token(parameters, _authorization(request), state.clock.now()))


@router.post(f"{ENDPOINTS}/token/introspect")
async def introspect(request: Request, state: StateDep) -> Response:
    """Whether a token lives, for the client it was given to."""
    parameters = await _parameters(request, state)
    if parameters is None:
        return _sent(refused("invalid_request", "A form is expected (application/x-www-form-urlencoded)."))
    return _sent(await state.provider.introspect(parameters, _authorization(request), state.clock.now()))


@router.api_route(f"{ENDPOINTS}/userinfo", methods=["GET", "POST"])
async def userinfo(request: Request, state: StateDep) -> Response:
    """Who the bearer of an access token speaks for (RFC 6750)."""
    scheme, _, access_token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return Response(status_code=401, headers={**NO_STORE, "WWW-Authenticate": 'Bearer realm="sas"'})
    claims = await state.provider.userinfo(access_token.strip(), state.clock.now())
    if claims is None:
        description = "The access token is unknown, expired or revoked."
        challenge = f'Bearer realm="sas", error="invalid_token", error_description="{description}"'
        body = {"error": "invalid_token", "error_description": description}
        return _json(body, {**NO_STORE, "WWW-Authenticate": challenge}, status=401)
    return _json(claims, NO_STORE)


@router.api_route(f"{ENDPOINTS}/logout", methods=["GET", "POST"])
async def logout(request: Request, state: StateDep, lang: LangDep, visit: VisitDep) -> Response:
    """RP-initiated logout. Without a token that proves who asks, the person is asked."""
    parameters = await _parameters(request, state) if request.method == "POST" else _query(request)
    try:
        done = None if parameters is None else await state.provider.logout(parameters, state.clock.now())
    except LogoutRefusedError as error:
        return message_page(state, lang, Text("Déconnexion impossible", "Sign-out impossible"), error.text, status=400)
    if done is None and visit is not None:
        title = Text("Se déconnecter de la plateforme ?", "Sign out of the platform?")
        text = Text("Votre session est encore ouverte.", "Your session is still open.")
        return message_page(state, lang, title, text, csrf=visit.session.csrf)
    if done is not None and done.redirect is not None:
        response: Response = RedirectResponse(done.redirect, 302, dict(NO_STORE))
    else:
        title = Text("Vous êtes déconnecté", "You are signed out")
        response = message_page(state, lang, title, Text("Vous pouvez fermer cette page.", "You may close this page."))
    if visit is not None and done is not None and visit.session.id == done.session_id:
        forget_session(response, state)
    return response


# --- within ----------------------------------------------------------------------------------------------------------


def _query(request: Request) -> Parameters:
    return list(request.query_params.multi_items())


async def _parameters(request: Request, state: State) -> Parameters | None:
    """The pairs of a form, repeated ones too; None when it is not one."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return None
    try:
        body = await bounded_body(request, state.settings.max_request_bytes)
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except (ValueError, HTTPException):
        return None


def _authorization(request: Request) -> dict[str, str]:
    given = request.headers.get("authorization")
    return {} if given is None else {"Authorization": given}


def _sent(answer: Answer) -> Response:
    return _json(answer.body, {**dict(answer.headers), **NO_STORE}, status=answer.status)


def _json(body: object, headers: dict[str, str], status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, {**headers, "Content-Type": _JSON})

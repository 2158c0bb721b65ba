"""`/api/admin/regulators` for programs that bear the admin token, and `/habilitations` for people who know it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from sas_kernel.clock import PARIS
from sas_kernel.text import Lang, Text
from sas_kit.web import form_fields
from sas_platform.dependencies import BodyDep, LangDep, State, StateDep, decoded, require_admin
from sas_platform.openapi import body_of, json_of, problems
from sas_platform.regulators import schemas
from sas_platform.regulators.schemas import HabilitationList, RegulatorBody, RegulatorChange, RegulatorList, ResendBody

router = APIRouter(prefix="/api/admin/regulators", tags=["regulators"], dependencies=[Depends(require_admin)])

_REFUSALS: dict[int | str, dict[str, Any]] = problems(401, 503)


@router.get("", responses={**json_of(200, "RegulatorList"), **_REFUSALS})
async def list_regulators(state: StateDep) -> Response:
    """All accounts, by name."""
    return _json(RegulatorList([schemas.view(each) for each in await state.regulators.all()]))


@router.get("/habilitations", responses={**json_of(200, "HabilitationList"), **_REFUSALS})
async def list_habilitations(state: StateDep) -> Response:
    """What each editor knows of each regulator, and the last attempt to tell it."""
    lines = await state.provisioning.habilitations()
    return _json(HabilitationList([schemas.habilitation(line) for line in lines]))


@router.get("/{regulator_id}", responses={**json_of(200, "RegulatorView"), **_REFUSALS, **problems(404)})
async def read_regulator(regulator_id: int, state: StateDep) -> Response:
    return _json(schemas.view(await state.regulators.known(regulator_id)))


@router.get("/{regulator_id}/history", responses={**json_of(200, "RegulatorHistory"), **_REFUSALS, **problems(404)})
async def read_history(regulator_id: int, state: StateDep) -> Response:
    """Every change of the account, oldest first."""
    return _json(schemas.history(await state.regulators.history(regulator_id)))


@router.post(
    "",
    status_code=201,
    responses={**json_of(201, "RegulatorView"), **_REFUSALS, **problems(400, 409, 413, 422)},
    openapi_extra=body_of("RegulatorBody"),
)
async def add_regulator(body: BodyDep, state: StateDep) -> Response:
    """A new account; editors are told of it when he first signs in."""
    given = msgspec.structs.asdict(decoded(body, RegulatorBody))
    regulator = await state.regulators.create(**given, now=state.clock.now())
    return _json(schemas.view(regulator), 201, {"Location": f"/api/admin/regulators/{regulator.id}"})


@router.patch(
    "/{regulator_id}",
    responses={**json_of(200, "RegulatorView"), **_REFUSALS, **problems(400, 404, 409, 413, 422)},
    openapi_extra=body_of("RegulatorChange"),
)
async def change_regulator(regulator_id: int, body: BodyDep, state: StateDep) -> Response:
    """Change what is given; editors are told when he next signs in."""
    changes = decoded(body, RegulatorChange).changes()
    return _json(schemas.view(await state.regulators.change(regulator_id, state.clock.now(), **changes)))


@router.post("/{regulator_id}/deactivate", responses={**json_of(200, "RegulatorView"), **_REFUSALS, **problems(404)})
async def deactivate(regulator_id: int, state: StateDep) -> Response:
    """He may no longer sign in; the editors that know him are told at once."""
    return _json(schemas.view(await state.regulators.set_active(regulator_id, False, state.clock.now())))


@router.post("/{regulator_id}/activate", responses={**json_of(200, "RegulatorView"), **_REFUSALS, **problems(404)})
async def activate(regulator_id: int, state: StateDep) -> Response:
    """He may sign in again; editors are told when he does."""
    return _json(schemas.view(await state.regulators.set_active(regulator_id, True, state.clock.now())))


@router.post(
    "/{regulator_id}/resend",
    status_code=202,
    responses={202: {"description": "Accepted"}, **_REFUSALS, **problems(400, 404, 413, 422)},
    openapi_extra=body_of("ResendBody"),
)
async def resend(regulator_id: int, body: BodyDep, state: StateDep) -> Response:
    """Tell one editor again, whatever it answered last."""
    editor = await state.register.get(decoded(body, ResendBody).editor)
    await state.regulators.send_again(regulator_id, editor.id, state.clock.now())
    return Response(status_code=202)


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, {**_NO_STORE, **(headers or {})}, "application/json")


# --- the page --------------------------------------------------------------------------------------------------------

pages = APIRouter(include_in_schema=False)

_NO_STORE = {"Cache-Control": "no-store"}
_HEADERS = {
    **_NO_STORE,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_MOST_FORM = 4096
_SHOWN = 50


def _require_person(request: Request, state: StateDep, lang: LangDep) -> None:
    """Let pass whose browser sends the admin token as a password (HTTP Basic, any user name)."""
    expected = _admin_token(state)
    if not expected:
        raise HTTPException(
            503,
            Text(
                "L’administration est fermée : aucun jeton n’est configuré (SAS_PLATFORM_ADMIN_TOKEN).",
                "Administration is closed: no token is configured (SAS_PLATFORM_ADMIN_TOKEN).",
            ).to(lang),
        )
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    password = b""
    if scheme.lower() == "basic":
        try:
            password = base64.b64decode(given.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            password = b""
    if not hmac.compare_digest(password, expected.encode()):
        raise HTTPException(
            401,
            Text(
                "Mot de passe attendu : le jeton d’administration ; le nom est libre.",
                "Expected as the password: the admin token; the user name is free.",
            ).to(lang),
            headers={"WWW-Authenticate": 'Basic realm="sas-platform-admin", charset="UTF-8"'},
        )


def _admin_token(state: State) -> str:
    token = state.settings.admin_token
    return "" if token is None else token.get_secret_value()


def _csrf(state: State, at: datetime) -> str:
    """Another page cannot know it; the browser would send the password with that page's form all the same."""
    words = f"habilitations {at:%Y-%m-%d}".encode()
    return hmac.new(_admin_token(state).encode(), words, hashlib.sha256).hexdigest()


@pages.get("/habilitations", dependencies=[Depends(_require_person)])
async def page(state: StateDep, lang: LangDep, request: Request) -> Response:
    """Who is habilitated where, the last attempts, and what comes next."""
    now = state.clock.now()
    by_regulator: dict[int, list[Any]] = {}
    lines = await state.provisioning.habilitations()
    for line in lines:
        by_regulator.setdefault(line.regulator.id, []).append(line)
    regulators = await state.regulators.all()
    html = state.templates.get_template("habilitations.html").render(
        lang=lang.value,
        t=(lambda _fr, en: en) if lang is Lang.EN else (lambda fr, _en: fr),
        regulators=[(each, by_regulator.get(each.id, [])) for each in regulators],
        names={each.id: each.full_name for each in regulators},
        editors={line.editor_id: line.editor_name for line in lines},
        attempts=await state.provisioning.attempts(_SHOWN),
        csrf=_csrf(state, now),
        sent="envoi" in request.query_params,
        now=now,
        written=_written,
    )
    return HTMLResponse(html, headers=_HEADERS)


@pages.post("/habilitations/renvoi", dependencies=[Depends(_require_person)])
async def page_resend(state: StateDep, lang: LangDep, request: Request) -> Response:
    fields = await form_fields(request, _MOST_FORM)
    now, given = state.clock.now(), fields.get("csrf", "").encode()
    days = (now, now - timedelta(days=1))  # the page may have been open at midnight
    if not any(hmac.compare_digest(given, _csrf(state, day).encode()) for day in days):
        why = Text("Cette page a expiré : rechargez-la.", "This page has expired: reload it.")
        raise HTTPException(403, why.to(lang))
    number = fields.get("regulator", "")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        raise HTTPException(400, Text("Régulateur attendu.", "Expected a regulator.").to(lang))
    editor = await state.register.get(fields.get("editor", ""))
    await state.regulators.send_again(int(number), editor.id, now)
    return RedirectResponse(f"/habilitations?envoi&lang={lang.value}", 303, _NO_STORE)


def _written(instant: datetime) -> str:
    """`10/03 08:00:05`, in Paris."""
    return f"{instant.astimezone(PARIS):%d/%m %H:%M:%S}"

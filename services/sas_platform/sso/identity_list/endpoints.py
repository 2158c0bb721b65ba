"""The list of test identities, for the harness and for people. There is none in production."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from sas_kernel.text import Lang, Text
from sas_platform.dependencies import LangDep, State, StateDep
from sas_platform.sso.endpoints import NO_STORE, page_headers
from sas_platform.sso.identities.model import TestIdentity
from sas_platform.sso.identity_list.schemas import body_of
from sas_platform.sso.oauth.model import REALM

router = APIRouter(include_in_schema=False)


@router.get(f"{REALM}/test-identities")
async def listed(state: StateDep, lang: LangDep) -> Response:
    """All of them with their passwords: they open nothing but what is tested."""
    body = msgspec.json.encode(body_of(_identities(state, lang)))
    return Response(body, headers={**NO_STORE, "Content-Type": "application/json"})


@router.get("/identites-d-essai")
async def page(state: StateDep, lang: LangDep) -> Response:
    """The same for people: what each does, and what the editor is expected to do."""
    html = state.templates.get_template("identities.html").render(
        lang=lang.value,
        t=lambda fr, en: en if lang is Lang.EN else fr,
        identities=_identities(state, lang),
        issuer=state.provider.issuer,
    )
    return HTMLResponse(html, headers=page_headers())


def _identities(state: State, lang: Lang) -> tuple[TestIdentity, ...]:
    if not state.sign_on.identities:
        text = Text("Il n’y a pas d’identités d’essai ici.", "There are no test identities here.")
        raise HTTPException(404, text.to(lang))
    return state.sign_on.identities

"""The page a booking URL leads to: an agenda's public free slots, in French or in English."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from agenda_editor.agendas.model import UnknownScheduleError
from agenda_editor.dependencies import state_of
from agenda_editor.web import rules
from sas_fhir import instants
from sas_kernel import contracts
from sas_kernel.text import Lang

router = APIRouter(tags=["pages"])

_NAME: Final = re.compile(r"ag-([1-9][0-9]{0,17})")


@router.get("/agenda/{name}", response_class=HTMLResponse, summary="An agenda's page, where booking URLs lead")
async def agenda_page(request: Request, name: str, lang: str | None = None) -> HTMLResponse:
    language = rules.language(lang)
    match = _NAME.fullmatch(name)
    if match is None:
        return _page("unknown.html", language, 404)
    state = state_of(request)
    now = instants.first_millisecond_from(state.clock.now())
    horizon = _hours_ahead() * 3_600_000
    try:
        page = await state.agendas.page(int(match.group(1)), now, now + horizon)
    except UnknownScheduleError:
        return _page("unknown.html", language, 404)
    view = rules.agenda_view(page.schedule, page.slots, language)
    return _page("agenda.html", language, 200, view=view)


def _page(template: str, lang: Lang, status: int, **values: Any) -> HTMLResponse:
    environment, style = _templates()
    other = Lang.FR if lang is Lang.EN else Lang.EN
    html = environment.get_template(template).render(
        words=rules.words(lang, _hours_ahead()), lang=lang.value, other=other.value, style=style, **values
    )
    return HTMLResponse(html, status_code=status)


@lru_cache(maxsize=1)
def _hours_ahead() -> int:
    return int(contracts.service_levels()["slot_search.horizon"].value)


@lru_cache(maxsize=1)
def _templates() -> tuple[Environment, str]:
    environment = Environment(
        loader=PackageLoader("agenda_editor.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = resources.files("sas_kit").joinpath("assets/base.css").read_text(encoding="utf-8")
    return environment, style

"""`/`: the regulator's page. It arrives at once and its slots follow; without JavaScript it arrives complete."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import jinja2
from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from sas_kernel.errors import SasError
from sas_kernel.text import Lang
from sas_platform.dependencies import LangDep, State, StateDep
from sas_platform.slot_search.endpoints import NO_STORE, event
from sas_platform.slot_search.model import InvalidSearchError, Plan
from sas_platform.web import rules
from sas_platform.web.model import Card, SearchForm, Update

router = APIRouter(include_in_schema=False)

_HEADERS = {
    **NO_STORE,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_FIELD = Query(max_length=4000)


def new_templates() -> jinja2.Environment:
    """Everything printed is escaped; a name the template does not know is a fault, not an empty text."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).resolve().parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@router.get("/")
async def page(
    state: StateDep,
    lang: LangDep,
    ids: Annotated[str, _FIELD] = "",
    specialty: Annotated[str, _FIELD] = "",
    where: Annotated[str, _FIELD] = "",
    wait: bool = False,
) -> Response:
    """The form and, once filled in, the results: streamed by the page's script, or waited for (`wait`)."""
    form = SearchForm(ids, specialty, where)
    plan: Plan | None = None
    error: SasError | None = None
    if not form.is_empty:
        try:
            plan = await state.pages.plan(form, state.clock.now())
        except InvalidSearchError as refused:
            error = refused
    last: Update | None = None
    cards: list[Card] = []
    if plan is not None and wait:
        last, cards = await _whole(plan, state, lang)
    query = {"ids": ids, "specialty": specialty, "where": where, "lang": lang.value}
    html = state.templates.get_template("search.html").render(
        lang=lang.value,
        t=_chooser(lang),
        form=form,
        directory=state.pages.directory,
        plan=plan,
        error=error.text.to(lang) if error else "",
        days=rules.days(state.clock.now(), lang),
        searched_at=rules.clock_time(plan.now, lang) if plan else "",
        last=last,
        cards=cards,
        query=urlencode({name: value for name, value in query.items() if value}),
        other_query=urlencode({**{n: v for n, v in query.items() if v}, "lang": "fr" if lang is Lang.EN else "en"}),
    )
    return HTMLResponse(html, 422 if error else 200, dict(_HEADERS))


@router.get("/search/stream")
async def stream(
    state: StateDep,
    lang: LangDep,
    ids: Annotated[str, _FIELD] = "",
    specialty: Annotated[str, _FIELD] = "",
    where: Annotated[str, _FIELD] = "",
) -> Response:
    """What the page's script puts in as it comes: server-sent events `update`, the last one with `done`."""
    plan = await state.pages.plan(SearchForm(ids, specialty, where), state.clock.now())
    headers = {**NO_STORE, "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(plan, state, lang), media_type="text/event-stream", headers=headers)


async def _events(plan: Plan, state: State, lang: Lang) -> AsyncIterator[bytes]:
    macros: Any = state.templates.get_template("parts.html").make_module({"t": _chooser(lang)})
    async with aclosing(state.pages.updates(plan, lang)) as updates:
        async for update in updates:
            # One card an event: a browser paints between two events, and the loop serves others between two renderings.
            for card in update.cards:
                yield event("card", {"key": card.key, "order": card.order, "html": str(macros.card(card))})
            yield event(
                "update",
                {
                    "status": update.status,
                    "editors": str(macros.editors(update.editors)),
                    "done": update.done,
                    "tail": str(macros.tail(update)) if update.done else "",
                },
            )


async def _whole(plan: Plan, state: State, lang: Lang) -> tuple[Update | None, list[Card]]:
    last: Update | None = None
    cards: dict[str, Card] = {}
    async with aclosing(state.pages.updates(plan, lang)) as updates:
        async for update in updates:
            last = update
            cards.update((card.key, card) for card in update.cards)
    return last, sorted(cards.values(), key=lambda card: card.order)


def _chooser(lang: Lang) -> Any:
    def choose(fr: str, en: str) -> str:
        return en if lang is Lang.EN else fr

    return choose

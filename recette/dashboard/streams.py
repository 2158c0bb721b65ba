"""A page that is open follows what happens: a run’s progress, time that is left, a journal that moved (server-sent
events). Fragments are rendered here, so that the page’s script only puts them in their place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from recette.dashboard import pages, rules
from recette.dashboard.dependencies import LangDep, State, StateDep
from recette.dashboard.rendering import rendered
from sas_kernel.errors import SasError
from sas_kernel.text import Lang

router = APIRouter(include_in_schema=False)

_REFRESH = 30.0
"""Seconds between two tellings of the time that is left; they also keep the connection open."""


@router.get("/direct")
async def follow_all(request: Request, state: StateDep, lang: LangDep) -> Response:
    return _stream(request, state, lang, None)


@router.get("/projets/{project}/direct")
async def follow(request: Request, state: StateDep, lang: LangDep, project: str) -> Response:
    await state.shelf.book(project)
    return _stream(request, state, lang, project)


def _stream(request: Request, state: State, lang: Lang, project: str | None) -> Response:
    if state.streams.locked():
        raise HTTPException(503, "Trop de pages ouvertes / too many open pages.", headers={"Retry-After": "30"})
    events = _events(request, state, lang, project)
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _events(request: Request, state: State, lang: Lang, project: str | None) -> AsyncIterator[str]:
    """`live` where runs moved, `dues` now and then, `journal` once when there is something new: then read again."""
    async with state.streams:
        yield "retry: 3000\n\n"
        shown, numbers, waited = "", await _numbers(state, project), 0.0
        while not (state.is_closing or await request.is_disconnected()):
            try:
                live = rendered(
                    state,
                    lang,
                    "live.html",
                    live=await state.shelf.live(project),
                    machine=state.machine.now(),
                    project=project,
                )
                if live != shown:
                    shown = live
                    yield event("live", live)
                if await _numbers(state, project) != numbers:
                    yield event("journal", "")
                    return
                waited += state.settings.poll_seconds
                if waited >= _REFRESH:
                    waited = 0.0
                    yield event("dues", await _dues(state, lang, project))
            except SasError:
                yield event("journal", "")  # the page itself says what is wrong
                return
            await asyncio.sleep(state.settings.poll_seconds)


async def _numbers(state: State, project: str | None) -> tuple[tuple[str, int], ...]:
    """The last entry of each journal."""
    if project is not None:
        return ((project, (await state.shelf.book(project)).entries[-1].number),)
    return await state.shelf.lasts()


async def _dues(state: State, lang: Lang, project: str | None) -> str:
    now = state.clock.now()
    if project is not None:
        view = await state.shelf.view(await state.shelf.book(project), now)
        return rendered(state, lang, "dues.html", view=view, book=view.book)
    shown, _ = await pages.views(state, now)
    return rendered(state, lang, "pressing.html", pressing=rules.first_due(shown, pages.MOST_DUES))


def event(name: str, data: str) -> str:
    """One server-sent event; lines of data are kept apart."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n"

"""The regulator's pages: `/`, where he searches, and `/rendez-vous`.

A page arrives at once and what it waits for follows; without JavaScript it arrives complete.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

import jinja2
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from starlette.exceptions import HTTPException

from sas_kernel.errors import SasError
from sas_kernel.text import Lang, Text
from sas_platform.appointments.model import AppointmentsUnavailableError, Status
from sas_platform.appointments.service import MOST_SHOWN
from sas_platform.dependencies import LangDep, State, StateDep
from sas_platform.regulators.model import RegulatorsUnavailableError
from sas_platform.slot_search.endpoints import NO_STORE, event
from sas_platform.slot_search.model import InvalidSearchError, Plan
from sas_platform.sso.endpoints import SignedInDep
from sas_platform.sso.model import COOKIE, SignedIn, SignOnUnavailableError
from sas_platform.web import rules
from sas_platform.web.model import Card, SearchForm, Told, Update

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
    request: Request,
    state: StateDep,
    lang: LangDep,
    person: SignedInDep,
    ids: Annotated[str, _FIELD] = "",
    specialty: Annotated[str, _FIELD] = "",
    where: Annotated[str, _FIELD] = "",
    wait: bool = False,
) -> Response:
    """The form and, once filled in, the results: streamed by the page's script, or waited for (`wait`)."""
    if person is None and state.settings.sign_in_required:
        return _to_sign_in(request, lang)
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
        **await _personal(person, state, lang, None, most=1 if plan else PANEL),
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
    person: SignedInDep,
    ids: Annotated[str, _FIELD] = "",
    specialty: Annotated[str, _FIELD] = "",
    where: Annotated[str, _FIELD] = "",
) -> Response:
    """What the page's script puts in as it comes: server-sent events `update`, the last one with `done`."""
    if person is None and state.settings.sign_in_required:
        raise HTTPException(401, _SIGN_IN.to(lang))
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


# --- appointments ----------------------------------------------------------------------------------------------------

PANEL: Final = 3  # appointments on the search page, one once it has results; all have a page of their own
HEARTBEAT: Final = 15.0  # seconds after which a silent connection is told to be alive
_SIGN_IN: Final = Text("Connectez-vous d’abord (/connexion).", "Sign in first (/connexion).")

_STATE = Query(alias="etat", max_length=20)


@router.get("/rendez-vous")
async def appointments(
    request: Request, state: StateDep, lang: LangDep, person: SignedInDep, status: Annotated[str, _STATE] = ""
) -> Response:
    """All appointments that editors reported for whoever is signed in, with what happened to each."""
    if person is None:
        return _to_sign_in(request, lang)
    shown = _status(status)
    query = {"etat": shown.value if shown else "", "lang": lang.value}
    html = state.templates.get_template("appointments.html").render(
        **await _personal(person, state, lang, shown, most=MOST_SHOWN),
        lang=lang.value,
        t=_chooser(lang),
        printed_at=rules.moment(state.clock.now(), lang),
        other_query=urlencode({**{n: v for n, v in query.items() if v}, "lang": "fr" if lang is Lang.EN else "en"}),
    )
    return HTMLResponse(html, headers=dict(_HEADERS))


@router.get("/appointments/stream")
async def appointments_stream(
    request: Request,
    state: StateDep,
    lang: LangDep,
    after: Annotated[int | None, Query(ge=0)] = None,
    status: Annotated[str, _STATE] = "",
) -> Response:
    """What changes while a page is open: server-sent events `appointment`, from `Last-Event-ID` or `after` on.

    It ends with an event `ended` when the session does: listening does not prolong it.
    """
    visit = await state.sign_on.visit(request.cookies.get(COOKIE), state.clock.now())
    if visit is None:
        raise HTTPException(401, _SIGN_IN.to(lang))
    last = request.headers.get("last-event-id", "")
    if last.isascii() and last.isdigit() and len(last) < 19:
        after = int(last)
    begin = await state.appointments.newest() if after is None else after
    news = _news(visit.session.id, visit.regulator.id, begin, _status(status), state, lang)
    headers = {**NO_STORE, "X-Accel-Buffering": "no"}
    return StreamingResponse(news, media_type="text/event-stream", headers=headers)


async def _news(
    session_id: str, regulator_id: int, after: int, status: Status | None, state: State, lang: Lang
) -> AsyncIterator[bytes]:
    macros: Any = state.templates.get_template("parts.html").make_module({"t": _chooser(lang)})
    yield b": open\n\n"
    # Where the database does not answer, the stream ends: the page opens another one, which goes on after this one.
    with suppress(AppointmentsUnavailableError, RegulatorsUnavailableError, SignOnUnavailableError):
        while await state.sign_on.visit_of(session_id, state.clock.now()) is not None:
            if state.stopping.begun:  # the page opens another one, which somebody else answers
                return
            arrival = state.appointments.arrival()  # before looking: what comes meanwhile is not slept through
            told = state.appointment_pages.told(regulator_id, after, state.clock.now(), lang, status)
            async with aclosing(told) as changes:
                async for change in changes:
                    after = change.number
                    yield _told(change, macros, lang)
            if not await state.appointments.arrived(arrival, HEARTBEAT):
                yield b": alive\n\n"
        yield event("ended", {})


def _told(change: Told, macros: Any, lang: Lang) -> bytes:
    data = {
        "key": change.line.key,
        "status": change.line.status,
        "said": change.line.headline,
        "html": str(macros.appointment(change.line)),
        "filters": str(macros.filters(change.filters, lang.value)),
    }
    return b"id: %d\n" % change.number + event("appointment", data)


async def _personal(
    person: SignedIn | None, state: State, lang: Lang, status: Status | None, *, most: int
) -> dict[str, Any]:
    """What every page shows of who is signed in: name, territory, appointments, and where to go on listening."""
    if person is None:
        return {"person": None, "lines": (), "filters": (), "news": "", "most": most}
    regulator_id, now = person.regulator.id, state.clock.now()
    after = await state.appointments.newest()  # before reading, so that nothing falls between the page and its stream
    return {
        "person": person,
        "lines": await state.appointment_pages.lines(regulator_id, now, lang, status, most),
        "filters": await state.appointment_pages.filters(regulator_id, status, lang),
        "news": "/appointments/stream?"
        + urlencode({"after": after, "etat": status.value if status else "", "lang": lang.value}),
        "most": most,
    }


def _status(written: str) -> Status | None:
    return next((status for status in Status if status == written), None)


def _to_sign_in(request: Request, lang: Lang) -> Response:
    """The sign-in page, which leads back here."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    language = "" if lang is Lang.FR else f"&lang={lang.value}"
    return RedirectResponse(f"/connexion?vers={quote(here, safe='')}{language}", 303, headers=dict(_HEADERS))


def _chooser(lang: Lang) -> Any:
    def choose(fr: str, en: str) -> str:
        return en if lang is Lang.EN else fr

    return choose

"""`/api/slots/search`, in one answer or as it comes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import ExitStack, aclosing
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from sas_kernel.text import Text
from sas_kit.room import Visit
from sas_kit.web import problem
from sas_platform.dependencies import BodyDep, LangDep, State, StateDep, decoded
from sas_platform.openapi import body_of, json_of, problems
from sas_platform.slot_search import schemas
from sas_platform.slot_search.model import (
    LotOutcome,
    LotReport,
    LotRequest,
    Plan,
    SearchOverloadedError,
    SearchQuery,
    SearchResult,
)
from sas_platform.slot_search.question.rules import association_id, practitioner_id
from sas_platform.slot_search.rules import merge
from sas_platform.slot_search.service import editor_reports

router = APIRouter(prefix="/api/slots/search", tags=["slot_search"])

NO_STORE = {"Cache-Control": "no-store"}  # slots are stored nowhere, browsers' and proxies' caches included
_EVENTS = {**NO_STORE, "X-Accel-Buffering": "no"}
CLIENT_GONE = 499  # as nginx logs it; nobody reads it
ONE_BODY = 1024 * 1024  # bytes; a larger answer leaves in pieces, so that it is not in memory twice
PIECE = 256 * 1024
_LISTED = "National ids, repeated or separated by commas"
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `plan` (PlannedEvent), then one `lot` (LotEvent) a request, then `done` (DoneEvent).",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.post(
    "",
    responses={**json_of(200, "SearchAnswer"), **problems(400, 413, 422, 503)},
    openapi_extra=body_of("SearchBody"),
)
async def search(request: Request, body: BodyDep, state: StateDep, lang: LangDep) -> Response:
    """Ask every connected editor at once; answer when the last one has answered or run out of time."""
    query = decoded(body, schemas.SearchBody).to_query()
    found = state.slot_search
    with ExitStack() as stack:
        try:
            visit = stack.enter_context(found.visit(may_give_way=True))
            result = await _while_awaited(request, found.search(query, state.clock.now(), visit))
        except SearchOverloadedError as error:
            title = Text("Trop de recherches", "Too many searches").to(lang)
            later = {"Retry-After": str(math.ceil(found.bounds.answer))}  # those under way are over by then
            return problem(503, title, error.text.to(lang), headers=later)
        if result is None:
            return Response(status_code=CLIENT_GONE)
        visit.may_give_way = False
        pieces = schemas.pieces(result)
        del result  # the pieces let go of it one after the other
        first = _up_to(pieces, ONE_BODY)
        if len(first) < ONE_BODY:
            return Response(first, media_type="application/json", headers=dict(NO_STORE))
        stack.pop_all()
        return _Held(visit, first, pieces)


async def _while_awaited(request: Request, searching: Coroutine[Any, Any, SearchResult]) -> SearchResult | None:
    """What is found, unless the client goes away first: its search then ends and gives back what it holds."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    search, leaving = asyncio.ensure_future(searching), asyncio.ensure_future(gone())
    try:
        await asyncio.wait((search, leaving), return_when=asyncio.FIRST_COMPLETED)
        return search.result() if search.done() else None
    finally:
        leaving.cancel()
        if not search.done():
            search.cancel()
            await asyncio.wait((search,))


def _up_to(pieces: Iterator[bytes], size: int) -> bytes:
    """The next pieces, of `size` bytes or more unless there are no more."""
    taken = bytearray()
    for piece in pieces:
        taken += piece
        if len(taken) >= size:
            break
    return bytes(taken)


class _Held(StreamingResponse):
    """A large answer, rendered as its client reads it; what it is made of counts as held until then."""

    def __init__(self, visit: Visit, first: bytes, pieces: Iterator[bytes]) -> None:
        super().__init__(self._all(first, pieces), media_type="application/json", headers=dict(NO_STORE))
        self._visit = visit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._visit:
            await super().__call__(scope, receive, send)

    @staticmethod
    async def _all(piece: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        while piece:
            yield piece
            piece = _up_to(pieces, PIECE)


@router.post("/stream", responses={**_STREAM, **problems(400, 413, 422)}, openapi_extra=body_of("SearchBody"))
async def stream(body: BodyDep, state: StateDep) -> Response:
    """The same search as server-sent events: each editor's slots as they arrive."""
    return await _stream(decoded(body, schemas.SearchBody).to_query(), state)


@router.get("/stream", responses={**_STREAM, **problems(422)})
async def stream_by_query(
    state: StateDep,
    practitioner: Annotated[list[str], Query(description=_LISTED)] = [],  # noqa: B006  FastAPI copies it
    start: str | None = None,
    end: str | None = None,
    cpts: bool = False,
    sos: Annotated[list[str], Query(description=_LISTED)] = [],  # noqa: B006  FastAPI copies it
) -> Response:
    """The same for a browser's EventSource, which can only GET."""
    query = SearchQuery(
        tuple(practitioner_id(value) for value in _values(practitioner)),
        schemas.instant("start", start),
        schemas.instant("end", end),
        cpts,
        tuple(association_id(value) for value in _values(sos)),
    )
    return await _stream(query, state)


def _values(repeated: list[str]) -> list[str]:
    return [value for each in repeated for value in each.split(",") if value.strip()]


async def _stream(query: SearchQuery, state: State) -> Response:
    begun = asyncio.get_running_loop().time()
    plan = await state.slot_search.plan(query, state.clock.now())  # a refusal is an ordinary problem, not an event
    return StreamingResponse(_events(plan, state, begun), media_type="text/event-stream", headers=dict(_EVENTS))


async def _events(plan: Plan, state: State, begun: float) -> AsyncIterator[bytes]:
    yield event("plan", schemas.planned(plan))
    reports: list[tuple[LotRequest, LotReport]] = []
    with state.slot_search.visit(since=begun) as visit:
        async with aclosing(state.slot_search.outcomes(plan, visit, passed_on=True)) as outcomes:
            async for outcome in outcomes:
                reports.append((outcome.request, outcome.report))
                yield _lot(outcome)
                del outcome  # once sent, nothing of it is kept while the next one is waited for
    yield event("done", schemas.DoneEvent(schemas.editors(editor_reports(plan, reports))))


def _lot(outcome: LotOutcome) -> bytes:
    asked = outcome.request.editor
    merged = merge([(asked.id, outcome.offers)])
    return event(
        "lot",
        schemas.LotEvent(
            schemas.AskedEditor(asked.id, asked.name),
            schemas.lot(outcome.report),
            schemas.availabilities(merged.availabilities()),
            schemas.sites(merged.sites()),
        ),
    )


def event(name: str, data: object) -> bytes:
    """One server-sent event; JSON has no raw line break, so one `data` line holds it."""
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"

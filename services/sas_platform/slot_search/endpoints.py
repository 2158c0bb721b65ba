"""`/api/slots/search`, in one answer or as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from sas_platform.dependencies import BodyDep, State, StateDep, decoded
from sas_platform.openapi import body_of, json_of, problems
from sas_platform.slot_search import schemas
from sas_platform.slot_search.model import LotReport, LotRequest, Plan, SearchQuery
from sas_platform.slot_search.question.rules import association_id, practitioner_id
from sas_platform.slot_search.rules import merge
from sas_platform.slot_search.service import editor_reports

router = APIRouter(prefix="/api/slots/search", tags=["slot_search"])

NO_STORE = {"Cache-Control": "no-store"}  # slots are stored nowhere, browsers' and proxies' caches included
_EVENTS = {**NO_STORE, "X-Accel-Buffering": "no"}
_LISTED = "National ids, repeated or separated by commas"
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `plan` (PlannedEvent), then one `lot` (LotEvent) a request, then `done` (DoneEvent).",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.post(
    "",
    responses={**json_of(200, "SearchAnswer"), **problems(400, 413, 422)},
    openapi_extra=body_of("SearchBody"),
)
async def search(body: BodyDep, state: StateDep) -> Response:
    """Ask every connected editor at once; answer when the last one has answered or run out of time."""
    query = decoded(body, schemas.SearchBody).to_query()
    result = await state.slot_search.search(query, state.clock.now())
    return Response(msgspec.json.encode(schemas.answer(result)), media_type="application/json", headers=dict(NO_STORE))


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
    plan = await state.slot_search.plan(query, state.clock.now())  # a refusal is an ordinary problem, not an event
    return StreamingResponse(_events(plan, state), media_type="text/event-stream", headers=dict(_EVENTS))


async def _events(plan: Plan, state: State) -> AsyncIterator[bytes]:
    yield event("plan", schemas.planned(plan))
    reports: list[tuple[LotRequest, LotReport]] = []
    async with aclosing(state.slot_search.outcomes(plan)) as outcomes:
        async for outcome in outcomes:
            reports.append((outcome.request, outcome.report))
            asked = outcome.request.editor
            merged = merge([(asked.id, outcome.offers)])
            yield event(
                "lot",
                schemas.LotEvent(
                    schemas.AskedEditor(asked.id, asked.name),
                    schemas.lot(outcome.report),
                    schemas.availabilities(merged.availabilities()),
                    schemas.sites(merged.sites()),
                ),
            )
    yield event("done", schemas.DoneEvent(schemas.editors(editor_reports(plan, reports))))


def event(name: str, data: object) -> bytes:
    """One server-sent event; JSON has no raw line break, so one `data` line holds it."""
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"

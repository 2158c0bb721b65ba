"""`GET [base]/Slot` (INT_R01, INT_R04), `GET [base]/Schedule` (SOS) and `GET [base]/metadata`: parse, call, render."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from agenda_editor import __version__
from agenda_editor.dependencies import BASE_PATH, DirectRoute, negotiate, state_of
from agenda_editor.slot_search import fhir, rules
from sas_fhir import media
from sas_kit.web import external_base

router = APIRouter(prefix=BASE_PATH, tags=["slot search"], route_class=DirectRoute)


def _parameter(name: str, description: str, example: Any, *, required: bool, repeated: bool = False) -> dict[str, Any]:
    text = {"type": "string", "example": example}
    schema = {"type": "array", "items": text, "minItems": 2, "maxItems": 2} if repeated else text
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}


_RESPONSES: Final[dict[str, Any]] = {
    str(status): {"description": text, "content": {"application/fhir+json": {"schema": {"type": "object"}}}}
    for status, text in {
        200: "A searchset Bundle, empty when nothing matches",
        400: "An OperationOutcome naming the parameter and what to correct",
        405: "An OperationOutcome: only GET is offered",
        406: "An OperationOutcome: only JSON is spoken",
        503: "An OperationOutcome: the agenda is unavailable for now",
    }.items()
}

_SLOT_DOCUMENTATION: Final[dict[str, Any]] = {
    "parameters": [
        _parameter(
            rules.START,
            "Given twice: ge and le. Without an offset the value is Europe/Paris time.",
            "ge2031-03-10T08:00:00.000+01:00",
            required=True,
            repeated=True,
        ),
        _parameter(
            rules.IDENTIFIER,
            "1 to 25 tokens `urn:oid:1.2.250.1.71.4.2.1|<prefixed RPPS or ADELI>`, separated by commas.",
            "urn:oid:1.2.250.1.71.4.2.1|810123400017",
            required=True,
        ),
        _parameter(rules.STATUS, "Only free slots are ever given.", "free", required=True),
        _parameter(
            "_include",
            f"With {rules.CPTS_INCLUDES[0]} the answer is that of INT_R04, with CPTS slots; any other is answered as "
            "if sent.",
            rules.INCLUDES[0],
            required=False,
        ),
        _parameter("_include:iterate", "Always answered as if sent.", rules.INCLUDES[1], required=False),
        _parameter("_format", "Beats the Accept header.", "json", required=False),
    ],
    "responses": _RESPONSES,
}

_SCHEDULE_DOCUMENTATION: Final[dict[str, Any]] = {
    "parameters": [
        _parameter(
            rules.SOS_START,
            "Given twice: ge and le. Without an offset the value is Europe/Paris time.",
            "ge2031-03-10T08:00:00.000+01:00",
            required=True,
            repeated=True,
        ),
        _parameter(
            rules.SOS_IDENTIFIER,
            "1 to 25 tokens `urn:oid:1.2.250.1.71.4.2.2|<SIRET with its prefix 3>`, separated by commas.",
            "urn:oid:1.2.250.1.71.4.2.2|399000000000306",
            required=True,
        ),
        _parameter(rules.SOS_STATUS, "Only free slots are ever given.", "free", required=True),
        _parameter("_revinclude", "Always answered as if sent.", rules.SOS_INCLUDES[0], required=False),
        _parameter("_include", "Always answered as if sent.", rules.SOS_INCLUDES[1], required=False),
        _parameter("_include:iterate", "Always answered as if sent.", rules.SOS_INCLUDES[2], required=False),
        _parameter("_format", "Beats the Accept header.", "json", required=False),
    ],
    "responses": _RESPONSES,
}


@router.get("/Slot", openapi_extra=_SLOT_DOCUMENTATION, response_class=Response, summary="Search free slots")
@router.get("/Slot/", include_in_schema=False, response_class=Response)
async def search_slots(request: Request) -> Response:
    return await _searched(request, state_of(request).slot_search.search)


@router.get(
    "/Schedule",
    openapi_extra=_SCHEDULE_DOCUMENTATION,
    response_class=Response,
    summary="Search free slots of SOS Médecins",
)
@router.get("/Schedule/", include_in_schema=False, response_class=Response)
async def search_associations(request: Request) -> Response:
    return await _searched(request, state_of(request).slot_search.search_associations)


async def _searched(request: Request, search: Callable[..., Awaitable[bytes]]) -> Response:
    state, scope = state_of(request), request.scope
    parameters = negotiate(request)
    base = external_base(scope)
    answer = await search(
        parameters,
        state.clock.now(),
        prefer=request.headers.getlist("prefer"),
        self_url=_as_received(base, scope, scope["query_string"]),
        base_url=base + BASE_PATH,
    )
    return Response(answer, media_type=media.FHIR_JSON)


@router.post("/Slot/_search", include_in_schema=False)
@router.post("/Schedule/_search", include_in_schema=False)
async def search_by_post(_request: Request) -> Response:
    """FHIR's other way to search is not offered: a POST of its own is refused, not taken for an unknown path."""
    raise HTTPException(405, headers={"allow": ""})


@router.get("/metadata", response_class=Response, summary="What this server offers")
async def metadata(request: Request) -> Response:
    negotiate(request)
    statement = fhir.capability_statement(external_base(request.scope) + BASE_PATH, __version__)
    return Response(msgspec.json.encode(statement), media_type=media.FHIR_JSON)


def _as_received(base: str, scope: Any, raw_query: bytes) -> str:
    """The URL as the client wrote it: same spelling, same encoding, same order."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    return f"{base}{path}?{raw_query.decode('utf-8', errors='replace')}" if raw_query else base + path

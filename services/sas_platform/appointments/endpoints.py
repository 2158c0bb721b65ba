"""`POST [base]/Appointment` and `PUT [base]/Appointment?identifier=…` (INT_R03): parse, call, answer.

Nothing is ever read back. An editor is not known by a certificate yet, so that whoever could read an appointment could
read everybody's; and no source asks for it: the answers are a status and `Location`, which names the appointment and
leads nowhere (405).
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from sas_fhir import media, search
from sas_kit.web import bounded_body, external_base
from sas_platform.appointments import fhir, rules
from sas_platform.dependencies import BASE_PATH, StateDep, negotiate

router = APIRouter(prefix=BASE_PATH, tags=["INT_R03"])

MAX_BYTES: Final = 64 * 1024

_FORMAT: Final[dict[str, Any]] = {
    "name": "_format",
    "in": "query",
    "required": False,
    "description": "Beats the Accept header.",
    "schema": {"type": "string", "example": "json"},
}
_CONDITION: Final[dict[str, Any]] = {
    "name": rules.IDENTIFIER[0],
    "in": "query",
    "required": True,
    "description": "`system|value` of the appointment, or its bare value; also spelt `Identifier`.",
    "schema": {
        "type": "string",
        "example": "https://agenda.example.org/ns/rdv|9a4f0d52-58a1-4d53-8f5e-1c0a6b3e7d01",
    },
}


def _documented(parameters: list[dict[str, Any]], answers: dict[int, str]) -> dict[str, Any]:
    outcome = {"application/fhir+json": {"schema": {"type": "object"}}}
    refusals = {
        400: "An OperationOutcome: the body is no Appointment in JSON, or the condition cannot be understood",
        406: "An OperationOutcome: only JSON is spoken",
        413: "An OperationOutcome: the body is too large",
        415: "An OperationOutcome: only JSON is understood",
        422: "An OperationOutcome naming each element to correct, an unknown regulator, a known appointment",
        503: "An OperationOutcome: appointments cannot be recorded for now",
    }
    location = {"Location": {"description": "`[base]/Appointment/{id}`", "schema": {"type": "string"}}}
    return {
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "description": "A FrAppointmentSAS or a sas-sos-appointment",
            "content": {
                "application/fhir+json": {"schema": {"type": "object"}},
                "application/json": {"schema": {"type": "object"}},
            },
        },
        "responses": {
            **{str(status): {"description": text, "headers": location} for status, text in answers.items()},
            **{str(status): {"description": text, "content": outcome} for status, text in refusals.items()},
        },
    }


_CREATE: Final = _documented(
    [_FORMAT], {200: "The same creation came before: nothing has changed", 201: "The appointment is recorded"}
)
_UPDATE: Final = _documented(
    [_CONDITION, _FORMAT],
    {200: "The appointment says what was sent", 201: "It was unknown, and is recorded"},
)


@router.post(
    "/Appointment", openapi_extra=_CREATE, response_class=Response, status_code=201, summary="Tell of a new appointment"
)
@router.post("/Appointment/", include_in_schema=False, response_class=Response)
async def create(request: Request, state: StateDep) -> Response:
    negotiate(request)
    report = fhir.report_of(await _body(request))
    return _answer(request, *await state.appointments.create(report, state.clock.now()))


@router.put(
    "/Appointment", openapi_extra=_UPDATE, response_class=Response, summary="Tell of a change of an appointment"
)
@router.put("/Appointment/", include_in_schema=False, response_class=Response)
async def put(request: Request, state: StateDep) -> Response:
    negotiate(request)
    asked = rules.criterion(search.decode(request.scope["query_string"]))
    report = fhir.report_of(await _body(request))
    return _answer(request, *await state.appointments.put(asked, report, state.clock.now()))


async def _body(request: Request) -> bytes:
    media.check_content(request.headers.get("content-type"))
    return await bounded_body(request, MAX_BYTES)


def _answer(request: Request, appointment_id: int, created: bool) -> Response:
    base = external_base(request.scope) + BASE_PATH
    return Response(
        status_code=201 if created else 200, headers={"location": f"{base}/Appointment/rdv-{appointment_id}"}
    )


_OTHERS: Final = ["GET", "HEAD", "DELETE", "PATCH"]


@router.api_route("/Appointment", methods=_OTHERS, include_in_schema=False)
@router.api_route("/Appointment/", methods=_OTHERS, include_in_schema=False)
async def other_methods(_request: Request) -> Response:
    """Appointments are neither searched nor deleted."""
    raise HTTPException(405, headers={"allow": "POST, PUT"})


@router.api_route("/Appointment/{path:path}", methods=[*_OTHERS, "POST", "PUT"], include_in_schema=False)
async def by_id(_request: Request) -> Response:
    """An appointment is not read, and not changed by an id that only we know."""
    raise HTTPException(405, headers={"allow": ""})

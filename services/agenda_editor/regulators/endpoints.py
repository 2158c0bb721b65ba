"""`POST [base]/Practitioner` and `PUT [base]/Practitioner?identifier=…`: parse, call, render."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from agenda_editor.dependencies import BASE_PATH, DirectRoute, fhir_body, negotiate, state_of
from agenda_editor.regulators import fhir, rules
from agenda_editor.regulators.model import Regulator
from sas_fhir import instants, media, search
from sas_kit.web import external_base

router = APIRouter(prefix=BASE_PATH, tags=["INT_R02"], route_class=DirectRoute)

_FORMAT: Final[dict[str, Any]] = {
    "name": "_format",
    "in": "query",
    "required": False,
    "description": "Beats the Accept header.",
    "schema": {"type": "string", "example": "json"},
}
_CONDITION: Final[dict[str, Any]] = {
    "name": rules.IDENTIFIER,
    "in": "query",
    "required": True,
    "description": "`system|value` of the account as it is known so far: the national id, or the SAS technical UUID.",
    "schema": {"type": "string", "example": "urn:oid:1.2.250.1.71.4.2.1|3990000058/00417AB"},
}


def _documented(parameters: list[dict[str, Any]], answers: dict[int, str]) -> dict[str, Any]:
    fhir_object = {"application/fhir+json": {"schema": {"type": "object"}}}
    refusals = {
        400: "An OperationOutcome: the body is no Practitioner in JSON, or the condition cannot be understood",
        406: "An OperationOutcome: only JSON is spoken",
        413: "An OperationOutcome: the body is too large",
        415: "An OperationOutcome: only JSON is understood",
        422: "An OperationOutcome naming each element to correct, or the identifier that another account has",
        503: "An OperationOutcome: the accounts are unavailable for now",
    }
    location = {"Location": {"description": "`[base]/Practitioner/{id}`", "schema": {"type": "string"}}}
    return {
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "description": "A FrPractitionerRegul",
            "content": {
                "application/fhir+json": {"schema": {"type": "object"}},
                "application/json": {"schema": {"type": "object"}},
            },
        },
        "responses": {
            str(status): {"description": text, "content": fhir_object}
            | ({"headers": location} if status in {200, 201} else {})
            for status, text in sorted((answers | refusals).items())
        },
    }


_CREATE: Final = _documented([_FORMAT], {201: "The account as it is stored"})
_UPDATE: Final = _documented(
    [_CONDITION, _FORMAT],
    {
        200: "The account as it is stored",
        201: "No account had this identifier: one was created",
        412: "An OperationOutcome: several active accounts match",
    },
)


@router.post(
    "/Practitioner", openapi_extra=_CREATE, response_class=Response, status_code=201, summary="Create an account"
)
@router.post("/Practitioner/", include_in_schema=False, response_class=Response)
async def create(request: Request) -> Response:
    negotiate(request)
    details = fhir.details_of(await fhir_body(request))
    state = state_of(request)
    regulator = await state.regulators.create(details, instants.milliseconds(state.clock.now()))
    return _answer(request, regulator, created=True)


@router.put(
    "/Practitioner", openapi_extra=_UPDATE, response_class=Response, summary="Change the account of an identifier"
)
@router.put("/Practitioner/", include_in_schema=False, response_class=Response)
async def put(request: Request) -> Response:
    negotiate(request)
    asked = rules.criterion(search.decode(request.scope["query_string"]))
    details = fhir.details_of(await fhir_body(request))
    state = state_of(request)
    regulator, created = await state.regulators.put(asked, details, instants.milliseconds(state.clock.now()))
    return _answer(request, regulator, created=created)


def _answer(request: Request, regulator: Regulator, *, created: bool) -> Response:
    base = external_base(request.scope) + BASE_PATH
    return Response(
        msgspec.json.encode(fhir.resource(regulator)),
        status_code=201 if created else 200,
        headers={"location": f"{base}/Practitioner/{fhir.resource_id(regulator)}"},
        media_type=media.FHIR_JSON,
    )


_OTHERS: Final = ["GET", "HEAD", "DELETE", "PATCH"]


@router.api_route("/Practitioner", methods=_OTHERS, include_in_schema=False)
@router.api_route("/Practitioner/", methods=_OTHERS, include_in_schema=False)
async def other_methods(_request: Request) -> Response:
    """Accounts are neither searched nor deleted."""
    raise HTTPException(405, headers={"allow": "POST, PUT"})


@router.api_route("/Practitioner/{path:path}", methods=[*_OTHERS, "POST", "PUT"], include_in_schema=False)
async def by_id(_request: Request) -> Response:
    """An account is not read, and not changed by an id that only we know."""
    raise HTTPException(405, headers={"allow": ""})

"""`GET [base]/metadata`, and errors below the FHIR base as OperationOutcome; elsewhere they stay problems."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from sas_fhir import media
from sas_fhir.operation_outcome import Outcome
from sas_kernel.errors import SasError
from sas_kit.web import external_base
from sas_platform.conformance import fhir
from sas_platform.dependencies import BASE_PATH, negotiate

router = APIRouter(prefix=BASE_PATH, tags=["INT_R03"])

_log = logging.getLogger(__name__)


@router.get("/metadata", response_class=Response, summary="What this FHIR server offers")
async def metadata(request: Request) -> Response:
    negotiate(request)
    statement = fhir.capability_statement(external_base(request.scope) + BASE_PATH, request.app.version)
    return Response(msgspec.json.encode(statement), media_type=media.FHIR_JSON)


def install_error_handlers(app: FastAPI) -> None:
    """Call it last: what is not below the FHIR base goes to the handlers that were there before."""
    before = {kind: app.exception_handlers[kind] for kind in (HTTPException, SasError, Exception)}

    async def answered(request: Request, error: Exception) -> Response:
        kind = next(kind for kind in before if isinstance(error, kind))
        if not _below_fhir(request):
            return await _called(before[kind], request, error)
        if isinstance(error, HTTPException):
            return _response(fhir.refusal(error.status_code), dict(error.headers or {}))
        outcome = fhir.outcome_of(error)
        if outcome.status >= 500:
            _log.error("%s below the FHIR base failed", request.method, exc_info=error)
        return _response(outcome, {"retry-after": "5"} if outcome.status == 503 else {})

    for kind in before:
        app.add_exception_handler(kind, answered)


async def _called(handler: Callable[..., Any], request: Request, error: Exception) -> Response:
    answer: Awaitable[Response] = handler(request, error)
    return await answer


def _below_fhir(request: Request) -> bool:
    path: str = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return path == BASE_PATH or path.startswith(BASE_PATH + "/")


def _response(outcome: Outcome, headers: dict[str, str]) -> Response:
    return Response(outcome.to_json(), status_code=outcome.status, headers=headers, media_type=media.FHIR_JSON)

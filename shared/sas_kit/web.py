"""What every web service needs and no protocol owns: problems, health, the base URL as the client sees it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from sas_kit.stopping import Stopping

_log = logging.getLogger(__name__)

_READY_AGAIN: Final = "5"  # seconds
PROBLEM_MEDIA_TYPE = "application/problem+json"


def problem(
    status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any
) -> Response:
    """An error of a plain HTTP API (RFC 9457): what happened in `title`, what to correct in `detail`."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=None if headers is None else dict(headers),
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Every error that no other handler answers leaves as a problem; none shows a traceback."""

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, _title(error.status_code), str(error.detail), headers=error.headers)

    async def malformed(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = [
            {"location": ".".join(str(part) for part in fault["loc"]), "message": str(fault["msg"])}
            for fault in error.errors()
        ]
        detail = "; ".join(f"{fault['location']}: {fault['message']}" for fault in faults)
        return problem(422, "Unprocessable request", detail, errors=faults)

    async def gone(_request: Request, _error: Exception) -> Response:
        # Nobody reads it; it is counted as the client's doing, which it is, and no fault of ours is told.
        return problem(400, _title(400), "The client left before its request was whole.")

    async def broken(request: Request, error: Exception) -> Response:
        _log.error("unexpected error on %s %s", request.method, route_of(request), exc_info=error)
        return problem(500, "Internal error", "The service failed on this request. The fault was logged.")

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(Exception, broken)


def _title(status: int) -> str:
    return {
        400: "Bad request",
        401: "Authentication required",
        403: "Forbidden",
        404: "Not found",
        405: "Method not allowed",
        409: "Conflict",
        413: "Request too large",
        503: "Service unavailable",
    }.get(status, "Request refused")


def health_router(ready: Callable[[], Awaitable[Mapping[str, bool]]], stopping: Stopping | None = None) -> APIRouter:
    """`/health/live`: the process answers. `/health/ready`: each thing it leans on does too, and it is not about to
    stop (503 otherwise)."""
    router = APIRouter(prefix="/health", tags=["health"])

    @router.get("/live")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @router.get("/ready", responses={503: {"description": "Something the service leans on does not answer"}})
    async def is_ready() -> Response:
        parts = dict(await ready())
        if stopping is not None:
            parts["accepting"] = not stopping.begun
        good = all(parts.values())
        body = {"status": "ready" if good else "not ready", "parts": parts}
        if good:
            return Response(msgspec.json.encode(body), media_type="application/json")
        return Response(msgspec.json.encode(body), 503, {"retry-after": _READY_AGAIN}, "application/json")

    return router


def route_of(request: Request) -> str:
    """The template of the route that a request took: what a log may say in place of a path, which may name people."""
    route = request.scope.get("route")
    return "unknown" if route is None else str(route.path_format)


async def bounded_body(request: Request, most: int) -> bytes:
    """The body, read as long as it has no more than `most` bytes; an HTTP error 413 beyond."""
    announced = request.headers.get("content-length", "")
    too_large = HTTPException(413, f"Body of more than {most} bytes.")
    if announced.isascii() and announced.isdigit() and int(announced) > most:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise too_large
    return bytes(body)


async def form_fields(request: Request, most: int) -> dict[str, str]:
    """The fields of a posted form (`application/x-www-form-urlencoded`), a repeated one by its first value.

    An HTTP error 413 when the body has more than `most` bytes, 415 when it is no form, 400 when it cannot be read.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Expected application/x-www-form-urlencoded.")
    body = await bounded_body(request, most)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError as error:
        raise HTTPException(400, "The form cannot be read.") from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def external_base(scope: Mapping[str, Any], public_url: str | None = None) -> str:
    """The URL of the service as its client wrote it, without a trailing slash: scheme, Host header and root path.

    `public_url` wins where it is set (a reverse proxy that hides the outer name).
    """
    if public_url:
        return public_url.rstrip("/")
    host = next((value.decode("latin-1") for key, value in scope["headers"] if key == b"host"), None)
    if host is None:
        name, port = scope.get("server") or ("localhost", None)
        host = name if port is None else f"{name}:{port}"
    return f"{scope['scheme']}://{host}{scope.get('root_path', '').rstrip('/')}"

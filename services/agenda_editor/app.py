"""The application: what is built at start, what answers, and how errors leave."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi_offline import FastAPIOffline
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from agenda_editor import __version__
from agenda_editor.agendas.model import AgendaUnavailableError
from agenda_editor.agendas.service import AgendaService
from agenda_editor.dependencies import BASE_PATH, State
from agenda_editor.provisioning.service import NATIONAL, ProvisioningService
from agenda_editor.provisioning.tasks import keep_fresh
from agenda_editor.regulators import endpoints as accounts
from agenda_editor.regulators.service import RegulatorService
from agenda_editor.settings import Settings
from agenda_editor.slot_search import endpoints, fhir
from agenda_editor.slot_search.service import SlotSearchService
from agenda_editor.web import endpoints as pages
from sas_fhir import instants, media
from sas_fhir.operation_outcome import Outcome
from sas_kernel import contracts, datasets
from sas_kernel.clock import Clock, SystemClock
from sas_kernel.errors import SasError
from sas_kit import database as databases
from sas_kit.database import Database
from sas_kit.web import health_router, install_problem_handlers, problem

MIGRATIONS: Final = Path(__file__).resolve().parent / "migrations"

_log = logging.getLogger(__name__)


def create_app(settings: Settings, *, clock: Clock | None = None, transport: Any = None) -> FastAPI:
    """`transport` replaces the network towards peers in tests; this flow calls nobody."""
    del transport
    time = clock or SystemClock()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(databases.migrate, settings.database_url, MIGRATIONS)
        database = Database(settings.database_url, pool_size=settings.database_pool)
        try:
            agendas = AgendaService(
                database, public_url=settings.public_url, fragment_index_bytes=settings.fragment_index_bytes
            )
            limit = contracts.service_levels()["slot_search.practitioners_per_request"]
            app.state.services = State(
                time,
                database,
                agendas,
                SlotSearchService(agendas, max_identifiers=int(limit.value)),
                RegulatorService(database),
                settings.max_request_bytes,
            )
            await agendas.render_again(instants.milliseconds(time.now()))
            async with _provisioned(agendas, settings.dataset, time):
                yield
        finally:
            await database.close()

    async def ready() -> dict[str, bool]:
        state: State = app.state.services
        try:
            return {"database": True, "migrations": await databases.is_current(state.database, MIGRATIONS)}
        except (OSError, SQLAlchemyError):
            return {"database": False, "migrations": False}

    app = FastAPIOffline(
        title="Agenda de référence",
        description=(
            "The reference agenda of recette: INT_R01, slot search for individual practitioners; "
            "INT_R02, accounts of regulators."
        ),
        version=__version__,
        lifespan=lifespan,
        redirect_slashes=False,
        redoc_url=None,
    )
    app.include_router(endpoints.router)
    app.include_router(accounts.router)
    app.include_router(pages.router)
    app.include_router(health_router(ready))
    _install_error_handlers(app)
    return app


def from_environment() -> FastAPI:
    """For a server that starts several workers: each builds its own from the same environment."""
    return settled(create_app(Settings()))


def settled(app: FastAPI) -> FastAPI:
    """Modules, routes and schemas live as long as the process: the collector need not look at them at each search."""
    gc.collect()
    gc.freeze()
    return app


@asynccontextmanager
async def _provisioned(agendas: AgendaService, name: str, clock: Clock) -> AsyncIterator[None]:
    if name in {"none", NATIONAL}:
        yield
        return
    dataset = datasets.load(name)
    provisioning = ProvisioningService(agendas)
    await provisioning.refresh(dataset, clock.now())
    task = asyncio.create_task(keep_fresh(provisioning, dataset, clock))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


# --- errors: below the FHIR base as an OperationOutcome, elsewhere as a problem ---------------------------------------


def _install_error_handlers(app: FastAPI) -> None:
    install_problem_handlers(app)
    plain_refusal = app.exception_handlers[HTTPException]
    plain_fault = app.exception_handlers[Exception]

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if not _below_fhir(request):
            return await _called(plain_refusal, request, error)
        outcome = fhir.refusal(error.status_code, request.method, request.url.path)
        return _outcome(outcome, dict(error.headers or {}))

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, SasError)
        outcome = fhir.outcome_of(error)
        if outcome.status >= 500:
            _log.error("%s %s: %s", request.method, request.url.path, error, exc_info=error)
        if _below_fhir(request):
            return _outcome(outcome, {"retry-after": "5"} if isinstance(error, AgendaUnavailableError) else {})
        status = outcome.status if isinstance(error, AgendaUnavailableError) else 404
        return problem(status, type(error).__name__, error.text.to("en"))

    async def broken(request: Request, error: Exception) -> Response:
        if not _below_fhir(request):
            return await _called(plain_fault, request, error)
        _log.error("unexpected error on %s %s", request.method, request.url.path, exc_info=error)
        return _outcome(fhir.outcome_of(error), {})

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(SasError, ours)
    app.add_exception_handler(Exception, broken)


async def _called(handler: Callable[..., Any], request: Request, error: Exception) -> Response:
    answer: Awaitable[Response] = handler(request, error)
    return await answer


def _below_fhir(request: Request) -> bool:
    path: str = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return path == BASE_PATH or path.startswith(BASE_PATH + "/")


def _outcome(outcome: Outcome, headers: dict[str, str]) -> Response:
    return Response(outcome.to_json(), status_code=outcome.status, headers=headers, media_type=media.FHIR_JSON)

"""The application: what is built at start, what answers, and how errors leave."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from argon2 import PasswordHasher
from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

import sas_kit
from agenda_editor import __version__
from agenda_editor.agendas.model import AgendaUnavailableError
from agenda_editor.agendas.service import AgendaService
from agenda_editor.appointments.client import PlatformClient
from agenda_editor.appointments.push import PushService
from agenda_editor.appointments.service import AppointmentService
from agenda_editor.appointments.tasks import dispatching
from agenda_editor.associations.service import AssociationService, render_associations_again
from agenda_editor.communities.service import CommunityService
from agenda_editor.dependencies import BASE_PATH, State
from agenda_editor.interfaces import PATHS
from agenda_editor.measures import Measures
from agenda_editor.provisioning.service import NATIONAL, ProvisioningService
from agenda_editor.provisioning.tasks import keep_fresh
from agenda_editor.regulators import endpoints as accounts
from agenda_editor.regulators.service import RegulatorService
from agenda_editor.settings import Settings
from agenda_editor.slot_search import endpoints, fhir
from agenda_editor.slot_search.service import SlotSearchService
from agenda_editor.sso.client import ProviderClient
from agenda_editor.sso.model import Lifetimes
from agenda_editor.sso.service import SignOn
from agenda_editor.web import endpoints as agenda_pages
from agenda_editor.web.appointments import endpoints as appointment_pages
from agenda_editor.web.associations import endpoints as site_pages
from agenda_editor.web.endpoints import BACK_FROM_PROVIDER, LOGGED_OUT
from agenda_editor.web.sso import endpoints as sign_on_pages
from agenda_editor.web.staff import endpoints as staff_pages
from sas_fhir import instants, media
from sas_fhir.operation_outcome import Outcome, overloaded
from sas_kernel import clock as clocks
from sas_kernel import contracts, datasets, loopback
from sas_kernel.clock import Clock
from sas_kernel.contracts import ServiceLevel
from sas_kernel.errors import SasError
from sas_kernel.faults.model import Side
from sas_kit import database as databases
from sas_kit.admission import FREE_PATHS, AdmissionMiddleware, Lane, is_below, path_of, refusing
from sas_kit.database import Database
from sas_kit.faults import playing
from sas_kit.http import HttpLimits, Watch
from sas_kit.observing import logs
from sas_kit.stopping import STATE_KEY, Stopping
from sas_kit.web import health_router, install_problem_handlers, problem, route_of

MIGRATIONS: Final = Path(__file__).resolve().parent / "migrations"

_MAX_ANSWER_BYTES: Final = 256 * 1024  # of the platform, to one appointment

_log = logging.getLogger(__name__)


def create_app(settings: Settings, *, clock: Clock | None = None, transport: Any = None) -> FastAPI:
    """`transport` replaces the network towards the platform in tests."""
    if settings.clock_file is not None:
        loopback.require_for_test_clock(public_url=settings.public_url)
    time = clock or clocks.chosen(settings.clock_file)
    faults = playing.opened(
        settings.faults,
        Side.AGENDA,
        PATHS,
        time,
        by_header=settings.faults_by_header,
        public_url=settings.public_url,
        anywhere=settings.fault_anywhere,
    )
    time, transport = faults.within(time, transport)
    time.now()  # a file that says no time is told before anything is served
    levels = contracts.service_levels()
    measures = Measures(settings, levels)
    stopping = Stopping()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        await asyncio.to_thread(databases.migrate, settings.database_url, MIGRATIONS)
        database = Database(
            settings.database_url,
            pool_size=settings.database_pool,
            wait=settings.database_wait,
            timeout=settings.database_timeout,
        )
        platform = _platform(settings, levels, transport, measures.observing.asking("appointments"))
        provider = _provider(settings, transport, measures.observing.asking("sso"))
        push = _push(settings, database, platform)
        measures.watch(database, lambda: push.backlog(instants.milliseconds(time.now())))
        outbox = asyncio.Event()
        try:
            agendas = AgendaService(
                database,
                public_url=settings.public_url,
                fragment_index_bytes=settings.fragment_index_bytes,
                index_used=measures.index_used,
            )
            communities, associations = CommunityService(database), AssociationService(database)
            sign_on = _sign_on(settings, database, provider)
            limit = levels["slot_search.practitioners_per_request"]
            app.state.services = State(
                time,
                database,
                agendas,
                communities,
                associations,
                SlotSearchService(
                    agendas,
                    communities,
                    associations,
                    max_identifiers=int(limit.value),
                    answered=measures.answered,
                ),
                RegulatorService(database),
                AppointmentService(
                    agendas,
                    database,
                    system=settings.appointment_system,
                    horizon=int(levels["slot_search.horizon"].value) * 3_600_000,
                    wake=outbox,
                ),
                sign_on,
                settings.max_request_bytes,
            )
            now = instants.milliseconds(time.now())
            await agendas.render_again(now)
            await render_associations_again(agendas, now)
            async with (
                _provisioned(agendas, sign_on, settings.dataset, time),
                dispatching(push, time, outbox),
                faults.running(),
            ):
                yield {STATE_KEY: stopping}
        finally:
            if platform is not None:
                await platform.aclose()
            if provider is not None:
                await provider.aclose()
            await database.close()

    async def ready() -> dict[str, bool]:
        state: State = app.state.services
        try:
            return {"database": True, "migrations": await databases.is_current(state.database, MIGRATIONS)}
        except databases.FAILURES:
            return {"database": False, "migrations": False}

    app = FastAPIOffline(
        title="Agenda de référence",
        description=(
            "The reference agenda of recette: slot search for individual practitioners (INT_R01), CPTS (INT_R04) and "
            "SOS Médecins; "
            "INT_R02, accounts of regulators."
        ),
        version=__version__,
        lifespan=lifespan,
        redirect_slashes=False,
        redoc_url=None,
    )
    app.include_router(endpoints.router)
    app.include_router(accounts.router)
    for pages in (agenda_pages, site_pages, appointment_pages, sign_on_pages, staff_pages):
        app.include_router(pages.router)
    app.mount("/assets", StaticFiles(directory=Path(sas_kit.__file__).parent / "assets"))
    app.mount("/static", StaticFiles(directory=Path(agenda_pages.__file__).parent / "static"))
    app.include_router(health_router(ready, stopping))
    _install_error_handlers(app)
    _install_admission(app, settings, stopping, measures)
    faults.install(app)
    return measures.observing.install(app)


def from_environment() -> FastAPI:
    """For a server that starts several workers: each builds its own from the same environment."""
    settings = Settings()
    logs.configure(settings.log_format)
    return settled(create_app(settings))


def settled(app: FastAPI) -> FastAPI:
    """Modules, routes and schemas live as long as the process: the collector need not look at them at each search."""
    gc.collect()
    gc.freeze()
    return app


def _platform(
    settings: Settings, levels: Mapping[str, ServiceLevel], transport: Any, watch: Watch
) -> PlatformClient | None:
    if settings.platform_url is None:
        return None
    limits = HttpLimits(
        connect=settings.platform_connect_timeout or levels["appointments.connect_timeout"].value,
        answer=settings.platform_answer_timeout or levels["appointments.answer_timeout"].value,
        max_bytes=_MAX_ANSWER_BYTES,
    )
    return PlatformClient(
        settings.platform_url,
        settings.appointment_system,
        limits,
        connections=settings.platform_requests,
        transport=transport,
        watch=watch,
    )


def _push(settings: Settings, database: Database, platform: PlatformClient | None) -> PushService:
    return PushService(database, platform, retention=settings.accepted_messages_days * 24 * 3_600_000)


def _provider(settings: Settings, transport: Any, watch: Watch) -> ProviderClient | None:
    if settings.sso_issuer is None:
        return None
    return ProviderClient(
        settings.sso_issuer,
        settings.sso_client_id,
        settings.sso_client_secret.get_secret_value(),
        settings.public_url.rstrip("/") + BACK_FROM_PROVIDER,
        transport=transport,
        watch=watch,
    )


def _sign_on(settings: Settings, database: Database, provider: ProviderClient | None) -> SignOn:
    return SignOn(
        database,
        provider,
        PasswordHasher(settings.password_rounds, settings.password_memory, parallelism=1),
        origins=settings.origins,
        terms_version=settings.terms_version,
        lifetimes=Lifetimes(settings.session_idle_seconds * 1000, settings.session_seconds * 1000),
        after_logout=settings.public_url.rstrip("/") + LOGGED_OUT,
    )


@asynccontextmanager
async def _provisioned(agendas: AgendaService, sign_on: SignOn, name: str, clock: Clock) -> AsyncIterator[None]:
    if name in {"none", NATIONAL}:
        yield
        return
    dataset = datasets.load(name)
    provisioning = ProvisioningService(agendas)
    await provisioning.refresh(dataset, clock.now())
    await sign_on.load_staff(dataset.staff)
    task = asyncio.create_task(keep_fresh(provisioning, dataset, clock))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _install_admission(app: FastAPI, settings: Settings, stopping: Stopping, measures: Measures) -> None:
    """The FHIR base and the pages are counted apart: a page may wait for the provider."""
    fhir_base, pages = settings.lane("fhir"), settings.lane("pages")
    app.state.lanes = (fhir_base, pages)
    app.state.stopping = stopping

    def lane_of(path: str) -> Lane | None:
        if is_below(path, BASE_PATH):
            return fhir_base
        return None if path.startswith(FREE_PATHS) else pages

    measures.observing.lanes(app.state.lanes)
    refusal = refusing(BASE_PATH, overloaded().to_json(), media.FHIR_JSON)
    app.add_middleware(AdmissionMiddleware, lane_of=lane_of, refuse=refusal)


# --- errors: below the FHIR base as an OperationOutcome, elsewhere as a problem ---------------------------------------


def _install_error_handlers(app: FastAPI) -> None:
    install_problem_handlers(app)
    plain_refusal = app.exception_handlers[HTTPException]
    plain_fault = app.exception_handlers[Exception]

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if not _below_fhir(request):
            if "text/html" in request.headers.get("accept", ""):
                return agenda_pages.error_page(request, error)
            return await _called(plain_refusal, request, error)
        outcome = fhir.refusal(error.status_code, request.method, request.url.path)
        return _outcome(outcome, dict(error.headers or {}))

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, SasError)
        outcome = fhir.outcome_of(error)
        if outcome.status >= 500:
            _log.error("%s %s: %s", request.method, route_of(request), error, exc_info=error)
        if _below_fhir(request):
            return _outcome(outcome, {"retry-after": "5"} if isinstance(error, AgendaUnavailableError) else {})
        status = outcome.status if isinstance(error, AgendaUnavailableError) else 404
        return problem(status, type(error).__name__, error.text.to("en"))

    async def broken(request: Request, error: Exception) -> Response:
        if not _below_fhir(request):
            return await _called(plain_fault, request, error)
        _log.error("unexpected error on %s %s", request.method, route_of(request), exc_info=error)
        return _outcome(fhir.outcome_of(error), {})

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(SasError, ours)
    app.add_exception_handler(Exception, broken)


async def _called(handler: Callable[..., Any], request: Request, error: Exception) -> Response:
    answer: Awaitable[Response] = handler(request, error)
    return await answer


def _below_fhir(request: Request) -> bool:
    return is_below(path_of(request.scope), BASE_PATH)


def _outcome(outcome: Outcome, headers: dict[str, str]) -> Response:
    return Response(outcome.to_json(), status_code=outcome.status, headers=headers, media_type=media.FHIR_JSON)

"""Builds the platform: what tests replace comes in, the lifespan builds the rest and closes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec
from argon2 import PasswordHasher
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline

import sas_kit
from sas_fhir import media
from sas_fhir.operation_outcome import overloaded
from sas_kernel import clock as clocks
from sas_kernel import datasets, loopback
from sas_kernel.clock import Clock
from sas_kernel.contracts import service_levels
from sas_kernel.datasets import DatasetRegulator
from sas_kernel.errors import SasError
from sas_kernel.faults.model import Side
from sas_kernel.text import Text
from sas_kit.admission import FREE_PATHS, RETRY_AFTER, AdmissionMiddleware, Lane, LaneBounds, is_below, refusing
from sas_kit.database import FAILURES, Database, is_current, migrate
from sas_kit.faults import playing
from sas_kit.room import STEP, Room
from sas_kit.stopping import STATE_KEY, Stopping
from sas_kit.web import health_router, install_problem_handlers, problem
from sas_platform import openapi
from sas_platform.appointments import endpoints as appointments_endpoints
from sas_platform.appointments.model import AppointmentsUnavailableError
from sas_platform.appointments.service import AppointmentService
from sas_platform.appointments.tasks import watched
from sas_platform.conformance import endpoints as conformance_endpoints
from sas_platform.dependencies import BASE_PATH, State, preferred_language
from sas_platform.editors import endpoints as editors_endpoints
from sas_platform.editors import rules as editors_rules
from sas_platform.editors import schemas as editors_schemas
from sas_platform.editors.model import (
    Editor,
    EditorExistsError,
    EditorNotFoundError,
    EditorReadOnlyError,
    EditorsUnavailableError,
    Environment,
    InvalidEditorError,
)
from sas_platform.editors.service import EditorRegister
from sas_platform.interfaces import PATHS
from sas_platform.measures import Measures
from sas_platform.regulators import endpoints as regulators_endpoints
from sas_platform.regulators import rules as regulators_rules
from sas_platform.regulators import schemas as regulators_schemas
from sas_platform.regulators.client import RegulatorClient
from sas_platform.regulators.model import (
    EmailTakenError,
    IdentifierTakenError,
    InvalidRegulatorError,
    RegulatorsUnavailableError,
    UnknownRegulatorError,
)
from sas_platform.regulators.service import Provisioning, RegulatorService
from sas_platform.regulators.tasks import kept_told
from sas_platform.settings import Settings
from sas_platform.slot_search import endpoints as slot_search_endpoints
from sas_platform.slot_search import schemas as slot_search_schemas
from sas_platform.slot_search.client import EditorClients
from sas_platform.slot_search.model import InvalidSearchError
from sas_platform.slot_search.question import rules as question_rules
from sas_platform.slot_search.service import SlotSearch
from sas_platform.sso import endpoints as sso_endpoints
from sas_platform.sso.identities import rules as identities_rules
from sas_platform.sso.identity_list import endpoints as identities_endpoints
from sas_platform.sso.keys.service import KeyRing
from sas_platform.sso.model import (
    InvalidSignOnError,
    Lifetimes,
    LockedError,
    SignOnUnavailableError,
    WrongPasswordError,
)
from sas_platform.sso.oauth import rules as oauth_rules
from sas_platform.sso.provider import endpoints as provider_endpoints
from sas_platform.sso.provider.service import Provider
from sas_platform.sso.service import SignOn
from sas_platform.web import endpoints as web_endpoints
from sas_platform.web.service import AppointmentPages, SearchPages, load_directory

MIGRATIONS = Path(__file__).resolve().parent / "migrations"

# Errors are named for what happened; this table says it in HTTP.
_ERRORS: dict[type[SasError], tuple[int, Text]] = {
    InvalidSearchError: (422, Text("Recherche impossible", "Search refused")),
    InvalidEditorError: (422, Text("Éditeur refusé", "Editor refused")),
    EditorNotFoundError: (404, Text("Éditeur inconnu", "Unknown editor")),
    EditorExistsError: (409, Text("Éditeur déjà connu", "Editor already known")),
    EditorReadOnlyError: (409, Text("Éditeur en lecture seule", "Read-only editor")),
    EditorsUnavailableError: (503, Text("Éditeurs indisponibles", "Editors unavailable")),
    InvalidRegulatorError: (422, Text("Régulateur refusé", "Regulator refused")),
    UnknownRegulatorError: (404, Text("Régulateur inconnu", "Unknown regulator")),
    EmailTakenError: (409, Text("Adresse déjà prise", "Address already taken")),
    IdentifierTakenError: (409, Text("Identifiant déjà pris", "Identifier already taken")),
    SignOnUnavailableError: (503, Text("Connexion indisponible", "Sign-on unavailable")),
    LockedError: (429, Text("Trop d’essais", "Too many attempts")),
    WrongPasswordError: (403, Text("Connexion refusée", "Sign-in refused")),
    RegulatorsUnavailableError: (503, Text("Comptes indisponibles", "Accounts unavailable")),
    AppointmentsUnavailableError: (503, Text("Rendez-vous indisponibles", "Appointments unavailable")),
}


def create_app(settings: Settings, *, clock: Clock | None = None, transport: Any = None) -> FastAPI:
    """The platform as an ASGI application. `transport` replaces the network towards editors (see `sas_kit.http`).

    Raises `SasError` (editors' configuration, data set, contracts) with what to correct.
    """
    if settings.clock_file is not None:
        loopback.require_for_test_clock(public_url=settings.public_url)
    time_source = clock or clocks.chosen(settings.clock_file)
    faults = playing.opened(
        settings.faults,
        Side.PLATFORM,
        PATHS,
        time_source,
        by_header=settings.faults_by_header,
        public_url=settings.public_url,
        anywhere=settings.fault_anywhere,
    )
    time_source, transport = faults.within(time_source, transport)
    time_source.now()  # a file that says no time is told before anything is served
    stopping = Stopping()
    configured = configured_editors(settings)
    measures = Measures(settings)
    bounds = question_rules.bounds(
        service_levels(),
        max_practitioners=settings.max_practitioners,
        max_associations=settings.max_associations,
        connect=settings.connect_timeout,
        answer=settings.answer_timeout,
        answer_size=settings.answer_size,
    )
    directory = load_directory(settings.dataset)
    people = _people(settings)
    quirks = regulators_rules.quirks_of(settings.regulator_quirks)

    identities = identities_rules.identities_of(people) if _has_test_identities(settings) else ()
    lifetimes = lifetimes_of(settings)
    issuer = oauth_rules.issuer_of(settings.public_url)
    clients_of_sso = oauth_rules.clients_of([client.get_secret_value() for client in settings.sso_clients])

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        await asyncio.to_thread(migrate, settings.database_url, MIGRATIONS)
        database = Database(
            settings.database_url,
            pool_size=settings.database_pool,
            wait=settings.database_wait,
            timeout=settings.database_timeout,
        )
        clients = EditorClients(
            bounds,
            per_editor=settings.requests_per_editor,
            transport=transport,
            watch=measures.observing.asking(
                "slot_search", traced=settings.trace_editors, told=False
            ),  # told lot by lot
        )
        register = EditorRegister(database, configured)
        search = SlotSearch(
            register,
            clients,
            bounds,
            settings.environment,
            settings.origin,
            _room(settings),
            measures.answered,
        )
        regulators = await RegulatorService.opened(database, register, settings.environment, quirks, _hasher(settings))
        await regulators.load(people, time_source.now())
        regulator_client = RegulatorClient(
            connect=bounds.connect,
            answer=bounds.answer,
            transport=transport,
            watch=measures.observing.asking("regulators", traced=settings.trace_editors),
        )
        provisioning = Provisioning(
            regulators,
            regulator_client,
            first=settings.regulator_retry_first,
            most=settings.regulator_retry_most,
            kept=settings.regulator_attempts_kept,
        )
        measures.watch(database, lambda: provisioning.backlog(time_source.now()))
        appointments = AppointmentService(database, regulators)
        stopping.tell(appointments.wake)
        sign_on = SignOn(database, regulators, identities, lifetimes)
        keys = KeyRing(database, lifetimes)
        provider = Provider(database, sign_on, keys, clients_of_sso, issuer, lifetimes, settings.sso_acr_required)
        app.state.platform = State(
            settings=settings,
            clock=time_source,
            database=database,
            register=register,
            slot_search=search,
            stopping=stopping,
            regulators=regulators,
            appointments=appointments,
            sign_on=sign_on,
            provider=provider,
            provisioning=provisioning,
            pages=SearchPages(search, directory),
            appointment_pages=AppointmentPages(appointments, directory),
            templates=web_endpoints.new_templates(),
        )
        try:
            async with kept_told(provisioning, time_source, regulators.wake), watched(appointments), faults.running():
                yield {STATE_KEY: stopping}
        finally:
            await regulator_client.aclose()
            await clients.aclose()
            await database.close()

    app = FastAPIOffline(
        title="SAS platform",
        summary="Asks every connected editor for free slots and merges what they answer. It stores no slot.",
        version=_version(),
        lifespan=lifespan,
        redoc_url=None,
    )

    _install_error_handlers(app)
    _route(app, stopping)
    openapi.install(
        app,
        slot_search_schemas.SearchBody,
        slot_search_schemas.SearchAnswer,
        slot_search_schemas.PlannedEvent,
        slot_search_schemas.LotEvent,
        slot_search_schemas.DoneEvent,
        editors_schemas.EditorBody,
        editors_schemas.EditorChange,
        editors_schemas.EditorList,
        regulators_schemas.RegulatorBody,
        regulators_schemas.RegulatorChange,
        regulators_schemas.RegulatorList,
        regulators_schemas.RegulatorHistory,
        regulators_schemas.HabilitationList,
        regulators_schemas.ResendBody,
    )
    _install_admission(app, settings, measures)
    faults.install(app)
    return measures.observing.install(app)


def _install_error_handlers(app: FastAPI) -> None:
    install_problem_handlers(app)
    app.add_exception_handler(SasError, _refused)
    app.add_exception_handler(msgspec.DecodeError, _malformed)
    conformance_endpoints.install_error_handlers(app)


def _route(app: FastAPI, stopping: Stopping) -> None:
    async def ready() -> dict[str, bool]:
        try:
            return {"database": await is_current(app.state.platform.database, MIGRATIONS)}
        except FAILURES:
            return {"database": False}

    app.state.stopping = stopping
    app.include_router(slot_search_endpoints.router)  # /api/slots/search
    app.include_router(editors_endpoints.router)  # /api/admin/editors
    app.include_router(conformance_endpoints.router)  # /fhir/metadata
    app.include_router(appointments_endpoints.router)  # /fhir/Appointment
    app.include_router(regulators_endpoints.router)  # /api/admin/regulators
    app.include_router(regulators_endpoints.pages)  # /habilitations
    app.include_router(health_router(ready, stopping))  # /health
    app.include_router(sso_endpoints.router)  # /connexion
    app.include_router(provider_endpoints.router)  # /realms/sas
    app.include_router(identities_endpoints.router)  # /identites-d-essai
    app.include_router(web_endpoints.router)  # /
    app.mount("/assets", StaticFiles(directory=Path(sas_kit.__file__).parent / "assets"))
    app.mount("/static", StaticFiles(directory=Path(web_endpoints.__file__).parent / "static"))


def _install_admission(app: FastAPI, settings: Settings, measures: Measures) -> None:
    """Counted apart: the FHIR base, what waits for editors, what tells of appointments for hours, and the rest."""
    received, searches, others = settings.lane("fhir"), settings.lane("search"), settings.lane("other")
    streams = Lane("streams", LaneBounds(settings.max_streams, 0, settings.max_wait, longest=None))
    app.state.lanes = (received, searches, streams, others)
    lanes = {"/": searches, "/search/stream": searches, "/appointments/stream": streams}

    def lane_of(path: str) -> Lane | None:
        if is_below(path, BASE_PATH):
            return received
        if path.startswith(FREE_PATHS):
            return None
        return lanes.get(path) or (searches if is_below(path, "/api/slots") else others)

    measures.observing.lanes(app.state.lanes)
    refusal = refusing(BASE_PATH, overloaded().to_json(), media.FHIR_JSON)
    app.add_middleware(AdmissionMiddleware, lane_of=lane_of, refuse=refusal)


def _hasher(settings: Settings) -> PasswordHasher:
    return PasswordHasher(settings.password_rounds, settings.password_memory, parallelism=1)


def _room(settings: Settings) -> Room:
    """Where searches hold editors’ answers: a quarter for one of them, a megabyte for an answer that begins to come."""
    share = settings.answers_held_bytes // 4
    return Room(settings.answers_held_bytes, share=share, first=max(STEP, share // 48))


def _people(settings: Settings) -> tuple[DatasetRegulator, ...]:
    """The regulators of the data set."""
    people = datasets.load(settings.dataset).regulators if settings.dataset else ()
    for person in people:
        regulators_rules.loaded(person)  # says now what would else be said once the database is open
    return people


def configured_editors(settings: Settings) -> tuple[Editor, ...]:
    """The editors of the configuration file and of the options, in that order."""
    from_file: tuple[Editor, ...] = ()
    if settings.editors_file is not None:
        try:
            from_file = editors_rules.from_toml(settings.editors_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidEditorError(
                Text("Fichier des éditeurs illisible : {error}", "Unreadable editors file: {error}").format(error=error)
            ) from error
    options = [editors_rules.from_option(option, settings.environment) for option in settings.editors]
    return editors_rules.distinct([*from_file, *options])


def _has_test_identities(settings: Settings) -> bool:
    if settings.test_identities and settings.environment is Environment.PRODUCTION:
        why = Text("pas d’identités d’essai en production", "no test identities in production")
        raise InvalidSignOnError("test_identities", why)
    if settings.test_identities is None:
        return settings.environment is Environment.RECETTE
    return settings.test_identities


def lifetimes_of(settings: Settings) -> Lifetimes:
    """How long sessions, codes, tokens and keys live."""
    return Lifetimes(
        access=timedelta(seconds=settings.sso_access_seconds),
        refresh=timedelta(seconds=settings.sso_refresh_seconds),
        session=timedelta(seconds=settings.sso_session_seconds),
        idle=timedelta(seconds=settings.sso_idle_seconds),
        code=timedelta(seconds=settings.sso_code_seconds),
        key=timedelta(days=settings.sso_key_days),
    )


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, SasError)
    lang = preferred_language(request)
    status, title = next(
        (answer for kind, answer in _ERRORS.items() if isinstance(error, kind)),
        (500, Text("Erreur interne", "Internal error")),
    )
    headers = {"Retry-After": str(RETRY_AFTER)} if status == 503 else None
    return problem(status, title.to(lang), error.text.to(lang), headers=headers)


async def _malformed(request: Request, error: Exception) -> Response:
    lang = preferred_language(request)
    if isinstance(error, msgspec.ValidationError):
        return problem(422, Text("Corps refusé", "Body refused").to(lang), str(error))
    return problem(400, Text("JSON illisible", "Unreadable JSON").to(lang), str(error))


def _version() -> str:
    try:
        return version("recette")
    except PackageNotFoundError:
        return "0"

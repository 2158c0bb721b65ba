"""Builds the dashboard: what tests replace comes in, the lifespan builds the rest and closes it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

import sas_kit
from recette import __version__
from recette.dashboard import api, documents, pages, streams
from recette.dashboard import repository as live_repository
from recette.dashboard.dependencies import State, language
from recette.dashboard.model import DashboardError, NotFoundError
from recette.dashboard.protection import Guard, Protection
from recette.dashboard.rendering import new_templates
from recette.dashboard.service import Shelf
from recette.dashboard.settings import Settings
from recette.journal import repository as journal_repository
from recette.journal.model import JournalError
from recette.monitoring import repository as monitoring_repository
from sas_kernel.clock import Clock, SystemClock
from sas_kernel.errors import SasError
from sas_kernel.text import Text
from sas_kit.database import Database, migrate, parsed_url, translating
from sas_kit.web import health_router, install_problem_handlers, problem

_log = logging.getLogger(__name__)

_MIGRATIONS = (journal_repository.MIGRATIONS, monitoring_repository.MIGRATIONS, live_repository.MIGRATIONS)


def create_app(
    settings: Settings, *, database_url: str, clock: Clock | None = None, machine: Clock | None = None
) -> FastAPI:
    """The dashboard as an ASGI application. `DashboardError` where it would be open to others without a token.

    `clock` tells the present that deadlines are told from; `machine` (the machine’s unless replaced) how long ago a
    run was heard of and when a cookie expires.
    """
    settings.check()
    ticking = machine or SystemClock()
    guard = Guard(settings, ticking)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(_prepare, database_url)
        database = Database(database_url, pool_size=8)
        app.state.dashboard = State(
            settings=settings,
            clock=clock or SystemClock(),
            machine=ticking,
            shelf=Shelf(database, ticking),
            guard=guard,
            templates=new_templates(),
            streams=asyncio.Semaphore(settings.streams),
        )
        try:
            async with verified(app.state.dashboard.shelf, settings.verify_seconds):
                yield
        finally:
            await app.state.dashboard.shelf.aclose()
            await database.close()

    app = FastAPI(
        title="recette dashboard",
        summary="Projects, anomalies, runs, services and certificates as their journals tell them. It changes nothing.",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )

    async def ready() -> dict[str, bool]:
        try:
            await app.state.dashboard.shelf.journal.projects()
        except JournalError:
            return {"database": False}
        return {"database": True}

    install_problem_handlers(app)
    app.add_exception_handler(SasError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.include_router(api.router)  # /api
    app.include_router(streams.router)  # /direct
    app.include_router(documents.router)  # reports and certificates
    app.include_router(pages.router)  # /
    app.include_router(health_router(ready))  # /health
    app.mount("/assets", StaticFiles(directory=Path(sas_kit.__file__).parent / "assets"))
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))
    app.add_middleware(Protection, settings=settings, guard=guard)
    return app


@asynccontextmanager
async def verified(shelf: Shelf, every: float) -> AsyncIterator[None]:
    """While this lasts, every chain is verified again now and then; the first time warms what pages ask for."""

    async def verify() -> None:
        while every:
            try:
                await shelf.verify()
            except SasError as error:
                _log.warning("%s", error.text.en)
            await asyncio.sleep(every)

    task = asyncio.create_task(verify())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _prepare(url: str) -> None:
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    with translating(unavailable=live_repository.unavailable, conflict=live_repository.unavailable):
        for migrations in _MIGRATIONS:
            migrate(url, migrations)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, SasError)
    status = 404 if isinstance(error, NotFoundError) else 503 if isinstance(error, DashboardError) else 500
    return _told(request, status, error.text)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = Text("Cette page n’existe pas.", "There is no such page.")
    if error.status_code != 404:
        said = Text(str(error.detail), str(error.detail))
    answer = _told(request, error.status_code, said)
    answer.headers.update(error.headers or {})
    return answer


def _told(request: Request, status: int, text: Text) -> Response:
    """A problem to programs, a page to people."""
    titles = {404: Text("Introuvable", "Not found"), 503: Text("Indisponible", "Unavailable")}
    title = titles.get(status, Text("Erreur", "Error"))
    lang = language(request)
    if request.url.path.startswith("/api"):
        return problem(status, title.to(lang), text.to(lang))
    return pages.refusal(request, status, title, text)

"""The same as the pages, for programs: `/api`, described by `/openapi.json`. Read only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from recette.dashboard import answers, pages, rules, schemas
from recette.dashboard.dependencies import NowDep, StateDep
from recette.dashboard.model import NotFoundError
from recette.projects.book import Book
from sas_kernel.text import Text

router = APIRouter(prefix="/api", tags=["dashboard"])


@router.get("/projects")
async def projects(state: StateDep, now: NowDep) -> list[schemas.ProjectLine]:
    """Every project, the most pressing first; those that cannot be read say why, and come first."""
    shown, broken = await pages.views(state, now)
    altered = [schemas.ProjectLine(id=id, error=answers.text(error.text)) for id, error in broken.items()]
    return [*altered, *(answers.line(view) for view in shown)]


@router.get("/projects/{project}")
async def project(state: StateDep, now: NowDep, project: str) -> schemas.ProjectBody:
    """A project whole: phases, door, deadlines, anomalies, service, runs, certificates."""
    return answers.project(await state.shelf.view(await state.shelf.book(project), now))


class AnomalyLife(schemas.AnomalyBody):
    dues: list[schemas.DueBody]
    entries: list[schemas.EntryBody]


@router.get("/projects/{project}/anomalies/{anomaly}")
async def anomaly(state: StateDep, now: NowDep, project: str, anomaly: str) -> AnomalyLife:
    """An anomaly with its deadlines and every entry about it."""
    book = await state.shelf.book(project)
    found = book.register.anomalies.get(anomaly.upper())
    if found is None:
        raise NotFoundError(Text("Aucune anomalie « {id} ».", "There is no anomaly '{id}'.").format(id=anomaly))
    return AnomalyLife(
        **answers.anomaly(found).model_dump(),
        dues=[answers.due(each) for each in book.dues_of(found, now)],
        entries=[answers.entry(each) for each in rules.life(book, found)],
    )


@router.get("/projects/{project}/entries")
async def entries(
    state: StateDep,
    project: str,
    after: Annotated[int, Query(ge=0)] = 0,
    most: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[schemas.EntryBody]:
    """The journal from after this entry on; its chain was verified."""
    book: Book = await state.shelf.book(project)
    return [answers.entry(each) for each in book.entries[after : after + most]]


@router.get("/live")
async def live(state: StateDep) -> list[schemas.LiveBody]:
    """Runs that are going on, or were within a day."""
    now = state.machine.now()
    return [answers.live(each, now) for each in await state.shelf.live()]

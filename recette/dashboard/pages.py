"""The pages: all projects, one project, one anomaly, one certificate, and the door where a token is asked for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from recette.dashboard import drawing, rules
from recette.dashboard.dependencies import LangDep, NowDep, State, StateDep, language
from recette.dashboard.model import NotFoundError
from recette.dashboard.protection import COOKIE, LOGIN, caller_of
from recette.dashboard.rendering import page
from recette.dashboard.rules import View
from recette.projects.book import Book
from sas_kernel.errors import SasError
from sas_kernel.text import Lang, Text
from sas_kit.web import form_fields

router = APIRouter(include_in_schema=False)

MOST_DUES = 12
_JOURNAL_PAGE = 50
_LARGEST_FORM = 4_096


async def views(state: State, now: NowDep) -> tuple[list[View], dict[str, SasError]]:
    """Every project that can be read, the most pressing first, and what keeps the others from being read."""
    read, broken = [], {}
    for project, outcome in (await state.shelf.all()).items():
        if isinstance(outcome, Book):
            read.append(await state.shelf.view(outcome, now))
        else:
            broken[project] = outcome
    return rules.most_pressing(read), broken


@router.get("/")
async def index(request: Request, state: StateDep, lang: LangDep, now: NowDep) -> Response:
    shown, broken = await views(state, now)
    return page(
        request,
        state,
        lang,
        "index.html",
        views=shown,
        broken=broken,
        now=now,
        axis=drawing.axis((view.lines for view in shown), now),
        pressing=rules.first_due(shown, MOST_DUES),
        live=await state.shelf.live(),
        machine=state.machine.now(),
    )


@router.get("/projets/{project}")
async def project_page(
    request: Request,
    state: StateDep,
    lang: LangDep,
    now: NowDep,
    project: str,
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    view = await state.shelf.view(await state.shelf.book(project), now)
    older = [entry for entry in view.book.entries if before is None or entry.number < before]
    return page(
        request,
        state,
        lang,
        "project.html",
        view=view,
        book=view.book,
        now=now,
        axis=drawing.axis((view.lines,), now),
        entries=older[-_JOURNAL_PAGE:][::-1],
        is_paged=before is not None,
        has_older=len(older) > _JOURNAL_PAGE,
        live=await state.shelf.live(project),
        machine=state.machine.now(),
    )


@router.get("/projets/{project}/anomalies/{anomaly}")
async def anomaly_page(
    request: Request, state: StateDep, lang: LangDep, now: NowDep, project: str, anomaly: str
) -> Response:
    book = await state.shelf.book(project)
    found = book.register.anomalies.get(anomaly.upper())
    if found is None:
        raise NotFoundError(Text("Aucune anomalie « {id} ».", "There is no anomaly '{id}'.").format(id=anomaly))
    due = book.dues_of(found, now)
    return page(
        request,
        state,
        lang,
        "anomaly.html",
        book=book,
        anomaly=found,
        dues=due,
        choices=rules.footnotes(due),
        entries=rules.life(book, found),
        now=now,
    )


def refusal(request: Request, status: int, title: Text, text: Text) -> Response:
    """A page that says why there is none."""
    state: State = request.app.state.dashboard
    return page(request, state, language(request), "refusal.html", status=status, title=title, text=text)


# --- the token -------------------------------------------------------------------------------------------------------


@router.get(LOGIN)
async def ask(request: Request, state: StateDep, lang: LangDep) -> Response:
    if not state.guard.is_needed:
        return RedirectResponse("/", 303)
    return page(request, state, lang, "login.html", fault=None)


@router.post(LOGIN)
async def enter(request: Request, state: StateDep, lang: LangDep) -> Response:
    fields = await form_fields(request, _LARGEST_FORM)
    caller = caller_of(request.scope)
    waits = state.guard.waits(caller)
    if waits:
        text = Text("Trop d’essais : encore {n} s.", "Too many attempts: {n} s left.").format(n=waits)
        answer: Response = page(request, state, lang, "login.html", status=429, fault=text)
        answer.headers["Retry-After"] = str(waits)
        return answer
    if not state.guard.is_needed or not state.guard.is_token(fields.get("token", "")):
        state.guard.failed(caller)
        return _wrong(request, state, lang)
    cookie, seconds = state.guard.cookie()
    answer = RedirectResponse("/?lang=" + lang.value, 303)
    answer.set_cookie(
        COOKIE, cookie, max_age=seconds, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return answer


@router.post("/deconnexion")
async def leave(lang: LangDep) -> Response:
    answer = RedirectResponse(f"{LOGIN}?lang={lang.value}", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _wrong(request: Request, state: State, lang: Lang) -> Response:
    text = Text("Ce n’est pas le jeton.", "This is not the token.")
    return page(request, state, lang, "login.html", status=403, fault=text)

"""What the journal keeps: the report of a run, a certificate in its formats. Documents come by their hash."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from recette.dashboard import words
from recette.dashboard.dependencies import LangDep, NowDep, StateDep
from recette.dashboard.model import NotFoundError
from recette.dashboard.rendering import page
from recette.dashboard.service import hashes
from recette.journal.model import Kind
from recette.projects.ends import planned_ends
from recette.projects.model import Outcome, PhaseId
from recette.register.calendar import MEDIA_TYPE, calendar
from recette.reports import html
from sas_kernel.text import Lang, Text

router = APIRouter(include_in_schema=False)

_OWN_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')
_KEPT_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
"""Of a document that was kept: nothing in it acts, whatever it holds."""
_PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_SHOWN = {"text/html": "html", "application/pdf": "pdf", "application/json": "json"}


@router.get("/projets/{project}/executions/{run}")
async def run_report(state: StateDep, lang: LangDep, project: str, run: str) -> Response:
    """The HTML report of a run, drawn from the run.json that the journal keeps."""
    _, report = await state.shelf.report(await state.shelf.book(project), run)
    content = await asyncio.to_thread(html.render, report, lang)
    own = _OWN_POLICY.search(content[:4_096])
    policy = own.group(1).replace("&#39;", "'") if own else _KEPT_POLICY
    return HTMLResponse(content, headers={"Content-Security-Policy": f"{policy}; frame-ancestors 'none'"})


@router.get("/projets/{project}/executions/{run}/run.json")
async def run_document(state: StateDep, project: str, run: str) -> Response:
    book = await state.shelf.book(project)
    record, _ = await state.shelf.report(book, run)
    kept = await state.shelf.document(book, record.sha256)
    return Response(kept.content, media_type="application/json")


@router.get("/projets/{project}/echeances.ics")
async def deadlines(state: StateDep, lang: LangDep, now: NowDep, project: str) -> Response:
    """Its deadlines for a calendar program, as `recette anomaly calendar` writes them."""
    book = await state.shelf.book(project)
    told = book.project
    content = calendar(told.title, book.agreement, book.register, book.entries, planned_ends(book), now, lang)
    headers = {"Content-Disposition": f'attachment; filename="{told.id}.ics"'}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)


@router.get("/projets/{project}/certificats/{number}")
async def certificate_page(request: Request, state: StateDep, lang: LangDep, project: str, number: str) -> Response:
    book = await state.shelf.book(project)
    entry = next((each for each in book.entries if each.kind is Kind.CERTIFICATE and each.subject == number), None)
    if entry is None:
        raise NotFoundError(Text("Aucun procès-verbal « {n} ».", "There is no certificate '{n}'.").format(n=number))
    files = {
        format_: sha256 for format_, sha256 in dict(entry.payload.get("documents") or {}).items() if hashes(sha256)
    }
    return page(
        request,
        state,
        lang,
        "certificate.html",
        book=book,
        entry=entry,
        files=files,
        phase=_named(words.PHASES, PhaseId, entry.payload.get("kind"), lang),
        decision=_named(words.OUTCOMES, Outcome, entry.payload.get("decision"), lang),
    )


def _named(texts: Mapping[Any, Text], known: type[StrEnum], value: Any, lang: Lang) -> str:
    """What people call it; what another version wrote is shown as it is."""
    return texts[known(value)].to(lang) if value in set(known) else str(value or "–")


@router.get("/projets/{project}/documents/{sha256}")
async def document(state: StateDep, project: str, sha256: str) -> Response:
    """A document that the project’s journal names; shown where a browser can, and then inert."""
    kept = await state.shelf.document(await state.shelf.book(project), sha256)
    media_type = kept.media_type.partition(";")[0].strip().lower()
    ending = _SHOWN.get(media_type)
    headers = {
        "Content-Security-Policy": _PDF_POLICY if ending == "pdf" else _KEPT_POLICY,
        "Content-Disposition": "inline" if ending else f'attachment; filename="{sha256[:16]}"',
        "ETag": f'"{sha256}"',
    }
    shown = f"{media_type}; charset=utf-8" if ending == "html" else media_type
    return Response(kept.content, headers={**headers, "Content-Type": shown if ending else "application/octet-stream"})

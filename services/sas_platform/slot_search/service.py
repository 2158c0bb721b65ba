"""The story of a search: plan it, ask every editor at once, judge each answer as it comes, merge, forget."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

from sas_kernel.flows import Flow
from sas_kernel.text import Text
from sas_kit.http import HttpAnswer, HttpFailure, HttpFailureKind
from sas_kit.room import GivenWayError, Lease, Room, ShareExceededError, Visit
from sas_platform.editors.model import Environment
from sas_platform.editors.service import EditorRegister
from sas_platform.slot_search import fhir, rules
from sas_platform.slot_search.client import EditorClients, EditorSaturatedError
from sas_platform.slot_search.model import (
    Answer,
    Bounds,
    EditorReport,
    EditorStatus,
    Ignored,
    InvalidAnswerError,
    LotOutcome,
    LotReport,
    LotRequest,
    Offer,
    Plan,
    SearchOverloadedError,
    SearchQuery,
    SearchResult,
)
from sas_platform.slot_search.question import rules as question

_log = logging.getLogger(__name__)

_Known = tuple[LotOutcome, Lease]


@dataclass(frozen=True, slots=True)
class SlotSearch:
    """Asks the editors of one environment. `origin` is what booking URLs carry to say who sends the regulator;
    `answered` is told what became of each request to an editor."""

    register: EditorRegister
    clients: EditorClients
    bounds: Bounds
    environment: Environment
    origin: str
    room: Room
    answered: Callable[[LotReport], None] | None = None

    def visit(self, *, may_give_way: bool = False, since: float | None = None) -> Visit:
        """Where the answers of one search are held, to be left when nothing of them is kept any more.

        The time of the search runs from `since` (the loop's clock), else from now.
        Raises `SearchOverloadedError`, as `search` and `outcomes` do for one that may give way to others.
        """
        try:
            return self.room.enter(may_give_way=may_give_way, since=since)
        except GivenWayError as error:
            raise SearchOverloadedError from error

    async def plan(self, query: SearchQuery, now: datetime) -> Plan:
        """What will be asked, and to whom; raises `InvalidSearchError`."""
        editors = await self.register.answering(Flow.SLOT_SEARCH, self.environment)
        return question.plan(query, editors, now, self.bounds)

    async def search(self, query: SearchQuery, now: datetime, visit: Visit) -> SearchResult:
        """Ask, wait for the last answer or its time-out, merge. What is found is held in `visit`."""
        begun = time.perf_counter()
        plan = await self.plan(query, now)
        merged = rules.Merge()
        reports: list[tuple[LotRequest, LotReport]] = []
        async with aclosing(self.outcomes(plan, visit)) as outcomes:
            async for outcome in outcomes:
                merged.add(outcome.request.editor.id, outcome.offers)
                reports.append((outcome.request, outcome.report))
        return SearchResult(
            searched_at=now,
            window=plan.window,
            practitioners=len(plan.practitioners),
            associations=len(plan.associations),
            availabilities=merged.availabilities(),
            sites=merged.sites(),
            editors=editor_reports(plan, reports),
            elapsed_ms=_milliseconds(time.perf_counter() - begun),
        )

    async def outcomes(self, plan: Plan, visit: Visit, *, passed_on: bool = False) -> AsyncGenerator[LotOutcome, None]:
        """Each request's outcome as soon as it is known. Closing the iterator cancels what is still under way.

        `passed_on`: the caller keeps nothing of an outcome when it asks for the next one.
        """
        known: asyncio.Queue[_Known | None] = asyncio.Queue()
        asking = asyncio.create_task(self._ask_all(plan, visit, known))
        asking.add_done_callback(lambda _: known.put_nowait(None))  # cancelled before its first step as well
        visit.on_giving_way(asking.cancel)
        try:
            while (each := await known.get()) is not None:
                outcome, lease = each
                yield outcome
                if passed_on:
                    del outcome, each
                    lease.keep(0)
            if visit.gave_way:
                raise SearchOverloadedError
            await asking
        finally:
            asking.cancel()
            await asyncio.wait([asking])
            if not asking.cancelled():
                asking.exception()  # raised above, unless the search was given up

    async def _ask_all(self, plan: Plan, visit: Visit, known: asyncio.Queue[_Known | None]) -> None:
        over_at = visit.since + self.bounds.whole
        async with asyncio.TaskGroup() as group:
            for request in plan.requests:
                group.create_task(self._ask(request, plan.now, over_at, visit, known))

    async def _ask(
        self, request: LotRequest, now: datetime, over_at: float, visit: Visit, known: asyncio.Queue[_Known | None]
    ) -> None:
        lease = visit.lease()
        outcome = await self._outcome(request, now, over_at, lease)
        status = outcome.report.http_status
        again = question.without_cpts(request) if status is not None and 400 <= status < 500 else None
        if again is not None:
            known.put_nowait((replace(outcome, report=replace(outcome.report, asked_again=True)), lease))
            lease = visit.lease()
            outcome = await self._outcome(again, now, over_at, lease, again=True)
        known.put_nowait((outcome, lease))

    async def _outcome(
        self, request: LotRequest, now: datetime, over_at: float, lease: Lease, *, again: bool = False
    ) -> LotOutcome:
        begun = time.perf_counter()
        within = max(0.0, over_at - asyncio.get_running_loop().time())
        size = 0
        try:
            answer = await self.clients.fetch(request, within, lease.up_to)
        except HttpFailure as failure:
            status, explanation = _STATUS_OF[failure.kind], _EXPLANATION[failure.kind]
            if lease.waiting:
                status, explanation = EditorStatus.SATURATED, _NO_ROOM
            elif not again and _had_no_time(failure, within, self.bounds):
                status, explanation = EditorStatus.SATURATED, _NO_TIME
            outcome = _without_answer(request, status, failure.elapsed, explanation)
        except EditorSaturatedError as error:
            elapsed = time.perf_counter() - begun
            outcome = _without_answer(request, EditorStatus.SATURATED, elapsed, error.text)
        except ShareExceededError:
            elapsed = time.perf_counter() - begun
            outcome = _without_answer(request, EditorStatus.SATURATED, elapsed, _NO_SHARE)
        else:
            outcome = await self._judged(request, answer, now)
            size = len(answer.body) if outcome.offers else 0  # slots are views of the body that they came in
        lease.keep(size)
        report = outcome.report
        if self.answered is not None:
            self.answered(report)
        _log.info(
            "slots of editor=%s search=%s lot=%d ids=%d: %s in %d ms, %d shown, %d left out",
            request.editor.id,
            request.search,
            request.lot.number,
            len(request.lot.ids),
            report.status,
            report.elapsed_ms,
            report.slots,
            sum(report.ignored.values()),
        )
        return outcome

    async def _judged(self, request: LotRequest, answer: HttpAnswer, now: datetime) -> LotOutcome:
        if answer.status >= 400:
            return _with_answer(
                request,
                answer,
                EditorStatus.REFUSED,
                issue=fhir.issue_text(answer.body),
                explanation=Text("L’éditeur a répondu HTTP {n}.", "The editor answered HTTP {n}.").format(
                    n=answer.status
                ),
            )
        if answer.status != 200:
            return _with_answer(
                request,
                answer,
                EditorStatus.INVALID,
                explanation=Text(
                    "HTTP {n} au lieu de 200 (les redirections ne sont pas suivies).",
                    "HTTP {n} instead of 200 (redirects are not followed).",
                ).format(n=answer.status),
            )
        try:
            read = await _read(answer.body)
        except InvalidAnswerError as error:
            issue = fhir.issue_text(answer.body)
            return _with_answer(request, answer, EditorStatus.INVALID, issue=issue, explanation=error.text)
        offers, ignored = rules.usable(read, request, now, self.origin)
        return _with_answer(request, answer, EditorStatus.ANSWERED, offers=offers, ignored=ignored, issue=read.issue)


async def _read(body: bytes) -> Answer:
    """Decode in steps, so that twenty large answers do not keep other requests waiting."""
    steps = fhir.read(body)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            answer: Answer = done.value
            return answer
        await asyncio.sleep(0)


def editor_reports(plan: Plan, reports: list[tuple[LotRequest, LotReport]]) -> tuple[EditorReport, ...]:
    """One report an editor, in the plan's order; editors that nothing is known of yet are left out."""
    by_editor: dict[str, list[LotReport]] = {}
    for request, report in reports:
        by_editor.setdefault(request.editor.id, []).append(report)
    return tuple(rules.editor_report(editor, by_editor[editor.id]) for editor in plan.editors if editor.id in by_editor)


_STATUS_OF = {
    HttpFailureKind.UNREACHABLE: EditorStatus.UNREACHABLE,
    HttpFailureKind.TLS: EditorStatus.UNREACHABLE,
    HttpFailureKind.TIMEOUT: EditorStatus.TIMED_OUT,
    HttpFailureKind.CONNECTION_LOST: EditorStatus.CONNECTION_LOST,
    HttpFailureKind.TOO_LARGE: EditorStatus.TOO_LARGE,
    HttpFailureKind.PROTOCOL: EditorStatus.INVALID,
}

_EXPLANATION = {
    HttpFailureKind.UNREACHABLE: Text("L’éditeur ne répond pas à la connexion.", "The editor cannot be connected to."),
    HttpFailureKind.TLS: Text("La connexion TLS a échoué.", "The TLS connection failed."),
    HttpFailureKind.TIMEOUT: Text(
        "Pas de réponse complète dans le temps imparti.", "No complete answer in the time allowed."
    ),
    HttpFailureKind.CONNECTION_LOST: Text(
        "Connexion rompue avant la fin de la réponse.", "Connection lost before the end of the answer."
    ),
    HttpFailureKind.TOO_LARGE: Text("Réponse trop volumineuse, abandonnée.", "Answer too large, abandoned."),
    HttpFailureKind.PROTOCOL: Text("Réponse HTTP illisible.", "Unreadable HTTP answer."),
}


_NO_TIME = Text(
    "La plateforme, trop sollicitée, n’a pas laissé à cet éditeur le temps de répondre.",
    "The platform was too busy to leave this editor the time to answer.",
)
_NO_ROOM = Text(
    "La plateforme tenait trop d’autres réponses pour lire celle-ci dans le temps imparti.",
    "The platform held too many other answers to read this one in the time allowed.",
)
_NO_SHARE = Text(
    "Les réponses à cette recherche dépassent ce que la plateforme garde pour une recherche.",
    "The answers to this search exceed what the platform holds for one search.",
)


def _had_no_time(failure: HttpFailure, within: float, bounds: Bounds) -> bool:
    """Whether a search was over before this editor could answer, and not because it took its time to be reached."""
    if failure.kind is HttpFailureKind.TIMEOUT:
        return failure.elapsed < bounds.answer - bounds.connect
    return failure.kind is HttpFailureKind.UNREACHABLE and within < bounds.connect and failure.elapsed >= within


def _without_answer(request: LotRequest, status: EditorStatus, elapsed: float, explanation: Text) -> LotOutcome:
    report = LotReport(
        request.lot.number, status, _milliseconds(elapsed), None, 0, {}, None, explanation, request.search
    )
    return LotOutcome(request, report, [])


def _with_answer(
    request: LotRequest,
    answer: HttpAnswer,
    status: EditorStatus,
    *,
    offers: Sequence[Offer] = (),
    ignored: dict[Ignored, int] | None = None,
    issue: str | None = None,
    explanation: Text | None = None,
) -> LotOutcome:
    report = LotReport(
        lot=request.lot.number,
        status=status,
        elapsed_ms=_milliseconds(answer.total),
        http_status=answer.status,
        slots=sum(len(each.slots) for each in offers),
        ignored=dict(ignored or {}),
        issue=issue,
        explanation=explanation,
        search=request.search,
    )
    return LotOutcome(request, report, offers)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)

"""What the register, the watch and the agreement say for a certificate: anomalies, réserves, rights, rules. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from recette.agreement.arithmetic import localized
from recette.agreement.model import DueDate
from recette.certificates.model import (
    AnomalyLine,
    DueLine,
    EarlierReserve,
    Interruption,
    Note,
    PastRight,
    Prolonging,
    Reserve,
    RuleLine,
    Said,
)
from recette.journal.model import Kind
from recette.model import Severity
from recette.monitoring.model import Standing
from recette.projects.book import Book
from recette.projects.model import PhaseId, PhaseState
from recette.projects.rights import rights as rights_now
from recette.register import telling
from recette.register.model import Anomaly, Due, Matter, Statement, Status

_SUSPENSION = "suspension-blocking"
_GRAVE = frozenset({Severity.BLOCKING, Severity.MAJOR})


def anomaly_lines(book: Book, found: Sequence[Due]) -> tuple[AnomalyLine, ...]:
    """Every anomaly of the project in the order of its opening, with what is or was due of it."""
    by_matter = {(due.anomaly, due.matter): due for due in found}
    return tuple(
        AnomalyLine(
            id=anomaly.id,
            requirement=anomaly.requirement,
            title=anomaly.title,
            path=anomaly.path,
            severity=anomaly.severity,
            agreed=anomaly.qualified is not None,
            status=anomaly.status,
            phase=anomaly.phase,
            occurrences=anomaly.occurrences,
            opened_at=anomaly.opened_at,
            acknowledgement=_due(book, by_matter.get((anomaly.id, Matter.ACKNOWLEDGEMENT))),
            correction=_due(book, by_matter.get((anomaly.id, Matter.CORRECTION))),
            delivered_at=anomaly.delivered_at,
            delivered_as=anomaly.delivered_as,
            verified_at=anomaly.verified_at,
            verified_by=anomaly.verified_by,
            is_reserve=anomaly.is_reserve,
        )
        for anomaly in book.register.anomalies.values()
    )


def _due(book: Book, due: Due | None) -> DueLine | None:
    if due is None:
        return None
    return DueLine(
        rule=due.date.deadline.id,
        due_at=due.date.due_at,
        met_at=due.met_at,
        overdue=due.is_overdue,
        paused=due.paused is not None,
        indicative=due.indicative,
    )


def reserves(book: Book, ids: Iterable[str], found: Sequence[Due]) -> tuple[Reserve, ...]:
    """The réserves with workaround and plan; without a plan, the date that article 8.2 sets."""
    corrections = {due.anomaly: due for due in found if due.matter is Matter.CORRECTION}
    made = []
    for id in ids:
        anomaly = book.register.find(id)
        workaround, plan, correction = anomaly.workaround, anomaly.plan, corrections.get(id)
        made.append(
            Reserve(
                anomaly=anomaly.id,
                severity=anomaly.severity,
                title=anomaly.title,
                workaround=_said(workaround.proposed) if workaround else None,
                workaround_validated=_said(workaround.validated) if workaround and workaround.validated else None,
                plan=_said(plan.proposed) if plan else None,
                plan_validated=tuple(_said(plan.validated[party]) for party in sorted(plan.validated)) if plan else (),
                due_on=plan.due_on if plan else None,
                due_at=correction.date.due_at if correction and plan is None else None,
            )
        )
    return tuple(made)


def _said(statement: Statement) -> Said:
    return Said(statement.text, statement.at, statement.who, statement.party)


def earlier_reserves(book: Book) -> tuple[EarlierReserve, ...]:
    """Those of the recette’s certificate, and whether each is lifted (art. 8.1)."""
    recette = book.project.phase(PhaseId.RECETTE)
    found = [book.register.find(id) for id in (recette.reserves if recette else ())]
    return tuple(
        EarlierReserve(
            anomaly=anomaly.id,
            title=anomaly.title,
            lifted=not anomaly.is_open,
            status=anomaly.status,
            due_on=anomaly.plan.due_on if anomaly.plan else None,
            delivered_at=anomaly.delivered_at,
        )
        for anomaly in found
    )


def prolonging(book: Book, planned_end: datetime | None) -> tuple[Prolonging, ...]:
    """What makes the VSR last longer than two months: a grave correction that came after them, or has not come yet."""
    if planned_end is None:
        return ()
    found = [
        anomaly
        for anomaly in book.register.anomalies.values()
        if anomaly.severity in _GRAVE and anomaly.status is not Status.WITHDRAWN
    ]
    return tuple(
        Prolonging(anomaly.id, anomaly.severity, anomaly.delivered_at)
        for anomaly in found
        if anomaly.delivered_at is None or _day(book, anomaly.delivered_at) > _day(book, planned_end)
    )


def _day(book: Book, at: datetime) -> date:
    return localized(book.agreement, at).date()


def past_rights(book: Book, phase: PhaseState, now: datetime, standing: Standing | None) -> tuple[PastRight, ...]:
    """Every right that there was during the phase: those there are now, and those that a late correction ended."""
    ended = [right for right in _late_corrections(book, now) if right.until is not None]
    still = [
        PastRight(right.id, right.text, right.article, right.since, None, right.about)
        for right in rights_now(book, now, standing)
    ]
    during = [right for right in ended if right.until is None or right.until >= phase.opened_at]
    return tuple(sorted((*during, *still), key=lambda right: (right.since, right.id, right.about)))


def _late_corrections(book: Book, now: datetime) -> Iterator[PastRight]:
    """Blocking anomalies corrected too late. One that came back after its verification is asked about as it stood
    before, since its clock has begun anew."""
    anomalies = list(book.register.anomalies.values())
    for index, entry in enumerate(book.entries):
        if entry.kind is Kind.ANOMALY_REOPENED:
            before = telling.told(book.project.id, book.entries[:index]).anomalies.get(entry.subject)
            if before is not None and before.status is Status.CORRECTED:
                anomalies.append(before)
    for anomaly in anomalies:
        yield from _late(book, anomaly, now)


def _late(book: Book, anomaly: Anomaly, now: datetime) -> Iterator[PastRight]:
    for due in book.dues_of(anomaly, now):
        late = due.matter is Matter.CORRECTION and due.is_overdue and due.met_at is not None
        if late and not due.indicative:
            for each in due.date.consequences:
                if each.id == _SUSPENSION:
                    yield PastRight(each.id, each.text, each.article, due.date.due_at, due.met_at, (due.anomaly,))


def interruptions(book: Book, phase: PhaseState) -> tuple[Interruption, ...]:
    """When the ANS did stop the transmission of data during the phase."""
    made: list[Interruption] = []
    for entry in book.entries:
        if entry.kind is Kind.SUSPENDED:
            made.append(Interruption(entry.at, None, entry.who, entry.why))
        elif entry.kind is Kind.RESUMED and made and made[-1].until is None:
            made[-1] = Interruption(made[-1].since, entry.at, made[-1].who, made[-1].why)
    return tuple(each for each in made if each.until is None or each.until >= phase.opened_at)


def rules(book: Book, found: Sequence[Due], bounds: Iterable[DueDate]) -> tuple[tuple[RuleLine, ...], tuple[Note, ...]]:
    """The deadlines that were applied, and as numbered notes the settings that bore on them or were changed."""
    applied = {due.deadline.id: due.deadline for due in (*bounds, *(each.date for each in found))}
    used = {key for deadline in applied.values() for key in deadline.choices}
    wanted = [each for each in book.agreement.choices.values() if each.key in used or not each.is_default]
    notes = tuple(
        Note(number, each.key, each.value, each.reason, each.article, each.is_default)
        for number, each in enumerate(wanted, 1)
    )
    numbers = {note.key: note.number for note in notes}
    lines = tuple(
        RuleLine(each.id, each.text, each.article, tuple(sorted(numbers[key] for key in each.choices)))
        for each in applied.values()
    )
    return lines, notes

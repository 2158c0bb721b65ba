"""From a view to what the API answers. Pure."""

from __future__ import annotations

from datetime import datetime

from recette.dashboard.model import LiveRun, Service
from recette.dashboard.rules import View
from recette.dashboard.schemas import (
    ActBody,
    AnomalyBody,
    CertificateBody,
    DayBody,
    DoorBody,
    DueBody,
    EntryBody,
    LevelBody,
    LiveBody,
    MissingBody,
    PhaseBody,
    ProjectBody,
    ProjectLine,
    RightBody,
    RunBody,
    ServiceBody,
    Words,
)
from recette.journal.model import Entry, instant
from recette.projects.model import Door, Right
from recette.projects.timeline import Line
from recette.register.model import Anomaly, Due
from recette.register.runs import RunRecord
from sas_kernel.text import Text


def text(value: Text) -> Words:
    return Words(fr=value.fr, en=value.en)


def line(view: View) -> ProjectLine:
    """A project among others."""
    book = view.book
    return ProjectLine(
        id=book.project.id,
        title=text(book.project.title),
        phase=book.phase or None,
        open_anomalies={severity.value.lower(): number for severity, number in view.counts.items()},
        overdue=len(view.overdue),
        rights=[right.id for right in view.rights],
        entries=len(book.entries),
    )


def project(view: View) -> ProjectBody:
    """A project whole."""
    book = view.book
    return ProjectBody(
        id=book.project.id,
        title=text(book.project.title),
        editor=book.project.editor,
        interface=book.project.interface,
        environment=book.project.environment,
        agreement=book.project.agreement,
        now=view.now,
        phase=book.phase or None,
        suspended_at=book.project.suspended_at,
        phases=[_phase(each, view.now) for each in view.lines],
        door=None if view.door is None else _door(view.door),
        acts=[
            ActBody(parties=[p.value for p in act.parties], text=text(act.text), about=list(act.about))
            for act in view.acts
        ],
        rights=[_right(each) for each in view.rights],
        dues=[due(each) for each in view.dues],
        anomalies=[anomaly(each) for each in book.register.anomalies.values()],
        service=None if view.service is None else _service(view.service),
        runs=[run(each) for each in book.runs],
        certificates=[
            CertificateBody(number=each.subject, issued_at=each.at, who=each.who, payload=dict(each.payload))
            for each in view.certificates
        ],
        entries=len(book.entries),
    )


def anomaly(found: Anomaly) -> AnomalyBody:
    return AnomalyBody(
        id=found.id,
        identity=found.identity,
        title=text(found.title),
        requirement=found.requirement,
        check=found.check,
        path=found.path,
        severity=found.severity.value,
        qualified=found.qualified is not None,
        status=found.status.value,
        phase=found.phase,
        opened_at=found.opened_at,
        notified_at=found.notified_at,
        acknowledged_at=found.acknowledged_at,
        delivered_at=found.delivered_at,
        verified_at=found.verified_at,
        occurrences=found.occurrences,
        is_reserve=found.is_reserve,
        runs=list(found.runs),
    )


def due(each: Due) -> DueBody:
    return DueBody(
        anomaly=each.anomaly,
        matter=each.matter.value,
        due_at=each.date.due_at,
        counted_from=each.date.counted_from,
        met_at=each.met_at,
        seconds_left=each.left.total_seconds(),
        overdue=each.is_overdue,
        paused=each.paused is not None,
        indicative=each.indicative,
        article=each.date.deadline.article,
        choices=[choice.key for choice in each.date.footnotes],
    )


def run(record: RunRecord) -> RunBody:
    return RunBody(
        id=record.id,
        sha256=record.sha256,
        target=record.target,
        base_url=record.base_url,
        tool_version=record.tool_version,
        rule_set=record.rule_set,
        started_at=record.started_at,
        finished_at=record.finished_at,
        verdict=record.verdict.value,
        exit_code=record.exit_code,
        partial=record.partial,
        scenarios=len(record.scenarios),
        findings=len(record.findings),
    )


def live(each: LiveRun, machine: datetime) -> LiveBody:
    progress = each.progress
    return LiveBody(
        project=each.project,
        session=each.session,
        target=progress.target,
        position=progress.position,
        total=progress.total,
        scenario=progress.scenario,
        verdicts={verdict.value: number for verdict, number in progress.verdicts.items()},
        started_at=each.started_at,
        seen_at=each.seen_at,
        finished_at=each.finished_at,
        silent=each.is_silent(machine),
        run=progress.run,
    )


def entry(each: Entry) -> EntryBody:
    return EntryBody(
        number=each.number,
        kind=each.kind.value,
        subject=each.subject,
        at=instant(each.at),
        recorded_at=instant(each.recorded_at),
        who=each.who,
        party=each.party.value,
        why=each.why,
        payload=dict(each.payload),
        previous=each.previous,
        hash=each.hash,
    )


def _phase(each: Line, now: datetime) -> PhaseBody:
    state = each.state
    return PhaseBody(
        id=each.phase.id,
        opened_at=None if state is None else state.opened_at,
        closed_at=None if state is None else state.closed_at,
        planned_end=each.planned_end,
        earliest_end=each.earliest_end,
        prolonged_by=list(each.prolonged_by),
        outcome=None if state is None or state.outcome is None else state.outcome.value,
        late=each.is_late(now),
    )


def _door(each: Door) -> DoorBody:
    return DoorBody(
        phase=each.phase.value,
        can_close=each.can_close,
        missing=[
            MissingBody(id=one.id, text=text(one.text), article=one.article, about=list(one.about))
            for one in each.missing
        ],
        proposal=each.proposal.value,
        reserves=list(each.reserves),
    )


def _right(each: Right) -> RightBody:
    return RightBody(id=each.id, text=text(each.text), article=each.article, since=each.since, about=list(each.about))


def _service(service: Service) -> ServiceBody:
    standing = service.standing
    return ServiceBody(
        start=standing.start,
        end=standing.end,
        samples=standing.samples,
        availability=standing.availability,
        promised_availability=standing.promised_availability,
        availability_holds=standing.availability_holds,
        budget_left_seconds=standing.budget_left.total_seconds(),
        levels=[
            LevelBody(
                id=each.level,
                promised=each.promised,
                unit=each.unit,
                measured=each.measured,
                samples=each.samples,
                holds=each.holds,
            )
            for each in standing.levels
        ],
        days=[
            DayBody(
                day=each.day,
                watched_seconds=each.watched.total_seconds(),
                down_seconds=each.down.total_seconds(),
                maintenance_seconds=each.maintenance.total_seconds(),
                samples=each.samples,
                measured=dict(each.measured),
            )
            for each in service.days
        ],
    )

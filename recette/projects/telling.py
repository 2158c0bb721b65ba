"""From the entries of a journal to the project they tell. Pure.

Payloads, by kind: `project.opened` and `project.changed` editor, interface, environment, agreement, flows, changes,
contacts and signatories {party: {name, email, role}}, use_case, product, version (changed: those that change);
`project.milestone`: subject is its name; `phase.opened`: subject is the phase; `phase.extended` until, agreed {party:
who}, subject is the phase or `breach-repair`; `phase.closed` outcome, reserves, certificate; `phase.shown`: subject is
what was shown; `service.maintenance` start, end; `project.suspended` rights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from recette.journal.model import Entry, Kind, Party
from recette.projects.model import (
    BREACH_NOTICE,
    BREACH_REPAIR,
    Contact,
    Maintenance,
    Outcome,
    PhaseId,
    PhaseState,
    Project,
    ProjectError,
    Shown,
    UseCase,
)
from sas_kernel.flows import Flow
from sas_kernel.text import Text


def told(id: str, entries: Iterable[Entry]) -> Project:
    """The project after these entries, from its first on; `ProjectError` where they open none."""
    project: Project | None = None
    for entry in entries:
        if entry.kind is Kind.PROJECT_OPENED:
            opened = Project(id, "", "", "", "", entry.at)
            project = _changed(opened, entry)
        elif project is not None:
            change = _CHANGES.get(entry.kind)
            project = replace(change(project, entry) if change else project, last=entry.number)
    if project is None:
        raise ProjectError(
            Text(
                "Le projet « {id} » n’existe pas. `recette project open` l’ouvre, `recette project list` les montre.",
                "There is no project '{id}'. `recette project open` opens one, `recette project list` shows them.",
            ).format(id=id)
        )
    return project


def _changed(project: Project, entry: Entry) -> Project:
    said = entry.payload
    named: dict[str, Any] = {
        key: said[key]
        for key in ("editor", "interface", "environment", "agreement", "product", "version")
        if key in said
    }
    if "flows" in said:
        named["flows"] = tuple(Flow(flow) for flow in said["flows"])
    if "changes" in said:
        named["changes"] = {**project.changes, **said["changes"]}
    if "use_case" in said:
        named["use_case"] = UseCase(said["use_case"])
    for key, before in (("contacts", project.contacts), ("signatories", project.signatories)):
        if key in said:
            named[key] = {**before, **{Party(party): Contact(**contact) for party, contact in said[key].items()}}
    return replace(project, **named, last=entry.number)


def _milestone(project: Project, entry: Entry) -> Project:
    milestones = {**project.milestones, entry.subject: entry.at}
    if entry.subject == BREACH_NOTICE:
        return replace(project, milestones=milestones, repair_until=None)
    return replace(project, milestones=milestones)


def _phase_opened(project: Project, entry: Entry) -> Project:
    """A phase that was refused keeps the date both parties agreed on when it is opened once more."""
    opened = PhaseState(PhaseId(entry.subject), entry.at)
    before = project.phase(opened.id)
    if before is not None:
        opened = replace(opened, extended_to=before.extended_to, agreed=before.agreed)
    return replace(project, phases=(*project.phases, opened))


def _phase_extended(project: Project, entry: Entry) -> Project:
    until = date.fromisoformat(entry.payload["until"])
    if entry.subject == BREACH_REPAIR:
        return replace(project, repair_until=until)
    agreed = {Party(party): who for party, who in entry.payload.get("agreed", {}).items()}
    return _phase(project, entry, extended_to=until, agreed=agreed)


def _phase_closed(project: Project, entry: Entry) -> Project:
    return _phase(
        project,
        entry,
        closed_at=entry.at,
        outcome=Outcome(entry.payload["outcome"]),
        reserves=tuple(entry.payload["reserves"]),
        certificate=entry.payload.get("certificate", ""),
    )


def _phase(project: Project, entry: Entry, **changes: Any) -> Project:
    named = project.phase(PhaseId(entry.subject))
    phases = tuple(replace(phase, **changes) if phase is named else phase for phase in project.phases)
    return replace(project, phases=phases)


def _shown(project: Project, entry: Entry) -> Project:
    return replace(project, shown=(*project.shown, Shown(entry.subject, entry.at, entry.who, entry.party, entry.why)))


def _maintenance(project: Project, entry: Entry) -> Project:
    start, end = (datetime.fromisoformat(entry.payload[key]) for key in ("start", "end"))
    return replace(project, maintenance=(*project.maintenance, Maintenance(start, end, entry.at, entry.why)))


def _suspended(project: Project, entry: Entry) -> Project:
    return replace(project, suspended_at=entry.at)


def _resumed(project: Project, entry: Entry) -> Project:
    return replace(project, suspended_at=None, resumed_at=entry.at)


_CHANGES: Mapping[Kind, Callable[[Project, Entry], Project]] = {
    Kind.PROJECT_CHANGED: _changed,
    Kind.MILESTONE: _milestone,
    Kind.PHASE_OPENED: _phase_opened,
    Kind.PHASE_EXTENDED: _phase_extended,
    Kind.PHASE_CLOSED: _phase_closed,
    Kind.SHOWN: _shown,
    Kind.MAINTENANCE: _maintenance,
    Kind.SUSPENDED: _suspended,
    Kind.RESUMED: _resumed,
}

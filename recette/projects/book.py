"""A project and its register as they stand: what every command, page and certificate reads first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from recette.agreement import reading
from recette.agreement.model import Agreement
from recette.journal.model import Entry, JournalError, Kind, first_broken
from recette.projects import telling as projects
from recette.projects.model import PhaseId, Project
from recette.register import dues, runs, telling
from recette.register.model import Anomaly, Due, Register
from recette.register.runs import RunRecord
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class Book:
    """All that a project’s journal tells: `entries` are the whole of it, `runs` in the order of their recording."""

    project: Project
    agreement: Agreement
    register: Register
    runs: tuple[RunRecord, ...]
    entries: tuple[Entry, ...]

    def dues(self, now: datetime) -> tuple[Due, ...]:
        """What is or was due of its anomalies, the first to fall first."""
        return tuple(map(self._placed, dues.all_dues(self.register, self.agreement, now)))

    def dues_of(self, anomaly: Anomaly, now: datetime) -> tuple[Due, ...]:
        """What is or was due of one of them, or of one as it stood before."""
        return tuple(map(self._placed, dues.dues(anomaly, self.agreement, now)))

    def counts_in_service(self, at: datetime) -> bool:
        """Whether a clock that starts then is one of article 8.2: from go-live on (art. 7, 8.1)."""
        in_service = self.project.phase(PhaseId.MISE_EN_SERVICE)
        return in_service is not None and at >= in_service.opened_at

    def _placed(self, due: Due) -> Due:
        """An anomaly of the recette has no deadline there (art. 6); once it comes back in service, it has one."""
        return replace(due, indicative=due.indicative and not self.counts_in_service(due.date.at))

    @property
    def phase(self) -> str:
        """The phase that is open now, or none."""
        return self.project.current.id.value if self.project.current else ""


def of(project: str, entries: Sequence[Entry]) -> Book:
    """The book that entries tell. `JournalError` where their chain is broken, `ProjectError` where none is opened."""
    broken = first_broken(entries)
    if broken is not None:
        raise JournalError(
            Text(
                "Le journal de « {p} » a été altéré à partir de l’entrée {n} ({kind}).",
                "The journal of '{p}' has been altered from entry {n} on ({kind}).",
            ).format(p=project, n=broken.number, kind=broken.kind.value)
        )
    told = projects.told(project, entries)
    return Book(
        project=told,
        agreement=reading.load(told.agreement, changes=told.changes),
        register=telling.told(project, entries),
        runs=tuple(runs.of(entry) for entry in entries if entry.kind is Kind.RUN),
        entries=tuple(entries),
    )


class Reading(Protocol):
    """What gives the entries of a project: a `Journal`."""

    async def read(self, project: str) -> tuple[Entry, ...]: ...


async def read(journal: Reading, project: str) -> Book:
    """The book of a project as its journal stands."""
    return of(project, await journal.read(project))

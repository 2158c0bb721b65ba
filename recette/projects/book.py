"""A project and its register as they stand: what every command, page and certificate reads first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recette.agreement import reading
from recette.agreement.model import Agreement
from recette.journal.model import Entry, JournalError, Kind, first_broken
from recette.projects import telling as projects
from recette.projects.model import Project
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
        return dues.all_dues(self.register, self.agreement, now)

    def dues_of(self, anomaly: Anomaly, now: datetime) -> tuple[Due, ...]:
        """What is or was due of one of them, or of one as it stood before."""
        return dues.dues_in(self.register, anomaly, self.agreement, now)

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

"""What is done to a register: read the journal, decide, write what was decided after what the decision rests on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recette.journal.model import Draft, Entry, JournalError, JournalMovedError, Kind, first_broken
from recette.journal.repository import Journal
from recette.model import RunReport
from recette.register import recording, runs, setting, telling
from recette.register.model import Anomaly, Register, RegisterError
from recette.register.runs import RunRecord
from sas_kernel.text import Text

RUN_MEDIA_TYPE = "application/json"
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a run. `entries` are those that were written: none where the run was recorded already.

    `gone` are the open anomalies that it looked for and did not see, though nobody delivered a correction.
    """

    run: RunRecord
    entries: tuple[Entry, ...]
    gone: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        return bool(self.entries)

    def anomalies(self, kind: Kind) -> tuple[str, ...]:
        """The anomalies to which it did this: `Kind.ANOMALY_OPENED`, `ANOMALY_REOPENED`, …"""
        return tuple(entry.subject for entry in self.entries if entry.kind is kind)


async def record_run(
    journal: Journal,
    project: str,
    report: RunReport,
    content: bytes,
    *,
    who: str,
    now: datetime,
    force: bool = False,
) -> Recorded:
    """Record a run and what follows from it, together or not at all; recorded already, it writes nothing.

    `content` is the report’s file, which is kept. `RegisterError` where a run of this id with another content is there,
    and, but for `force`, where earlier runs judged another target, address or side.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    left = _ATTEMPTS
    while True:
        left -= 1
        entries = await read(journal, project)
        around = setting.at(project, entries, report.finished_at)
        earlier = [runs.of(entry) for entry in entries if entry.kind is Kind.RUN]
        known = next((run for run in earlier if run.id == report.id), None)
        if known is not None:
            if known.sha256 != sha256:
                raise _other_content(report.id)
            return Recorded(known, ())
        run = runs.record(report, sha256, flows=around.flows)
        if earlier and not force and run.subject not in {each.subject for each in earlier}:
            raise _other_target(earlier[-1], run)
        before = telling.told(project, entries)
        drafts = (runs.draft(run, who), *recording.drafts(before, run, phase=around.phase, who=who))
        gone = tuple(anomaly.id for anomaly in recording.gone(before, run))
        await journal.keep(content, RUN_MEDIA_TYPE, now)
        try:
            return Recorded(run, await journal.append(project, drafts, now, expecting=entries[-1].number), gone)
        except JournalMovedError:
            if not left:
                raise


async def act(
    journal: Journal, project: str, anomaly_id: str, make_draft: Callable[[Anomaly], Draft], now: datetime
) -> Entry:
    """Do something to an anomaly: `make_draft` is one of `moves`, given its other arguments."""
    return (await act_on(journal, project, (anomaly_id,), make_draft, now))[0]


async def act_on(
    journal: Journal,
    project: str,
    anomaly_ids: Sequence[str],
    make_draft: Callable[[Anomaly], Draft],
    now: datetime,
) -> tuple[Entry, ...]:
    """Do the same to several anomalies, all or none. Decided again where somebody else wrote meanwhile."""

    def decide(register: Register) -> tuple[Draft, ...]:
        named = dict.fromkeys(id.upper() for id in anomaly_ids)
        return tuple(make_draft(register.find(id)) for id in named)

    return await decided(journal, project, decide, now)


async def decided(
    journal: Journal, project: str, decide: Callable[[Register], Sequence[Draft]], now: datetime
) -> tuple[Entry, ...]:
    """Write what is decided on the register as it stands; decided again where somebody else wrote meanwhile."""
    left = _ATTEMPTS
    while True:
        left -= 1
        entries = await read(journal, project)
        setting.at(project, entries, now)
        drafts = decide(telling.told(project, entries))
        try:
            return await journal.append(project, drafts, now, expecting=entries[-1].number)
        except JournalMovedError:
            if not left:
                raise


async def read(journal: Journal, project: str) -> tuple[Entry, ...]:
    """The entries of a project; `JournalError` where their chain is broken."""
    entries = await journal.read(project)
    broken = first_broken(entries)
    if broken is not None:
        raise JournalError(
            Text(
                "Le journal de « {p} » a été altéré à partir de l’entrée {n} ({kind}).",
                "The journal of '{p}' has been altered from entry {n} on ({kind}).",
            ).format(p=project, n=broken.number, kind=broken.kind.value)
        )
    return entries


def _other_content(run: str) -> RegisterError:
    return RegisterError(
        Text(
            "L’exécution {id} est déjà au registre avec un autre contenu : ce fichier a été modifié depuis.",
            "Run {id} is in the register already with other content: this file has been changed since.",
        ).format(id=run)
    )


def _other_target(before: RunRecord, run: RunRecord) -> RegisterError:
    told = [f"{name or '—'}, {url}, {actor}" for name, url, actor in (run.subject, before.subject)]
    return RegisterError(
        Text(
            "Cette exécution juge une autre cible ({new}) que celles du projet ({old}). Un projet est un éditeur, une "
            "interface, un environnement ; si c’est bien le même, ajoutez --force.",
            "This run judges another target ({new}) than those of the project ({old}). A project is one editor, one "
            "interface, one environment; if it is the same indeed, add --force.",
        ).format(new=told[0], old=told[1])
    )

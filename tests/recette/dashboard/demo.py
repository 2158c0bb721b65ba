"""Four invented projects, each in another phase, as their journals and the watch would tell them on 2 June 2026."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from recette.journal.model import GENESIS, Draft, Entry, Kind, Party, chained
from recette.journal.repository import Journal
from recette.journal.repository import opened as journal_opened
from recette.model import RunReport
from recette.monitoring.model import Sample
from recette.monitoring.repository import opened as samples_opened
from recette.projects import book as books
from recette.projects.book import Book
from recette.register import recording, runs, telling
from recette.reports import json_report
from sas_kernel.clock import PARIS
from tests.recette.reports import samples as reports

ANS, EDITOR, TOOL = Party.ANS, Party.EDITOR, Party.TOOL
PEOPLE = {ANS: "Camille Essai", EDITOR: "Dominique Modèle", TOOL: "recette"}
NOVA, CALLIOPE, TOURNESOL, HELIOS = "nova-creneaux", "calliope-rdv", "tournesol-rdv", "helios-creneaux"


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=PARIS)


NOW = at("2026-06-02T14:00")


@dataclass
class Story:
    """A journal in memory, and the documents its entries name."""

    project: str
    entries: list[Entry] = field(default_factory=list)
    documents: dict[bytes, str] = field(default_factory=dict)

    def write(self, kind: Kind, subject: str, when: str, party: Party, why: str = "", /, **payload: Any) -> None:
        self._add(Draft(kind, subject, at(when), PEOPLE[party], party, why, payload))

    def _add(self, draft: Draft) -> None:
        previous = self.entries[-1].hash if self.entries else GENESIS
        self.entries.append(chained(self.project, len(self.entries) + 1, previous, draft, draft.at))

    def open(self, when: str, editor: str, interface: str, environment: str, **more: Any) -> None:
        named = {"editor": editor, "interface": interface, "environment": environment, "agreement": "sas-agenda"}
        self.write(Kind.PROJECT_OPENED, self.project, when, ANS, **named, **more)

    def phase(self, id: str, opened: str, closed: str = "", outcome: str = "validated", **payload: Any) -> None:
        self.write(Kind.PHASE_OPENED, id, opened, ANS)
        if closed:
            self.close(id, closed, outcome, **payload)

    def close(self, id: str, when: str, outcome: str = "validated", reserves: tuple[str, ...] = ()) -> None:
        self.write(Kind.PHASE_CLOSED, id, when, ANS, "décidé en comité", outcome=outcome, reserves=list(reserves))

    def run(self, report: RunReport, id: str, finished: str, phase: str) -> None:
        """A run and what follows from it, with its whole report as a document."""
        end = at(finished)
        dated = replace(report, id=id, started_at=end - timedelta(minutes=2), finished_at=end)
        content = json_report.dumps(dated).encode()
        self.documents[content] = "application/json"
        record = runs.record(dated, hashlib.sha256(content).hexdigest())
        register = telling.told(self.project, self.entries)
        for draft in (runs.draft(record, "recette"), *recording.drafts(register, record, phase=phase, who="recette")):
            self._add(draft)

    def kept(self, content: bytes, media_type: str) -> str:
        self.documents[content] = media_type
        return hashlib.sha256(content).hexdigest()

    def book(self) -> Book:
        return books.of(self.project, self.entries)


def nova() -> Story:
    """In recette, extended by both parties; what its run found is on its way."""
    story = Story(NOVA)
    story.open(
        "2025-12-01T10:00", "Agenda Nova", "Créneaux", "recette", flows=["slot_search"], product="Nova", version="4.2"
    )
    story.phase("cadrage", "2025-12-01T10:05", "2026-01-12T16:00")
    story.write(Kind.MILESTONE, "signature", "2026-01-12T15:00", ANS)
    story.phase("developpement", "2026-01-12T16:10", "2026-03-27T17:00")
    story.write(Kind.MILESTONE, "delivery", "2026-03-27T16:00", EDITOR)
    story.phase("recette", "2026-03-30T09:00")
    story.run(reports.red(), "3b1f6a52-90a1-4f0e-8a5d-2f6f0c7a1d01", "2026-05-18T11:20", "recette")
    for number, anomaly in enumerate(telling.told(NOVA, story.entries).open, 1):
        story.write(Kind.ANOMALY_NOTIFIED, anomaly.id, f"2026-05-18T14:{number:02d}", ANS)
    first, second, *_ = telling.told(NOVA, story.entries).open
    story.write(Kind.ANOMALY_ACKNOWLEDGED, first.id, "2026-05-19T10:00", EDITOR)
    story.write(Kind.ANOMALY_ACKNOWLEDGED, second.id, "2026-05-19T10:05", EDITOR)
    for party in (ANS, EDITOR):
        story.write(Kind.ANOMALY_QUALIFIED, second.id, "2026-05-20T09:00", party, severity="MINOR")
    story.write(Kind.WORKAROUND_PROPOSED, second.id, "2026-05-20T09:10", EDITOR, "Filtrer à la lecture.")
    story.write(Kind.WORKAROUND_VALIDATED, second.id, "2026-05-20T11:00", ANS)
    story.write(Kind.PLAN_PROPOSED, second.id, "2026-05-20T11:30", EDITOR, "Version 4.3.", due_on="2026-06-30")
    story.write(
        Kind.PHASE_EXTENDED, "recette", "2026-05-21T10:00", ANS, "à la demande de l’éditeur", until="2026-06-19",
        agreed={"ans": PEOPLE[ANS], "editor": PEOPLE[EDITOR]},
    )  # fmt: skip
    return story


def calliope() -> Story:
    """In VSR, with a blocking anomaly that is overdue: a right of the ANS, and a VSR that is prolonged."""
    story = Story(CALLIOPE)
    story.open(
        "2025-09-15T10:00", "Calliope Santé", "Prise de rendez-vous", "production",
        flows=["slot_search", "appointments"], product="Calliope", version="12.0", changes={"watch_interval": "3600"},
    )  # fmt: skip
    story.phase("cadrage", "2025-09-15T10:05", "2025-10-17T16:00")
    story.write(Kind.MILESTONE, "signature", "2025-10-17T15:00", ANS)
    story.phase("developpement", "2025-10-17T16:10", "2026-01-16T17:00")
    story.write(Kind.MILESTONE, "delivery", "2026-01-16T16:00", EDITOR)
    story.phase("recette", "2026-01-19T09:00")
    story.run(reports.green(), "3b1f6a52-90a1-4f0e-8a5d-2f6f0c7a1d02", "2026-03-10T11:20", "recette")
    story.close("recette", "2026-03-20T17:00")
    html = "<!doctype html><title>PV</title><h1>Procès-verbal</h1><script>alert(1)</script>".encode()
    documents = {"html": story.kept(html, "text/html"), "json": story.kept(b"{}", "application/json")}
    story.write(
        Kind.CERTIFICATE, "PV-R-2026-0001", "2026-03-20T17:05", ANS, kind="recette", number="PV-R-2026-0001",
        decision="validated", proposal="validated", reserves=[], documents=documents,
    )  # fmt: skip
    story.phase("mise-en-service", "2026-03-20T17:10", "2026-04-01T12:00")
    story.phase("vsr", "2026-04-01T12:05")
    story.write(
        Kind.MAINTENANCE, "maintenance", "2026-04-10T09:00", EDITOR, "Mise à jour de la base",
        start=at("2026-04-15T22:00").isoformat(), end=at("2026-04-16T02:00").isoformat(),
    )  # fmt: skip
    story.run(reports.red(), "3b1f6a52-90a1-4f0e-8a5d-2f6f0c7a1d03", "2026-05-20T11:20", "vsr")
    grave, *others = telling.told(CALLIOPE, story.entries).open
    story.write(Kind.ANOMALY_NOTIFIED, grave.id, "2026-05-20T14:00", ANS)
    story.write(Kind.ANOMALY_ACKNOWLEDGED, grave.id, "2026-05-21T10:00", EDITOR)
    for party in (ANS, EDITOR):
        story.write(Kind.ANOMALY_QUALIFIED, grave.id, "2026-05-21T11:00", party, severity="BLOCKING")
    for number, anomaly in enumerate(others):
        story.write(Kind.ANOMALY_NOTIFIED, anomaly.id, f"2026-05-{29 - number:02d}T16:00", ANS)
    paused = others[-1]
    story.write(Kind.ANOMALY_ACKNOWLEDGED, paused.id, "2026-05-29T17:00", EDITOR)
    story.write(Kind.CLOCK_PAUSED, paused.id, "2026-06-01T09:00", ANS, "données d’essai attendues de l’ANS")
    return story


def tournesol() -> Story:
    """In development, past its end."""
    story = Story(TOURNESOL)
    story.open("2026-01-05T10:00", "Logiciels Tournesol", "Prise de rendez-vous", "recette")
    story.phase("cadrage", "2026-01-05T10:05", "2026-02-06T16:00")
    story.write(Kind.MILESTONE, "signature", "2026-02-06T15:00", ANS)
    story.phase("developpement", "2026-02-06T16:10")
    return story


def helios() -> Story:
    """In operation."""
    story = Story(HELIOS)
    story.open("2025-02-03T10:00", "Hélios Agenda", "Créneaux", "production", changes={"watch_interval": "86400"})
    story.phase("cadrage", "2025-02-03T10:05", "2025-03-03T16:00")
    story.write(Kind.MILESTONE, "signature", "2025-03-03T15:00", ANS)
    story.phase("developpement", "2025-03-03T16:10", "2025-05-30T17:00")
    story.write(Kind.MILESTONE, "delivery", "2025-05-30T16:00", EDITOR)
    story.phase("recette", "2025-06-02T09:00", "2025-07-25T17:00")
    story.phase("mise-en-service", "2025-07-25T17:10", "2025-08-08T12:00")
    story.phase("vsr", "2025-08-08T12:05", "2025-10-10T12:00")
    story.phase("exploitation", "2025-10-10T12:05")
    return story


def watched() -> tuple[Sample, ...]:
    """The watch over Calliope’s VSR, every hour; a morning on which it was down, and days on which it was slow."""
    made = []
    when, end = at("2026-04-01T12:10"), NOW
    down = (at("2026-05-12T07:00"), at("2026-05-12T11:00"))
    hour = 0
    while when < end:
        ok = not down[0] <= when < down[1]
        slow = 0.7 if when.astimezone(PARIS).date().day in {7, 8} else 0.0
        seconds = round(0.18 + slow + (hour * 37 % 23) / 100, 3) if ok else None
        detail = "" if ok else "connexion impossible"
        if not at("2026-04-24T00:00") <= when < at("2026-04-26T00:00"):  # the watch itself stood still
            made.append(Sample("slot_search.one_practitioner", when, ok, seconds, detail))
        when += timedelta(hours=1)
        hour += 1
    return tuple(made)


def stories() -> tuple[Story, ...]:
    return nova(), calliope(), tournesol(), helios()


async def fill(url: str, *told: Story, samples: Mapping[str, tuple[Sample, ...]] | None = None) -> None:
    """Write journals, documents and samples as the tool would have."""
    async with journal_opened(url) as journal:
        for story in told:
            await put(journal, story)
    async with samples_opened(url) as kept:
        for project, each in (samples or {}).items():
            await kept.add(project, each)


async def put(journal: Journal, story: Story) -> None:
    """A story as a journal keeps it: recorded when it happened, one entry after the other."""
    for content, media_type in story.documents.items():
        await journal.keep(content, media_type, NOW)
    drafts = [Draft(e.kind, e.subject, e.at, e.who, e.party, e.why, e.payload) for e in story.entries]
    await journal.append(story.project, drafts, NOW)

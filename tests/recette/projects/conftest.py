"""A project told by hand, on invented days: entries are chained in memory, as the journal would.

2026: Tuesday 10 February signature, Monday 20 April delivery, Tuesday 2 June go-live certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from recette.journal.model import GENESIS, Draft, Entry, Kind, Party, chained
from recette.model import Severity, Verdict
from recette.monitoring.model import LevelStanding, Standing
from recette.projects import book as books
from recette.projects import doors
from recette.projects import telling as projects
from recette.projects.book import Book
from recette.projects.model import Door, Outcome, PhaseId
from recette.register import moves, recording, runs, telling
from recette.register.model import Anomaly, Register
from recette.register.moves import Move
from recette.register.runs import RunRecord, SeenFinding
from sas_kernel.clock import PARIS
from sas_kernel.text import Text

SCENARIO, OTHER = "slot_search.one_practitioner", "slot_search.full_list"
LEVEL = "slot_search.one_practitioner"


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=PARIS)


def by(party: Party, written: str, why: str = "", who: str = "Dominique Essai") -> Move:
    return Move(at(written), who, party, why)


def finding(
    identity: str = "f1", severity: Severity = Severity.MAJOR, scenarios: tuple[str, ...] = (SCENARIO,)
) -> SeenFinding:
    title = Text("Le total compte les créneaux", "The total counts the slots")
    return SeenFinding(identity, "SLOT-051", f"check.{identity}", severity, title, "Bundle.total", "IG", 1, scenarios)


def run(
    id: str,
    finished: str,
    *findings: SeenFinding,
    held: tuple[str, ...] = (),
    scenarios: Mapping[str, Verdict] | None = None,
    rule_set: str = "r1",
    partial: bool = False,
) -> RunRecord:
    """A run that lasted a minute; scenarios pass unless a finding or `scenarios` says otherwise."""
    verdicts = {SCENARIO: Verdict.PASS, OTHER: Verdict.PASS} if scenarios is None else dict(scenarios)
    for each in findings:
        verdicts |= dict.fromkeys(each.scenarios, Verdict.FAIL)
    checks = {f"check.{identity}": (Verdict.PASS,) for identity in held}
    return RunRecord(
        id=id,
        sha256="0" * 64,
        tool_version="0.1.0",
        rule_set=rule_set,
        guide="g",
        base_url="https://agenda.example.org/fhir",
        target="Agenda d’essai",
        actor="editor",
        started_at=at(finished) - timedelta(minutes=1),
        finished_at=at(finished),
        verdict=Verdict.FAIL if findings else Verdict.PASS,
        exit_code=1 if findings else 0,
        scenarios=verdicts,
        checks={**checks, **{each.check: (Verdict.FAIL,) for each in findings}},
        requirements={},
        levels={},
        findings=findings,
        partial=partial,
        places={f"check.{identity}": tuple(verdicts) for identity in held},
    )


def level(holds: bool | None = True, measured: float | None = 0.4) -> LevelStanding:
    return LevelStanding(LEVEL, Text("1 s", "1 s"), "kit", 1.0, "s", measured, 200, holds)


def stood(availability: float | None = 0.9995, *levels: LevelStanding, end: str = "2026-08-02T09:00") -> Standing:
    """A service watched from go-live on, of which 99 % was promised."""
    return Standing(
        start=at("2026-06-02T14:00"),
        end=at(end),
        samples=1000,
        watched=timedelta(days=60),
        maintenance=timedelta(),
        downtime=timedelta(),
        availability=availability,
        promised_availability=0.99,
        budget_left=timedelta(hours=1),
        levels=levels or (level(),),
    )


@dataclass
class Story:
    """A journal in memory."""

    entries: list[Entry] = field(default_factory=list)

    def write(self, *drafts: Draft) -> Story:
        for draft in drafts:
            previous = self.entries[-1].hash if self.entries else GENESIS
            self.entries.append(chained("p", len(self.entries) + 1, previous, draft, draft.at))
        return self

    def say(
        self, kind: Kind, subject: str, when: str, party: Party = Party.ANS, why: str = "", **payload: Any
    ) -> Story:
        return self.write(Draft(kind, subject, at(when), "Dominique Essai", party, why, payload))

    def begin(self, **said: Any) -> Story:
        terms = {"editor": "Éditions Exemple", "interface": "i", "environment": "recette", "agreement": "sas-agenda"}
        return self.say(Kind.PROJECT_OPENED, "p", "2026-02-02T09:00", **{**terms, **said})

    def milestone(self, name: str, when: str, party: Party = Party.ANS) -> Story:
        return self.say(Kind.MILESTONE, name, when, party)

    def shown(self, what: str, when: str) -> Story:
        return self.say(Kind.SHOWN, what, when)

    def open(self, phase: PhaseId, when: str) -> Story:
        return self.say(Kind.PHASE_OPENED, phase.value, when)

    def close(self, phase: PhaseId, when: str, outcome: Outcome = Outcome.VALIDATED, *reserves: str) -> Story:
        return self.say(Kind.PHASE_CLOSED, phase.value, when, outcome=outcome.value, reserves=list(reserves))

    def record(self, run: RunRecord) -> Story:
        current = projects.told("p", self.entries).current
        made = recording.drafts(self.register, run, phase=current.id.value if current else "", who="recette")
        return self.write(runs.draft(run, "recette"), *made)

    def anomaly(self, id: str = "A-0001") -> Anomaly:
        return self.register.find(id)

    def notified(self, when: str, id: str = "A-0001") -> Story:
        return self.write(moves.notify(self.anomaly(id), by(Party.ANS, when)))

    def acknowledged(self, when: str, id: str = "A-0001") -> Story:
        return self.write(moves.acknowledge(self.anomaly(id), by(Party.EDITOR, when)))

    def delivered(self, when: str, id: str = "A-0001") -> Story:
        return self.write(moves.deliver(self.anomaly(id), by(Party.EDITOR, when)))

    def qualified(self, when: str, severity: Severity, *parties: Party, id: str = "A-0001") -> Story:
        for party in parties:
            self.write(moves.qualify(self.anomaly(id), by(party, when), severity))
        return self

    def made_a_reserve(self, when: str, id: str = "A-0001") -> Story:
        """Its workaround and its plan, for 31 July, are proposed and validated."""
        self.write(moves.propose_workaround(self.anomaly(id), by(Party.EDITOR, when, "Recompter à l’arrivée.")))
        self.write(moves.validate_workaround(self.anomaly(id), by(Party.ANS, when)))
        planned = moves.propose_plan(self.anomaly(id), by(Party.EDITOR, when, "Version 4.2."), at("2026-07-31").date())
        self.write(planned)
        for party in (Party.ANS, Party.EDITOR):
            self.write(moves.validate_plan(self.anomaly(id), by(party, when)))
        return self

    def in_recette(self, **said: Any) -> Story:
        """Signed, delivered, the recette open since Tuesday 21 April."""
        self.begin(**said)
        self.open(PhaseId.CADRAGE, "2026-02-02T10:00")
        self.milestone("signature", "2026-02-10T10:00")
        self.close(PhaseId.CADRAGE, "2026-02-10T12:00")
        self.open(PhaseId.DEVELOPPEMENT, "2026-02-10T12:00")
        self.milestone("delivery", "2026-04-20T12:00")
        self.close(PhaseId.DEVELOPPEMENT, "2026-04-20T12:00")
        self.open(PhaseId.RECETTE, "2026-04-21T09:00")
        return self

    def in_go_live(self, *reserves: str) -> Story:
        """The recette validated on Monday 18 May."""
        outcome = Outcome.VALIDATED_WITH_RESERVES if reserves else Outcome.VALIDATED
        self.close(PhaseId.RECETTE, "2026-05-18T15:00", outcome, *reserves)
        self.open(PhaseId.MISE_EN_SERVICE, "2026-05-20T09:00")
        return self

    def in_vsr(self) -> Story:
        """The go-live certificate signed on Tuesday 2 June at 14:00: the VSR lasts until Sunday 2 August."""
        self.shown("connectivity", "2026-05-26T10:00")
        self.shown("exchanges", "2026-05-26T11:00")
        self.close(PhaseId.MISE_EN_SERVICE, "2026-06-02T14:00")
        self.open(PhaseId.VSR, "2026-06-02T14:00")
        return self

    def door(self, phase: PhaseId, now: str, standing: Standing | None = None) -> Door:
        return doors.door(self.book, phase, at(now), standing)

    @property
    def register(self) -> Register:
        return telling.told("p", self.entries)

    @property
    def book(self) -> Book:
        return books.of("p", self.entries)


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def recette(story: Story) -> Story:
    return story.in_recette()


@pytest.fixture
def go_live(recette: Story) -> Story:
    recette.record(run("r1", "2026-05-18T10:00"))
    return recette.in_go_live()


@pytest.fixture
def vsr(go_live: Story) -> Story:
    return go_live.in_vsr()

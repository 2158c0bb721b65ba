"""A small project told by hand: entries are chained in memory, as the journal would."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from recette.journal.model import GENESIS, Draft, Entry, chained
from recette.model import Severity, Verdict
from recette.register import recording, runs, telling
from recette.register.model import Anomaly, Register
from recette.register.runs import RunRecord, SeenFinding
from sas_kernel.clock import PARIS
from sas_kernel.text import Text


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=PARIS)


def finding(identity: str = "f1", severity: Severity = Severity.BLOCKING, occurrences: int = 1) -> SeenFinding:
    title = Text("Le total compte les créneaux", "The total counts the slots")
    return SeenFinding(identity, "SLOT-030", f"check.{identity}", severity, title, "Bundle.total", "IG", occurrences)


def run(id: str, finished: str, *findings: SeenFinding, held: Iterable[str] = ()) -> RunRecord:
    """A run that lasted a minute. `held`: the identities whose check it judged and found to hold."""
    failed = {each.check: (Verdict.FAIL,) for each in findings}
    passed = {f"check.{identity}": (Verdict.PASS,) for identity in held}
    return RunRecord(
        id=id,
        sha256="0" * 64,
        tool_version="0.1.0",
        rule_set="r",
        guide="g",
        base_url="https://agenda.example.org/fhir",
        target="Agenda d’essai",
        actor="editor",
        started_at=at(finished) - timedelta(minutes=1),
        finished_at=at(finished),
        verdict=Verdict.FAIL if findings else Verdict.PASS,
        exit_code=1 if findings else 0,
        scenarios={"slot_search.one_practitioner": Verdict.FAIL if findings else Verdict.PASS},
        checks={**passed, **failed},
        requirements={"SLOT-030": (Verdict.FAIL if findings else Verdict.PASS,)},
        levels={},
        findings=findings,
    )


@dataclass
class Story:
    """A journal in memory."""

    entries: list[Entry] = field(default_factory=list)

    def write(self, *drafts: Draft) -> Register:
        for draft in drafts:
            previous = self.entries[-1].hash if self.entries else GENESIS
            self.entries.append(chained("p", len(self.entries) + 1, previous, draft, draft.at))
        return self.register

    def record(self, run: RunRecord, phase: str = "recette") -> Register:
        made = recording.drafts(self.register, run, phase=phase, who="recette")
        return self.write(runs.draft(run, "recette"), *made)

    @property
    def register(self) -> Register:
        return telling.told("p", self.entries)

    def anomaly(self, id: str = "A-0001") -> Anomaly:
        return self.register.find(id)


@pytest.fixture
def story() -> Story:
    return Story()

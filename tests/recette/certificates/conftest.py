"""A project told by hand from its opening to its VSR. May 2026: Monday 18, Whit Monday 25; June: Monday 1."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from recette.journal.model import GENESIS, Draft, Entry, Kind, Party, chained
from recette.model import Actor, Level, Requirement, Severity, Verdict
from recette.monitoring.model import LevelStanding, Standing
from recette.projects import book as books
from recette.projects.book import Book
from recette.register import moves, recording, runs
from recette.register.model import Anomaly
from recette.register.moves import Move
from recette.register.runs import RunRecord, SeenFinding
from sas_kernel.clock import PARIS
from sas_kernel.flows import Flow
from sas_kernel.text import Text

ONE, TWO = "slot_search.one_practitioner", "slot_search.two_places"


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=PARIS)


def ans(when: str, why: str = "") -> Move:
    return Move(at(when), "Dominique Mirabel", Party.ANS, why)


def editor(when: str, why: str = "") -> Move:
    return Move(at(when), "Camille Orfelin", Party.EDITOR, why)


def requirement(id: str, severity: Severity, fr: str, scenarios: tuple[str, ...] = (ONE,)) -> Requirement:
    untested = None if scenarios else Text("Personne ne peut le voir du dehors.", "Nobody can see it from outside.")
    text = Text(fr, f"{fr} (en)")
    return Requirement(id, Flow.SLOT_SEARCH, Actor.EDITOR, Level.SHALL, severity, text, "IG", scenarios, untested)


REQUIREMENTS = (
    requirement("SLOT-001", Severity.BLOCKING, "Chaque requête a une réponse entière."),
    requirement("SLOT-002", Severity.MINOR, "Le total compte les créneaux."),
    requirement("SLOT-003", Severity.MAJOR, "Le lieu est nommé.", (TWO,)),
    requirement("SLOT-004", Severity.MINOR, "Rien n’est gardé.", ()),
)
_FINDINGS = {
    "f1": ("SLOT-001", Severity.BLOCKING, ONE),
    "f2": ("SLOT-002", Severity.MINOR, ONE),
    "f3": ("SLOT-003", Severity.MAJOR, TWO),
}


def finding(identity: str, title: str = "") -> SeenFinding:
    id, severity, scenario = _FINDINGS[identity]
    said = title or f"Constat {identity}"
    return SeenFinding(
        identity, id, f"check.{identity}", severity, Text(said, said), "Bundle.total", "IG", 2, (scenario,)
    )


def report_of(id: str) -> bytes:
    """What stands for a run’s run.json."""
    return f'{{"id": "{id}"}}'.encode()


def run(id: str, finished: str, *failed: SeenFinding) -> RunRecord:
    """A whole run of an hour: every scenario and requirement, those fail that findings name."""
    broken = {each.requirement for each in failed}
    bad = {scenario for each in failed for scenario in each.scenarios}
    return RunRecord(
        id=id,
        sha256=hashlib.sha256(report_of(id)).hexdigest(),
        tool_version="0.1.0",
        rule_set="5f2c9d1e77aa",
        guide="ans.fhir.fr.sas 1.2.0",
        base_url="https://agenda.example.org/fhir",
        target="Agenda d’essai",
        actor="editor",
        started_at=at(finished) - timedelta(hours=1),
        finished_at=at(finished),
        verdict=Verdict.FAIL if failed else Verdict.PASS,
        exit_code=1 if failed else 0,
        scenarios={id: Verdict.FAIL if id in bad else Verdict.PASS for id in (ONE, TWO)},
        checks={
            f"check.{identity}": (Verdict.FAIL if id in broken else Verdict.PASS,)
            for identity, (id, _, _) in _FINDINGS.items()
        },
        requirements={
            id: (Verdict.FAIL if id in broken else Verdict.PASS,) for id in ("SLOT-001", "SLOT-002", "SLOT-003")
        },
        levels={},
        findings=tuple(failed),
        places={
            f"check.{identity}": (scenario,) for identity, (id, _, scenario) in _FINDINGS.items() if id not in broken
        },
    )


@dataclass
class Story:
    """A journal in memory; it is also what issuing needs of one."""

    entries: list[Entry] = field(default_factory=list)
    documents: dict[str, bytes] = field(default_factory=dict)

    def write(self, *drafts: Draft) -> None:
        for draft in drafts:
            previous = self.entries[-1].hash if self.entries else GENESIS
            self.entries.append(chained("agenda-essai", len(self.entries) + 1, previous, draft, draft.at))

    def say(self, kind: Kind, subject: str, when: str, party: Party = Party.ANS, why: str = "", **said: Any) -> None:
        self.write(Draft(kind, subject, at(when), "Dominique Mirabel", party, why, said))

    def record(self, made: RunRecord, phase: str = "recette") -> None:
        drafts = recording.drafts(self.book.register, made, phase=phase, who="recette")
        self.write(runs.draft(made, "recette"), *drafts)

    def anomaly(self, id: str) -> Anomaly:
        return self.book.register.find(id)

    def make_reserve(self, id: str, when: str, plan: str = "Version 2.5", due_on: date = date(2026, 7, 15)) -> None:
        self.write(moves.propose_workaround(self.anomaly(id), editor(when, "Recharger la page.")))
        self.write(moves.validate_workaround(self.anomaly(id), ans(when)))
        self.write(moves.propose_plan(self.anomaly(id), editor(when, plan), due_on))
        self.write(moves.validate_plan(self.anomaly(id), ans(when)))
        self.write(moves.validate_plan(self.anomaly(id), editor(when)))

    @property
    def book(self) -> Book:
        return books.of("agenda-essai", self.entries)

    async def read(self, project: str) -> tuple[Entry, ...]:
        return tuple(self.entries)

    async def append(
        self, project: str, drafts: Iterable[Draft], recorded_at: datetime, *, expecting: int | None = None
    ) -> tuple[Entry, ...]:
        assert expecting == len(self.entries)
        before = len(self.entries)
        self.write(*drafts)
        return tuple(self.entries[before:])

    async def keep(self, content: bytes, media_type: str, recorded_at: datetime) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        self.documents[sha256] = content
        return sha256


@pytest.fixture
def story() -> Story:
    """Recette open since 1 June, signed on 2 March, delivered on 29 May."""
    told = Story()
    told.say(
        Kind.PROJECT_OPENED,
        "",
        "2026-03-02T10:00",
        editor="Éditeur d’essai SAS",
        interface="Transmission des créneaux",
        environment="Recette « connectée »",
        agreement="sas-agenda",
        flows=["slot_search"],
        changes={"closed": "2026-12-24"},
        contacts={"editor": {"name": "Camille Orfelin", "email": "c@example.org", "role": "Directrice"}},
        product="Agenda d’essai",
        version="2.4",
    )
    told.say(Kind.MILESTONE, "signature", "2026-03-02T10:00")
    told.say(Kind.MILESTONE, "delivery", "2026-05-29T17:00", Party.EDITOR)
    told.say(Kind.PHASE_OPENED, "recette", "2026-06-01T09:00")
    return told


@pytest.fixture
def found(story: Story) -> Story:
    """A first run that finds a blocking, a minor and a major one; the minor one is a réserve, the rest not yet."""
    story.record(run("r1", "2026-06-02T11:00", finding("f1"), finding("f2"), finding("f3")))
    story.make_reserve("A-0002", "2026-06-03T10:00")
    return story


@pytest.fixture
def ready(found: Story) -> Story:
    """Both others delivered and shown to be corrected by a whole run."""
    for id in ("A-0001", "A-0003"):
        found.write(moves.notify(found.anomaly(id), ans("2026-06-03T11:00")))
        found.write(moves.acknowledge(found.anomaly(id), editor("2026-06-03T14:00")))
        found.write(moves.deliver(found.anomaly(id), editor("2026-06-05T16:00"), "2.4.1"))
    found.record(run("r2", "2026-06-08T11:00", finding("f2")))
    return found


@pytest.fixture
def regular(ready: Story) -> Story:
    """In VSR since 1 July: recette closed with its réserve, gone live on 30 June; one blocking anomaly fixed late.

    Seen on Monday 24 August, notified at 10, acknowledged at 15: due on Wednesday 26 at 18; delivered on Thursday 3
    September, after the two months (1 September).
    """
    ready.say(Kind.PHASE_CLOSED, "recette", "2026-06-15T10:00", outcome="validated-with-reserves", reserves=["A-0002"])
    ready.say(Kind.PHASE_OPENED, "mise-en-service", "2026-06-15T10:00")
    ready.say(Kind.SHOWN, "connectivity", "2026-06-16T10:00", why="Appel de contrôle, 200.")
    ready.say(Kind.SHOWN, "exchanges", "2026-06-16T11:00", Party.EDITOR, "Une recherche et ses créneaux.")
    ready.say(Kind.PHASE_CLOSED, "mise-en-service", "2026-07-01T09:00", outcome="validated", reserves=[])
    ready.say(Kind.PHASE_OPENED, "vsr", "2026-07-01T09:00")
    ready.write(moves.deliver(ready.anomaly("A-0002"), editor("2026-07-10T10:00"), "2.5"))
    ready.record(run("r3", "2026-07-13T11:00"), "vsr")
    ready.record(run("r4", "2026-08-24T09:30", finding("f1")), "vsr")
    ready.write(moves.notify(ready.anomaly("A-0001"), ans("2026-08-24T10:00")))
    ready.write(moves.acknowledge(ready.anomaly("A-0001"), editor("2026-08-24T15:00")))
    ready.write(moves.deliver(ready.anomaly("A-0001"), editor("2026-09-03T16:00"), "2.5.1"))
    ready.record(run("r5", "2026-09-04T11:00"), "vsr")
    return ready


def watched(availability: float = 0.9991) -> Standing:
    level = LevelStanding(
        "slot_search.one", Text("Une recherche", "One search"), "annexes, § Performance", 1.0, "s", 0.412, 17_280, True
    )
    return Standing(
        start=at("2026-07-01T09:00"),
        end=at("2026-09-04T12:00"),
        samples=18_720,
        watched=timedelta(days=65, hours=3),
        maintenance=timedelta(hours=4),
        downtime=timedelta(hours=1, minutes=24),
        availability=availability,
        promised_availability=0.99,
        budget_left=timedelta(hours=14),
        levels=(level,),
    )


def broken_service() -> Standing:
    good = watched(0.97)
    return replace(good, budget_left=-timedelta(hours=30))

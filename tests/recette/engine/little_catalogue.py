"""A little catalogue whose checks say what the test wants, and a driver that answers from a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from recette.engine import runner
from recette.model import (
    Actor,
    Check,
    Deviation,
    Exchange,
    Extent,
    Inbox,
    Judgement,
    Level,
    Listener,
    Request,
    Requirement,
    Response,
    RunReport,
    Scenario,
    Severity,
    Stage,
    Target,
    Timings,
    TransportFailure,
)
from sas_kernel.clock import ManualClock
from sas_kernel.contracts import ServiceLevel
from sas_kernel.flows import Flow
from sas_kernel.text import Text

NOW = datetime(2031, 3, 10, 8, tzinfo=UTC)
WORDS = Text("mot", "word")
LEVEL = ServiceLevel("slot_search.one_practitioner", 1.0, "s", "p95", 5, WORDS, "somewhere")


def requirement(name: str, level: Level = Level.SHALL, severity: Severity = Severity.MAJOR) -> Requirement:
    return Requirement(name, Flow.SLOT_SEARCH, Actor.EDITOR, level, severity, WORDS, f"source of {name}", ("s",))


REQUIREMENTS = {
    "R-SHALL": requirement("R-SHALL"),
    "R-MINOR": requirement("R-MINOR", severity=Severity.MINOR),
    "R-SHOULD": requirement("R-SHOULD", Level.SHOULD),
    "R-SPEED": requirement("R-SPEED"),
}


@dataclass(frozen=True)
class Looked:
    exchanges: tuple[Exchange, ...]


def answered(number: int = 1, body: bytes = b"{}") -> Exchange:
    request = Request("GET", "http://agenda.example.org/fhir/Slot", "/fhir/Slot")
    return Exchange(f"x{number}", NOW, request, Timings(0.01, 0.02), response=Response(200, (), body))


def failed(failure: TransportFailure, number: int = 1) -> Exchange:
    request = Request("GET", "http://agenda.example.org/fhir/Slot", "/fhir/Slot")
    return Exchange(f"x{number}", NOW, request, Timings(None, 0.02), failure=failure, failure_detail="why")


class ListDriver:
    """Gives the exchanges of a list in turn, then the last one for ever, each with a number of its own."""

    def __init__(self, *exchanges: Exchange) -> None:
        self._exchanges = exchanges
        self.sent: list[str] = []
        self.bodies: list[bytes] = []

    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        self.sent.append(target)
        self.bodies.append(body)
        number = len(self.sent)
        return replace(self._exchanges[min(number, len(self._exchanges)) - 1], id=f"x{number}")

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        return await self.send(url, method=method, headers=headers, body=body)


def check(name: str, verdict: Judgement | Exception, requirement: str = "R-SHALL", level: str | None = None) -> Check:
    def judge(_evidence: object) -> Judgement:
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    return Check(name, requirement, WORDS, judge, level)


def one_exchange(name: str, *checks: Check, needs: tuple[str, ...] = ()) -> Scenario:
    async def play(stage: Stage) -> None:
        exchange = await stage.send("/Slot")
        for made in checks:
            stage.judge(made, Looked((exchange,)))

    return Scenario(name, Flow.SLOT_SEARCH, WORDS, checks, play, needs)


async def run(
    *scenarios: Scenario,
    driver: ListDriver | None = None,
    fail_on: Severity = Severity.MINOR,
    target: Target | None = None,
    listeners: Sequence[Listener] = (),
    inbox: Inbox | None = None,
    masks: runner.Masks = runner.BARE,
    deviations: Sequence[Deviation] = (),
    extent: Extent | None = None,
    missed: Sequence[Check] = (),
) -> RunReport:
    plan = runner.Plan(
        target=target or Target("http://agenda.example.org/fhir"),
        scenarios=scenarios,
        requirements=REQUIREMENTS,
        levels={LEVEL.id: LEVEL},
        rule_set="abc",
        tool_version="0",
        fail_on=fail_on,
        deviations=tuple(deviations),
        extent=extent,
        missed=tuple(missed),
    )
    return await runner.run(
        plan,
        driver or ListDriver(answered()),
        clock=ManualClock(NOW),
        run_id="run-1",
        listeners=list(listeners),
        inbox=inbox,
        masks=masks,
    )

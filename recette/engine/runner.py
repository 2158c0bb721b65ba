"""Plays scenarios one after the other against one target and adds their judgements up to a report."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from recette.engine import deviations, verdicts
from recette.engine import target as targets
from recette.engine.dry_run import unplayable
from recette.engine.evidence import kept
from recette.engine.selection import reported
from recette.model import (
    Check,
    CheckJudged,
    CheckResult,
    Deviation,
    Event,
    Evidence,
    Exchange,
    ExchangeDone,
    ExitCode,
    Extent,
    Finding,
    Inbox,
    Listener,
    Measurement,
    Renderer,
    Requirement,
    RunFinished,
    RunReport,
    RunStarted,
    Scenario,
    ScenarioFinished,
    ScenarioResult,
    ScenarioStarted,
    Severity,
    Target,
    TransportFailure,
    Verdict,
    Waiting,
)
from sas_kernel.clock import Clock
from sas_kernel.contracts import ServiceLevel
from sas_kernel.text import Text

_log = logging.getLogger(__name__)

_NOT_REACHED = (TransportFailure.UNREACHABLE, TransportFailure.TLS)
# A target that stays silent so many times in a row is given up: the verdict would be the same, only later.
_SILENCES_BEFORE_GIVING_UP = 4
_LOOK_EVERY = 0.02
"""Seconds between two looks at what a scenario waits for."""


class Driver(Protocol):
    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange: ...

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is made of."""

    target: Target
    scenarios: tuple[Scenario, ...]
    requirements: Mapping[str, Requirement]
    levels: Mapping[str, ServiceLevel]
    rule_set: str
    tool_version: str
    fail_on: Severity = Severity.MINOR
    guide: str = ""
    evidence_of_every_requirement: bool = False
    """Keep an exchange of each requirement that was judged, not only those that findings name."""
    extent: Extent | None = None
    missed: tuple[Check, ...] = ()
    """The checks in scope that a partial run leaves out."""
    deviations: tuple[Deviation, ...] = ()


class Masks(Protocol):
    """Takes secrets and bulk out of what is kept and shown. `around` names the paths whose surroundings must stay."""

    def exchange(self, exchange: Exchange, around: Sequence[str]) -> Exchange: ...

    def finding(self, finding: Finding) -> Finding: ...

    def target(self, target: Target) -> Target: ...


class _Bare:
    """Hides nothing: for tests, and for a caller who keeps the report to himself."""

    def exchange(self, exchange: Exchange, around: Sequence[str]) -> Exchange:
        return exchange

    def finding(self, finding: Finding) -> Finding:
        return finding

    def target(self, target: Target) -> Target:
        return target


BARE: Masks = _Bare()


class _GivenUp(Exception):  # noqa: N818  a way out of a scenario, not a fault
    """The target does not answer: nothing more is sent."""


@dataclass(slots=True)
class _Line:
    """What is known of the connection over the whole run."""

    answers: int = 0
    not_reached: int = 0
    silences: int = 0
    exchanges: dict[str, Exchange] = field(default_factory=dict)

    def note(self, exchange: Exchange) -> None:
        self.exchanges[exchange.id] = exchange
        if exchange.response is not None:
            self.answers += 1
            self.silences = 0
        elif exchange.failure in _NOT_REACHED:
            self.not_reached += 1
            self.silences += 1
        elif exchange.failure is TransportFailure.TIMEOUT:
            self.silences += 1

    @property
    def given_up(self) -> bool:
        return self.silences >= _SILENCES_BEFORE_GIVING_UP

    @property
    def unreachable(self) -> bool:
        return self.answers == 0 and self.not_reached > 0 and self.not_reached == len(self.exchanges)


class _Stage:
    """The `recette.model.Stage` of one scenario."""

    def __init__(
        self,
        plan: Plan,
        scenario: Scenario,
        driver: Driver,
        clock: Clock,
        line: _Line,
        tell: Listener,
        masks: Masks,
        inbox: Inbox | None,
        renderer: Renderer | None,
    ) -> None:
        self._plan = plan
        self._inbox = inbox
        self._renderer = renderer
        self._masks = masks
        self._scenario = scenario
        self._driver = driver
        self._clock = clock
        self._line = line
        self._tell = tell
        self._day = deviations.today(clock.now())
        self.results: list[CheckResult] = []
        self.measurements: list[Measurement] = []

    @property
    def target(self) -> Target:
        return self._plan.target

    @property
    def levels(self) -> Mapping[str, ServiceLevel]:
        return self._plan.levels

    @property
    def inbox(self) -> Inbox | None:
        return self._inbox

    @property
    def renderer(self) -> Renderer | None:
        return self._renderer

    def now(self) -> datetime:
        return self._clock.now()

    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        if self._line.given_up:
            raise _GivenUp
        exchange = await self._driver.send(target, method=method, headers=headers, body=body)
        self._line.note(exchange)
        self._tell(ExchangeDone(self._scenario.id, exchange))
        return exchange

    async def fetch(
        self, url: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        exchange = await self._driver.fetch(url, method=method, headers=headers, body=body)
        self._line.exchanges[exchange.id] = exchange
        self._tell(ExchangeDone(self._scenario.id, exchange))
        return exchange

    async def wait_for(self, what: Text, done: Callable[[], bool], *, seconds: float) -> bool:
        tell_time = asyncio.get_running_loop().time
        deadline = tell_time() + seconds
        shown = float("inf") if seconds >= 1.0 else 0.0  # a moment is not worth a line
        while not (held := done()):
            left = max(deadline - tell_time(), 0.0)
            if shown - left >= 1.0:
                self._tell(Waiting(self._scenario.id, what, left))
                shown = left
            if left == 0.0:
                break
            await asyncio.sleep(min(_LOOK_EVERY, left))
        self.note_arrivals()
        return held

    def note_arrivals(self) -> None:
        """What came in may be named by findings like what went out."""
        if self._inbox is not None:
            for arrival in self._inbox.arrivals:
                if arrival.id not in self._line.exchanges:
                    self._line.exchanges[arrival.id] = arrival
                    self._tell(ExchangeDone(self._scenario.id, arrival))

    def judge(self, check: Check, evidence: Evidence) -> None:
        self.note_arrivals()
        if check in self._scenario.left_out:
            return
        requirement = self._plan.requirements.get(check.requirement)
        if check not in self._scenario.checks or requirement is None:
            self._record(
                self._broken(check, f"{check.id} is not announced by {self._scenario.id} or names no known requirement")
            )
            return
        try:
            judgement = check.judge(evidence)
        except Exception as error:  # noqa: BLE001  a check that breaks is our fault, and is said to be
            _log.exception("check %s broke", check.id)
            self._record(self._broken(check, f"{type(error).__name__}: {error}"))
            return
        result = verdicts.check_result(check, requirement, self._scenario.id, evidence, judgement)
        result = deviations.mark(result, self._plan.deviations, self._day)
        self._record(replace(result, findings=tuple(self._masks.finding(finding) for finding in result.findings)))

    def skip(self, check: Check, reason: Text) -> None:
        if check not in self._scenario.left_out:
            self._record(self.unjudged(check, Verdict.SKIP, reason))

    def measure(self, id: str, title: Text, level: ServiceLevel, samples: Sequence[float]) -> Measurement:
        measurement = Measurement.of(id, title, level, samples)
        out, kept = self._scenario.left_out, self._scenario.checks
        if not any(each.service_level == level.id for each in out) or any(e.service_level == level.id for e in kept):
            self.measurements.append(measurement)
        return measurement

    def unjudged(self, check: Check, verdict: Verdict, reason: Text) -> CheckResult:
        requirement = self._plan.requirements.get(check.requirement)
        return verdicts.unjudged(check, requirement, self._scenario.id, verdict, reason)

    def _broken(self, check: Check, detail: str) -> CheckResult:
        return self.unjudged(
            check,
            Verdict.ERROR,
            Text("L’outil a échoué sur ce contrôle ({d}).", "The tool failed on this check ({d}).").format(d=detail),
        )

    def _record(self, result: CheckResult) -> None:
        self.results.append(result)
        self._tell(CheckJudged(result))


async def run(
    plan: Plan,
    driver: Driver,
    *,
    clock: Clock,
    run_id: str,
    listeners: Sequence[Listener] = (),
    masks: Masks = BARE,
    inbox: Inbox | None = None,
    renderer: Renderer | None = None,
) -> RunReport:
    """Play the plan and return its report; `masks` see everything that leaves, events included."""

    def tell(event: Event) -> None:
        for listener in listeners:
            listener(event)

    started_at = clock.now()
    line = _Line()
    results: list[ScenarioResult] = []
    measurements: list[Measurement] = []
    total = len(plan.scenarios)
    shown_target = masks.target(plan.target)
    tell(RunStarted(shown_target, plan.scenarios, plan.extent))
    for position, scenario in enumerate(plan.scenarios, start=1):
        tell(ScenarioStarted(scenario, position, total))
        stage = _Stage(plan, scenario, driver, clock, line, tell, masks, inbox, renderer)
        result = await _play(scenario, stage, clock, plan.target)
        if renderer is not None:
            await renderer.close_tabs()
        results.append(result)
        measurements += stage.measurements
        tell(ScenarioFinished(result, position, total))
    made = [check for result in results for check in result.checks]
    known = deviations.account(plan.deviations, made, plan.missed, deviations.today(started_at))
    verdict, exit_code, explanation = verdicts.conclude(
        results,
        plan.requirements,
        fail_on=plan.fail_on,
        unreachable=line.unreachable,
        deviations=known,
        partial=plan.extent is not None,
    )
    paths = kept(made, of_every_requirement=plan.evidence_of_every_requirement)
    report = RunReport(
        id=run_id,
        tool_version=plan.tool_version,
        rule_set=plan.rule_set,
        target=shown_target,
        started_at=started_at,
        finished_at=clock.now(),
        verdict=verdict,
        exit_code=exit_code if plan.scenarios else ExitCode.INCONCLUSIVE,
        explanation=explanation,
        fail_on=plan.fail_on,
        scenarios=tuple(results),
        requirements=reported(plan.requirements, plan.scenarios, plan.extent),
        measurements=tuple(measurements),
        guide=plan.guide,
        exchanges=tuple(masks.exchange(e, paths[e.id]) for e in line.exchanges.values() if e.id in paths),
        exchange_count=len(line.exchanges),
        extent=plan.extent,
        deviations=known,
        withheld=targets.withheld(plan.target, shown_target),
    )
    tell(RunFinished(report))
    return report


def _common(results: Sequence[CheckResult]) -> Text | None:
    """The reason why nothing at all was judged, when it is one and the same."""
    reasons = {result.reason for result in results}
    return reasons.pop() if len(reasons) == 1 and all(result.verdict is Verdict.SKIP for result in results) else None


async def _play(scenario: Scenario, stage: _Stage, clock: Clock, target: Target) -> ScenarioResult:
    started_at = clock.now()
    begun = time.perf_counter()
    verdict: Verdict | None = None
    reason: Text | None = None
    foreseen = unplayable(scenario, target)
    if foreseen is not None:
        verdict, reason = foreseen
    else:
        try:
            await scenario.play(stage)
        except _GivenUp:
            reason = Text(
                "La cible ne répond plus : les requêtes suivantes n’ont pas été envoyées.",
                "The target does not answer any more: the requests that follow were not sent.",
            )
        except Exception as error:  # noqa: BLE001  a scenario that breaks is our fault, and is said to be
            _log.exception("scenario %s broke", scenario.id)
            verdict = Verdict.ERROR
            reason = Text("L’outil a échoué : {e}.", "The tool failed: {e}.").format(
                e=f"{type(error).__name__}: {error}"
            )
    judged = {result.check for result in stage.results}
    for check in scenario.checks:
        if check.id not in judged:
            why = reason or Text("Contrôle annoncé, non effectué.", "Check announced and not made.")
            stage.results.append(stage.unjudged(check, Verdict.OMIT if verdict is Verdict.OMIT else Verdict.SKIP, why))
    return ScenarioResult(
        scenario=scenario.id,
        flow=scenario.flow,
        title=scenario.title,
        verdict=verdict or verdicts.scenario_verdict(stage.results),
        checks=tuple(stage.results),
        reason=reason or _common(stage.results),
        started_at=started_at,
        duration=time.perf_counter() - begun,
    )

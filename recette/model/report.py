"""What a run knows in the end, and what it tells on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from recette.model.deviations import DeviationResult
from recette.model.judging import CheckResult, Finding, Measurement, ScenarioResult
from recette.model.selection import Extent
from recette.model.staging import Scenario, Target
from recette.model.wire import Exchange
from recette.model.words import GRAVITY, Requirement, Severity, Verdict
from sas_kernel.text import Text


class ExitCode(IntEnum):
    """The exit codes of `recette`, documented in the README and tested one by one."""

    ACCEPTED = 0
    REFUSED = 1
    USAGE = 2
    INCONCLUSIVE = 3
    SERVICE_LEVEL_BROKEN = 4
    UNREACHABLE = 5
    HARNESS_FAILED = 6
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything a run knows: the one source of every report.

    `exchanges` holds the evidence the findings name (bodies already cut and secrets masked) and, when the run was asked
    to, one of each other requirement it judged; not all the traffic, which `exchange_count` counts. `requirements` are
    those of the flows played, or of the part that was selected. `rule_set` is the hash of the catalogue and contracts
    the run was judged with.
    """

    id: str
    tool_version: str
    rule_set: str
    target: Target
    started_at: datetime
    finished_at: datetime
    verdict: Verdict
    exit_code: ExitCode
    explanation: Text
    fail_on: Severity
    scenarios: tuple[ScenarioResult, ...]
    requirements: tuple[Requirement, ...]
    measurements: tuple[Measurement, ...]
    exchanges: tuple[Exchange, ...]
    exchange_count: int
    guide: str = ""
    """The guide whose profiles answers were held against: package, version, hash of its facts."""
    extent: Extent | None = None
    """Set when the run is partial: it never speaks for the whole."""
    deviations: tuple[DeviationResult, ...] = ()
    withheld: tuple[str, ...] | None = None
    """The keys of the target file that are kept out of `target` because they are secrets; None when not told."""

    @property
    def partial(self) -> bool:
        return self.extent is not None

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        return tuple(check for scenario in self.scenarios for check in scenario.checks)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Each identity once, the gravest first, occurrences added up over the scenarios."""
        merged: dict[str, Finding] = {}
        for check in self.checks:
            for finding in check.findings:
                known = merged.get(finding.identity)
                merged[finding.identity] = finding if known is None else _add(known, finding)
        return tuple(
            sorted(merged.values(), key=lambda f: (-GRAVITY[f.verdict], -f.severity.rank, f.requirement, f.path))
        )


def _add(known: Finding, again: Finding) -> Finding:
    return replace(known, occurrences=known.occurrences + again.occurrences)


@dataclass(frozen=True, slots=True)
class RunStarted:
    target: Target
    scenarios: tuple[Scenario, ...]
    extent: Extent | None = None


@dataclass(frozen=True, slots=True)
class ScenarioStarted:
    scenario: Scenario
    position: int
    total: int


@dataclass(frozen=True, slots=True)
class ExchangeDone:
    scenario: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Waiting:
    """Once a second while a scenario waits: `what` somebody has to do or send, and the seconds left (0: over)."""

    scenario: str
    what: Text
    seconds_left: float


@dataclass(frozen=True, slots=True)
class CheckJudged:
    result: CheckResult


@dataclass(frozen=True, slots=True)
class ScenarioFinished:
    result: ScenarioResult
    position: int
    total: int


@dataclass(frozen=True, slots=True)
class RunFinished:
    report: RunReport


Event = RunStarted | ScenarioStarted | ExchangeDone | Waiting | CheckJudged | ScenarioFinished | RunFinished
Listener = Callable[[Event], None]

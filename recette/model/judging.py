"""Checks, what they say, and what their sayings are kept as."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recette.model.deviations import Deviation
from recette.model.words import Level, Severity, Verdict
from sas_kernel.contracts import ServiceLevel
from sas_kernel.flows import Flow
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing a check saw and that ought not to be.

    `path` is a FHIRPath-like place in the answer (`Bundle.entry[3].resource.start`), a header, a status or empty.
    `exchange` names the exchange at fault when the evidence holds several (else the first one is meant).
    """

    message: Text
    path: str = ""
    expected: str | None = None
    actual: str | None = None
    exchange: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check says: how many things it examined and what it found.

    A check that examined nothing can never pass: it is `SKIP`, with `reason`. `review` says what a person has to look
    at where no program can tell: then it is `REVIEW`, unless there is a problem.
    """

    examined: int
    problems: tuple[Problem, ...] = ()
    reason: Text | None = None
    review: Text | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A pure function from evidence to a judgement, and the requirement it verifies.

    Level, severity and source are the requirement's. `service_level` names the promised number it compares with: a
    breach of such a check alone is a broken service level (exit code 4), not a wrong function (exit code 1).
    """

    id: str
    requirement: str
    title: Text
    judge: Callable[[Any], Judgement]
    service_level: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw once, with its evidence. `identity` is the same whenever the same thing is seen again."""

    identity: str
    check: str
    requirement: str
    scenario: str
    verdict: Verdict
    level: Level
    severity: Severity
    source: str
    message: Text
    path: str
    expected: str | None
    actual: str | None
    exchange: str | None
    occurrences: int = 1
    deviation: Deviation | None = None
    """The known deviation that excuses it: it is shown, and does not count."""


def identity_of(requirement: str, check: str, path: str) -> str:
    """Sixteen hex digits naming a finding across runs: positions in arrays do not count."""
    return hashlib.sha256(
        "\n".join((requirement, check, re.sub(r"\[\d+\]", "[]", path))).encode("utf-8", "surrogatepass")
    ).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class CheckResult:
    check: str
    title: Text
    requirement: str
    scenario: str
    verdict: Verdict
    level: Level
    severity: Severity
    source: str
    examined: int
    findings: tuple[Finding, ...]
    reason: Text | None
    exchanges: tuple[str, ...]
    service_level: str | None = None

    @property
    def known(self) -> bool:
        """Whether all that it found is a known deviation."""
        return bool(self.findings) and all(finding.deviation is not None for finding in self.findings)


def percentile(samples: Sequence[float], percent: float) -> float | None:
    """The exact order statistic by nearest rank: the smallest sample that `percent` % of them do not exceed."""
    if not samples:
        return None
    rank = -(-len(samples) * percent // 100)
    return sorted(samples)[max(int(rank), 1) - 1]


@dataclass(frozen=True, slots=True)
class Measurement:
    """Response times held against a level. `samples` are seconds, raw, in the order taken.

    `p50`, `p95` and `max` are exact order statistics (nearest rank) of the samples; None when there is none.
    """

    id: str
    title: Text
    level: ServiceLevel
    samples: tuple[float, ...]
    p50: float | None
    p95: float | None
    max: float | None
    verdict: Verdict

    @classmethod
    def of(cls, id: str, title: Text, level: ServiceLevel, samples: Sequence[float]) -> Measurement:
        """Hold samples against a level: SKIP when they are too few to conclude, never a pass on luck."""
        measured = {"p50": percentile(samples, 50), "p95": percentile(samples, 95), "max": percentile(samples, 100)}
        held = measured.get(level.statistic)
        if held is None or len(samples) < level.minimum_samples:
            verdict = Verdict.SKIP
        else:
            verdict = Verdict.PASS if held < level.value else Verdict.FAIL
        return cls(id, title, level, tuple(samples), measured["p50"], measured["p95"], measured["max"], verdict)


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    scenario: str
    flow: Flow
    title: Text
    verdict: Verdict
    checks: tuple[CheckResult, ...]
    reason: Text | None
    started_at: datetime
    duration: float

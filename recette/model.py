"""The words of the harness: requirements, exchanges, judgements, findings, and the report they add up to.

Pure: no I/O, no clock, no HTTP library. Everything here is frozen, so that a report cannot change after it was judged.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Protocol

from sas_kernel.contracts import ServiceLevel
from sas_kernel.errors import SasError
from sas_kernel.flows import Flow
from sas_kernel.text import Text


class Verdict(StrEnum):
    """What can be said of a check, a scenario or a run, from the best to the worst.

    `OMIT` does not apply, `SKIP` lacked what it needed, `REVIEW` waits for a person, `FAIL` the target is wrong,
    `ERROR` we could not judge. `PASS` means that something was examined and held.
    """

    OMIT = "OMIT"
    PASS = "PASS"
    WARN = "WARN"
    SKIP = "SKIP"
    REVIEW = "REVIEW"
    FAIL = "FAIL"
    ERROR = "ERROR"


_GRAVITY = {verdict: rank for rank, verdict in enumerate(Verdict)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a whole from those of its parts; a whole without parts is `SKIP`: nothing ran is never a pass."""
    return max(verdicts, key=_GRAVITY.__getitem__, default=Verdict.SKIP)


class Level(StrEnum):
    SHALL = "SHALL"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Severity(StrEnum):
    """The three classes of anomalies of the agreement (ANS-CONV-001, art. 6)."""

    BLOCKING = "BLOCKING"
    MAJOR = "MAJOR"
    MINOR = "MINOR"

    @property
    def rank(self) -> int:
        """3 for blocking, 1 for minor."""
        return {"BLOCKING": 3, "MAJOR": 2, "MINOR": 1}[self.value]


class Actor(StrEnum):
    """Who has to meet a requirement."""

    EDITOR = "editor"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One atomic requirement, a row of `contracts/requirements.csv`.

    `untested_reason` is set exactly when `scenarios` is empty.
    """

    id: str
    flow: Flow
    actor: Actor
    level: Level
    severity: Severity
    text: Text
    source: str
    scenarios: tuple[str, ...] = ()
    untested_reason: Text | None = None


# --- what went over the wire -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is the path and query exactly as written on the request line."""

    method: str
    url: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class TransportFailure(StrEnum):
    """Why no whole answer came."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    TOO_LARGE = "too_large"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds on a monotonic clock, counted from the moment the first byte of the request left.

    `first_byte` is when the answer's head had been read, `total` when its last byte had. No parsing is inside.
    """

    first_byte: float | None
    total: float


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it: a response, or a failure with a word of detail (never both)."""

    id: str
    sent_at: datetime
    request: Request
    timings: Timings
    response: Response | None = None
    failure: TransportFailure | None = None
    failure_detail: str = ""


class Evidence(Protocol):
    """What a check looks at: anything that can name the exchanges it rests on."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]: ...


# --- judging ---------------------------------------------------------------------------------------------------------


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

    A check that examined nothing can never pass: it is `SKIP`, with `reason`.
    """

    examined: int
    problems: tuple[Problem, ...] = ()
    reason: Text | None = None


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


# --- the target ------------------------------------------------------------------------------------------------------


class TargetError(SasError):
    """The target file cannot be used. The text says which key and what to write."""


@dataclass(frozen=True, slots=True)
class Target:
    """The system under test as its owner describes it (`TARGET.toml`)."""

    base_url: str
    flows: tuple[Flow, ...] = (Flow.SLOT_SEARCH,)
    slot_types: tuple[str, ...] = ()
    consultation_types: tuple[str, ...] = ()
    test_data: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    name: str = ""


# --- scenarios -------------------------------------------------------------------------------------------------------


class Stage(Protocol):
    """What a scenario plays on: the engine implements it.

    `send` never raises for what the target does: failures come back inside the exchange. `judge` records a result.
    `measure` records raw response times and judges them with `check` (see `recette.checks.response_time`).
    """

    @property
    def target(self) -> Target: ...

    @property
    def levels(self) -> Mapping[str, ServiceLevel]: ...

    def now(self) -> datetime: ...

    async def send(
        self, target: str, *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> Exchange:
        """Send to `base_url + target`; `target` begins with `/` and goes on the request line untouched."""
        ...

    def judge(self, check: Check, evidence: Evidence) -> None: ...

    def skip(self, check: Check, reason: Text) -> None: ...

    def measure(self, id: str, title: Text, level: ServiceLevel, samples: Sequence[float]) -> Measurement: ...


@dataclass(frozen=True, slots=True)
class Scenario:
    """A sequence of exchanges and the checks made on them.

    `checks` is the whole list of what `play` may judge: the engine refuses a check that is not in it (ERROR) and
    reports as SKIP one that was announced and not judged. `needs` names keys of the target's test data; one that is
    missing makes the scenario SKIP. `omitted` gives the reason when the scenario does not apply to a target.
    """

    id: str
    flow: Flow
    title: Text
    checks: tuple[Check, ...]
    play: Callable[[Stage], Awaitable[None]]
    needs: tuple[str, ...] = ()
    omitted: Callable[[Target], Text | None] = lambda target: None
    tags: tuple[str, ...] = ()


# --- the report ------------------------------------------------------------------------------------------------------


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

    `exchanges` holds the evidence the findings name (bodies already cut and secrets masked), not all the traffic;
    `exchange_count` counts all of it. `rule_set` is the hash of the catalogue and contracts the run was judged with.
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
            sorted(merged.values(), key=lambda f: (-_GRAVITY[f.verdict], -f.severity.rank, f.requirement, f.path))
        )


def _add(known: Finding, again: Finding) -> Finding:
    return replace(known, occurrences=known.occurrences + again.occurrences)


# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunStarted:
    target: Target
    scenarios: tuple[Scenario, ...]


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


Event = RunStarted | ScenarioStarted | ExchangeDone | CheckJudged | ScenarioFinished | RunFinished
Listener = Callable[[Event], None]

"""The words of the harness: requirements, exchanges, judgements, findings, and the report they add up to.

Pure: no I/O, no clock, no HTTP library. Everything here is frozen, so that a report cannot change after it was judged.
"""

from __future__ import annotations

from recette.model.judging import (
    Check,
    CheckResult,
    Finding,
    Judgement,
    Measurement,
    Problem,
    ScenarioResult,
    identity_of,
    percentile,
)
from recette.model.report import (
    CheckJudged,
    Event,
    ExchangeDone,
    ExitCode,
    Listener,
    RunFinished,
    RunReport,
    RunStarted,
    ScenarioFinished,
    ScenarioStarted,
    Waiting,
)
from recette.model.staging import (
    AppointmentsTarget,
    Booking,
    Dropped,
    Inbox,
    PlatformTarget,
    Responder,
    Scenario,
    SignOnTarget,
    Stage,
    Target,
    TargetError,
)
from recette.model.wire import Evidence, Exchange, Request, Response, Timings, TransportFailure
from recette.model.words import Actor, Level, Requirement, Severity, Verdict, worst

__all__ = [
    "Actor",
    "AppointmentsTarget",
    "Booking",
    "Check",
    "CheckJudged",
    "CheckResult",
    "Dropped",
    "Event",
    "Evidence",
    "Exchange",
    "ExchangeDone",
    "ExitCode",
    "Finding",
    "Inbox",
    "Judgement",
    "Level",
    "Listener",
    "Measurement",
    "PlatformTarget",
    "Problem",
    "Request",
    "Requirement",
    "Responder",
    "Response",
    "RunFinished",
    "RunReport",
    "RunStarted",
    "Scenario",
    "ScenarioFinished",
    "ScenarioResult",
    "ScenarioStarted",
    "Severity",
    "SignOnTarget",
    "Stage",
    "Target",
    "TargetError",
    "Timings",
    "TransportFailure",
    "Verdict",
    "Waiting",
    "identity_of",
    "percentile",
    "worst",
]

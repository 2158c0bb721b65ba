"""When a round is worth an entry of the journal: something wrong has begun or ended, not every minute. Pure.

A round that is recorded is a partial run like any other: its findings open anomalies, see them again or show that they
are corrected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from recette.model import RunReport, Verdict
from recette.monitoring.rounds import WATCH
from recette.register.model import Register, Status
from recette.register.runs import RunRecord, record


def _own(scenarios: Iterable[str]) -> frozenset[str]:
    return frozenset(scenario for scenario in scenarios if scenario.startswith(WATCH))


def partial(report: RunReport, sha256: str, flows: Collection[str]) -> RunRecord:
    """What the journal keeps of a round, which is a partial run. The watch’s own scenarios are none of the test book:
    no door asks for them."""
    made = record(report, sha256, flows=flows)
    mine = _own(made.scenarios)
    return replace(made, scenarios={id: verdict for id, verdict in made.scenarios.items() if id not in mine})


def wrong(report: RunReport) -> frozenset[str]:
    """The identities of what a round found wrong."""
    return frozenset(finding.identity for finding in report.findings if finding.verdict is Verdict.FAIL)


def last_told(runs: Sequence[RunRecord], scenarios: Iterable[str]) -> frozenset[str]:
    """What the last partial run of these scenarios found wrong: where the watch left off, whatever process it was."""
    played = frozenset(scenarios)
    for run in reversed(runs):
        if run.partial and frozenset(run.scenarios) == played - _own(played):
            return frozenset(finding.identity for finding in run.findings)
    return frozenset()


def is_news(report: RunReport, told: frozenset[str], register: Register, *, settled: bool) -> bool:
    """Whether a round says something that the journal does not: a new finding, a correction that was delivered and
    holds, or, once things have `settled`, a finding that is gone: a service that comes and goes is one episode.

    A round that judged nothing cannot say that anything is gone.
    """
    found = wrong(report)
    if all(check.verdict in _NOT_JUDGED for check in report.checks):
        return False
    if found - told or (settled and found != told):
        return True
    seen = record(report, "")
    return any(
        anomaly.status is Status.DELIVERED
        and anomaly.delivered_at is not None
        and report.started_at >= anomaly.delivered_at
        and anomaly.identity not in found
        and seen.held(anomaly.check, anomaly.scenarios)
        for anomaly in register.anomalies.values()
    )


_NOT_JUDGED = frozenset({Verdict.SKIP, Verdict.OMIT})

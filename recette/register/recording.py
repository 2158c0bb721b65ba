"""What a run changes in the register: anomalies it opens, sees again, re-opens, or shows to be corrected. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recette.journal.model import Draft, Kind, Party
from recette.register.model import Anomaly, Register, Status
from recette.register.runs import RunRecord, SeenFinding


def drafts(register: Register, run: RunRecord, *, phase: str, who: str) -> tuple[Draft, ...]:
    """The entries that follow from a run, besides the one that records it. Recording a run twice adds nothing.

    An anomaly that is withdrawn stays so: the parties agreed that it is none. One whose correction was delivered is
    verified by a run that began afterwards and judged its check, wherever it had failed, without failing it. A known
    deviation opens nothing, but an open anomaly is there all the same.
    """
    known = {anomaly.identity: anomaly for anomaly in register.anomalies.values()}
    made: list[Draft] = []
    number = len(register.anomalies)
    for finding in run.findings:
        anomaly = known.get(finding.identity)
        if anomaly is None:
            number += 1
            made.append(_opened(f"A-{number:04d}", finding, run, phase, who))
        elif anomaly.status is not Status.WITHDRAWN and run.id not in anomaly.runs:
            made.append(_seen_again(anomaly, finding, run, who))
    for finding in run.excused:
        anomaly = known.get(finding.identity)
        if anomaly is not None and anomaly.is_open and run.id not in anomaly.runs:
            made.append(_seen_again(anomaly, finding, run, who))
    made += _verified(register, run, who)
    return tuple(made)


def gone(register: Register, run: RunRecord) -> tuple[Anomaly, ...]:
    """Open anomalies that this run looked for and did not see, though nobody delivered a correction."""
    return tuple(
        anomaly for anomaly in register.open if anomaly.status is not Status.DELIVERED and _shown_right(anomaly, run)
    )


def _shown_right(anomaly: Anomaly, run: RunRecord) -> bool:
    seen = {finding.identity for finding in (*run.findings, *run.excused)}
    return anomaly.identity not in seen and run.held(anomaly.check, anomaly.scenarios)


def _opened(id: str, finding: SeenFinding, run: RunRecord, phase: str, who: str) -> Draft:
    payload = {
        "identity": finding.identity,
        "requirement": finding.requirement,
        "check": finding.check,
        "title": {"fr": finding.title.fr, "en": finding.title.en},
        "path": finding.path,
        "source": finding.source,
        "severity": finding.severity.value,
        "phase": phase,
        **_sight(finding, run),
    }
    return Draft(Kind.ANOMALY_OPENED, id, run.finished_at, who, Party.TOOL, "", payload)


def _seen_again(anomaly: Anomaly, finding: SeenFinding, run: RunRecord, who: str) -> Draft:
    claimed = anomaly.verified_at if anomaly.status is Status.CORRECTED else anomaly.delivered_at
    back = claimed is not None and run.started_at >= claimed
    kind = Kind.ANOMALY_REOPENED if back else Kind.ANOMALY_SEEN
    return Draft(kind, anomaly.id, run.finished_at, who, Party.TOOL, "", _sight(finding, run))


def _sight(finding: SeenFinding, run: RunRecord) -> dict[str, Any]:
    return {
        "run": run.id,
        "started_at": run.started_at.isoformat(),
        "occurrences": finding.occurrences,
        "scenarios": list(finding.scenarios),
    }


def _verified(register: Register, run: RunRecord, who: str) -> Iterator[Draft]:
    for anomaly in register.anomalies.values():
        if (
            anomaly.status is Status.DELIVERED
            and anomaly.delivered_at is not None
            and run.started_at >= anomaly.delivered_at
            and _shown_right(anomaly, run)
        ):
            payload = {"run": run.id}
            yield Draft(Kind.CORRECTION_VERIFIED, anomaly.id, run.finished_at, who, Party.TOOL, "", payload)

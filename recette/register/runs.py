"""What the journal keeps of a run: enough for anomalies, doors and certificates; the whole report is a document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recette.journal.model import Draft, Entry, Kind, Party
from recette.model import Finding, RunReport, Severity, Verdict
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class SeenFinding:
    """What a run found wrong. `occurrences` within that run, in these scenarios."""

    identity: str
    requirement: str
    check: str
    severity: Severity
    title: Text
    path: str
    source: str
    occurrences: int
    scenarios: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as the journal keeps it. `sha256` names the document that holds its whole report (run.json).

    `scenarios` by id; `checks` and `requirements`: every verdict a check got, and those of a requirement's checks.
    `levels` are the service levels measured: id, verdict.
    """

    id: str
    sha256: str
    tool_version: str
    rule_set: str
    guide: str
    base_url: str
    target: str
    actor: str
    started_at: datetime
    finished_at: datetime
    verdict: Verdict
    exit_code: int
    scenarios: Mapping[str, Verdict]
    checks: Mapping[str, tuple[Verdict, ...]]
    requirements: Mapping[str, tuple[Verdict, ...]]
    levels: Mapping[str, Verdict]
    findings: tuple[SeenFinding, ...]
    partial: bool = False

    def held(self, check: str) -> bool:
        """Whether this run showed that a check holds: it passed somewhere and failed nowhere."""
        verdicts = set(self.checks.get(check, ()))
        return bool(verdicts & {Verdict.PASS, Verdict.WARN}) and not verdicts & {Verdict.FAIL, Verdict.ERROR}


def record(report: RunReport, sha256: str, *, partial: bool = False) -> RunRecord:
    """What the journal keeps of a report."""
    checks: dict[str, list[Verdict]] = defaultdict(list)
    requirements: dict[str, list[Verdict]] = defaultdict(list)
    titles: dict[str, Text] = {}
    places: dict[str, dict[str, None]] = defaultdict(dict)
    for result in report.checks:
        checks[result.check].append(result.verdict)
        requirements[result.requirement].append(result.verdict)
        titles[result.check] = result.title
        for finding in result.findings:
            places[finding.identity][result.scenario] = None
    return RunRecord(
        id=report.id,
        sha256=sha256,
        tool_version=report.tool_version,
        rule_set=report.rule_set,
        guide=report.guide,
        base_url=report.target.base_url,
        target=report.target.name,
        actor=report.target.actor.value,
        started_at=report.started_at,
        finished_at=report.finished_at,
        verdict=report.verdict,
        exit_code=int(report.exit_code),
        scenarios={scenario.scenario: scenario.verdict for scenario in report.scenarios},
        checks={check: tuple(dict.fromkeys(verdicts)) for check, verdicts in checks.items()},
        requirements={requirement: tuple(dict.fromkeys(verdicts)) for requirement, verdicts in requirements.items()},
        levels={measurement.id: measurement.verdict for measurement in report.measurements},
        findings=tuple(
            _seen(finding, titles, tuple(places[finding.identity]))
            for finding in report.findings
            if finding.verdict is Verdict.FAIL
        ),
        partial=partial,
    )


def _seen(finding: Finding, titles: Mapping[str, Text], scenarios: tuple[str, ...]) -> SeenFinding:
    return SeenFinding(
        identity=finding.identity,
        requirement=finding.requirement,
        check=finding.check,
        severity=finding.severity,
        title=titles.get(finding.check, finding.message),
        path=finding.path,
        source=finding.source,
        occurrences=finding.occurrences,
        scenarios=scenarios,
    )


def draft(run: RunRecord, who: str) -> Draft:
    """The entry that records a run; it happened when the run was finished."""
    payload: dict[str, Any] = {
        "sha256": run.sha256,
        "tool_version": run.tool_version,
        "rule_set": run.rule_set,
        "guide": run.guide,
        "base_url": run.base_url,
        "target": run.target,
        "actor": run.actor,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat(),
        "verdict": run.verdict.value,
        "exit_code": run.exit_code,
        "scenarios": {id: verdict.value for id, verdict in run.scenarios.items()},
        "checks": _values(run.checks),
        "requirements": _values(run.requirements),
        "levels": {id: verdict.value for id, verdict in run.levels.items()},
        "findings": [
            {
                "identity": each.identity,
                "requirement": each.requirement,
                "check": each.check,
                "severity": each.severity.value,
                "title": {"fr": each.title.fr, "en": each.title.en},
                "path": each.path,
                "source": each.source,
                "occurrences": each.occurrences,
                "scenarios": list(each.scenarios),
            }
            for each in run.findings
        ],
        "partial": run.partial,
    }
    return Draft(Kind.RUN, run.id, run.finished_at, who, Party.TOOL, "", payload)


def of(entry: Entry) -> RunRecord:
    """The run that an entry of kind `run.recorded` tells."""
    said = entry.payload
    return RunRecord(
        id=entry.subject,
        sha256=said["sha256"],
        tool_version=said["tool_version"],
        rule_set=said["rule_set"],
        guide=said["guide"],
        base_url=said["base_url"],
        target=said["target"],
        actor=said["actor"],
        started_at=datetime.fromisoformat(said["started_at"]),
        finished_at=datetime.fromisoformat(said["finished_at"]),
        verdict=Verdict(said["verdict"]),
        exit_code=said["exit_code"],
        scenarios={id: Verdict(verdict) for id, verdict in said["scenarios"].items()},
        checks=_verdicts(said["checks"]),
        requirements=_verdicts(said["requirements"]),
        levels={id: Verdict(verdict) for id, verdict in said["levels"].items()},
        findings=tuple(
            SeenFinding(
                identity=each["identity"],
                requirement=each["requirement"],
                check=each["check"],
                severity=Severity(each["severity"]),
                title=Text(each["title"]["fr"], each["title"]["en"]),
                path=each["path"],
                source=each["source"],
                occurrences=each["occurrences"],
                scenarios=tuple(each["scenarios"]),
            )
            for each in said["findings"]
        ),
        partial=said["partial"],
    )


def _values(verdicts: Mapping[str, tuple[Verdict, ...]]) -> dict[str, list[str]]:
    return {id: [verdict.value for verdict in each] for id, each in verdicts.items()}


def _verdicts(said: Mapping[str, list[str]]) -> dict[str, tuple[Verdict, ...]]:
    return {id: tuple(Verdict(verdict) for verdict in each) for id, each in said.items()}

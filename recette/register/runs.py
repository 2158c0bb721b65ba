"""What the journal keeps of a run: enough for anomalies, doors and certificates; the whole report is a document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recette.journal.model import Draft, Entry, Kind, Party
from recette.model import Finding, RunReport, Severity, Verdict
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class SeenFinding:
    """What a run found wrong. `occurrences` within that run, in these scenarios.

    `excuse` says by whom, why and until when it was a known deviation of that run; empty where it was none.
    """

    identity: str
    requirement: str
    check: str
    severity: Severity
    title: Text
    path: str
    source: str
    occurrences: int
    scenarios: tuple[str, ...] = ()
    excuse: str = ""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as the journal keeps it. `sha256` names the document that holds its whole report (run.json).

    `scenarios` by id; `checks` and `requirements`: every verdict a check got, and those of a requirement's checks.
    `levels` are the service levels measured: id, verdict. `places` are the scenarios in which a check held. `findings`
    are what was wrong, in the project's flows where it names them; `excused` those that were known deviations.
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
    excused: tuple[SeenFinding, ...] = ()
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def held(self, check: str, scenarios: Iterable[str] = ()) -> bool:
        """Whether this run showed that a check holds: it passed somewhere, in each of these scenarios, and failed
        nowhere. A scenario that a whole run does not know any more is not waited for."""
        verdicts = set(self.checks.get(check, ()))
        if not verdicts & _HELD or verdicts & {Verdict.FAIL, Verdict.ERROR}:
            return False
        here = self.places.get(check, ())
        return all(each in here or (not self.partial and each not in self.scenarios) for each in scenarios)

    @property
    def subject(self) -> tuple[str, str, str]:
        """What was judged: the name of the target, its address, the side it is."""
        return self.target, self.base_url, self.actor


_HELD = frozenset({Verdict.PASS, Verdict.WARN})


def record(report: RunReport, sha256: str, *, flows: Collection[str] = (), partial: bool = False) -> RunRecord:
    """What the journal keeps of a report; with `flows`, findings of these only; `partial` where it says no more."""
    held: dict[str, list[str]] = defaultdict(list)
    covered = {each.scenario for each in report.scenarios if not flows or each.flow.value in flows}
    checks: dict[str, list[Verdict]] = defaultdict(list)
    requirements: dict[str, list[Verdict]] = defaultdict(list)
    titles: dict[str, Text] = {}
    places: dict[str, dict[str, None]] = defaultdict(dict)
    for result in report.checks:
        checks[result.check].append(result.verdict)
        requirements[result.requirement].append(result.verdict)
        titles[result.check] = result.title
        if result.verdict in _HELD:
            held[result.check].append(result.scenario)
        for finding in result.findings:
            if result.scenario in covered and finding.verdict is Verdict.FAIL:
                places[finding.identity][result.scenario] = None
    found = [
        _seen(finding, titles, tuple(places[finding.identity]))
        for finding in report.findings
        if finding.identity in places
    ]
    return RunRecord(
        id=report.id,
        sha256=sha256,
        tool_version=report.tool_version,
        rule_set=report.rule_set,
        guide=report.guide,
        base_url=writable(report.target.base_url),
        target=writable(report.target.name),
        actor=report.target.actor.value,
        started_at=report.started_at,
        finished_at=report.finished_at,
        verdict=report.verdict,
        exit_code=int(report.exit_code),
        scenarios={scenario.scenario: scenario.verdict for scenario in report.scenarios},
        checks={check: tuple(dict.fromkeys(verdicts)) for check, verdicts in checks.items()},
        requirements={requirement: tuple(dict.fromkeys(verdicts)) for requirement, verdicts in requirements.items()},
        levels={measurement.id: measurement.verdict for measurement in report.measurements},
        findings=tuple(each for each in found if not each.excuse),
        partial=partial or report.partial,
        excused=tuple(each for each in found if each.excuse),
        places={check: tuple(dict.fromkeys(scenarios)) for check, scenarios in held.items()},
    )


def writable(text: str) -> str:
    """A text that UTF-8 can carry: what a target sent may hold lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()


def _seen(finding: Finding, titles: Mapping[str, Text], scenarios: tuple[str, ...]) -> SeenFinding:
    known = finding.deviation
    title = titles[finding.check]
    return SeenFinding(
        identity=finding.identity,
        requirement=finding.requirement,
        check=finding.check,
        severity=finding.severity,
        title=Text(writable(title.fr), writable(title.en)),
        path=writable(finding.path),
        source=finding.source,
        occurrences=finding.occurrences,
        scenarios=scenarios,
        excuse="" if known is None else writable(f"{known.owner}, {known.expires.isoformat()} : {known.reason}"),
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
        "findings": [_document(each) for each in run.findings],
        "excused": [_document(each) for each in run.excused],
        "places": {check: list(scenarios) for check, scenarios in run.places.items()},
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
        findings=tuple(_finding(each) for each in said["findings"]),
        partial=said["partial"],
        excused=tuple(_finding(each) for each in said.get("excused", ())),
        places={check: tuple(scenarios) for check, scenarios in said.get("places", {}).items()},
    )


def _document(finding: SeenFinding) -> dict[str, Any]:
    return {
        "identity": finding.identity,
        "requirement": finding.requirement,
        "check": finding.check,
        "severity": finding.severity.value,
        "title": {"fr": finding.title.fr, "en": finding.title.en},
        "path": finding.path,
        "source": finding.source,
        "occurrences": finding.occurrences,
        "scenarios": list(finding.scenarios),
        "excuse": finding.excuse,
    }


def _finding(said: Mapping[str, Any]) -> SeenFinding:
    return SeenFinding(
        identity=said["identity"],
        requirement=said["requirement"],
        check=said["check"],
        severity=Severity(said["severity"]),
        title=Text(said["title"]["fr"], said["title"]["en"]),
        path=said["path"],
        source=said["source"],
        occurrences=said["occurrences"],
        scenarios=tuple(said["scenarios"]),
        excuse=said.get("excuse", ""),
    )


def _values(verdicts: Mapping[str, tuple[Verdict, ...]]) -> dict[str, list[str]]:
    return {id: [verdict.value for verdict in each] for id, each in verdicts.items()}


def _verdicts(said: Mapping[str, list[str]]) -> dict[str, tuple[Verdict, ...]]:
    return {id: tuple(Verdict(verdict) for verdict in each) for id, each in said.items()}

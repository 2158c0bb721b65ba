"""The findings of a run as SARIF 2.1.0 (OASIS), which code hosts show beside the code. Pure.

A rule is a requirement, a result a finding: blocking is an error, major a warning, minor and what is only recommended a
note. What could not be judged is no result but a notification, so that it never reads as an anomaly of the target; the
invocation carries the exit code. `baselineState` is left out: `recette compare` and the code hosts tell what is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from recette.model import CheckResult, ExitCode, Finding, Requirement, RunReport, Severity, Verdict
from recette.reports import anchor as anchors
from recette.reports import words
from recette.reports.anchor import Anchor
from recette.reports.json_report import text_of
from sas_kernel.text import Lang, Text

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "recetteFinding/v1"

_ROOT = "%SRCROOT%"
_MOST_RESULTS = 5_000
_VALUE_LIMIT = 1_000
_TITLE_LIMIT = 1_000
_LEVELS = {Severity.BLOCKING: "error", Severity.MAJOR: "warning", Severity.MINOR: "note"}
_UNJUDGED = {Verdict.ERROR: "error", Verdict.REVIEW: "note", Verdict.SKIP: "note"}
_FAILED = frozenset({ExitCode.USAGE, ExitCode.UNREACHABLE, ExitCode.HARNESS_FAILED, ExitCode.INTERRUPTED})
_LABELS = (Text("Endroit", "Place"), Text("Attendu", "Expected"), Text("Obtenu", "Actual"))


def render(report: RunReport, lang: Lang, anchor: Anchor, *, accepted: Mapping[str, Text] | None = None) -> str:
    """The whole file. `accepted` says why findings, by identity, are known deviations: shown as suppressed."""
    return text_of(document(report, lang, anchor, accepted=accepted))


def document(
    report: RunReport, lang: Lang, anchor: Anchor, *, accepted: Mapping[str, Text] | None = None
) -> dict[str, Any]:
    """The log as plain JSON values, its sentences in `lang`, those of the rules in both languages."""
    known = {requirement.id: requirement for requirement in report.requirements}
    findings = report.findings
    # A finding may be of a requirement the run does not list; a result without its rule would not be shown.
    names = dict.fromkeys((*known, *(finding.requirement for finding in findings)))
    index = {name: position for position, name in enumerate(names)}
    strangers = {finding.requirement: finding for finding in reversed(findings)}
    rules = [_rule(known[name], lang) if name in known else _rule_of(strangers[name], lang) for name in names]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "recette",
                        "version": report.tool_version,
                        "language": lang.value,
                        "rules": rules,
                        "properties": {"ruleSet": report.rule_set, "guide": report.guide},
                    }
                },
                # Code hosts replace a run by the next of the same category: what stands before the last slash.
                "automationDetails": {"id": f"recette/{report.target.actor.value}/{report.id}"},
                "language": lang.value,
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"description": {"text": _SOURCE_ROOT.to(lang)}}},
                "invocations": [_invocation(report, index, lang, left_out=max(0, len(findings) - _MOST_RESULTS))],
                "results": [
                    _result(finding, index, known, lang, anchor, accepted or {}) for finding in findings[:_MOST_RESULTS]
                ],
                "properties": {
                    "run": report.id,
                    "target": report.target.base_url,
                    "targetName": report.target.name,
                    "verdict": report.verdict.value,
                    "failOn": report.fail_on.value,
                },
            }
        ],
    }


_SOURCE_ROOT = Text("La racine du dépôt où recette a été lancé.", "The root of the repository recette was started in.")


def _rule(requirement: Requirement, lang: Lang) -> dict[str, Any]:
    level = _LEVELS[requirement.severity]
    return {
        "id": requirement.id,
        "shortDescription": _message(words.clipped(requirement.text.to(lang), _TITLE_LIMIT)),
        "fullDescription": _message(requirement.text.to(lang)),
        "messageStrings": {each.value: _message(requirement.text.to(each)) for each in Lang},
        "help": _message(f"{requirement.source} ({_weight(requirement, lang)})"),
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": [requirement.flow.value, requirement.actor.value, requirement.level.value],
            "problem.severity": {"error": "error", "warning": "warning", "note": "recommendation"}[level],
            "precision": "very-high",
            "severity": requirement.severity.value,
            "source": requirement.source,
        },
    }


def _rule_of(finding: Finding, lang: Lang) -> dict[str, Any]:
    return {
        "id": finding.requirement,
        "shortDescription": _message(finding.requirement),
        "fullDescription": _message(finding.source or finding.requirement),
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {"severity": finding.severity.value, "source": finding.source},
    }


def _weight(requirement: Requirement, lang: Lang) -> str:
    return f"{words.LEVELS[requirement.level].to(lang)}, {words.SEVERITIES[requirement.severity].to(lang)}".lower()


def _result(
    finding: Finding,
    index: Mapping[str, int],
    known: Mapping[str, Requirement],
    lang: Lang,
    anchor: Anchor,
    accepted: Mapping[str, Text],
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.requirement,
        "ruleIndex": index[finding.requirement],
        "kind": "fail",
        "level": _LEVELS[finding.severity] if finding.verdict is Verdict.FAIL else "note",
        "message": _message(_told(finding, lang)),
        "occurrenceCount": finding.occurrences,
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": anchor.uri, "uriBaseId": _ROOT},
                    "region": {"startLine": anchors.of(anchor, finding.requirement, known)},
                },
                "logicalLocations": _logical(finding),
            }
        ],
        # GitHub knows an alert again by `primaryLocationLineHash` alone, and many findings stand at one line.
        "partialFingerprints": {FINGERPRINT: finding.identity, "primaryLocationLineHash": f"{finding.identity}:1"},
        "properties": {
            "check": finding.check,
            "scenario": finding.scenario,
            "exchange": finding.exchange,
            "severity": finding.severity.value,
            "verdict": finding.verdict.value,
        },
    }
    if finding.identity in accepted:
        justification = accepted[finding.identity].to(lang)
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    return result


def _told(finding: Finding, lang: Lang) -> str:
    values = (finding.path or None, finding.expected, finding.actual)
    lines = [finding.message.to(lang)]
    colon = Text(" : ", ": ").to(lang)
    for label, value in zip(_LABELS, values, strict=True):
        if value is not None:
            lines.append(f"{label.to(lang)}{colon}{words.clipped(value, _VALUE_LIMIT)}")
    return "\n".join(lines)


def _logical(finding: Finding) -> list[dict[str, str]]:
    """Scenario, exchange, place in the answer: the nested places a finding is at, the outermost first."""
    places = [(finding.scenario, "scenario"), (finding.exchange, "exchange"), (finding.path, "element")]
    found: list[dict[str, str]] = []
    name = ""
    for place, kind in places:
        if place:
            name = f"{name}/{place}" if name else place
            found.append({"name": words.visible(place), "fullyQualifiedName": words.visible(name), "kind": kind})
    return found


def _invocation(report: RunReport, index: Mapping[str, int], lang: Lang, *, left_out: int) -> dict[str, Any]:
    headline, sentence = words.conclusion(report, lang)
    told = [_notification(check, index, lang) for check in report.checks if check.verdict in _UNJUDGED]
    if report.exit_code is not ExitCode.ACCEPTED:
        level = "error" if report.exit_code in _FAILED else "note"
        told.insert(0, {"level": level, "message": _message(f"{headline}. {sentence}")})
    if left_out:
        more = Text("{n} autre(s) constat(s) : voir run.json.", "{n} more finding(s): see run.json.").format(n=left_out)
        told.append({"level": "warning", "message": _message(more.to(lang))})
    return {
        "executionSuccessful": report.exit_code not in _FAILED,
        "exitCode": int(report.exit_code),
        "exitCodeDescription": words.EXIT_MEANINGS[report.exit_code].to(lang),
        "startTimeUtc": _utc(report.started_at),
        "endTimeUtc": _utc(report.finished_at),
        "toolExecutionNotifications": told,
    }


def _notification(check: CheckResult, index: Mapping[str, int], lang: Lang) -> dict[str, Any]:
    reason = (check.reason or words.VERDICTS[check.verdict]).to(lang)
    notification: dict[str, Any] = {
        "level": _UNJUDGED[check.verdict],
        "message": _message(f"{check.requirement}, {check.check} – {words.VERDICTS[check.verdict].to(lang)}. {reason}"),
    }
    if check.requirement in index:
        notification["associatedRule"] = {"id": check.requirement, "index": index[check.requirement]}
    return notification


def _message(text: str) -> dict[str, str]:
    """A message that says this and nothing else: `{0}` is a placeholder in SARIF, and `[x](y)` a link."""
    literal = words.visible_lines(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")
    return {"text": literal}


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

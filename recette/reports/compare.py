"""The comparison of two runs as people and machines read it: plain lines, Markdown, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from recette.model import Finding, Measurement
from recette.reports import markdown, reservations, words
from recette.reports.comparison import Comparison, MeasurementChange, RunHead, compare
from sas_kernel.text import Lang, Text

__all__ = ["Comparison", "compare", "to_console", "to_document", "to_json", "to_markdown"]

SCHEMA_VERSION = "1.1"

_MOST_FINDINGS = 50
_VALUE_LIMIT = 300

_NEW = Text("Nouveaux constats", "New findings")
_FIXED = Text("Constats corrigés", "Fixed findings")
_NOT_RETESTED = Text(
    "Constats non retestés (leur contrôle n’a pas eu lieu : rien ne dit qu’ils sont corrigés)",
    "Findings not re-tested (their check was not made: nothing says that they are fixed)",
)
_UNCHANGED = Text("Constats inchangés", "Unchanged findings")
_LOST_REQUIREMENTS = Text("Exigences qui ne sont plus testées", "Requirements no longer tested")
_GAINED_REQUIREMENTS = Text("Exigences nouvellement testées", "Requirements newly tested")
_LOST_SCENARIOS = Text("Scénarios qui ne jugent plus rien", "Scenarios that no longer judge anything")
_GAINED_SCENARIOS = Text("Scénarios nouvellement joués", "Scenarios newly played")
_RESPONSE_TIMES = Text("Niveaux de service", "Service levels")
_REGRESSION = Text("régression", "regression")
_FIRST_LOOK = Text("cherché pour la première fois", "looked for for the first time")
_BEFORE, _AFTER = Text("Avant", "Before"), Text("Après", "After")
_NONE = Text("aucun", "none")


def to_console(comparison: Comparison, lang: Lang = Lang.FR) -> str:
    """Plain lines, without control characters whatever the target put into the findings."""
    lines = [_head_line(_BEFORE, comparison.before, lang), _head_line(_AFTER, comparison.after, lang)]
    lines += [f"! {warning.to(lang)}" for warning in comparison.warnings]
    lines += ["", _counts_line(comparison, lang)]
    for title, marked in _groups(comparison, lang):
        if marked:
            lines += ["", f"== {title} ({len(marked)}) =="]
            lines += [line for finding, remark in marked for line in _finding_lines(finding, remark, lang)]
    for title, names in _lists(comparison, lang):
        lines += ["", f"== {title} ({len(names)}) ==", *(f"  {name}" for name in names)]
    if comparison.measurements:
        lines += ["", f"== {_RESPONSE_TIMES.to(lang)} =="]
        for row in _measurement_rows(comparison.measurements, lang):
            lines.append("  " + " | ".join(row))
    return "\n".join(map(words.plain, lines))


def to_markdown(comparison: Comparison, lang: Lang = Lang.FR) -> str:
    """For the comment of a merge request: bounded, and nothing from the target is formatted or linked."""
    lines = [f"## {Text('Comparaison de deux recettes', 'Two acceptance runs compared').to(lang)}", ""]
    for text, head in ((_BEFORE, comparison.before), (_AFTER, comparison.after)):
        title = words.headline(head.exit_code, head.partial, lang)
        when = words.instant(head.started_at, lang)
        lines.append(f"- {text.to(lang)} : {title} · {markdown.code(head.target)} · {when}")
    lines += ["", *(f"> {markdown.escape(warning.to(lang))}\n" for warning in comparison.warnings)]
    lines += [_counts_line(comparison, lang), ""]
    for title, marked in _groups(comparison, lang):
        if marked:
            lines += [f"### {title} ({len(marked)})", ""]
            rows = markdown.finding_rows((finding for finding, _ in marked[:_MOST_FINDINGS]), lang)
            cells = [[*row, markdown.escape(remark)] for row, (_, remark) in zip(rows, marked, strict=False)]
            head_cells = [text.to(lang) for text in markdown.FINDING_HEAD]
            lines += markdown.table([*head_cells, Text("Remarque", "Remark").to(lang)], cells)
            if len(marked) > _MOST_FINDINGS:
                lines += [f"… +{len(marked) - _MOST_FINDINGS}", ""]
    for title, names in _lists(comparison, lang):
        lines += [f"**{title}** : {', '.join(markdown.code(name) for name in names)}", ""]
    if comparison.measurements:
        head_cells = [_RESPONSE_TIMES.to(lang), _BEFORE.to(lang), _AFTER.to(lang)]
        rows = [[markdown.escape(cell) for cell in row] for row in _measurement_rows(comparison.measurements, lang)]
        lines += markdown.table(head_cells, rows)
    return "\n".join(lines).rstrip() + "\n"


def to_json(comparison: Comparison, lang: Lang = Lang.FR) -> str:
    """The document of `to_document` as text; it holds both languages, whatever `lang` is."""
    return json.dumps(to_document(comparison), allow_nan=False, indent=2)


def to_document(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain JSON values, in a stable order."""
    return {
        "schema_version": SCHEMA_VERSION,
        "before": _head_document(comparison.before),
        "after": _head_document(comparison.after),
        "verdict_changed": comparison.verdict_changed,
        "exit_code": int(comparison.exit_code),
        "warnings": [{"fr": warning.fr, "en": warning.en} for warning in comparison.warnings],
        "new": [
            {**_finding_document(finding), "regression": finding in comparison.regressions}
            for finding in comparison.new
        ],
        "fixed": [_finding_document(finding) for finding in comparison.fixed],
        "not_retested": [_finding_document(finding) for finding in comparison.not_retested],
        "unchanged": [{**_finding_document(each.after), "reweighed": each.changed} for each in comparison.unchanged],
        "lost_requirements": list(comparison.lost_requirements),
        "gained_requirements": list(comparison.gained_requirements),
        "lost_scenarios": list(comparison.lost_scenarios),
        "gained_scenarios": list(comparison.gained_scenarios),
        "measurements": [
            {
                "id": change.id,
                "before": _measurement_document(change.before),
                "after": _measurement_document(change.after),
                "newly_broken": change.newly_broken,
            }
            for change in comparison.measurements
        ],
    }


def _groups(comparison: Comparison, lang: Lang) -> Iterable[tuple[str, Sequence[tuple[Finding, str]]]]:
    """The groups of findings to look at first, each finding with a remark."""
    yield (
        _NEW.to(lang),
        [(f, (_REGRESSION if f in comparison.regressions else _FIRST_LOOK).to(lang)) for f in comparison.new],
    )
    yield _NOT_RETESTED.to(lang), [(finding, "") for finding in comparison.not_retested]
    yield _FIXED.to(lang), [(finding, "") for finding in comparison.fixed]
    yield (
        _UNCHANGED.to(lang),
        [(e.after, f"{_weight(e.before)} -> {_weight(e.after)}" if e.changed else "") for e in comparison.unchanged],
    )


def _lists(comparison: Comparison, lang: Lang) -> Iterable[tuple[str, tuple[str, ...]]]:
    for title, names in (
        (_LOST_REQUIREMENTS, comparison.lost_requirements),
        (_GAINED_REQUIREMENTS, comparison.gained_requirements),
        (_LOST_SCENARIOS, comparison.lost_scenarios),
        (_GAINED_SCENARIOS, comparison.gained_scenarios),
    ):
        if names:
            yield title.to(lang), names


def _counts_line(comparison: Comparison, lang: Lang) -> str:
    parts = (
        (len(comparison.new), Text("nouveau", "new"), Text("nouveaux", "new")),
        (len(comparison.fixed), Text("corrigé", "fixed"), Text("corrigés", "fixed")),
        (len(comparison.unchanged), Text("inchangé", "unchanged"), Text("inchangés", "unchanged")),
        (len(comparison.not_retested), Text("non retesté", "not re-tested"), Text("non retestés", "not re-tested")),
    )
    return ", ".join(words.count(number, one, many, lang) for number, one, many in parts) + "."


def _head_line(label: Text, head: RunHead, lang: Lang) -> str:
    return (
        f"{label.to(lang):<6} : {words.headline(head.exit_code, head.partial, lang)} ({head.verdict.value}, "
        f"{int(head.exit_code)}) | {head.target} | {words.instant(head.started_at, lang)} | {head.id}"
    )


def _finding_lines(finding: Finding, remark: str, lang: Lang) -> Iterable[str]:
    severity = words.SEVERITIES[finding.severity].to(lang)
    suffix = f" [{remark}]" if remark else ""
    if finding.deviation is not None:
        suffix += f" [{reservations.KNOWN.to(lang)}]"
    yield (f"  {finding.verdict.value:<6} {severity:<9} {finding.requirement}  {finding.message.to(lang)}{suffix}")
    for label, value in (
        (Text("endroit", "place"), finding.path or None),
        (Text("attendu", "expected"), finding.expected),
        (Text("obtenu", "actual"), finding.actual),
    ):
        if value is not None:
            yield f"         {label.to(lang):<8} : {words.clipped(value, _VALUE_LIMIT)}"


def _measurement_rows(changes: Iterable[MeasurementChange], lang: Lang) -> Iterable[list[str]]:
    for change in changes:
        known = change.after or change.before
        title = known.title.to(lang) if known else change.id
        yield [title, _times(change.before, lang), _times(change.after, lang)]


def _times(measurement: Measurement | None, lang: Lang) -> str:
    if measurement is None:
        return _NONE.to(lang)
    p50, p95, longest = (words.seconds(v, lang) for v in (measurement.p50, measurement.p95, measurement.max))
    return f"{measurement.verdict.value} p50 {p50}, p95 {p95}, max {longest} (n = {len(measurement.samples)})"


def _weight(finding: Finding) -> str:
    return f"{finding.verdict.value} {finding.severity.value}"


def _head_document(head: RunHead) -> dict[str, Any]:
    return {
        "id": head.id,
        "started_at": head.started_at.isoformat(),
        "target": head.target,
        "rule_set": head.rule_set,
        "tool_version": head.tool_version,
        "verdict": head.verdict.value,
        "exit_code": int(head.exit_code),
        "fail_on": head.fail_on.value,
        "partial": head.partial,
    }


def _finding_document(finding: Finding) -> dict[str, Any]:
    return {
        "identity": finding.identity,
        "check": finding.check,
        "requirement": finding.requirement,
        "scenario": finding.scenario,
        "verdict": finding.verdict.value,
        "severity": finding.severity.value,
        "message": {"fr": finding.message.fr, "en": finding.message.en},
        "path": finding.path,
        "expected": finding.expected,
        "actual": finding.actual,
        "occurrences": finding.occurrences,
        "known_deviation": finding.deviation is not None,
    }


def _measurement_document(measurement: Measurement | None) -> dict[str, Any] | None:
    if measurement is None:
        return None
    return {
        "verdict": measurement.verdict.value,
        "samples": len(measurement.samples),
        "p50": measurement.p50,
        "p95": measurement.p95,
        "max": measurement.max,
    }

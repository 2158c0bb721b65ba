"""What a failing test prints: findings and their evidence, as text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from recette.model import CheckResult, Exchange, Finding, RunReport, Verdict
from recette.reports import words
from recette.reports.curl import curl_line
from recette.reports.evidence import readable_body
from sas_kernel.text import Lang, Text

_BODY = 2_000
"""Characters of a body that are shown."""
_MOST = 20
"""Findings that are shown of a whole run."""


def of_report(report: RunReport, lang: Lang) -> str:
    """The sentence of the verdict, then each finding with its evidence, the gravest first."""
    found = [finding for finding in report.findings if finding.verdict is Verdict.FAIL]
    parts = [f"{report.target.base_url} : {report.explanation.to(lang)}"]
    parts += [_finding(finding, report.exchanges, lang) for finding in found[:_MOST]]
    if len(found) > _MOST:
        parts.append(
            Text("… et {n} autres constats.", "… and {n} more findings.").format(n=len(found) - _MOST).to(lang)
        )
    broken = [check for check in report.checks if check.verdict is Verdict.ERROR]
    parts += [_reason(check, lang) for check in broken]
    return "\n\n".join(parts)


def of_check(result: CheckResult, exchanges: Sequence[Exchange], lang: Lang) -> str:
    """One check: its title, requirement and source, then what it found or why it judged nothing."""
    parts = [f"{result.title.to(lang)}\n{_requirement(result, lang)}"]
    parts += [_finding(finding, exchanges, lang, short=True) for finding in result.findings]
    if result.reason is not None:
        parts.append(result.reason.to(lang))
    return "\n\n".join(parts)


def _requirement(of: CheckResult | Finding, lang: Lang) -> str:
    return " · ".join(
        (of.requirement, words.SEVERITIES[of.severity].to(lang), words.LEVELS[of.level].to(lang), of.source)
    )


def _reason(check: CheckResult, lang: Lang) -> str:
    return f"{check.scenario} {check.check}: {check.reason.to(lang) if check.reason else ''}"


def _finding(finding: Finding, exchanges: Iterable[Exchange], lang: Lang, *, short: bool = False) -> str:
    lines = [] if short else [f"[{finding.scenario} {finding.check}] {_requirement(finding, lang)}"]
    lines.append(finding.message.to(lang) + (f" (× {finding.occurrences})" if finding.occurrences > 1 else ""))
    for label, value in (
        (Text("endroit", "place"), finding.path),
        (Text("attendu", "expected"), finding.expected),
        (Text("obtenu", "actual"), finding.actual),
    ):
        if value:
            lines.append(f"    {label.to(lang)} : {value}")
    exchange = next((one for one in exchanges if one.id == finding.exchange), None)
    if exchange is not None:
        lines += _evidence(exchange, finding.path, lang)
    return "\n".join(lines)


def _evidence(exchange: Exchange, path: str, lang: Lang) -> list[str]:
    lines = [f"    {curl_line(exchange.request)}"]
    if exchange.response is None:
        failure = words.FAILURES[exchange.failure].to(lang) if exchange.failure else ""
        return [*lines, f"    → {failure} {exchange.failure_detail}".rstrip()]
    lines.append(f"    → HTTP {exchange.response.status}")
    body = readable_body(exchange.response.body, path, _BODY)
    shown = f"{body.before}>>>{body.place}<<<{body.after}" if body.place else body.before
    return [*lines, *(f"    {line}" for line in shown.splitlines())]

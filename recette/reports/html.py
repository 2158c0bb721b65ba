"""The report as one HTML file: offline, printable, readable without script, in French or English.

Everything the target sent is escaped by the template and bounded here; a content security policy that names the hashes
of the report's own style and script lets nothing else act.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from recette.model import Exchange, Finding, Requirement, RunReport, Severity, Verdict
from recette.reports import distribution, reservations, words
from recette.reports.coverage import RequirementResult, Standing, requirement_results, standings
from recette.reports.curl import curl_line
from recette.reports.evidence import Body, header_lines, readable_body
from recette.reports.masking import BODY_LIMIT, shorten_body
from sas_kernel.text import Lang, Text

_SHOWN_LIMIT = 24_000
_EVIDENCE_LIMIT = 2_000_000
MOST_FINDINGS = 300
"""How many findings have a place of their own (`#f-IDENTITY`)."""
_VALUE_LIMIT = 2_000
_CURL_LIMIT = 8_000
UNSAFE = re.compile("[\x00\ud800-\udfff]")

STANDINGS = {
    Standing.HELD: Text("Tenues", "Held"),
    Standing.BROKEN: Text("Rompues", "Broken"),
    Standing.WARNED: Text("Recommandations non suivies", "Recommendations not followed"),
    Standing.UNDECIDED: Text("Indécises", "Undecided"),
    Standing.NOT_TESTED: Text("Non testées", "Not tested"),
    Standing.NOT_APPLICABLE: Text("Sans objet", "Not applicable"),
}
_STANDING = {
    Standing.HELD: Text("Tenue", "Held"),
    Standing.BROKEN: Text("Rompue", "Broken"),
    Standing.WARNED: Text("Non suivie", "Not followed"),
    Standing.UNDECIDED: Text("Indécise", "Undecided"),
    Standing.NOT_TESTED: Text("Non testée", "Not tested"),
    Standing.NOT_APPLICABLE: Text("Sans objet", "Not applicable"),
}


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """An exchange as the report shows it."""

    id: str
    sent_at: str
    first_byte: str
    total: str
    request: str
    request_body: Body
    response: str
    response_body: Body
    failure: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding, what it breaks and its evidence; `shown_with` names the finding that already shows the exchange."""

    finding: Finding
    message: str
    actual: str | None
    requirement: Requirement | None
    curl: str
    evidence: EvidenceView | None
    shown_with: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the bar that shows where the requirements stand."""

    standing: Standing
    label: str
    count: int
    x: float
    width: float


def render(report: RunReport, lang: Lang = Lang.FR) -> str:
    """The whole file, to be written in UTF-8."""
    environment = Environment(
        loader=PackageLoader("recette.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = asset("sas_kit", "assets/base.css") + asset("recette.reports", "templates/report.css")
    script = asset("recette.reports", "templates/report.js")
    results = requirement_results(report)
    findings = report.findings
    headline, sentence = words.conclusion(report, lang)
    document = environment.get_template("report.html.j2").render(
        report=report,
        lang=lang.value,
        style=style,
        script=script,
        style_hash=content_hash(style),
        script_hash=content_hash(script),
        headline=headline,
        sentence=sentence,
        tone=reservations.tone(report),
        exit_meaning=reservations.exit_meaning(report, lang),
        partial=reservations.partial_sentence(report.extent, lang) if report.extent else "",
        deviations=reservations.reservations(report, lang),
        deviation_head=reservations.HEAD,
        findings=_finding_views(report, findings[:MOST_FINDINGS], lang),
        findings_left_out=max(0, len(findings) - MOST_FINDINGS),
        failures=Counter(f.severity for f in findings if f.verdict is Verdict.FAIL),
        others=_others(report, lang),
        results=results,
        segments=_segments(results, lang),
        untested=_untested(results, lang),
        check_count=Counter(check.verdict for check in report.checks),
        verdicts_present=_verdicts_present(report, results),
        severities=tuple(Severity),
        drawings={each.id: distribution.draw(each, lang) for each in report.measurements},
        box=distribution,
        duration=max(0.0, (report.finished_at - report.started_at).total_seconds()),
        standing_words=_STANDING,
        words=words,
        **functions(lang),
    )
    return UNSAFE.sub("\ufffd", document)


def functions(lang: Lang) -> dict[str, Callable[..., object]]:
    """What the template writes with, in the report's language."""
    return {
        "t": lambda fr, en: words.spaced(Text(fr, en).to(lang), lang),
        "say": lambda text: words.spaced(words.visible(text.to(lang)), lang),
        "value": lambda text: words.clipped(words.visible(text), _VALUE_LIMIT),
        "seconds": lambda value: words.seconds(value, lang),
        "elapsed": lambda value: words.elapsed(value, lang),
        "instant": lambda value: words.instant(value, lang),
        "promised": lambda level: words.promised(level.value, level.unit, lang),
        "count": lambda number, one, many: words.count(number, one, many, lang),
        "number": lambda number: words.number(number, lang),
        "text": Text,
        "excuse": lambda deviation: words.visible(reservations.excuse(deviation, lang)),
    }


def asset(package: str, path: str) -> str:
    return resources.files(package).joinpath(path).read_text(encoding="utf-8")


def content_hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii")


def _finding_views(report: RunReport, findings: tuple[Finding, ...], lang: Lang) -> list[FindingView]:
    exchanges = {exchange.id: exchange for exchange in report.exchanges}
    requirements = {requirement.id: requirement for requirement in report.requirements}
    shown: dict[str, str] = {}
    spent = 0
    views: list[FindingView] = []
    for finding in findings:
        exchange = exchanges.get(finding.exchange or "")
        evidence = None
        if exchange is not None and exchange.id not in shown and spent < _EVIDENCE_LIMIT:
            evidence = evidence_view(exchange, finding.path, lang)
            spent += _size(evidence)
            shown[exchange.id] = finding.identity
        curl = words.visible(curl_line(exchange.request)) if exchange else ""
        views.append(
            FindingView(
                finding=finding,
                message=words.clipped(words.visible(finding.message.to(lang)), _VALUE_LIMIT),
                actual=finding.actual if finding.actual is not None else _silence(exchange, lang),
                requirement=requirements.get(finding.requirement),
                curl=curl if len(curl) <= _CURL_LIMIT else "",
                evidence=evidence,
                shown_with="" if evidence or exchange is None else shown.get(exchange.id, ""),
            )
        )
    return views


def _silence(exchange: Exchange | None, lang: Lang) -> str | None:
    """What was obtained when no whole answer came."""
    return words.FAILURES[exchange.failure].to(lang) if exchange and exchange.failure else None


def evidence_view(exchange: Exchange, path: str, lang: Lang) -> EvidenceView:
    asked, answered = header_lines(exchange)
    failure = words.FAILURES[exchange.failure].to(lang) if exchange.failure else ""
    if exchange.failure_detail:
        failure += f" ({words.clipped(words.visible(exchange.failure_detail), _VALUE_LIMIT)})"
    answer = exchange.response.body if exchange.response else b""
    return EvidenceView(
        id=exchange.id,
        sent_at=words.instant(exchange.sent_at, lang),
        first_byte=words.seconds(exchange.timings.first_byte, lang),
        total=words.seconds(exchange.timings.total, lang),
        request=asked,
        request_body=readable_body(shorten_body(exchange.request.body, BODY_LIMIT), limit=_SHOWN_LIMIT),
        response=answered,
        response_body=readable_body(shorten_body(answer, BODY_LIMIT, (path,)), path, _SHOWN_LIMIT),
        failure=failure,
    )


def _others(report: RunReport, lang: Lang) -> list[str]:
    """What the counts of nonconformities leave out and a reader must know: warnings, and checks that judged nothing."""
    checks = Counter(check.verdict for check in report.checks)
    warnings = sum(finding.verdict is Verdict.WARN for finding in report.findings)
    known = sum(finding.deviation is not None for finding in report.findings)
    parts = (
        (
            known,
            Text("constat couvert par une déviation connue", "finding covered by a known deviation"),
            Text("constats couverts par des déviations connues", "findings covered by known deviations"),
        ),
        (warnings, Text("avertissement", "warning"), Text("avertissements", "warnings")),
        (
            checks[Verdict.ERROR],
            Text("contrôle en erreur du harnais", "check broken by the harness"),
            Text("contrôles en erreur du harnais", "checks broken by the harness"),
        ),
        (
            checks[Verdict.REVIEW],
            Text("contrôle à examiner par une personne", "check for a person to review"),
            Text("contrôles à examiner par une personne", "checks for a person to review"),
        ),
        (
            checks[Verdict.SKIP],
            Text("contrôle non exécuté", "check not run"),
            Text("contrôles non exécutés", "checks not run"),
        ),
    )
    return [words.count(number, one, many, lang) for number, one, many in parts if number]


def _size(view: EvidenceView) -> int:
    bodies = (view.request_body, view.response_body)
    parts = [part for body in bodies for part in (body.before, body.place, body.after)]
    return sum(map(len, [view.request, view.response, *parts]))


def _segments(results: tuple[RequirementResult, ...], lang: Lang) -> list[Segment]:
    segments: list[Segment] = []
    x = 0.0
    counts = standings(results)
    for standing, label in STANDINGS.items():
        if counts[standing]:
            width = round(100 * counts[standing] / len(results), 3)
            segments.append(Segment(standing, label.to(lang), counts[standing], round(x, 3), width))
            x += width
    return segments


def _untested(results: tuple[RequirementResult, ...], lang: Lang) -> list[tuple[str, list[str]]]:
    """Why requirements were not judged: each reason with those it holds back, the most frequent first."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        if not result.standing.tested:
            reason = (
                result.reason.to(lang) if result.reason else Text("Sans raison connue.", "No known reason.").to(lang)
            )
            reasons.setdefault(words.visible(reason), []).append(result.requirement.id)
    return sorted(reasons.items(), key=lambda item: -len(item[1]))


def _verdicts_present(report: RunReport, results: tuple[RequirementResult, ...]) -> list[Verdict]:
    present = {scenario.verdict for scenario in report.scenarios} | {result.standing.verdict for result in results}
    present |= {check.verdict for check in report.checks}
    return [verdict for verdict in words.BY_GRAVITY if verdict in present]

"""The report as a workbook, in the habit of French acceptance teams: requirement, scenario, evidence, status.

The ids of exchanges are those of `run.har` and `run.json`. Links lead to `report.html` when it was written beside.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from recette.model import CheckResult, Finding, Measurement, RunReport, Severity, Verdict
from recette.reports import reservations, words
from recette.reports.coverage import JUDGED, RequirementResult, Standing, requirement_results
from recette.reports.html import MOST_FINDINGS
from recette.reports.workbook import Column, Cover, Link, Sheet, Toned, Value, write
from sas_kernel.text import Lang, Text

HTML_FILE = "report.html"
HAR_FILE = "run.har"

SUMMARY = Text("Synthèse", "Summary")
REQUIREMENTS = Text("Exigences", "Requirements")
FINDINGS = Text("Constats", "Findings")
MEASUREMENTS = Text("Mesures", "Measurements")
UNCOVERED = Text("Non couvertes", "Not covered")

_STATUSES: Mapping[Standing, Text] = {
    Standing.BROKEN: Text("Refusé", "Rejected"),
    Standing.UNDECIDED: Text("À vérifier", "To be verified"),
    Standing.WARNED: Text("Recommandation non suivie", "Recommendation not followed"),
    Standing.HELD: Text("Validé", "Validated"),
    Standing.NOT_TESTED: Text("Non joué", "Not played"),
    Standing.NOT_APPLICABLE: Text("Non applicable", "Not applicable"),
}
_BROKEN_TOOL = Text("Erreur de l’outil", "Tool error")
_NOT_COVERED = Text("Non couvert", "Not covered")
_AND_OTHERS = Text("… et {n} autre(s)", "… and {n} more")
_LOOKED_AT = JUDGED | {Verdict.REVIEW}
_MOST_NAMES = 6
_MOST_MESSAGES = 3
_ORDER = {verdict: rank for rank, verdict in enumerate(words.BY_GRAVITY)}


@dataclass(frozen=True, slots=True)
class _Book:
    """What all sheets draw on."""

    report: RunReport
    lang: Lang
    beside: Collection[str]
    checks: Mapping[str, Sequence[CheckResult]]
    findings: tuple[Finding, ...]

    def say(self, fr: str, en: str) -> str:
        return Text(fr, en).to(self.lang)

    def columns(self, *columns: tuple[str, str, int]) -> tuple[Column, ...]:
        return tuple(Column(self.say(fr, en), width) for fr, en, width in columns)


def render(report: RunReport, lang: Lang = Lang.FR, beside: Collection[str] = ()) -> bytes:
    """The file's bytes, the same for the same report. `beside` names the files written with it."""
    checks: dict[str, list[CheckResult]] = {}
    for check in report.checks:
        checks.setdefault(check.requirement, []).append(check)
    book = _Book(report, lang, frozenset(beside), checks, report.findings)
    results = requirement_results(report)
    sheets = (_requirements(book, results), _findings(book), _measurements(book), _uncovered(book, results))
    title = book.say("Rapport de recette", "Acceptance report")
    return write(
        _summary(book, results),
        sheets,
        title=f"{title} {report.target.name or report.target.base_url}",
        creator=f"recette {report.tool_version}",
        moment=report.finished_at,
        page=book.say("Page &P sur &N", "Page &P of &N"),
    )


def _summary(book: _Book, results: Sequence[RequirementResult]) -> Cover:
    report, lang, say = book.report, book.lang, book.say
    headline, sentence = words.conclusion(report, lang)
    failed = Counter(finding.severity for finding in book.findings if finding.verdict is Verdict.FAIL)
    warned = sum(finding.verdict is Verdict.WARN for finding in book.findings)
    statuses = Counter(_status(book, result) for result in results)
    verdicts = Counter(check.verdict for check in report.checks)
    target: list[tuple[str, Value]] = [
        (say("Cible", "Target"), report.target.name or report.target.base_url),
        (say("Adresse", "Address"), report.target.base_url),
        (
            say("Rôle jugé", "Side judged"),
            {"editor": say("Éditeur", "Editor"), "platform": say("Plateforme", "Platform")}[report.target.actor.value],
        ),
        (say("Flux déclarés", "Declared flows"), ", ".join(words.FLOWS[flow].to(lang) for flow in report.target.flows)),
    ]
    verdict: list[tuple[str, Value]] = [
        (say("Verdict", "Verdict"), Toned(headline, words.TONES[report.exit_code])),
        (say("Explication", "Explanation"), sentence),
        (
            say("Code de sortie", "Exit code"),
            f"{int(report.exit_code)} – {words.EXIT_MEANINGS[report.exit_code].to(lang)}",
        ),
        (say("Refus à partir de", "Refused from"), words.SEVERITIES[report.fail_on].to(lang)),
    ]
    run: list[tuple[str, Value]] = [
        (say("Exécution", "Run"), report.id),
        (say("Début", "Started"), words.instant(report.started_at, lang)),
        (say("Fin", "Finished"), words.instant(report.finished_at, lang)),
        (say("Version de recette", "Version of recette"), report.tool_version),
        (say("Règles (empreinte)", "Rule set (hash)"), report.rule_set),
        (say("Guide (faits)", "Guide (facts)"), report.guide),
        (say("Scénarios", "Scenarios"), len(report.scenarios)),
        (say("Échanges", "Exchanges"), report.exchange_count),
        (say("Échanges conservés comme preuves", "Exchanges kept as evidence"), _kept(book)),
    ]
    return Cover(
        SUMMARY.to(lang),
        Toned(f"{say('Rapport de recette :', 'Acceptance report:')} {headline}", words.TONES[report.exit_code]),
        (
            (say("Verdict", "Verdict"), verdict),
            (say("Cible", "Target"), target),
            (say("Exécution", "Run"), run),
            (
                say("Non-conformités par gravité", "Nonconformities by severity"),
                [
                    *((words.SEVERITIES[severity].to(lang), failed[severity]) for severity in Severity),
                    (say("Avertissements", "Warnings"), warned),
                ],
            ),
            (
                say("Exigences par statut", "Requirements by status"),
                [(status, number) for status, number in sorted(statuses.items(), key=lambda item: -item[1])],
            ),
            (
                say("Contrôles par verdict", "Checks by verdict"),
                [(words.VERDICTS[verdict].to(lang), verdicts[verdict]) for verdict in words.BY_GRAVITY],
            ),
        ),
    )


def _kept(book: _Book) -> str:
    where = f" – {HAR_FILE}" if HAR_FILE in book.beside else ""
    return f"{words.number(len(book.report.exchanges), book.lang)}{where}"


def _requirements(book: _Book, results: Sequence[RequirementResult]) -> Sheet:
    broken: dict[str, list[Finding]] = {}
    for finding in book.findings:
        broken.setdefault(finding.requirement, []).append(finding)
    columns = book.columns(
        ("N°", "No.", 11),
        ("Exigence", "Requirement", 42),
        ("Niveau", "Level", 14),
        ("Gravité si non tenue", "Severity if broken", 11),
        ("Flux", "Flow", 14),
        ("Source", "Source", 24),
        ("Scénario(s)", "Scenario(s)", 35),
        ("Contrôle(s)", "Check(s)", 26),
        ("Preuve", "Evidence", 14),
        ("Statut", "Status", 16),
        ("Constat", "Finding", 36),
    )
    return Sheet(
        REQUIREMENTS.to(book.lang),
        columns,
        [_requirement(book, result, broken.get(result.requirement.id, [])) for result in results],
    )


def _requirement(book: _Book, result: RequirementResult, findings: Sequence[Finding]) -> list[Value]:
    requirement, lang = result.requirement, book.lang
    checks = sorted(book.checks.get(requirement.id, ()), key=lambda check: _ORDER[check.verdict])
    scenarios = (*(check.scenario for check in checks), *requirement.scenarios)
    anchor = f"{HTML_FILE}#r-{requirement.id}" if HTML_FILE in book.beside else ""
    return [
        Link(requirement.id, anchor) if anchor else requirement.id,
        requirement.text.to(lang),
        words.LEVELS[requirement.level].to(lang),
        words.SEVERITIES[requirement.severity].to(lang),
        words.FLOWS[requirement.flow].to(lang),
        requirement.source,
        _listed(scenarios, lang),
        _listed((check.check for check in checks), lang),
        _evidence(book, checks, findings),
        Toned(_status(book, result), _tone(book, result)),
        _account(book, result, findings),
    ]


def _status(book: _Book, result: RequirementResult) -> str:
    if result.requirement.untested_reason is not None and result.announced == 0:
        return _NOT_COVERED.to(book.lang)
    return (_BROKEN_TOOL if _tone(book, result) is Verdict.ERROR else _STATUSES[result.standing]).to(book.lang)


def _tone(book: _Book, result: RequirementResult) -> Verdict:
    verdicts = {check.verdict for check in book.checks.get(result.requirement.id, ())}
    undecided = result.standing is Standing.UNDECIDED
    return Verdict.ERROR if undecided and Verdict.ERROR in verdicts else result.standing.verdict


def _evidence(book: _Book, checks: Sequence[CheckResult], findings: Sequence[Finding]) -> Value:
    """The exchanges that show what is said and are kept; else how many were judged."""
    held = {exchange.id for exchange in book.report.exchanges}
    shown = [finding for finding in findings if finding.exchange in held]
    if shown:
        ids = _listed((finding.exchange or "" for finding in shown), book.lang)
        return Link(ids, _anchor(book, shown[0]))
    judged = dict.fromkeys(exchange for check in checks if check.verdict in _LOOKED_AT for exchange in check.exchanges)
    if any(exchange in held for exchange in judged):
        return _listed((exchange for exchange in judged if exchange in held), book.lang)
    if not judged:
        return None
    return words.count(
        len(judged),
        Text("échange jugé, non conservé", "exchange judged, not kept"),
        Text("échanges jugés, non conservés", "exchanges judged, not kept"),
        book.lang,
    )


def _anchor(book: _Book, finding: Finding) -> str:
    """Where a finding is shown: in the HTML report when it is there, else in its row here."""
    position = next(number for number, each in enumerate(book.findings) if each.identity == finding.identity)
    if HTML_FILE in book.beside and position < MOST_FINDINGS:
        return f"{HTML_FILE}#f-{finding.identity}"
    return f"#'{FINDINGS.to(book.lang)}'!A{position + 2}"


def _account(book: _Book, result: RequirementResult, findings: Sequence[Finding]) -> str | None:
    lines = [_told(finding, book.lang) for finding in findings[:_MOST_MESSAGES]]
    if len(findings) > _MOST_MESSAGES:
        lines.append(_AND_OTHERS.format(n=len(findings) - _MOST_MESSAGES).to(book.lang))
    if not lines and result.reason is not None:
        lines = [result.reason.to(book.lang)]
    return "\n".join(lines) or None


def _told(finding: Finding, lang: Lang) -> str:
    place = f" ({finding.path})" if finding.path else ""
    return f"{finding.message.to(lang)}{place}"


def _findings(book: _Book) -> Sheet:
    lang = book.lang
    columns = book.columns(
        ("Identité", "Identity", 18),
        ("Exigence", "Requirement", 14),
        ("Verdict", "Verdict", 17),
        ("Gravité", "Severity", 11),
        ("Constat", "Finding", 40),
        ("Endroit", "Place", 28),
        ("Attendu", "Expected", 24),
        ("Obtenu", "Actual", 24),
        ("Vu", "Seen", 7),
        ("Échange", "Exchange", 11),
        ("Scénario", "Scenario", 27),
        ("Contrôle", "Check", 28),
        ("Déviation connue", "Known deviation", 34),
    )
    rows: list[list[Value]] = []
    for position, finding in enumerate(book.findings):
        linked = HTML_FILE in book.beside and position < MOST_FINDINGS
        identity = Link(finding.identity, f"{HTML_FILE}#f-{finding.identity}") if linked else finding.identity
        rows.append(
            [
                identity,
                finding.requirement,
                Toned(words.VERDICTS[finding.verdict].to(lang), finding.verdict),
                words.SEVERITIES[finding.severity].to(lang),
                finding.message.to(lang),
                finding.path or None,
                finding.expected,
                finding.actual,
                finding.occurrences,
                finding.exchange,
                finding.scenario,
                finding.check,
                reservations.excuse(finding.deviation, lang) if finding.deviation else None,
            ]
        )
    return Sheet(FINDINGS.to(lang), columns, rows)


def _measurements(book: _Book) -> Sheet:
    columns = book.columns(
        ("Mesure", "Measurement", 22),
        ("Objet", "Subject", 28),
        ("Niveau promis", "Promised level", 44),
        ("Valeur promise", "Promised value", 13),
        ("Statistique", "Statistic", 12),
        ("Mesures", "Samples", 10),
        ("Mesures requises", "Samples required", 10),
        ("Médiane (ms)", "Median (ms)", 11),
        ("95e centile (ms)", "95th percentile (ms)", 12),
        ("Maximum (ms)", "Maximum (ms)", 11),
        ("Verdict", "Verdict", 16),
        ("Source", "Source", 22),
    )
    rows = [_measurement(measurement, book.lang) for measurement in book.report.measurements]
    return Sheet(MEASUREMENTS.to(book.lang), columns, rows)


def _measurement(measurement: Measurement, lang: Lang) -> list[Value]:
    level = measurement.level
    return [
        measurement.id,
        measurement.title.to(lang),
        level.text.to(lang),
        words.promised(level.value, level.unit, lang),
        level.statistic,
        len(measurement.samples),
        level.minimum_samples,
        *(_milliseconds(seconds) for seconds in (measurement.p50, measurement.p95, measurement.max)),
        Toned(words.VERDICTS[measurement.verdict].to(lang), measurement.verdict),
        level.source,
    ]


def _milliseconds(seconds: float | None) -> float | None:
    """Cut to the tenth, as `words.seconds` does: what is shown under a limit was measured under it."""
    return None if seconds is None else math.floor(round(seconds * 10_000, 6)) / 10


def _uncovered(book: _Book, results: Sequence[RequirementResult]) -> Sheet:
    lang = book.lang
    columns = book.columns(
        ("N°", "No.", 12),
        ("Exigence", "Requirement", 62),
        ("Niveau", "Level", 14),
        ("Gravité si non tenue", "Severity if broken", 12),
        ("Flux", "Flow", 20),
        ("Source", "Source", 30),
        ("Pourquoi aucun scénario ne la couvre", "Why no scenario covers it", 62),
    )
    rows: list[list[Value]] = [
        [
            requirement.id,
            requirement.text.to(lang),
            words.LEVELS[requirement.level].to(lang),
            words.SEVERITIES[requirement.severity].to(lang),
            words.FLOWS[requirement.flow].to(lang),
            requirement.source,
            requirement.untested_reason.to(lang) if requirement.untested_reason else None,
        ]
        for requirement in (result.requirement for result in results)
        if not requirement.scenarios
    ]
    return Sheet(UNCOVERED.to(lang), columns, rows)


def _listed(names: Iterable[str], lang: Lang) -> str:
    """Each name once, one a line; of many, the first and how many more."""
    unique = list(dict.fromkeys(names))
    more = [_AND_OTHERS.format(n=len(unique) - _MOST_NAMES).to(lang)] if len(unique) > _MOST_NAMES else []
    return "\n".join([*unique[:_MOST_NAMES], *more])

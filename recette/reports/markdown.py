"""The report as a summary in Markdown, for the comment of a merge request or the step summary of a job.

Written for the dialects of GitHub and GitLab, which also act on mentions and references: what comes from the target can
neither format, nor link, nor call anybody. Bounded, because comments are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from recette.model import ExitCode, Finding, RunReport, Severity, Verdict
from recette.reports import reservations, words
from recette.reports.coverage import Standing, requirement_results, standings
from sas_kernel.text import Lang, Text

_MOST_FINDINGS = 50
_CELL_LIMIT = 240
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~$&])")
_CALLING = re.compile(r"([@#!%^])(?=\w)|(?<=\w)(:)(?=//)|(?<=www)(\.)", re.IGNORECASE)
_SIGNS = {Verdict.PASS: "✅", Verdict.WARN: "⚠️", Verdict.FAIL: "❌", Verdict.ERROR: "💥"}


def render(report: RunReport, lang: Lang = Lang.FR) -> str:
    """The whole summary: verdict, counts, findings, measurements, versions."""
    headline, sentence = words.conclusion(report, lang)
    meaning = escape(reservations.exit_meaning(report, lang))
    facts = [
        f"{_(Text('Cible', 'Target'), lang)} {code(report.target.base_url)}",
        words.instant(report.started_at, lang),
        f"{_(Text('code de sortie', 'exit code'), lang)} {int(report.exit_code)} ({meaning})",
    ]
    versions = [
        f"recette {escape(report.tool_version)}",
        f"{_(Text('règles', 'rules'), lang)} {code(report.rule_set[:16])}",
        f"{_(Text('exécution', 'run'), lang)} {code(report.id)}",
    ]
    if report.guide:
        versions.insert(2, f"{_(Text('guide', 'guide'), lang)} {code(report.guide)}")
    title = f"## {_SIGNS[reservations.tone(report)]} {_(Text('Recette', 'Acceptance'), lang)} : {escape(headline)}"
    lines = [title, "", escape(sentence), ""]
    if report.extent is not None:
        lines += [f"> {escape(reservations.partial_sentence(report.extent, lang))}", ""]
    lines += [" · ".join(facts), "", *_counts(report, lang), *_findings(report, lang), *_deviations(report, lang)]
    lines += [*_measurements(report, lang), " · ".join(versions)]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """A text on one line that Markdown shows as it is: no format, no link, no mention."""
    shown = words.clipped(words.visible(text), _CELL_LIMIT * 2)
    return _CALLING.sub(lambda match: f"{match.group()}\u200b", _SPECIAL.sub(r"\\\1", shown))


def code(text: str, *, cell: bool = False) -> str:
    """A text in a code span long enough fenced to hold it; in a table, pipes need a backslash even there."""
    shown = words.clipped(words.visible(text), _CELL_LIMIT)
    if cell:
        # A backslash before an escaped pipe would undo the escape: a lookalike keeps the row whole.
        shown = shown.replace("\\|", "\\ |").replace("|", "\\|")
    if not shown.strip():
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    padding = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table and the empty line that ends it."""
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows), ""]


def finding_rows(findings: Iterable[Finding], lang: Lang) -> list[list[str]]:
    """The cells of `FINDING_HEAD` for each finding."""
    return [
        [
            escape(words.SEVERITIES[finding.severity].to(lang)),
            code(finding.requirement, cell=True),
            escape(finding.message.to(lang))
            + (f" (× {finding.occurrences})" if finding.occurrences > 1 else "")
            + (f" – *{_(reservations.KNOWN, lang)}*" if finding.deviation else ""),
            code(finding.path, cell=True),
            code(finding.expected or "", cell=True),
            code(finding.actual or "", cell=True),
        ]
        for finding in findings
    ]


FINDING_HEAD = (
    Text("Gravité", "Severity"),
    Text("Exigence", "Requirement"),
    Text("Constat", "Finding"),
    Text("Endroit", "Place"),
    Text("Attendu", "Expected"),
    Text("Obtenu", "Actual"),
)


def _counts(report: RunReport, lang: Lang) -> list[str]:
    failed = Counter(finding.severity for finding in report.findings if finding.verdict is Verdict.FAIL)
    where = standings(requirement_results(report))
    head = [words.SEVERITIES[severity].to(lang) for severity in Severity]
    head += [
        _(Text("Exigences tenues", "Requirements held"), lang),
        _(Text("Rompues", "Broken"), lang),
        _(Text("À surveiller", "To watch"), lang),
        _(Text("Non testées", "Not tested"), lang),
        _(Text("Sans objet", "Not applicable"), lang),
    ]
    row = [str(failed[severity]) for severity in Severity]
    row += [
        str(where[Standing.HELD]),
        str(where[Standing.BROKEN]),
        str(where[Standing.WARNED] + where[Standing.UNDECIDED]),
        str(where[Standing.NOT_TESTED]),
        str(where[Standing.NOT_APPLICABLE]),
    ]
    return table(head, [row])


def _findings(report: RunReport, lang: Lang) -> list[str]:
    findings = report.findings
    if not findings:
        none = Text("Aucun constat.", "No finding.")
        if report.exit_code is not ExitCode.ACCEPTED:
            none = Text("Aucun constat, mais rien n’est accepté pour autant.", "No finding, yet this is no acceptance.")
        return [none.to(lang), ""]
    lines = [f"### {_(Text('Constats', 'Findings'), lang)}", ""]
    lines += table([text.to(lang) for text in FINDING_HEAD], finding_rows(findings[:_MOST_FINDINGS], lang))
    if len(findings) > _MOST_FINDINGS:
        more = Text("… et {n} autres : voir run.json ou report.html.", "… and {n} more: see run.json or report.html.")
        lines += [more.format(n=len(findings) - _MOST_FINDINGS).to(lang), ""]
    return lines


def _deviations(report: RunReport, lang: Lang) -> list[str]:
    entries = reservations.reservations(report, lang)
    if not entries:
        return []
    rows = []
    for entry in entries:
        state, severity, *rest = map(escape, entry.cells)
        rows.append(
            [
                f"❌ {state}" if entry.state.fails else state,
                f"**{severity}**" if entry.blocking else severity,
                *rest,
            ]
        )
    head = [_(text, lang) for text in reservations.HEAD]
    return [f"### {_(reservations.TITLE, lang)}", "", *table(head, rows)]


def _measurements(report: RunReport, lang: Lang) -> list[str]:
    if not report.measurements:
        return []
    head = [
        _(Text("Temps de réponse", "Response time"), lang),
        _(Text("Promis", "Promised"), lang),
        _(Text("Mesures", "Samples"), lang),
        "p50",
        "p95",
        "max",
        _(Text("Verdict", "Verdict"), lang),
    ]
    rows = [
        [
            escape(measurement.title.to(lang)),
            f"{measurement.level.statistic} {words.promised(measurement.level.value, measurement.level.unit, lang)}",
            str(len(measurement.samples)),
            words.seconds(measurement.p50, lang),
            words.seconds(measurement.p95, lang),
            words.seconds(measurement.max, lang),
            words.VERDICTS[measurement.verdict].to(lang),
        ]
        for measurement in report.measurements
    ]
    return [f"### {_(Text('Niveaux de service', 'Service levels'), lang)}", "", *table(head, rows)]


def _(text: Text, lang: Lang) -> str:
    return text.to(lang)

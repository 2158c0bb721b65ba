"""A load as one HTML page: offline, printable, without script, in French or English."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from recette.checks.load import IN_TIME
from recette.model import Verdict
from recette.model.load import Interval, JourneyFigures, JourneysReport, LoadReport, Sample, Slow, StepFigures
from recette.reports import distribution, load_charts, reservations, words
from recette.reports.curl import curl_line
from recette.reports.html import UNSAFE, EvidenceView, asset, content_hash, evidence_view, functions
from recette.reports.load_console import KINDS, STEPS, error_words
from recette.reports.load_json import name_of
from sas_kernel.text import Lang

_CURL_LIMIT = 8_000
_MOST_FINDINGS = 50


def render(report: LoadReport, lang: Lang = Lang.FR) -> str:
    """The whole file, to be written in UTF-8."""
    environment = Environment(
        loader=PackageLoader("recette.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (
        asset("sas_kit", "assets/base.css")
        + asset("recette.reports", "templates/report.css")
        + asset("recette.reports", "templates/load.css")
    )
    run = report.run
    headline, sentence = words.conclusion(run, lang)
    findings = [finding for finding in run.findings if finding.verdict in {Verdict.FAIL, Verdict.WARN}]
    level = next((m.level.value for m in run.measurements if m.id == IN_TIME.id), 7.0)
    document = environment.get_template("load.html.j2").render(
        report=report,
        run=run,
        lang=lang.value,
        style=style,
        style_hash=content_hash(style),
        headline=headline,
        sentence=sentence,
        tone=reservations.tone(run),
        exit_meaning=reservations.exit_meaning(run, lang),
        findings=findings[:_MOST_FINDINGS],
        findings_left_out=max(0, len(findings) - _MOST_FINDINGS),
        levels=[(m, distribution.draw(m, lang), _reason(report, m.id, lang)) for m in run.measurements],
        distribution=distribution,
        charts=load_charts,
        latencies=load_charts.latencies(report, level, lang),
        throughput=load_charts.throughput(report, lang),
        errors=[(error_words(kind, lang), count) for kind, count in report.errors],
        slowest=[_slow(slow, lang) for slow in report.slowest],
        percentile_rows=_rows(report),
        name_of=name_of,
        rate=words.number(report.throughput, lang, 2),
        words=words,
        saturated=[text.to(lang) for text in report.client.saturated],
        kinds=KINDS,
        journeys=[] if report.journeys is None else _journeys(report.journeys, lang),
        journeys_saturated=[] if report.journeys is None else [t.to(lang) for t in report.journeys.client.saturated],
        **functions(lang),
    )
    return UNSAFE.sub("\ufffd", document)


def _reason(report: LoadReport, check: str, lang: Lang) -> str:
    """Why nothing is concluded of a level, else nothing."""
    found = next((each for each in report.run.checks if each.check == check), None)
    return "" if found is None or found.reason is None else found.reason.to(lang)


def _rows(report: LoadReport) -> list[tuple[Interval, Interval | None]]:
    alone = {each.percent: each for each in report.one_practitioner}
    return [(each, alone.get(each.percent)) for each in report.latency]


def _journeys(
    journeys: JourneysReport, lang: Lang
) -> list[tuple[JourneyFigures, str, list[tuple[str, StepFigures, list[float | None]]]]]:
    """Each kind with how many its volume gives, and its steps: name, figures, the percentiles that the table shows."""

    def held(step: StepFigures) -> list[float | None]:
        values = {each.percent: each.value for each in step.latency}
        return [values.get(percent) for percent in (50.0, 95.0, 100.0)]

    return [
        (
            kind,
            words.number(kind.expected, lang, 1),
            [(STEPS[s.step].to(lang), s, held(s)) for s in journeys.steps if s.kind == kind.kind.name],
        )
        for kind in journeys.kinds
    ]


def _slow(slow: Slow, lang: Lang) -> tuple[Sample, EvidenceView | None, str]:
    if slow.exchange is None:
        return slow.sample, None, ""
    curl = words.visible(curl_line(slow.exchange.request))
    return slow.sample, evidence_view(slow.exchange, "", lang), curl if len(curl) <= _CURL_LIMIT else ""

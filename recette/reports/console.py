"""Tells a run on the terminal: progress and colours for a person, plain stable lines for a log.

A listener of the engine's events. Everything goes to standard output; nothing from the target reaches the terminal with
its control characters, nor can it speak to a continuous-integration runner through the log.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TextIO, assert_never

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text as Styled

from recette.model import (
    CheckJudged,
    Event,
    ExchangeDone,
    Finding,
    Listener,
    Measurement,
    RunFinished,
    RunReport,
    RunStarted,
    ScenarioFinished,
    ScenarioResult,
    ScenarioStarted,
    Verdict,
    Waiting,
)
from recette.reports import reservations, words
from recette.reports.coverage import Standing, requirement_results, standings
from recette.reports.curl import curl_line
from sas_kernel.text import Lang, Text

_VALUE_LIMIT = 300
_CURL_LIMIT = 2_000
_STYLES = {
    Verdict.PASS: "green",
    Verdict.WARN: "yellow",
    Verdict.FAIL: "bold red",
    Verdict.ERROR: "bold magenta",
    Verdict.REVIEW: "cyan",
    Verdict.SKIP: "dim",
    Verdict.OMIT: "dim",
}
_WIDTH = max(len(verdict.value) for verdict in Verdict)

_CHECK, _CHECKS = Text("contrôle", "check"), Text("contrôles", "checks")
_FINDING, _FINDINGS = Text("constat", "finding"), Text("constats", "findings")


_LOG_EVERY = 30.0
"""Seconds between two lines of a log about the same waiting."""


def _waiting(event: Waiting, lang: Lang) -> str:
    minutes, seconds = divmod(int(event.seconds_left + 0.5), 60)
    return (
        Text("{w} (encore {m} min {s:02d} s)", "{w} ({m} min {s:02d} s left)")
        .format(w=event.what, m=minutes, s=seconds)
        .to(lang)
    )


def console_listener(*, lang: Lang = Lang.FR, plain: bool = False, stream: TextIO | None = None) -> Listener:
    """The listener that suits `stream` (standard output): plain when asked for or when it is no terminal."""
    out = stream or sys.stdout
    return PlainListener(out, lang) if plain or not out.isatty() else RichListener(out, lang)


class PlainListener:
    """One line a scenario, then the findings, the measurements and the verdict; no escape sequence, no cursor."""

    def __init__(self, stream: TextIO, lang: Lang) -> None:
        self._stream = stream
        self._lang = lang
        self._awaited: Text | None = None
        self._told_left = 0.0

    def __call__(self, event: Event) -> None:
        match event:
            case RunStarted():
                for line in _opening(event, self._lang):
                    self._write(line)
            case ScenarioFinished():
                result = event.result
                position = f"[{event.position:>{len(str(event.total))}}/{event.total}]"
                self._write(f"{position} {result.verdict.value:<{_WIDTH}} {_scenario(result, self._lang)}")
                for detail in _details(result, self._lang):
                    self._write(f"    {detail}")
            case RunFinished():
                for line in closing(event.report, self._lang):
                    self._write(line)
            case Waiting():
                self._wait(event)
            case ScenarioStarted() | ExchangeDone() | CheckJudged():
                pass
            case _:
                assert_never(event)

    def _wait(self, event: Waiting) -> None:
        """A log is told when the waiting begins, then now and then; the last seconds are not worth a line each."""
        if event.what != self._awaited or self._told_left - event.seconds_left >= _LOG_EVERY:
            self._awaited, self._told_left = event.what, event.seconds_left
            self._write(f"    {_waiting(event, self._lang)}")

    def _write(self, line: str) -> None:
        encoding = self._stream.encoding or "utf-8"
        # Old GitHub runners obey "##[command]" anywhere in a line.
        harmless = words.plain(line).replace("##[", "## [")
        self._stream.write(harmless.encode(encoding, "replace").decode(encoding) + "\n")
        self._stream.flush()


class RichListener:
    """A progress bar while it runs, coloured lines, tables and a panel at the end."""

    def __init__(self, stream: TextIO, lang: Lang) -> None:
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False)
        self._lang = lang
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def __call__(self, event: Event) -> None:
        match event:
            case RunStarted():
                for line in _opening(event, self._lang):
                    self._console.print(Styled(words.visible(line), style="bold"))
                self._start(len(event.scenarios))
            case ScenarioStarted():
                self._describe(words.visible(event.scenario.title.to(self._lang)))
            case Waiting():
                self._describe(words.visible(_waiting(event, self._lang)))
            case ScenarioFinished():
                self._scenario(event.result)
            case RunFinished():
                self.stop()
                self._finish(event.report)
            case ExchangeDone() | CheckJudged():
                pass
            case _:
                assert_never(event)

    def stop(self) -> None:
        """Take the progress bar away (also when a run is interrupted)."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _start(self, total: int) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=total)
        self._progress.start()

    def _describe(self, description: str) -> None:
        if self._progress is not None:
            self._progress.update(self._task, description=description)

    def _scenario(self, result: ScenarioResult) -> None:
        line = Styled(f"{result.verdict.value:<{_WIDTH}} ", style=_STYLES[result.verdict])
        line.append(words.visible(_scenario(result, self._lang)), style="default not bold")
        self._console.print(line)
        for detail in _details(result, self._lang):
            self._console.print(Padding(Styled(words.visible(detail), style="dim"), (0, 0, 0, _WIDTH + 1)))
        if self._progress is not None:
            self._progress.advance(self._task)

    def _finish(self, report: RunReport) -> None:
        self._console.print()
        for heading, findings in _by_severity(report.findings, self._lang):
            self._console.rule(Styled(heading, style="bold"), align="left")
            for finding in findings:
                first, *rest = _finding(report, finding, self._lang)
                self._console.print(Styled(words.visible(first), style=_STYLES[finding.verdict]))
                for line in rest:
                    self._console.print(Padding(Styled(words.visible(line)), (0, 0, 0, 4)), soft_wrap=True)
            self._console.print()
        entries = reservations.reservations(report, self._lang)
        if entries:
            self._console.rule(Styled(reservations.TITLE.to(self._lang), style="bold"), align="left")
            for entry in entries:
                grave = "bold red" if entry.state.fails else "bold yellow" if entry.blocking else ""
                self._console.print(Styled(words.visible(entry.line), style=grave), soft_wrap=True)
            self._console.print()
        if report.measurements:
            self._console.print(self._measurements(report.measurements))
        headline, sentence = words.conclusion(report, self._lang)
        style = _STYLES[reservations.tone(report)]
        body = Styled(words.visible(sentence))
        for line in _summary(report, self._lang):
            body.append(f"\n{words.visible(line)}")
        self._console.print(Panel(body, title=Styled(headline, style=style), title_align="left", border_style=style))

    def _measurements(self, measurements: Sequence[Measurement]) -> Table:
        table = Table(title=_LEVELS.to(self._lang), title_justify="left", box=box.SIMPLE_HEAD)
        for index, head in enumerate(_MEASUREMENT_HEAD):
            table.add_column(head.to(self._lang), justify="left" if index in {0, 6} else "right")
        for measurement in measurements:
            *cells, verdict = (words.visible(cell) for cell in _measurement(measurement, self._lang))
            table.add_row(*map(Styled, cells), Styled(verdict, style=_STYLES[measurement.verdict]))
        return table


def closing(report: RunReport, lang: Lang) -> Iterable[str]:
    """The plain lines that end a run: findings by severity, measurements, verdict."""
    for heading, findings in _by_severity(report.findings, lang):
        yield ""
        yield f"== {heading} =="
        for finding in findings:
            first, *rest = _finding(report, finding, lang)
            yield first
            yield from (f"    {line}" for line in rest)
    entries = reservations.reservations(report, lang)
    if entries:
        yield ""
        yield f"== {reservations.TITLE.to(lang)} ({len(entries)}) =="
        for entry in entries:
            yield f"{'!! ' if entry.state.fails or entry.blocking else ''}{entry.line}"
    if report.measurements:
        yield ""
        yield f"== {_LEVELS.to(lang)} =="
        names = [head.to(lang) for head in _MEASUREMENT_HEAD]
        for measurement in report.measurements:
            title, *cells, verdict = _measurement(measurement, lang)
            values = ", ".join(f"{name} {cell}" for name, cell in zip(names[1:-1], cells, strict=True))
            yield f"{measurement.verdict.value:<{_WIDTH}} {title} : {values} ({verdict})"
    headline, sentence = words.conclusion(report, lang)
    yield ""
    yield f"{headline} : {sentence}"
    yield from _summary(report, lang)


_LEVELS = Text("Niveaux de service", "Service levels")
_MEASUREMENT_HEAD = (
    Text("Mesure", "Measurement"),
    Text("promis", "promised"),
    Text("mesures", "samples"),
    Text("p50", "p50"),
    Text("p95", "p95"),
    Text("max", "max"),
    Text("verdict", "verdict"),
)


def _opening(event: RunStarted, lang: Lang) -> Iterable[str]:
    count = words.count(len(event.scenarios), Text("scénario", "scenario"), Text("scénarios", "scenarios"), lang)
    name = f"{event.target.name} " if event.target.name else ""
    yield f"recette : {name}{event.target.base_url} ({count})"
    if event.extent is not None:
        yield reservations.partial_sentence(event.extent, lang)


def _scenario(result: ScenarioResult, lang: Lang) -> str:
    count = words.count(len(result.checks), _CHECK, _CHECKS, lang)
    return f"{result.scenario}  {result.title.to(lang)} ({count}, {words.elapsed(result.duration, lang)})"


def _details(result: ScenarioResult, lang: Lang) -> Iterable[str]:
    """Why a scenario is not green: its reason, and the checks that are at fault."""
    if result.reason is not None and result.verdict is not Verdict.PASS:
        yield words.clipped(result.reason.to(lang), _VALUE_LIMIT)
    for check in result.checks:
        if check.verdict in {Verdict.FAIL, Verdict.WARN, Verdict.ERROR, Verdict.REVIEW}:
            why = f" : {words.clipped(check.reason.to(lang), _VALUE_LIMIT)}" if check.reason else ""
            known = f" [{reservations.KNOWN.to(lang)}]" if check.known else ""
            yield f"{check.verdict.value:<{_WIDTH}} {check.requirement}  {check.title.to(lang)}{why}{known}"


def _by_severity(findings: Sequence[Finding], lang: Lang) -> Iterable[tuple[str, list[Finding]]]:
    ordered = sorted(findings, key=lambda finding: -finding.severity.rank)
    for severity, group in groupby(ordered, key=lambda finding: finding.severity):
        members = list(group)
        count = words.count(len(members), _FINDING, _FINDINGS, lang)
        yield f"{words.SEVERITIES[severity].to(lang)} ({count})", members


def _finding(report: RunReport, finding: Finding, lang: Lang) -> Iterable[str]:
    times = f" (x{finding.occurrences})" if finding.occurrences > 1 else ""
    yield f"{finding.verdict.value:<{_WIDTH}} {finding.requirement}  {finding.message.to(lang)}{times}"
    for label, value in (
        (Text("endroit", "place"), finding.path or None),
        (Text("attendu", "expected"), finding.expected),
        (Text("obtenu", "actual"), finding.actual),
        (Text("source", "source"), finding.source or None),
    ):
        if value is not None:
            yield f"{label.to(lang):<8} : {words.clipped(value, _VALUE_LIMIT)}"
    if finding.deviation is not None:
        yield f"{reservations.KNOWN.to(lang)} : {reservations.excuse(finding.deviation, lang)}"
    exchange = next((each for each in report.exchanges if each.id == finding.exchange), None)
    if exchange is not None:
        line = curl_line(exchange.request)
        yield line if len(line) <= _CURL_LIMIT else Text("curl : voir run.json", "curl: see run.json").to(lang)


def _measurement(measurement: Measurement, lang: Lang) -> tuple[str, ...]:
    level = measurement.level
    return (
        measurement.title.to(lang),
        f"{level.statistic} {words.promised(level.value, level.unit, lang)}",
        str(len(measurement.samples)),
        words.seconds(measurement.p50, lang),
        words.seconds(measurement.p95, lang),
        words.seconds(measurement.max, lang),
        words.VERDICTS[measurement.verdict].to(lang),
    )


def _summary(report: RunReport, lang: Lang) -> Iterable[str]:
    if report.extent is not None:
        yield reservations.partial_sentence(report.extent, lang)
    where = standings(requirement_results(report))
    parts = (
        (where[Standing.HELD], Text("tenues", "held")),
        (where[Standing.BROKEN], Text("rompues", "broken")),
        (where[Standing.WARNED], Text("recommandations non suivies", "recommendations not followed")),
        (where[Standing.UNDECIDED], Text("indécises", "undecided")),
        (where[Standing.NOT_TESTED], Text("non testées", "not tested")),
        (where[Standing.NOT_APPLICABLE], Text("sans objet", "not applicable")),
    )
    counts = ", ".join(f"{number} {text.to(lang)}" for number, text in parts if number)
    if counts:
        yield f"{Text('Exigences', 'Requirements').to(lang)} : {counts}"
    if report.guide:
        yield f"Guide : {report.guide}"
    exit_code = Text("Code de sortie", "Exit code").to(lang)
    yield f"{exit_code} : {int(report.exit_code)} ({reservations.exit_meaning(report, lang)})"

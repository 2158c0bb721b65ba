from __future__ import annotations

import io
from dataclasses import replace
from typing import TextIO

import pytest

from recette.model import (
    Event,
    RunFinished,
    RunReport,
    RunStarted,
    Scenario,
    ScenarioFinished,
    ScenarioStarted,
    Stage,
    Verdict,
)
from recette.reports.console import PlainListener, RichListener, console_listener
from sas_kernel.flows import Flow
from sas_kernel.text import Lang, Text
from tests.recette.reports import samples


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


async def _play(stage: Stage) -> None:
    raise AssertionError(stage)


def events(report: RunReport) -> list[Event]:
    scenarios = [Scenario(s.scenario, Flow.SLOT_SEARCH, s.title, (), _play) for s in report.scenarios]
    told: list[Event] = [RunStarted(report.target, tuple(scenarios))]
    for position, (scenario, result) in enumerate(zip(scenarios, report.scenarios, strict=True), start=1):
        told += [
            ScenarioStarted(scenario, position, len(scenarios)),
            ScenarioFinished(result, position, len(scenarios)),
        ]
    return [*told, RunFinished(report)]


def printed(report: RunReport, stream: TextIO, *, plain: bool = True, lang: Lang = Lang.FR) -> str:
    listener = console_listener(lang=lang, plain=plain, stream=stream)
    for event in events(report):
        listener(event)
    stream.seek(0)
    return stream.read()


def hostile(report: RunReport) -> RunReport:
    said = "\x1b]0;owned\x07\x1b[2J\r\n::error::x ##[error]y \u202e"
    check = samples.check("SLOT-001", verdict=Verdict.FAIL)
    finding = samples.finding(check, Text(said, said), said, expected=said, actual=said)
    result = samples.scenario("s", Text(said, said), Verdict.FAIL, [replace(check, findings=(finding,))])
    return replace(report, scenarios=(result,))


def test_a_log_gets_plain_lines_and_a_person_gets_colours() -> None:
    assert isinstance(console_listener(stream=io.StringIO()), PlainListener)
    assert isinstance(console_listener(stream=Terminal()), RichListener)
    assert isinstance(console_listener(stream=Terminal(), plain=True), PlainListener)


def test_plain_lines_are_one_a_scenario_then_findings_levels_and_verdict() -> None:
    lines = printed(samples.red(), io.StringIO()).splitlines()
    assert lines[0] == "recette : Agenda de référence http://127.0.0.1:8081/fhir (5 scénarios)"
    assert lines[1] == "[1/5] FAIL   slot_search.one_practitioner  Un professionnel, un lieu (3 contrôles, 123 ms)"
    assert "    FAIL   SLOT-012  Les instants ont millisecondes et décalage" in lines
    headings = [line for line in lines if line.startswith("==")]
    assert headings == [
        "== Bloquante (1 constat) ==",
        "== Majeure (1 constat) ==",
        "== Mineure (2 constats) ==",
        "== Niveaux de service ==",
    ]
    assert "    obtenu   : busy" in lines
    assert lines[-4] == "Refusé : 3 exigence(s) non tenue(s) (SLOT-012, SLOT-020, SLOT-040)."
    assert lines[-1].startswith("Code de sortie : 1 (")


def test_an_accepted_run_speaks_the_language_asked_for() -> None:
    lines = printed(samples.green(), io.StringIO(), lang=Lang.EN).splitlines()
    assert lines[-4:] == [
        "Accepted : 6 requirements judged, all of them met.",
        "Requirements : 6 held, 1 not tested, 1 not applicable",
        "Guide : ans.fhir.fr.sas 1.2.0 0123456789abcdef",
        "Exit code : 0 (nothing stands against acceptance)",
    ]


def test_the_reason_of_what_was_not_judged_is_told() -> None:
    assert "    La cible ne déclare pas ce flux." in printed(samples.green(), io.StringIO()).splitlines()


def test_nothing_from_the_target_drives_the_terminal_or_the_runner_of_the_log() -> None:
    text = printed(hostile(samples.red()), io.StringIO())
    assert text.replace("\n", "").isprintable()
    assert "##[" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


def test_a_terminal_that_cannot_write_accents_gets_its_lines_all_the_same() -> None:
    raw = io.BytesIO()
    listener = console_listener(plain=True, stream=io.TextIOWrapper(raw, encoding="ascii"))
    for event in events(samples.red()):
        listener(event)
    assert b"Refus? : 3 exigence(s)" in raw.getvalue()


@pytest.mark.parametrize(("report", "headline"), [(samples.green(), "Accepté"), (samples.red(), "Refusé")])
def test_a_person_sees_verdict_and_findings(report: RunReport, headline: str) -> None:
    text = printed(report, Terminal(), plain=False)
    assert headline in text
    for finding in report.findings:
        assert finding.message.fr in text


def test_colours_come_from_us_alone() -> None:
    text = printed(hostile(samples.red()), Terminal(), plain=False)
    assert "\x1b]0;" not in text
    assert "\x07" not in text
    assert "\x1b[2J" not in text
    assert "\\x1b[2J" in text


def test_markup_of_a_title_is_shown_as_it_is() -> None:
    scenario = samples.scenario("s", Text("[bold]Titre[/bold] [1]", "x"), Verdict.PASS, [])
    text = printed(replace(samples.green(), scenarios=(scenario,)), Terminal(), plain=False)
    assert "[bold]Titre[/bold] [1]" in text


def test_an_interrupted_run_gives_the_line_back() -> None:
    stream = Terminal()
    listener = console_listener(stream=stream)
    assert isinstance(listener, RichListener)
    listener(events(samples.green())[0])
    listener.stop()
    listener.stop()
    stream.seek(0)
    # The cursor that the progress bar hid is shown again.
    assert stream.read().rindex("\x1b[?25h") > 0


def test_a_check_the_harness_could_not_make_says_why() -> None:
    (line,) = [each for each in printed(samples.red(), io.StringIO()).splitlines() if "ERROR  SLOT-060" in each]
    assert line.endswith("se résolvent : L’outil a échoué sur ce contrôle (KeyError: 'x').")

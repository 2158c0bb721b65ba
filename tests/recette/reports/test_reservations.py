"""A partial run and known deviations, in each report."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from recette.model import (
    Deviation,
    DeviationResult,
    DeviationState,
    DryRun,
    ExitCode,
    Extent,
    Foreseen,
    RunReport,
    Selection,
    Severity,
    Verdict,
)
from recette.reports import compare, comparison, dry_run, html, json_report, junit, markdown, reservations
from recette.reports.console import closing
from sas_kernel.flows import Flow
from sas_kernel.text import Lang, Text
from tests.recette.engine.little_catalogue import check, one_exchange, requirement
from tests.recette.reports import samples

EXTENT = Extent(
    Selection((Flow.SLOT_SEARCH,), ("slot_search.*",), ("SLOT-0?2",), ("smoke",), Severity.MAJOR, ("SLOT-050",)),
    *(2, 20, 5, 134),
)
EXCUSED = Deviation("Léa Martin", "livré en 4.2 <b>", date(2031, 3, 10), requirement="SLOT-020", ticket="AGENDA-12")
EXPIRED = Deviation("Paul <i>Roux</i>", "vieux", date(2031, 3, 1), check="check.slot-012")


def partial() -> RunReport:
    explanation = Text("Exécution partielle : 5 exigence(s) jugée(s), toutes tenues.", "Partial run: 5 judged.")
    return replace(samples.green(), extent=EXTENT, explanation=explanation)


def deviating(*, stale: bool = False) -> RunReport:
    """The refused sample of which one finding, a blocking one, is excused."""
    red = samples.red()

    def excused(scenario: str) -> RunReport:
        changed = [
            replace(s, checks=tuple(replace(c, findings=tuple(replace(f, deviation=EXCUSED) for f in c.findings))
                                    for c in s.checks)) if s.scenario == scenario else s
            for s in red.scenarios
        ]  # fmt: skip
        return replace(red, scenarios=tuple(changed))

    report = excused("slot_search.leaks")
    shown = next(f.identity for f in report.findings if f.deviation)
    results = [DeviationResult(EXCUSED, DeviationState.USED, (shown,))]
    if stale:
        results.append(DeviationResult(EXPIRED, DeviationState.EXPIRED, ()))
    return replace(report, deviations=tuple(results))


@pytest.mark.parametrize("report", [partial(), deviating(), deviating(stale=True)])
def test_the_json_report_keeps_them_in_the_published_form(report: RunReport) -> None:
    assert json_report.loads(json_report.dumps(report)) == report
    schema = json.loads(json_report.SCHEMA_PATH.read_text(encoding="utf-8"))
    document = json_report.to_document(report)
    assert list(Draft202012Validator(schema).iter_errors(json.loads(json.dumps(document)))) == []
    assert document["summary"]["partial"] is report.partial
    assert document["summary"]["known_deviations"] == (0 if report.partial else 1)


def test_a_report_of_the_previous_form_is_still_read() -> None:
    document = json_report.to_document(samples.red())
    for key in ("extent", "deviations", "withheld"):
        del document[key]
    document["schema_version"] = "1.2"
    assert json_report.loads(json.dumps(document)) == samples.red()


def test_every_report_says_that_a_run_is_partial_and_by_which_options() -> None:
    report = partial()
    options = (
        "--flow slot_search --scenario slot_search.* --requirement SLOT-0?2 --tag smoke --severity major "
        "--exclude SLOT-050"
    )
    console = "\n".join(closing(report, Lang.FR))
    assert options in console
    assert "2 scénario(s) sur 20" in console
    assert "Accepté" not in console
    page = html.render(report)
    assert "Exécution partielle" in page
    assert options in page
    assert "Accepté" not in page
    summary = markdown.render(report)
    assert summary.startswith("## ⚠️ Recette : Exécution partielle")
    assert "2 scénario" in summary
    suites = ET.fromstring(junit.render(report))
    properties = {each.get("name"): each.get("value") for each in suites.iter("property")}
    assert (properties["partial"], properties["selection"]) == ("true", options)
    assert reservations.tone(report) is Verdict.WARN
    assert reservations.tone(samples.green()) is Verdict.PASS
    assert "pas une acceptation" in reservations.exit_meaning(report, Lang.FR)


def test_a_known_deviation_is_shown_with_who_answers_for_it_until_when() -> None:
    report = deviating()
    for text in ("\n".join(closing(report, Lang.FR)), html.render(report), markdown.render(report)):
        assert "Déviations connues" in text
        assert "Léa Martin" in text
        assert "10 mars 2031" in text
        assert "BLOQUANTE" in text
        assert "AGENDA" in text
    assert "livré en 4.2 &lt;b&gt;" in html.render(report)
    assert "!! en cours | BLOQUANTE SLOT-020" in "\n".join(closing(report, Lang.FR))


def test_junit_skips_what_is_excused_and_fails_what_has_expired() -> None:
    suites = ET.fromstring(junit.render(deviating(stale=True)))
    case = next(each for each in suites.iter("testcase") if "slot-020" in each.attrib["name"])
    skipped = case.find("skipped")
    assert case.find("failure") is None
    assert skipped is not None
    assert skipped.get("type") == "KNOWN_DEVIATION"
    assert "Léa Martin" in skipped.attrib["message"]
    (stale,) = suites.iterfind("testsuite[@name='recette.deviations']/testcase")
    assert stale.attrib["name"] == "check.slot-012"
    failure = stale.find("failure")
    assert failure is not None
    assert failure.get("type") == "EXPIRED"


def test_an_acceptance_that_leans_on_deviations_is_not_green() -> None:
    accepted = replace(deviating(), exit_code=ExitCode.ACCEPTED)
    assert reservations.tone(accepted) is Verdict.WARN
    assert "déviations connues" in reservations.exit_meaning(accepted, Lang.FR)


def test_a_refusal_by_the_list_alone_is_not_blamed_on_a_requirement() -> None:
    stale = (DeviationResult(EXPIRED, DeviationState.EXPIRED),)
    report = replace(samples.green(), exit_code=ExitCode.REFUSED, deviations=stale)
    assert "expiré" in reservations.exit_meaning(report, Lang.FR)
    assert "rompue" in reservations.exit_meaning(deviating(stale=True), Lang.FR)
    assert reservations.reservations(deviating(stale=True), Lang.FR)[0].state is DeviationState.EXPIRED


# --- comparison ------------------------------------------------------------------------------------------------------


def test_a_new_finding_that_is_a_known_deviation_is_no_regression_and_one_that_lapses_is() -> None:
    clean = samples.green()
    leak = next(each for each in deviating().scenarios if each.scenario == "slot_search.leaks")
    others = tuple(each for each in clean.scenarios if each.scenario != "slot_search.leaks")
    excused = replace(clean, scenarios=(*others, leak))
    assert comparison.compare(clean, excused).exit_code is ExitCode.ACCEPTED
    lapsed = replace(
        leak,
        checks=tuple(
            replace(each, findings=tuple(replace(f, deviation=None) for f in each.findings)) for each in leak.checks
        ),
    )
    worse = comparison.compare(excused, replace(clean, scenarios=(*others, lapsed)))
    assert worse.exit_code is ExitCode.REFUSED
    assert worse.unchanged[0].changed
    assert "Déviation connue" in compare.to_console(comparison.compare(clean, excused))
    assert compare.to_document(comparison.compare(clean, excused))["new"][0]["known_deviation"] is True


def test_what_was_played_again_is_compared_with_its_own_part_only() -> None:
    red = samples.red()
    again = replace(
        samples.green(),
        extent=EXTENT,
        scenarios=tuple(s for s in samples.green().scenarios if s.scenario == "slot_search.leaks"),
        requirements=(),
        measurements=(),
    )
    found = comparison.compare(comparison.part_of(red, ["slot_search.leaks"], again), again)
    assert [finding.requirement for finding in found.fixed] == ["SLOT-020"]
    assert (found.new, found.not_retested, found.lost_scenarios, found.measurements) == ((), (), (), ())
    assert not any("partielle" in warning.fr for warning in found.warnings)
    assert any("partielle" in warning.fr for warning in comparison.compare(red, again).warnings)
    assert "Exécution partielle" in compare.to_console(found)


# --- dry run ---------------------------------------------------------------------------------------------------------


def test_a_dry_run_lists_scenarios_checks_and_reasons() -> None:
    needed = Text("Donnée de test absente : x.", "Test data missing: x.")
    dry = DryRun(
        samples.target(),
        (Foreseen(one_exchange("slot_search.one", check("one", Exception()))),
         Foreseen(one_exchange("slot_search.two", check("two", Exception())), Verdict.SKIP, needed)),
        (requirement("R-SHALL"),),
        EXTENT,
        (DeviationResult(EXPIRED, DeviationState.EXPIRED),),
    )  # fmt: skip
    text = dry_run.to_console(dry)
    for part in (
        "[1/2]",
        "R-SHALL",
        "SHALL  MAJOR",
        "SKIP",
        needed.fr,
        "--tag smoke",
        "expirée",
        "1 scénario(s) à jouer",
    ):
        assert part in text
    document = json.loads(dry_run.to_json(dry, Lang.EN))
    assert [(each["id"], each["played"], each["reason"]) for each in document["scenarios"]] == [
        ("slot_search.one", True, None),
        ("slot_search.two", False, needed.en),
    ]
    assert document["scenarios"][0]["checks"][0]["severity"] == "MAJOR"
    assert (document["partial"], document["requirements"]) == (True, ["R-SHALL"])
    assert document["deviations"][0]["expired"] is True
    whole = replace(dry, extent=None, deviations=())
    assert json.loads(dry_run.to_json(whole))["partial"] is False

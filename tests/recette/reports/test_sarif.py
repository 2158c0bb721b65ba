from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from recette.model import ExitCode, RunReport
from recette.reports import anchor, sarif
from recette.reports.anchor import Anchor
from sas_kernel.flows import Flow
from sas_kernel.text import Lang, Text
from tests.recette.reports import samples

SCHEMA = Draft202012Validator(
    json.loads(Path(__file__).with_name("sarif_2_1_0.schema.json").read_text(encoding="utf-8"))
)
HERE = Anchor("recette/target.toml", flows={Flow.SLOT_SEARCH: 2})


def rendered(report: RunReport, lang: Lang = Lang.FR, **others: Any) -> dict[str, Any]:
    text = sarif.render(report, lang, HERE, **others)
    text.encode("utf-8")
    document = json.loads(text)
    SCHEMA.validate(document)
    run: dict[str, Any] = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    return run


def test_a_rule_is_a_requirement_in_both_languages() -> None:
    rules = {rule["id"]: rule for rule in rendered(samples.red(), Lang.EN)["tool"]["driver"]["rules"]}
    assert list(rules) == [requirement.id for requirement in samples.REQUIREMENTS]
    rule = rules["SLOT-012"]
    assert rule["fullDescription"]["text"] == "Every instant carries milliseconds and a numeric offset."
    assert rule["messageStrings"]["fr"]["text"].startswith("Chaque instant")
    assert "helpUri" not in rule


def test_a_result_has_the_level_of_its_severity_and_the_identity_of_its_finding() -> None:
    results = {result["ruleId"]: result for result in rendered(samples.red())["results"]}
    assert {name: result["level"] for name, result in results.items()} == {
        "SLOT-020": "error",
        "SLOT-012": "warning",
        "SLOT-040": "note",
        "SLOT-031": "note",
    }
    finding = next(finding for finding in samples.red().findings if finding.requirement == "SLOT-012")
    prints = results["SLOT-012"]["partialFingerprints"]
    assert prints == {"recetteFinding/v1": finding.identity, "primaryLocationLineHash": f"{finding.identity}:1"}
    assert results["SLOT-012"]["occurrenceCount"] == 1204


def test_a_result_stands_in_the_target_file_and_at_its_place_in_the_answer() -> None:
    (location,) = rendered(samples.red())["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "recette/target.toml"
    assert location["physicalLocation"]["region"] == {"startLine": 2}
    assert [place["kind"] for place in location["logicalLocations"]] == ["scenario", "exchange", "element"]
    assert location["logicalLocations"][-1]["fullyQualifiedName"] == (
        "slot_search.leaks/x1/Bundle.entry[1].resource.status"
    )


def test_what_was_not_judged_is_told_and_is_no_result() -> None:
    run = rendered(samples.red())
    (invocation,) = run["invocations"]
    told = {each["associatedRule"]["id"]: each["level"] for each in invocation["toolExecutionNotifications"][1:]}
    assert told == {"SLOT-050": "note", "SLOT-060": "error"}
    assert not {"SLOT-050", "SLOT-060"} & {result["ruleId"] for result in run["results"]}


@pytest.mark.parametrize("code", [code for code in ExitCode if code is not ExitCode.ACCEPTED])
def test_a_run_that_is_not_accepted_says_so_without_any_finding(code: ExitCode) -> None:
    run = rendered(replace(samples.green(), exit_code=code))
    (invocation,) = run["invocations"]
    assert invocation["exitCode"] == code
    assert invocation["toolExecutionNotifications"]
    judged = {ExitCode.REFUSED, ExitCode.INCONCLUSIVE, ExitCode.SERVICE_LEVEL_BROKEN}
    assert invocation["executionSuccessful"] is (code in judged)


def test_an_accepted_run_has_neither_result_nor_notification() -> None:
    run = rendered(samples.green())
    assert run["results"] == []
    assert run["invocations"][0]["toolExecutionNotifications"] == []


def test_a_known_deviation_is_suppressed_with_its_reason() -> None:
    known = next(finding for finding in samples.red().findings if finding.requirement == "SLOT-012")
    reason = Text("Corrigé en version 4.", "Mended in version 4.")
    results = rendered(samples.red(), Lang.EN, accepted={known.identity: reason})["results"]
    suppressed = {result["ruleId"]: result["suppressions"] for result in results if "suppressions" in result}
    assert suppressed == {
        "SLOT-012": [{"kind": "external", "status": "accepted", "justification": "Mended in version 4."}]
    }


@settings(max_examples=50)
@given(st.text(min_size=1), st.text(), st.text())
def test_whatever_the_target_says_the_log_is_valid_and_links_nowhere(message: str, path: str, actual: str) -> None:
    report = samples.red()
    first = report.scenarios[0]
    check = first.checks[1]
    finding = replace(check.findings[0], message=Text(message, message), path=path, actual=actual + "[x](http://x) {0}")
    scenario = replace(first, checks=(replace(check, findings=(finding,)),))
    run = rendered(replace(report, scenarios=(scenario,)))
    (result,) = run["results"]
    assert "](" not in result["message"]["text"]
    assert "{{0}}" in result["message"]["text"]


def test_the_line_in_a_target_file_is_that_of_what_the_flow_is_about() -> None:
    text = '# agenda\n[target]\nbase_url = "https://a.example.org"\n\n[sso]\nissuer = "https://b.example.org"\n'
    found = anchor.in_target(PurePosixPath("ci/cible d’essai.toml"), text, root=PurePosixPath("/repo"))
    assert found.uri == "ci/cible%20d%E2%80%99essai.toml"
    lines = {flow: found.line("X-001", flow) for flow in (Flow.SLOT_SEARCH, Flow.SSO, Flow.APPOINTMENTS, None)}
    assert lines == {Flow.SLOT_SEARCH: 3, Flow.SSO: 5, Flow.APPOINTMENTS: 3, None: 1}


@pytest.mark.parametrize("path", ["/elsewhere/target.toml", "../target.toml"])
def test_a_target_file_outside_the_repository_is_named_without_its_folder(path: str) -> None:
    assert anchor.in_target(PurePosixPath(path), "", root=PurePosixPath("/repo")).uri == "target.toml"


def test_without_a_target_file_the_line_is_that_of_the_requirement(tmp_path: Path) -> None:
    found = anchor.in_requirements('id,text\nSLOT-001,"two\nlines"\nSLOT-002,one\n')
    assert found.uri == "contracts/requirements.csv"
    assert [found.line(name, None) for name in ("SLOT-001", "SLOT-002", "SLOT-999")] == [2, 4, 1]
    shipped = anchor.read(tmp_path / "gone.toml")
    assert shipped.uri == "contracts/requirements.csv"
    assert shipped.line("SLOT-001", None) == 2

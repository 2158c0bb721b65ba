from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recette.model import ExitCode, RunReport, ScenarioResult, Verdict
from recette.reports import junit
from sas_kernel.text import Lang, Text
from tests.recette.reports import samples


def parsed(report: RunReport, lang: Lang = Lang.FR) -> ET.Element:
    root = ET.fromstring(junit.render(report, lang).encode("utf-8"))
    assert_well_formed(root)
    return root


def assert_well_formed(root: ET.Element) -> None:
    """What GitLab, Jenkins and GitHub's actions rely on."""
    assert root.tag == "testsuites"
    assert [child.tag for child in root] == ["testsuite"] * len(root)
    for suite in root:
        assert {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"} <= set(suite.attrib)
        assert datetime.fromisoformat(suite.attrib["timestamp"]).tzinfo is None
        cases = suite.findall("testcase")
        assert suite[0].tag == "properties"
        assert len(suite) == len(cases) + 1
        assert int(suite.attrib["tests"]) == len(cases) > 0
        for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[kind]) == sum(case.find(tag) is not None for case in cases)
        for case in cases:
            assert {"classname", "name", "time"} <= set(case.attrib)
            float(case.attrib["time"])
            assert len(case) <= 1
            assert {child.tag for child in case} <= {"failure", "error", "skipped", "system-out"}
    for kind in ("tests", "failures", "errors", "skipped"):
        assert int(root.attrib[kind]) == sum(int(suite.attrib[kind]) for suite in root)


def case(root: ET.Element, name: str) -> ET.Element:
    return next(each for each in root.iter("testcase") if each.attrib["name"].startswith(name))


def test_an_accepted_run_has_neither_failure_nor_error() -> None:
    root = parsed(samples.green())
    assert (root.attrib["failures"], root.attrib["errors"], root.attrib["tests"]) == ("0", "0", "7")


def test_a_failure_carries_severity_message_and_evidence() -> None:
    failing = case(parsed(samples.red()), "check.slot-020")
    assert failing.attrib["classname"] == "slot_search.leaks"
    assert failing.attrib["name"] == "check.slot-020 – Aucun créneau occupé ou privé n’est transmis"
    failure = failing.find("failure")
    assert failure is not None
    assert failure.attrib == {"type": "BLOCKING", "message": "Un créneau occupé est transmis."}
    for part in ("Bundle.entry[1].resource.status", "free", "busy", "curl --globoff", "SLOT-020", "-> 200"):
        assert part in (failure.text or "")


def test_silence_is_told_as_such() -> None:
    failure = case(parsed(samples.red(), Lang.EN), "check.slot-040").find("failure")
    assert failure is not None
    assert "-> no whole answer in time" in (failure.text or "")


def test_each_verdict_has_its_element() -> None:
    root = parsed(samples.red())
    assert case(root, "check.slot-060").find("error") is not None
    skipped = case(root, "check.slot-050").find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "48 mesures seulement : il en faut 100."
    warned = case(root, "check.slot-031")
    assert [child.tag for child in warned] == ["system-out"]
    assert "application/json" in (warned[0].text or "")
    assert len(case(root, "check.slot-001")) == 0


@pytest.mark.parametrize("verdict", [Verdict.SKIP, Verdict.OMIT, Verdict.REVIEW])
def test_what_was_not_judged_is_skipped_with_its_reason(verdict: Verdict) -> None:
    check = samples.check("SLOT-001", verdict=verdict, reason=Text("parce que", "because"))
    report = replace(samples.green(), scenarios=(samples.scenario("s", samples.ONE, verdict, [check]),))
    skipped = case(parsed(report), "check.slot-001").find("skipped")
    assert skipped is not None
    assert skipped.attrib == {"type": verdict.value, "message": "parce que"}


@pytest.mark.parametrize(
    ("exit_code", "tag"),
    [
        (ExitCode.INCONCLUSIVE, "error"),
        (ExitCode.UNREACHABLE, "error"),
        (ExitCode.HARNESS_FAILED, "error"),
        (ExitCode.INTERRUPTED, "error"),
        (ExitCode.SERVICE_LEVEL_BROKEN, "failure"),
        (ExitCode.REFUSED, "failure"),
    ],
)
@pytest.mark.parametrize("make", [lambda: (), lambda: samples.green().scenarios])
def test_a_run_that_is_not_accepted_never_looks_green(
    make: Callable[[], tuple[ScenarioResult, ...]], exit_code: ExitCode, tag: str
) -> None:
    report = replace(samples.green(), scenarios=make(), exit_code=exit_code, explanation=Text("rien", "nothing"))
    verdict = case(parsed(report), "verdict").find(tag)
    assert verdict is not None
    assert "rien" in verdict.attrib["message"]


def test_a_scenario_that_broke_without_a_result_is_an_error() -> None:
    broken = samples.scenario("s", samples.ONE, Verdict.ERROR, [], reason=Text("cassé", "broken"))
    after = samples.scenario("t", samples.LEAKS, Verdict.ERROR, [samples.check("SLOT-001")], reason=Text("là", "there"))
    root = parsed(replace(samples.green(), scenarios=(broken, after)))
    assert [error.attrib["message"] for error in root.iter("error")] == ["cassé", "là"]


def test_a_suite_says_what_was_judged_with_what() -> None:
    properties = {each.attrib["name"]: each.attrib["value"] for each in parsed(samples.red())[0].iter("property")}
    assert properties["target"] == samples.BASE
    assert properties["rule_set"] == samples.red().rule_set
    assert properties["guide"] == samples.red().guide
    assert properties["recette.version"] == "0.1.0"
    assert properties["exit_code"] == "1"


def test_the_times_of_the_cases_add_up_to_the_scenario() -> None:
    suite = parsed(samples.red())[0]
    assert sum(float(each.attrib["time"]) for each in suite.iter("testcase")) == pytest.approx(0.1234, abs=0.002)


@given(st.text(st.characters(), max_size=80))
def test_whatever_the_target_says_the_xml_can_be_read(text: str) -> None:
    check = samples.check("SLOT-001", verdict=Verdict.FAIL)
    finding = samples.finding(check, Text(text, text), text, expected=text, actual=text + "]]>\x00\x1b\ud800\ufffe")
    failing = replace(check, findings=(finding,), title=Text(text, text))
    report = replace(samples.red(), scenarios=(samples.scenario("s", Text(text, text), Verdict.FAIL, [failing]),))
    failure = next(parsed(report).iter("failure"))
    assert "]]>\ufffd\ufffd\ufffd\ufffd" in (failure.text or "")


def test_a_check_made_several_times_has_several_names() -> None:
    check = samples.check("SLOT-001")
    failing = replace(check, verdict=Verdict.FAIL)
    report = replace(
        samples.red(),
        scenarios=(samples.scenario("s", samples.ONE, Verdict.FAIL, [check, failing, check]),),
    )
    names = [each.attrib["name"] for each in parsed(report).iter("testcase")]
    assert len(set(names)) == 3
    assert names[1].endswith(" (2)")

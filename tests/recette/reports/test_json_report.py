from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from recette.model import (
    Actor,
    Measurement,
    PlatformTarget,
    Request,
    Response,
    RunReport,
    SignOnTarget,
    Target,
    Timings,
    Verdict,
)
from recette.reports import json_report
from recette.reports.json_report import ReportFormatError, dumps, loads, to_document
from sas_kernel.text import Text
from tests.recette.reports import samples

REPORTS: tuple[Callable[[], RunReport], ...] = (samples.green, samples.red)
NASTY = st.text(st.characters(), max_size=40)
MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  hypothesis wants bounds without zone
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@pytest.mark.parametrize("make", REPORTS)
def test_a_report_survives_the_round_trip(make: Callable[[], RunReport]) -> None:
    assert loads(dumps(make())) == make()


@pytest.mark.parametrize("make", REPORTS)
def test_a_report_has_the_published_form(make: Callable[[], RunReport]) -> None:
    schema = json.loads(json_report.SCHEMA_PATH.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    document = json.loads(dumps(make()))
    assert list(Draft202012Validator(schema).iter_errors(document)) == []
    document["scenarios"][0]["checks"][0]["invented"] = 1
    assert [error.validator for error in Draft202012Validator(schema).iter_errors(document)] == ["additionalProperties"]


def test_the_report_of_a_platform_survives_and_has_the_published_form() -> None:
    sso = SignOnTarget("http://127.0.0.1:1/realms/sas", redirect_uri="http://127.0.0.1:2/retour")
    target = Target("http://127.0.0.1:1/fhir", actor=Actor.PLATFORM, sso=sso, platform=PlatformTarget(wait=5.0))
    report = replace(samples.green(), target=target)
    assert loads(dumps(report)) == report
    schema = json.loads(json_report.SCHEMA_PATH.read_text(encoding="utf-8"))
    assert list(Draft202012Validator(schema).iter_errors(json.loads(dumps(report)))) == []


def test_every_object_of_the_published_form_is_closed_and_described() -> None:
    schema = json.loads(json_report.SCHEMA_PATH.read_text(encoding="utf-8"))
    for name, definition in schema["$defs"].items():
        if definition.get("type") == "object":
            assert definition["additionalProperties"] is False, name
            assert definition["description"], name


@given(text=NASTY, body=st.binary(max_size=60), moment=MOMENTS, times=st.lists(st.floats(0, 1e6), max_size=5))
def test_nothing_the_target_says_is_lost(text: str, body: bytes, moment: datetime, times: list[float]) -> None:
    exchange = samples.exchange(
        sent_at=moment,
        request=Request("GET", text, text, ((text, text),), body),
        response=Response(200, ((text, text),), body),
        timings=Timings(None, 0.1),
        failure_detail=text,
    )
    report = replace(
        samples.red(),
        explanation=Text(text, text),
        target=Target(text, test_data={text: text, text + "s": (text, text)}),
        exchanges=(exchange,),
        measurements=(
            Measurement("m", Text(text, text), samples.TIMEOUT, tuple(times), None, None, None, Verdict.SKIP),
        ),
    )
    written = dumps(report).encode("utf-8")
    assert loads(written) == report


def test_lone_surrogates_of_a_hostile_answer_can_be_written_and_read() -> None:
    report = replace(samples.green(), explanation=Text("a\ud800b", "\udfff"))
    assert loads(dumps(report).encode("utf-8")) == report


def test_a_body_is_text_or_says_that_it_is_base64() -> None:
    red = samples.red()
    document = to_document(
        replace(red, exchanges=(samples.exchange(body=b"\xff\x00"), samples.exchange("x2", body="é".encode())))
    )
    assert document["exchanges"][0]["response"]["body"] == {"base64": "/wA="}
    assert document["exchanges"][1]["response"]["body"] == {"text": "é"}


def test_the_order_of_keys_is_the_same_each_time() -> None:
    assert list(to_document(samples.green()))[:4] == ["schema_version", "summary", "id", "tool_version"]
    assert dumps(samples.red()) == dumps(samples.red())


def test_the_summary_counts_what_the_report_holds() -> None:
    summary = to_document(samples.red())["summary"]
    assert summary["failures"] == {"BLOCKING": 1, "MAJOR": 1, "MINOR": 1}
    assert summary["requirements"]["not_tested"] == 2
    assert summary["scenarios"]["FAIL"] == 3


def test_an_instant_without_offset_is_refused_when_writing() -> None:
    with pytest.raises(ValueError, match="UTC offset"):
        dumps(replace(samples.green(), started_at=datetime(2031, 1, 1)))  # noqa: DTZ001  the fault under test


def test_a_number_that_json_does_not_have_is_refused_when_writing() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        dumps(replace(samples.green(), scenarios=(replace(samples.green().scenarios[0], duration=float("nan")),)))


def test_keys_added_by_a_later_minor_version_are_left_aside() -> None:
    document = to_document(samples.green())
    document["schema_version"] = "1.7"
    document["invented"] = {"by": "a later version"}
    assert loads(json.dumps(document)) == samples.green()


def test_a_field_with_a_default_may_be_absent() -> None:
    document = to_document(samples.red())
    for each in document["exchanges"]:
        del each["failure_detail"]
    assert loads(json.dumps(document)).exchanges[1].failure_detail == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<html>", "run.json"),
        ("[" * 100_000, "run.json"),
        ("NaN", "run.json"),
        (b"\xff\xfe\x00", "run.json"),
        ("[]", "schema_version"),
        ('{"resourceType": "Bundle"}', "recette check"),
        ('{"schema_version": "9.0"}', "9.0"),
        ('{"schema_version": "1.0"}', "id"),
    ],
)
def test_what_is_not_a_report_is_refused_with_what_to_do(text: str | bytes, said: str) -> None:
    with pytest.raises(ReportFormatError) as refusal:
        loads(text)
    assert said in refusal.value.text.fr
    assert said in refusal.value.text.en


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict",), "GREAT"),
        (("exit_code",), 99),
        (("exit_code",), "0"),
        (("started_at",), "2031-03-10T08:00:00"),
        (("started_at",), 5),
        (("exchange_count",), True),
        (("explanation",), "text"),
        (("target", "test_data"), []),
        (("target", "test_data"), {"key": 5}),
        (("scenarios",), {}),
        (("scenarios", 0, "duration"), "fast"),
        (("exchanges", 0, "request", "headers", 0), ["alone"]),
        (("exchanges", 0, "request", "body"), {"base64": "é"}),
        (("exchanges", 0, "request", "body"), "text"),
        (("exchanges", 0, "request"), []),
    ],
)
def test_a_damaged_report_is_refused_with_the_place(path: tuple[str | int, ...], value: object) -> None:
    document = to_document(samples.red())
    place = document
    for step in path[:-1]:
        place = place[step]  # type: ignore[index]  # a walk through JSON
    place[path[-1]] = value  # type: ignore[index]  # a walk through JSON
    with pytest.raises(ReportFormatError) as refusal:
        loads(json.dumps(document))
    assert str(path[0]) in refusal.value.text.en


def test_a_file_that_is_absent_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ReportFormatError) as refusal:
        json_report.read(tmp_path / "nowhere.json")
    assert "nowhere.json" in refusal.value.text.fr


def test_a_written_file_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(dumps(samples.red()), encoding="utf-8")
    assert json_report.read(path) == samples.red()
    assert json_report.read(path).started_at.tzinfo is not None
    assert json_report.read(path).started_at == samples.NOW.astimezone(UTC)

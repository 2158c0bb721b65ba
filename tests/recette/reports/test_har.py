from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from recette.model import Exchange, Request, Response, RunReport
from recette.reports import har
from recette.reports.masking import mask_exchange
from sas_kernel.text import Lang
from tests.recette.reports import samples

SCHEMA = Draft202012Validator(json.loads(Path(__file__).with_name("har_1_2.schema.json").read_text(encoding="utf-8")))


def rendered(report: RunReport, lang: Lang = Lang.FR) -> dict[str, Any]:
    text = har.render(report, lang)
    text.encode("utf-8")
    document: dict[str, Any] = json.loads(text)
    SCHEMA.validate(document)
    pages = {page["id"] for page in document["log"]["pages"]}
    for entry in document["log"]["entries"]:
        assert entry.get("pageref") is None or entry["pageref"] in pages
        measured = [ms for name, ms in entry["timings"].items() if name != "comment" and ms >= 0]
        assert entry["time"] == pytest.approx(sum(measured))
    log: dict[str, Any] = document["log"]
    return log


def with_exchange(exchange: Exchange) -> RunReport:
    return replace(samples.red(), exchanges=(exchange,))


def test_each_exchange_of_the_report_is_an_entry_with_its_scenario_and_requirements() -> None:
    log = rendered(samples.red())
    first, second = log["entries"]
    assert first["_recette"]["exchange"] == "x1"
    assert first["_recette"]["broken"] == ["SLOT-020", "SLOT-012", "SLOT-031"]
    assert "SLOT-001" in first["_recette"]["requirements"]
    assert first["pageref"] == "slot_search.one_practitioner"
    assert second["pageref"] == "slot_search.errors"
    assert "2 échange(s) conservé(s) comme preuve, sur 164" in log["comment"]


def test_waiting_and_receiving_come_from_the_monotonic_measures() -> None:
    timings = rendered(samples.red())["entries"][0]["timings"]
    assert (timings["wait"], timings["receive"], timings["send"]) == (31.2, 16.6, 0)
    assert {timings[name] for name in ("blocked", "dns", "connect", "ssl")} == {-1}


def test_an_exchange_without_answer_is_status_zero_with_the_reason() -> None:
    entry = rendered(samples.red())["entries"][1]
    assert entry["response"]["status"] == 0
    assert entry["response"]["_error"] == "timeout (7.000 s)"
    assert (entry["timings"]["wait"], entry["timings"]["receive"]) == (7000.3, 0)


def test_a_body_that_is_no_text_is_base64_on_either_side() -> None:
    image = bytes(range(256))
    known = samples.exchange(body=image)
    request = replace(known.request, method="POST", body=image)
    entry = rendered(with_exchange(replace(known, request=request)))["entries"][0]
    assert entry["response"]["content"]["encoding"] == "base64"
    assert base64.b64decode(entry["response"]["content"]["text"]) == image
    assert base64.b64decode(entry["request"]["postData"]["text"]) == image
    assert entry["request"]["postData"]["_encoding"] == "base64"


def test_a_request_that_came_to_us_says_so() -> None:
    sent, received = (rendered(with_exchange(samples.exchange(name)))["entries"][0] for name in ("x1", "r1"))
    assert (sent["_recette"]["received"], received["_recette"]["received"]) == (False, True)
    assert "Requête reçue de la cible" in received["comment"]
    assert "Requête reçue" not in sent["comment"]


def test_no_secret_is_written_even_when_the_report_was_made_without_masks() -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
    known = samples.exchange(
        target="/fhir/Slot?access_token=s3cret-value-1", body=b'{"refresh_token": "s3cret-value-2"}'
    )
    headers = (("Authorization", f"Bearer {token}"), ("Cookie", "session=s3cret-value-3"))
    request = replace(known.request, headers=headers)
    text = har.render(with_exchange(replace(known, request=request)), Lang.FR)
    assert "s3cret" not in text
    assert token not in text
    assert "***" in text


def test_a_shortened_body_keeps_the_size_it_had() -> None:
    whole = samples.exchange(body=samples.bundle(600))
    assert whole.response is not None
    shortened = mask_exchange(whole, around=["Bundle.entry[400].resource.start"])
    content = rendered(with_exchange(shortened))["entries"][0]["response"]["content"]
    assert content["size"] == len(whole.response.body)
    assert len(content["text"].encode()) < content["size"]


def test_a_query_stands_as_it_was_on_the_request_line() -> None:
    pairs = rendered(samples.red())["entries"][0]["request"]["queryString"]
    assert {"name": "start", "value": "ge2031-03-10T09:15:42.000+01:00"} in pairs


def test_a_run_without_findings_has_no_entry_and_says_of_how_many() -> None:
    log = rendered(samples.green(), Lang.EN)
    assert log["entries"] == []
    assert "0 exchange(s) kept as evidence, of 164" in log["comment"]


@settings(max_examples=50)
@given(st.text(), st.binary(max_size=200), st.integers(100, 999))
def test_whatever_the_target_says_the_har_can_be_read(text: str, body: bytes, status: int) -> None:
    response = Response(status, (("Content-Type", text), ("Set-Cookie", text), ("Location", text)), body)
    request = Request(
        "POST", "http://agenda.example.org/" + text, "/" + text, (("Cookie", text),), text.encode("utf-8", "replace")
    )
    rendered(with_exchange(samples.exchange(request=request, response=response)))


def test_what_looks_like_our_mark_of_a_gap_does_not_break_the_size() -> None:
    mark = f"\n[… recette : {'9' * 5000} octets omis / bytes left out …]\n".encode()
    assert rendered(with_exchange(samples.exchange(body=mark)))["entries"]


def test_evidence_of_a_requirement_that_held_names_it_and_breaks_nothing() -> None:
    (entry,) = rendered(replace(samples.green(), exchanges=(samples.exchange(),)))["entries"]
    assert "SLOT-001" in entry["_recette"]["requirements"]
    assert (entry["_recette"]["broken"], entry["_recette"]["findings"]) == ([], [])
    assert entry["pageref"] == "slot_search.one_practitioner"

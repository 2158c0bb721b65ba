"""What is written for an editor, and what is read of its answers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_platform.regulators import fhir
from sas_platform.regulators.model import Account, Identifier, IdentifierKind

UUID = "0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10"


def test_a_technical_id_has_its_own_type_and_no_prefix_is_no_element() -> None:
    account = Account(Identifier(IdentifierKind.TECHNICAL, UUID), False, "A", "B", None, "a@example.org")
    resource = fhir.resource(account)
    assert resource["identifier"][0]["type"]["coding"][0]["code"] == "INTRN"
    assert resource["identifier"][0]["system"] == "urn:oid:1.2.250.1.213.3.6"
    assert resource["name"] == [{"family": "A", "given": ["B"]}]
    assert resource["active"] is False


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64))
def test_no_value_leaves_its_parameter(value: str) -> None:
    target = fhir.target(Identifier(IdentifierKind.NATIONAL, value))
    prefix = "/Practitioner?identifier=urn:oid:1.2.250.1.71.4.2.1%7C"
    assert target.startswith(prefix)
    assert not set(target[len(prefix) :]) & set(" &#?+/|\r\n")
    assert target.isascii()


def outcome(**issue: object) -> bytes:
    return json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (outcome(diagnostics="because", details={"text": "text"}, code="invalid"), "because"),
        (outcome(details={"text": " text "}, code="invalid"), "text"),
        (outcome(code="invalid"), "invalid"),
        (outcome(diagnostics="x" * 999), "x" * 300),
        (outcome(diagnostics="a\r\nb"), "a  b"),
        (outcome(diagnostics=7, details=["x"]), None),
        (b'{"issue": [3, {"code": "late"}]}', "late"),
        (b'{"issue": 3}', None),
        (b"[]", None),
        (b"<html>", None),
        (b"", None),
        (b"\xff", None),
    ],
)
def test_what_an_answer_says(body: bytes, said: str | None) -> None:
    assert fhir.diagnostics(body) == said


@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
    lambda tree: json.dumps({"issue": tree}).encode()))  # fmt: skip
def test_no_answer_breaks_the_reading(body: bytes) -> None:
    fhir.diagnostics(body)


def test_headers_are_read_with_care() -> None:
    assert fhir.retry_after("120") == 120
    assert [fhir.retry_after(each) for each in (None, "", "-1", "soon", "٣", "9" * 30)] == [None] * 6
    assert fhir.location("") is None
    assert fhir.location("http://x/" + "y" * 999) == ("http://x/" + "y" * 999)[:500]

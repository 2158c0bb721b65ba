"""A body is an account or everything that is wrong with it is told; nothing crashes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenda_editor.regulators import fhir
from agenda_editor.regulators.model import Identifier, IdentifierKind, InvalidRegulatorError, Regulator
from tests.agenda_editor.regulators.conftest import CARD, NATIONAL, TECHNICAL, UUID, body, changed, type_of, without


def problems(resource: Any) -> set[tuple[str, str]]:
    with pytest.raises(InvalidRegulatorError) as caught:
        fhir.details_of(resource if isinstance(resource, bytes) else json.dumps(resource).encode())
    for problem in caught.value.problems:
        assert problem.element in problem.text.fr or problem.element == "Practitioner"
    return {(problem.kind.value, problem.element) for problem in caught.value.problems}


@pytest.mark.reference
@pytest.mark.parametrize("name", ["max", "min-functional", "disable"])
def test_the_examples_are_read_and_written_alike(reference: Any, name: str) -> None:
    example = (reference / "reference" / "examples" / f"practitioner-regul.{name}.json").read_bytes()
    details = fhir.details_of(example)
    written = fhir.resource(Regulator(7, details, 1))
    expected = json.loads(example)
    expected["name"][0].pop("use", None)
    expected["id"] = "regul-7"
    assert written == expected
    assert fhir.details_of(json.dumps(written).encode()) == details


def test_what_has_no_part_in_an_account_is_left_aside() -> None:
    extra = {
        "id": "chosen-by-you",
        "gender": "female",
        "birthDate": "1980-01-01",
        "address": [{"city": "Villefictive"}],
        "text": {"status": "empty"},
        "unknown": [None],
    }
    assert fhir.details_of(json.dumps(body() | extra).encode()) == fhir.details_of(json.dumps(body()).encode())


def test_both_kinds_are_told_apart_by_type_and_system_and_values_are_opaque() -> None:
    for value, system, kind in (
        (CARD, NATIONAL, IdentifierKind.NATIONAL),
        (UUID, NATIONAL, IdentifierKind.NATIONAL),
        (UUID, TECHNICAL, IdentifierKind.TECHNICAL),
        ("810002673899", TECHNICAL, IdentifierKind.TECHNICAL),
        ("x" * 64, NATIONAL, IdentifierKind.NATIONAL),
    ):
        assert fhir.details_of(json.dumps(body(value, system)).encode()).identifier == Identifier(kind, value)


def test_several_given_names_are_one_account_and_blanks_around_a_value_mean_nothing() -> None:
    details = fhir.details_of(json.dumps(changed(body(f" {CARD} "), ["Ysée ", "Marie"], "name", 0, "given")).encode())
    assert (details.given, details.identifier.value) == ("Ysée Marie", CARD)


def test_meta_may_be_absent_or_name_a_version_of_the_profile() -> None:
    whole = fhir.details_of(json.dumps(body()).encode())
    assert fhir.details_of(json.dumps(without(body(), "meta")).encode()) == whole
    versioned = changed(body(), [body()["meta"]["profile"][0] + "|1.2.0"], "meta", "profile")
    assert fhir.details_of(json.dumps(versioned).encode()) == whole


IDENTIFIER = "Practitioner.identifier[0]"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        # what the kit leaves out
        (without(body(), "identifier"), ("required", "Practitioner.identifier")),
        (without(body(), "name"), ("required", "Practitioner.name")),
        (without(body(), "telecom"), ("required", "Practitioner.telecom")),
        (without(body(), "active"), ("required", "Practitioner.active")),
        # what the kit gets wrong
        (without(body(), "name", 0, "family"), ("required", "Practitioner.name[0].family")),
        (body(family=" "), ("required", "Practitioner.name[0].family")),
        (without(body(), "telecom", 0, "value"), ("required", "Practitioner.telecom[0].value")),
        (body(email=""), ("required", "Practitioner.telecom[0].value")),
        (changed(body(), "phone", "telecom", 0, "system"), ("value", "Practitioner.telecom[0].system")),
        (changed(body(), type_of("INTRN"), "identifier", 0, "type"), ("value", IDENTIFIER + ".type")),
        (changed(body(UUID, TECHNICAL), type_of("IDNPS"), "identifier", 0, "type"), ("value", IDENTIFIER + ".type")),
        # identifier
        (changed(body(), [], "identifier"), ("required", "Practitioner.identifier")),
        (body() | {"identifier": body()["identifier"] * 2}, ("business-rule", "Practitioner.identifier")),
        (without(body(), "identifier", 0, "value"), ("required", IDENTIFIER + ".value")),
        (without(body(), "identifier", 0, "system"), ("required", IDENTIFIER + ".system")),
        (without(body(), "identifier", 0, "type"), ("required", IDENTIFIER + ".type.coding")),
        (changed(body(), "1.2.250.1.71.4.2.1", "identifier", 0, "system"), ("value", IDENTIFIER + ".system")),
        (changed(body(), type_of("RPPS"), "identifier", 0, "type"), ("value", IDENTIFIER + ".type.coding")),
        (
            changed(body(), "http://x", "identifier", 0, "type", "coding", 0, "system"),
            ("value", IDENTIFIER + ".type.coding"),
        ),
        (body("x" * 65), ("value", IDENTIFIER + ".value")),
        (body("a|b"), ("value", IDENTIFIER + ".value")),
        (body("a,b"), ("value", IDENTIFIER + ".value")),
        (body("a\x00b"), ("value", IDENTIFIER + ".value")),
        # name, e-mail, meta
        (changed(body(), [], "name", 0, "given"), ("required", "Practitioner.name[0].given")),
        (changed(body(), [""], "name", 0, "given"), ("required", "Practitioner.name[0].given[0]")),
        (body(given="a\x1fb"), ("value", "Practitioner.name[0].given[0]")),
        (body(email="nobody"), ("value", "Practitioner.telecom[0].value")),
        (body(email="a b@c"), ("value", "Practitioner.telecom[0].value")),
        (without(body(), "telecom", 0, "system"), ("required", "Practitioner.telecom[0].system")),
        (
            changed(body(), [*body()["telecom"], {"system": "phone", "value": "a@b"}], "telecom"),
            ("value", "Practitioner.telecom[1].system"),
        ),
        (changed(body(), "urn:oid:1.2.3", "meta", "source"), ("value", "Practitioner.meta.source")),
        (changed(body(), ["http://x"], "meta", "profile"), ("value", "Practitioner.meta.profile")),
        (body() | {"modifierExtension": [{"url": "x"}]}, ("not-supported", "Practitioner.modifierExtension")),
        # another JSON type
        (changed(body(), "true", "active"), ("structure", "Practitioner.active")),
        (changed(body(), None, "active"), ("structure", "Practitioner.active")),
        (changed(body(), {}, "identifier"), ("structure", "Practitioner.identifier")),
        (changed(body(), ["x"], "identifier"), ("structure", "Practitioner.identifier[0]")),
        (changed(body(), 7, "identifier", 0, "value"), ("structure", IDENTIFIER + ".value")),
        (changed(body(), "IDNPS", "identifier", 0, "type"), ("structure", IDENTIFIER + ".type")),
        (changed(body(), "Ysée", "name", 0, "given"), ("structure", "Practitioner.name[0].given")),
        (changed(body(), [None], "name", 0, "given"), ("structure", "Practitioner.name[0].given[0]")),
        (changed(body(), [], "meta"), ("structure", "Practitioner.meta")),
        # no Practitioner at all
        (body() | {"resourceType": "Patient"}, ("invalid", "Practitioner.resourceType")),
        (without(body(), "resourceType"), ("invalid", "Practitioner.resourceType")),
        ([], ("structure", "Practitioner")),
        (None, ("structure", "Practitioner")),
        (b"", ("structure", "Practitioner")),
        (b"{", ("structure", "Practitioner")),
        (b"<Practitioner/>", ("structure", "Practitioner")),
        (b'"\xff"', ("structure", "Practitioner")),
        (b"[" * 100_000, ("structure", "Practitioner")),
    ],
)
def test_one_fault_is_told_once_with_its_element(resource: Any, expected: tuple[str, str]) -> None:
    assert problems(resource) == {expected}


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert problems({"resourceType": "Practitioner"}) == {
        ("required", f"Practitioner.{name}") for name in ("identifier", "active", "name", "telecom")
    }
    assert problems(changed(body(email="x") | {"active": 1}, "y", "identifier", 0, "system")) == {
        ("structure", "Practitioner.active"),
        ("value", "Practitioner.telecom[0].value"),
        ("value", IDENTIFIER + ".system"),
    }


def test_a_body_that_cannot_be_read_is_a_400_whatever_else_is_wrong() -> None:
    for resource, status in ((body(email="x"), 422), (changed(body(email="x"), 1, "active"), 400)):
        with pytest.raises(InvalidRegulatorError) as caught:
            fhir.details_of(json.dumps(resource).encode())
        outcome = fhir.outcome_of(caught.value)
        assert outcome is not None
        assert outcome.status == status


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
_PATHS: tuple[tuple[str | int, ...], ...] = (
    ("resourceType",),
    ("meta",),
    ("meta", "source"),
    ("meta", "profile"),
    ("meta", "profile", 0),
    ("identifier",),
    ("identifier", 0),
    ("identifier", 0, "type"),
    ("identifier", 0, "type", "coding"),
    ("identifier", 0, "type", "coding", 0),
    ("identifier", 0, "type", "coding", 0, "code"),
    ("identifier", 0, "system"),
    ("identifier", 0, "value"),
    ("active",),
    ("name",),
    ("name", 0),
    ("name", 0, "family"),
    ("name", 0, "given"),
    ("name", 0, "given", 0),
    ("telecom",),
    ("telecom", 0),
    ("telecom", 0, "system"),
    ("telecom", 0, "value"),
)


@given(st.sampled_from(_PATHS), _JSON)
def test_any_json_anywhere_is_an_account_or_told(path: tuple[str | int, ...], value: Any) -> None:
    try:
        details = fhir.details_of(json.dumps(changed(body(), value, *path)).encode())
    except InvalidRegulatorError as error:
        outcome = fhir.outcome_of(error)
        assert outcome is not None
        assert outcome.status in {400, 422}
        json.loads(outcome.to_json())
    else:
        written = fhir.resource(Regulator(1, details, 1))
        assert fhir.details_of(json.dumps(written).encode()) == details


@given(st.binary(max_size=64) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_at_all_is_told(raw: bytes) -> None:
    with pytest.raises(InvalidRegulatorError):
        fhir.details_of(raw)

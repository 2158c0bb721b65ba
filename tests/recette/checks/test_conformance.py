"""A saved document judged by everything: each fault once, and by the voice that has the most to say."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from recette.checks.conformance import Conformance, UnknownProfileError, judge, place
from recette.checks.offline import UnknownDocumentError
from recette.engine import requirements
from recette.model import Level
from recette.profiles import facts
from recette.profiles.checker import Checker
from recette.profiles.use_cases import UseCase
from recette.reports import conformance as rendering
from sas_kernel.text import Lang
from tests.recette.profiles.mutants import DELETE, base, mutant

SLOT = "http://sas.fr/fhir/StructureDefinition/FrSlotAgregateur"


@cache
def _checker() -> Checker:
    return Checker(facts.load())


def judged(document: Any, profile: str | None = None) -> Conformance:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return judge(content, _checker(), requirements.load(), profile)


def test_a_requirement_speaks_before_a_profile() -> None:
    found = judged(mutant("slot", "start", "2031-03-11"))
    assert [(told.rule, told.path) for told in found.told] == [("SLOT-103", "Slot.start")]


def test_a_profile_speaks_where_no_requirement_does() -> None:
    found = judged(mutant("slot", "identifier", [{"use": "mine"}]))
    assert [(told.rule, told.path) for told in found.told] == [("binding", "Slot.identifier[0].use")]
    assert found.told[0].source == f"{SLOT}#Slot.identifier.use"


def test_what_a_profile_demands_is_not_said_as_a_wish_too() -> None:
    found = judged(mutant("bundle-ps", "entry.0.search.mode", "found"))
    assert [(told.level, told.path) for told in found.told] == [(Level.SHALL, "Bundle.entry[0].search.mode")]


def test_a_named_profile_is_judged_without_the_requirements_of_the_flow() -> None:
    without_address = mutant("slot", "meta.security", DELETE)
    assert not judged(without_address).conforms
    found = judged(without_address, f"{SLOT}|1.2.0")
    assert found.conforms
    assert [(told.level, told.rule) for told in found.told] == [(Level.SHOULD, "slot-type")]


@pytest.mark.parametrize("version", ["1.1.0", "9", "2.0.0"])
def test_a_profile_in_another_version_is_not_held_to_this_one(version: str) -> None:
    with pytest.raises(UnknownProfileError, match=r"1\.2\.0"):
        judged(base("slot"), f"{SLOT}|{version}")


def test_keys_that_stand_twice_are_told_of_every_document() -> None:
    content = json.dumps(base("site")).replace('"name":', '"name": "X", "name":', 1).encode()
    assert [(told.rule, told.path) for told in judged(content).told] == [("repeated", "Location.name")]


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("slot", UseCase.PRACTITIONERS),
        ("cpts_slot", UseCase.CPTS),
        ("cpts", UseCase.CPTS),
        ("sos_schedule", UseCase.SOS),
        ("site", UseCase.SOS),
        ("association", UseCase.SOS),
        ("bundle-ps", UseCase.PRACTITIONERS),
        ("bundle-cpts", UseCase.CPTS),
        ("bundle-sos", UseCase.SOS),
        ("practitioner", UseCase.PRACTITIONERS),
        ("practitioner-regul", UseCase.REGULATORS),
        ("appointment-sas", UseCase.APPOINTMENTS),
    ],
)
def test_the_use_is_told_by_the_content_where_nothing_is_claimed(name: str, case: UseCase) -> None:
    document = base(name)
    del document["meta"]
    assert judged(document).use_case is case


def test_an_empty_answer_is_judged_by_rule() -> None:
    for name in ("bundle-cpts", "bundle-sos"):
        document = base(name)
        del document["entry"]
        document["total"] = 0
        assert judged(document).conforms
        document["total"] = 1
        assert not judged(document).conforms


def test_what_nobody_knows_is_not_judged() -> None:
    with pytest.raises(UnknownDocumentError):
        judged({"resourceType": "Medication"})
    with pytest.raises(UnknownDocumentError):
        judged({})
    with pytest.raises(UnknownProfileError):
        judged(base("slot"), "http://x.example.org/Unknown")


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"\xff", b'{"total": NaN}'])
def test_what_is_no_json_object_does_not_conform(content: bytes) -> None:
    assert not judged(content).conforms
    assert not judged(content, SLOT).conforms


def test_a_hostile_document_neither_drives_the_terminal_nor_breaks_the_output() -> None:
    document = mutant("slot", "\x1b[2J\ud800", "\x1b]0;owned\x07")
    document["status"] = "\ud800\u202e"
    found = judged(document, SLOT)
    for text in (
        rendering.to_console(found, "g", "f", "r", None, Lang.FR),
        rendering.to_json(found, "g", "f", "r", None, Lang.EN),
    ):
        assert "\x1b" not in text
        text.encode()
    assert json.loads(rendering.to_json(found, "g", "f", "r", None, Lang.EN))["conforms"] is False


def test_places_are_the_same_whatever_names_their_slices_and_last_position() -> None:
    assert place("Bundle.entry[3].resource.extension:operator") == "Bundle.entry[3].resource.extension"
    assert place("Slot.serviceType[1]") == "Slot.serviceType"

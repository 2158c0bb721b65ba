"""Slicings of every kind, on definitions made for the purpose."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from recette.profiles import facts, model
from recette.profiles.checker import Checker
from recette.profiles.model import ElementFact, SlicingFact, TypeFact, Weight

PROFILE = "http://x.example.org/StructureDefinition/Sliced"
CODING = TypeFact("Coding")


@cache
def _facts() -> model.Facts:
    return facts.load()


def checker(how: str, path: str, *slices: ElementFact, rules: str = "open", ordered: bool = False) -> Checker:
    """A profile of Slot whose `meta.tag` is sliced so."""
    sliced = ElementFact("Slot.meta.tag", 0, None, True, (CODING,), slicing=SlicingFact(((how, path),), rules, ordered))
    elements = (
        ElementFact("Slot", 0, None, False),
        ElementFact("Slot.meta", 0, 1, False, (TypeFact("Meta"),)),
        sliced,
        *slices,
    )
    definition = model.Definition(PROFILE, "1", "Slot", "resource", "", elements)
    known = _facts()
    return Checker(replace(known, definitions={**known.definitions, PROFILE: definition}))


def named(name: str, lower: int = 0, upper: int | None = 1, **facts_: Any) -> ElementFact:
    return ElementFact(f"Slot.meta.tag:{name}", lower, upper, True, (CODING,), slice=name, **facts_)


def told(checker: Checker, *tags: Any) -> set[tuple[str, str]]:
    """What is wrong with these tags; a snapshot names every child, these name those they need only."""
    resource = {"resourceType": "Slot", "meta": {"tag": list(tags)}}
    found = {(issue.path, issue.rule) for issue in checker.check(resource, PROFILE)}
    return {each for each in found if each[1] != "unknown"}


A, B, C = ({"system": f"http://x.example.org/{name}", "code": name} for name in "abc")
RED, BLUE = named("red", 1, pattern=(A,)), named("blue", pattern=(B,))


def test_by_pattern_counts_each_slice() -> None:
    by_pattern = checker("pattern", "$this", RED, BLUE)
    assert told(by_pattern, A, B, C) == set()
    assert told(by_pattern, B) == {("Slot.meta.tag:red", "min")}
    assert told(by_pattern, A, B, B) == {("Slot.meta.tag:blue", "max")}


def test_an_element_that_is_absent_lacks_its_mandatory_slices() -> None:
    resource = {"resourceType": "Slot", "meta": {"versionId": "1"}}
    found = checker("pattern", "$this", RED, BLUE).check(resource, PROFILE)
    assert ("Slot.meta.tag:red", "min") in {(issue.path, issue.rule) for issue in found}


def test_closed_slicing_refuses_strangers() -> None:
    assert told(checker("pattern", "$this", RED, BLUE, rules="closed"), A, C) == {("Slot.meta.tag[1]", "slicing")}


@pytest.mark.parametrize("ordered", [True, False])
def test_order_counts_where_it_is_asked_for(ordered: bool) -> None:
    found = told(checker("pattern", "$this", RED, BLUE, ordered=ordered), B, A)
    assert found == ({("Slot.meta.tag[1]", "order")} if ordered else set())


def test_open_at_end_wants_strangers_last() -> None:
    at_end = checker("pattern", "$this", RED, BLUE, rules="openAtEnd")
    assert told(at_end, A, B, C) == set()
    assert told(at_end, C, A) == {("Slot.meta.tag[1]", "order")}


def test_by_value_below() -> None:
    system = ElementFact("Slot.meta.tag:red.system", 1, 1, False, (TypeFact("uri"),), fixed=(A["system"],))
    code = ElementFact("Slot.meta.tag:red.code", 1, 1, False, (TypeFact("code"),))
    by_value = checker("value", "system", named("red", 1), system, code)
    assert told(by_value, A) == set()
    assert told(by_value, {"system": A["system"]}) == {("Slot.meta.tag[0].code", "min")}
    assert told(by_value, B) == {("Slot.meta.tag:red", "min")}


def test_by_existence() -> None:
    version = ElementFact("Slot.meta.tag:red.version", 1, 1, False, (TypeFact("string"),))
    by_existence = checker("exists", "version", named("red", 1, 1), version)
    assert told(by_existence, {**A, "version": "1"}, B) == set()
    assert told(by_existence, A) == {("Slot.meta.tag:red", "min")}


@pytest.mark.parametrize(("how", "path"), [("value", "resolve().code"), ("position", "$this"), ("value", "nowhere")])
def test_what_cannot_be_sorted_is_neither_counted_nor_refused(how: str, path: str) -> None:
    unsortable = checker(how, path, named("red", 1), rules="closed")
    found = unsortable.check({"resourceType": "Slot", "meta": {"tag": [A]}}, PROFILE)
    assert [(issue.rule, issue.weight) for issue in found] == [("slicing", Weight.UNVERIFIED)]


def test_slices_of_slices_are_told_as_not_verified() -> None:
    again = checker("pattern", "$this", BLUE, named("blue/light", 1, pattern=(B,)))
    found = again.check({"resourceType": "Slot", "meta": {"tag": [B]}}, PROFILE)
    assert [(issue.rule, issue.weight) for issue in found] == [("slicing", Weight.UNVERIFIED)]

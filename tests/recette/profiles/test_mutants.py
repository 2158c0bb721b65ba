"""More than a hundred and thirty things wrong, one at a time; and every node of every document, anything at all."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from recette.checks import conformance
from recette.checks.offline import UnknownDocumentError
from recette.engine import requirements
from recette.model import Requirement
from recette.profiles import facts, prose, use_cases
from recette.profiles.checker import Checker, errors
from recette.profiles.model import Issue
from tests.recette.profiles import mutants
from tests.recette.profiles.mutants import BASE, PROFILE, PROSE, TERMINOLOGY

TABLE = [row for row in (*BASE, *PROFILE, *TERMINOLOGY, *PROSE) if row[4]]
TOLERATED = [row for row in (*BASE, *PROFILE, *TERMINOLOGY, *PROSE) if not row[4]]


@cache
def _checker() -> Checker:
    return Checker(facts.load())


@cache
def _requirements() -> dict[str, Requirement]:
    return requirements.load()


def issues(name: str, document: Any) -> list[Issue]:
    """What is wrong, by the profile and the prose of the use case of the right resource."""
    checker = _checker()
    case = use_cases.use_case_of(checker, mutants.base(name))
    assert case is not None
    profile = use_cases.profile_of(checker, mutants.base(name), case)
    assert profile is not None
    same = use_cases.profile_of(checker, document, case) == profile
    found = use_cases.check(checker, document, case) if same else checker.check(document, profile)
    return [*errors([*(found or []), *prose.check(document, case, checker.facts.use_cases[case])])]


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 130
    assert len({(name, path, repr(value)) for name, path, value, _, _ in TABLE}) == len(TABLE)


@pytest.mark.parametrize("name", [*mutants.WHOLE, *mutants._ENTRIES, "place"])
def test_what_is_right_is_right(name: str) -> None:
    assert issues(name, mutants.base(name)) == []


@pytest.mark.parametrize(
    ("name", "path", "value", "where", "rule"), TABLE, ids=[f"{n}-{p}-{r}" for n, p, _, _, r in TABLE]
)
def test_each_fault_is_seen_where_it_is(name: str, path: str, value: Any, where: str, rule: str) -> None:
    found = issues(name, mutants.mutant(name, path, value))
    assert (where, rule) in {(issue.path, issue.rule) for issue in found}, [(i.path, i.rule) for i in found]


@pytest.mark.parametrize(("name", "path", "value"), [row[:3] for row in TOLERATED])
def test_what_only_looks_wrong_is_not_blamed(name: str, path: str, value: Any) -> None:
    assert issues(name, mutants.mutant(name, path, value)) == []


@pytest.mark.parametrize(("name", "path", "value"), [row[:3] for row in TABLE], ids=[f"{r[0]}-{r[1]}" for r in TABLE])
def test_each_fault_is_seen_without_naming_a_profile(name: str, path: str, value: Any) -> None:
    content = json.dumps(mutants.mutant(name, path, value)).encode()
    try:
        assert not conformance.judge(content, _checker(), _requirements()).conforms
    except UnknownDocumentError:
        assert path == "resourceType"


@pytest.mark.parametrize("name", mutants.WHOLE)
def test_one_fault_is_told_once(name: str) -> None:
    """No place is blamed twice, whoever could have blamed it."""
    for whole, path, value, _, _ in TABLE:
        if whole == name:
            content = json.dumps(mutants.mutant(name, path, value)).encode()
            judged = conformance.judge(content, _checker(), _requirements())
            by_place = Counter((told.path, told.rule) for told in judged.told)
            assert max(by_place.values()) == 1, path


NOTHING = object()
REPLACEMENTS: tuple[Any, ...] = (NOTHING, "", None, 17, [], {}, "zz zz", [[None]], {"resourceType": []})


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))


def _bent(whole: Any) -> Iterator[Any]:
    """The same document with one node deleted, replaced by anything, given a stranger for a child, or doubled."""
    for path in [*_places(whole)]:
        holder = whole
        for step in path[:-1]:
            holder = holder[step]
        was = holder[path[-1]]
        for replacement in REPLACEMENTS:
            if replacement is NOTHING:
                held = copy.copy(holder)
                del holder[path[-1]]
                yield whole
                holder.clear()
                holder.update(held) if isinstance(holder, dict) else holder.extend(held)
            else:
                holder[path[-1]] = replacement
                yield whole
                holder[path[-1]] = was
        if isinstance(was, dict):
            was["zzz"] = 1
            yield whole
            del was["zzz"]
        elif isinstance(was, list):
            holder[path[-1]] = was * 2
            yield whole
            holder[path[-1]] = was


@pytest.mark.parametrize("name", mutants.WHOLE)
def test_no_mutation_of_any_node_breaks_anything(name: str) -> None:
    """Every node: what is told is told, nothing is raised, and next to nothing escapes."""
    whole = mutants.base(name)
    if "entry" in whole:
        firsts: dict[str, Any] = {}
        for entry in whole["entry"]:
            firsts.setdefault(entry["resource"]["resourceType"], entry)
        whole["entry"] = list(firsts.values())
        whole["total"] = 1
    total = seen = 0
    for document in _bent(whole):
        total += 1
        seen += bool(issues(name, document))
    assert total > 200
    assert seen / total > 0.8
    assert issues(name, whole) == [] or name == "bundle-cpts"


def test_what_is_nested_without_end_is_refused(checker: Checker) -> None:
    deep: Any = {"resourceType": "Slot"}
    for _ in range(400):
        deep = {"resourceType": "Slot", "contained": [deep]}
    found = checker.check(deep, "http://sas.fr/fhir/StructureDefinition/FrSlotAgregateur")
    assert [issue.rule for issue in found] == ["depth"]

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recette.engine.selection import Selected, near_matches, reported, select
from recette.model import Actor, Judgement, Requirement, Selection, SelectionError, Severity
from sas_kernel.flows import Flow
from sas_kernel.text import Text
from tests.recette.engine.little_catalogue import check, one_exchange, requirement

HELD = Judgement(1)
GRAVE = requirement("SLOT-001", severity=Severity.BLOCKING)
MAJOR = requirement("SLOT-002")
MINOR = requirement("ACCT-001", severity=Severity.MINOR)
UNTESTED = replace(requirement("SLOT-900"), scenarios=(), untested_reason=Text("hors de vue", "out of sight"))
REQUIREMENTS: dict[str, Requirement] = {each.id: each for each in (GRAVE, MAJOR, MINOR, UNTESTED)}
ONE = replace(
    one_exchange("slot_search.one", check("a", HELD, "SLOT-001"), check("b", HELD, "SLOT-002")), tags=("smoke",)
)
TWO = replace(one_exchange("slot_search.two", check("b", HELD, "SLOT-002")), tags=("forms",))
ACCOUNT = replace(
    one_exchange("regulators.creation", check("c", HELD, "ACCT-001")), flow=Flow.REGULATORS, tags=("smoke",)
)
PLATFORM = replace(one_exchange("slot_search.platform", check("d", HELD, "SLOT-001")), actor=Actor.PLATFORM)
CATALOGUE = (ONE, TWO, PLATFORM, ACCOUNT)


def selected(declared: tuple[str, ...] = ("slot_search", "regulators"), **asked: Any) -> Selected:
    return select(CATALOGUE, REQUIREMENTS, Selection(**asked), Actor.EDITOR, declared)


def ids(found: Selected) -> list[str]:
    return [each.id for each in found.scenarios]


def test_without_options_all_that_the_target_declares_is_played_and_nothing_is_partial() -> None:
    assert selected() == Selected((ONE, TWO, ACCOUNT))
    assert selected(("slot_search",)) == Selected((ONE, TWO))


@pytest.mark.parametrize(
    ("asked", "played"),
    [
        ({"scenarios": ("slot_search.one",)}, ["slot_search.one"]),
        ({"scenarios": ("slot_search.*",)}, ["slot_search.one", "slot_search.two"]),
        ({"scenarios": ("slot_search.two", "regulators.*")}, ["slot_search.two", "regulators.creation"]),
        ({"tags": ("smoke",)}, ["slot_search.one", "regulators.creation"]),
        ({"tags": ("smoke", "forms"), "scenarios": ("slot_search.*",)}, ["slot_search.one", "slot_search.two"]),
        ({"flows": (Flow.REGULATORS,)}, ["regulators.creation"]),
        ({"requirements": ("SLOT-*",)}, ["slot_search.one", "slot_search.two"]),
        ({"severity": Severity.MAJOR}, ["slot_search.one", "slot_search.two"]),
        ({"exclude": ("slot_search.two",)}, ["slot_search.one", "regulators.creation"]),
        ({"exclude": ("ACCT-001", "*.one")}, ["slot_search.two"]),
    ],
)
def test_any_value_within_a_kind_and_every_kind_together(asked: dict[str, Any], played: list[str]) -> None:
    found = selected(**asked)
    assert ids(found) == played
    assert found.extent is not None
    assert (found.extent.scenarios, found.extent.of_scenarios) == (len(played), 3)


def test_a_requirement_leaves_the_other_checks_of_its_scenario_out() -> None:
    found = selected(requirements=("SLOT-001",))
    assert [(each.id, [c.id for c in each.checks]) for each in found.scenarios] == [("slot_search.one", ["a"])]
    assert [c.id for c in found.scenarios[0].left_out] == ["b"]
    assert sorted(c.id for c in found.missed) == ["b", "b", "c"]
    assert found.extent is not None
    assert (found.extent.requirements, found.extent.of_requirements) == (1, 3)
    assert [each.id for each in reported(REQUIREMENTS, found.scenarios, found.extent)] == ["SLOT-001"]


def test_options_that_leave_nothing_out_are_a_whole_run() -> None:
    assert selected(severity=Severity.MINOR, scenarios=("*",)).extent is None
    assert selected(("slot_search",), flows=(Flow.SLOT_SEARCH,)).extent is None


def test_a_flow_beyond_those_declared_is_a_part_of_both() -> None:
    found = selected(("slot_search",), flows=(Flow.REGULATORS,))
    assert ids(found) == ["regulators.creation"]
    assert found.extent is not None
    assert found.extent.of_scenarios == 3


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"scenarios": ("slot_serch.one",)}, "slot_search.one"),
        ({"scenarios": ("slot_search.one", "nothing")}, "nothing"),
        ({"scenarios": ("ONE",)}, "slot_search.one"),
        ({"requirements": ("SLOT-0O1",)}, "SLOT-001"),
        ({"requirements": ("SLOT-900",)}, "hors de vue"),
        ({"tags": ("smoek",)}, "smoke"),
        ({"exclude": ("slot_search.tow",)}, "slot_search.two"),
        ({"scenarios": ("slot_search.platform",)}, "--flow"),
        ({"scenarios": ("slot_search.two",), "tags": ("smoke",)}, "recette list"),
        ({"exclude": ("*",)}, "recette list"),
    ],
)
def test_a_selection_of_nothing_or_of_something_unknown_says_what_was_perhaps_meant(
    asked: dict[str, Any], told: str
) -> None:
    with pytest.raises(SelectionError) as refused:
        selected(**asked)
    assert told in refused.value.text.fr


def test_what_is_out_of_scope_may_be_excluded() -> None:
    assert ids(selected(("slot_search",), exclude=("regulators.*",))) == ["slot_search.one", "slot_search.two"]


def test_flows_without_scenarios_are_not_a_wrong_selection() -> None:
    assert selected(("hub_sante",)) == Selected(())


def test_near_matches_know_parts_and_case() -> None:
    assert near_matches("Slot_Search.On*", ["slot_search.one", "sso.entry"]) == ["slot_search.one"]
    assert near_matches("entry", ["slot_search.one", "sso.entry"]) == ["sso.entry"]
    assert near_matches("*", ["slot_search.one"]) == []

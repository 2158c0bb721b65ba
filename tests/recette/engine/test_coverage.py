"""The real catalogue has no hole; a little one with each defect is told of it by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from recette import catalogue
from recette.engine import museum, requirements
from recette.engine.coverage import cover
from recette.model import (
    Actor,
    Check,
    Counterpart,
    Coverage,
    Exemption,
    Exhibit,
    Judgement,
    Level,
    Relation,
    Requirement,
    Scenario,
    Severity,
    Stage,
)
from sas_kernel.flows import Flow
from sas_kernel.text import Text

WORDS = Text("mot", "word")


async def _nothing(stage: Stage) -> None:
    """Nobody plays it."""


def scenario(name: str, *checks: tuple[str, str], flow: Flow = Flow.SLOT_SEARCH) -> Scenario:
    made = tuple(Check(id, requirement, WORDS, lambda evidence: Judgement(0)) for id, requirement in checks)
    return Scenario(name, flow, WORDS, made, _nothing)


def row(id: str, *scenarios: str, reason: Text | None = None, flow: Flow = Flow.SLOT_SEARCH) -> Requirement:
    return Requirement(
        id, flow, Actor.EDITOR, Level.SHALL, Severity.MAJOR, WORDS, "somewhere", scenarios, untested_reason=reason
    )


def wrong(name: str, requirement: str, *checks: str, also: tuple[str, ...] = ()) -> Exhibit:
    return Exhibit(name, Actor.EDITOR, Flow.SLOT_SEARCH, requirement, also, checks, "wrong")


ROWS = (row("R-1", "one"), row("R-2", "one", "two"), row("R-3", reason=WORDS))
SCENARIOS = (scenario("one", ("a", "R-1"), ("b", "R-2")), scenario("two", ("c", "R-2")))
MUSEUM = (wrong("loud", "R-1", "a"), wrong("late", "R-2", "b", "a", also=("R-1",)))
EXEMPT = (Exemption("c", WORDS),)
KIT = (Counterpart("1.1", "both", WORDS, ("R-1", "R-3"), Relation.LOOSER, WORDS),)


def little(
    rows: Sequence[Requirement] = ROWS,
    scenarios: Sequence[Scenario] = SCENARIOS,
    exhibits: Sequence[Exhibit] = MUSEUM,
    exemptions: Sequence[Exemption] = EXEMPT,
    kit: Sequence[Counterpart] = KIT,
) -> Coverage:
    return cover({one.id: one for one in rows}, scenarios, exhibits, exemptions, kit)


def told(coverage: Coverage) -> list[str]:
    return [hole.text.en for hole in coverage.holes]


def test_the_catalogue_has_no_hole() -> None:
    found = cover(
        requirements.load(with_holes=True),
        catalogue.scenarios((), None),
        museum.exhibits(),
        museum.exemptions(),
        museum.crosswalk(),
    )
    assert not told(found)
    assert all(line.exhibits for line in found.lines if line.checks and line.requirement.id != "SLOT-007")


def test_a_whole_little_catalogue_has_none_either() -> None:
    found = little()
    assert not told(found)
    assert [(line.scenarios, line.checks, line.exhibits) for line in found.lines] == [
        (("one",), ("a",), ("loud", "late")),
        (("one", "two"), ("b", "c"), ("late",)),
        ((), (), ()),
    ]
    assert found.shown == {"a", "b"}


DEFECTS: dict[str, tuple[dict[str, Any], str]] = {
    "a requirement with nothing": ({"rows": (*ROWS, row("R-4"))}, "R-4 has neither scenario nor reason."),
    "a scenario that does not judge": (
        {"rows": (row("R-1", "one", "two"), *ROWS[1:])},
        "R-1 names the scenario two, which does not judge it.",
    ),
    "a scenario that is no more": (
        {"rows": (row("R-1", "one", "gone"), *ROWS[1:])},
        "R-1 names the scenario gone, which does not judge it.",
    ),
    "a scenario nobody names": (
        {"rows": (ROWS[0], row("R-2", "two"), ROWS[2])},
        "R-2 does not name the scenario one, which judges it.",
    ),
    "a scenario of nothing": (
        {"scenarios": (*SCENARIOS, scenario("three"))},
        "The scenario three has no requirement.",
    ),
    "a check nobody caught anything with": (
        {"exhibits": (wrong("loud", "R-1", "a"),)},
        "The check b catches no faulty partner of the museum.",
    ),
    "no excuse any more": ({"exemptions": ()}, "The check c catches no faulty partner of the museum."),
    "an excuse of nothing": (
        {"exemptions": (*EXEMPT, Exemption("z", WORDS))},
        "The check z is excused and does not exist.",
    ),
    "an excuse too many": (
        {"exemptions": (*EXEMPT, Exemption("a", WORDS))},
        "The check a is excused and yet catches loud, late.",
    ),
    "a partner that breaks nothing known": (
        {"exhibits": (*MUSEUM, wrong("odd", "R-9", "a"))},
        "The faulty partner odd breaks R-9, which is not in the catalogue.",
    ),
    "a partner caught by another's check": (
        {"exhibits": (*MUSEUM, wrong("odd", "R-1", "b"))},
        "The faulty partner odd is said to be caught by b, which does not judge what it breaks.",
    ),
    "a row of the kit that leads nowhere": (
        {"kit": (replace(KIT[0], requirements=("R-8",)),)},
        "The ANS kit's test 1.1 leads to R-8, which is not in the catalogue.",
    ),
}


@pytest.mark.parametrize(("change", "hole"), DEFECTS.values(), ids=DEFECTS)
def test_each_defect_is_named(change: dict[str, Any], hole: str) -> None:
    assert hole in told(little(**change))


def test_a_check_of_an_unknown_requirement_is_named_with_its_scenario() -> None:
    found = told(little(scenarios=(*SCENARIOS, scenario("three", ("d", "R-9")))))
    assert "The scenario three has no requirement." in found
    assert "The check d (three) judges R-9, which is not in the catalogue." in found


def test_a_requirement_said_to_be_untested_and_judged_is_named() -> None:
    found = told(little(scenarios=(*SCENARIOS, scenario("three", ("a", "R-3")))))
    assert found == ["R-3 does not name the scenario three, which judges it."]


def test_one_flow_shows_its_own_lines_excuses_and_holes() -> None:
    rows = (*ROWS, row("R-4"), row("R-5", flow=Flow.SSO))
    found = little(rows=rows, exemptions=(*EXEMPT, Exemption("z", WORDS)))
    part = found.of((Flow.SSO,))
    assert [line.requirement.id for line in part.lines] == ["R-5"]
    assert not part.exemptions
    assert told(part) == ["R-5 has neither scenario nor reason.", "The check z is excused and does not exist."]
    assert found.of(()) is found

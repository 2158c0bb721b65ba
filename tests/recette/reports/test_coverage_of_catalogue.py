from __future__ import annotations

import json
from dataclasses import replace

import pytest

from recette.model import (
    Actor,
    Counterpart,
    Coverage,
    CoverageLayout,
    CoverageLine,
    Exemption,
    Hole,
    Level,
    Relation,
    Requirement,
    Severity,
)
from recette.reports.coverage_of_catalogue import render, render_kit
from sas_kernel.flows import Flow
from sas_kernel.text import Lang, Text

REASON = Text("Ne se voit pas.", "Cannot be seen.")
JUDGED = Requirement(
    "R-1", Flow.SSO, Actor.EDITOR, Level.SHALL, Severity.MAJOR, Text("t", "t"), "s", ("s.one", "s.two", "s.three")
)
HIDDEN = replace(JUDGED, id="R-2", scenarios=(), untested_reason=REASON)
COVERAGE = Coverage(
    (
        CoverageLine(JUDGED, (*JUDGED.scenarios, "s.four"), ("a.b", "a.c"), ("too_late", "too loud | wild")),
        CoverageLine(HIDDEN, (), (), ()),
    ),
    frozenset({"a.b"}),
    (Exemption("a.c", Text("On ne peut pas.", "Not possible.")),),
    (),
)
HOLED = replace(COVERAGE, holes=(Hole(Text("R-9 manque.", "R-9 is missing.")),))
KIT = (
    Counterpart("4.1", "both", Text("Vite", "Quick"), ("R-1",), Relation.STRICTER, Text("Mesuré.", "Measured.")),
    Counterpart("4.2", "ps", Text("Juste", "Right"), ("R-1",), Relation.SAME, None),
)
ROWS = {"R-1": JUDGED, "R-2": HIDDEN}


def test_the_table_shows_each_requirement_and_counts() -> None:
    text = render(COVERAGE, CoverageLayout.TABLE, Lang.EN)
    assert "s.one, s.two, s.three (+1)  |  a.b, a.c  |  too_late, too loud | wild" in text
    assert "R-2          Major     Cannot be seen." in text
    assert (
        "2 requirements: 1 judged, 1 not judged, with the reason. 4 scenarios. 2 checks: 1 seen to fail, "
        "on 2 faulty partners; excused: 1." in text
    )
    assert "- a.c: Not possible." in text
    assert text.endswith("The coverage has no hole.\n")


@pytest.mark.parametrize("layout", CoverageLayout)
@pytest.mark.parametrize("lang", Lang)
def test_a_hole_is_told_in_every_form(layout: CoverageLayout, lang: Lang) -> None:
    told = {Lang.FR: "R-9 manque", Lang.EN: "R-9 is missing"}[lang]
    assert told in render(HOLED, layout, lang)
    assert told in render_kit(KIT, ROWS, HOLED, layout, lang)
    assert told not in render(COVERAGE, layout, lang)


def test_markdown_keeps_its_cells_whatever_they_hold() -> None:
    lines = render(HOLED, CoverageLayout.MARKDOWN, Lang.FR).splitlines()
    assert "too\\_late, too loud \\| wild" in lines[2]
    assert lines[2].replace("\\|", "").count("|") == 6
    assert lines[4] == ""
    assert lines[-3:] == ["Il manque : 1", "", "- R-9 manque."]


def test_json_leaves_nothing_out() -> None:
    document = json.loads(render(COVERAGE, CoverageLayout.JSON, Lang.FR))
    first, second = document["requirements"]
    assert first["scenarios"] == ["s.one", "s.two", "s.three", "s.four"]
    assert first["faulty_partners"] == ["too_late", "too loud | wild"]
    assert second["untested_reason"] == {"fr": REASON.fr, "en": REASON.en}
    assert document["excused_checks"] == [{"check": "a.c", "reason": {"fr": "On ne peut pas.", "en": "Not possible."}}]
    assert document["holes"] == []


def test_the_kit_is_shown_with_the_reason_why_we_judge_otherwise() -> None:
    text = render_kit(KIT, ROWS, COVERAGE, CoverageLayout.TABLE, Lang.FR)
    assert "R-1  |  plus strict  |  Mesuré." in text
    assert "2 tests — le même : 1 · plus strict : 1 · moins strict : 0" in text
    first, second = json.loads(render_kit(KIT, ROWS, COVERAGE, CoverageLayout.JSON, Lang.FR))["kit"]
    assert first["scenarios"] == ["s.one", "s.two", "s.three"]
    assert (first["relation"], second["why"]) == ("stricter", None)

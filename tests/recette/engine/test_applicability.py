import json
from dataclasses import replace

import pytest

from recette import catalogue
from recette.engine import applicability, requirements, target, target_file
from recette.model import Actor, Level, Requirement, Severity, Target
from recette.model.applicability import Applicability, Standing
from recette.reports import applicability as rendering
from sas_kernel import datasets
from sas_kernel.flows import Flow
from sas_kernel.text import Lang, Text

CATALOGUE = catalogue.scenarios((), None)
ROWS = requirements.load()


def rows(described: Target) -> dict[str, Applicability]:
    stated = applicability.state(described, ROWS.values(), CATALOGUE, rule_set="0", tool_version="1")
    return {row.requirement.id: row for row in stated.rows}


def demo(**changed: object) -> Target:
    document = target_file.of_dataset(datasets.load("demo"), "http://127.0.0.1:1/fhir")
    return replace(target.parse(document), **changed)  # type: ignore[arg-type]  # each test names fields of Target


def test_every_requirement_of_the_targets_side_has_one_standing() -> None:
    for actor in Actor:
        described = demo(actor=actor, flows=tuple(Flow))
        assert list(rows(described)) == [id for id, one in ROWS.items() if one.actor is actor]
        for row in rows(described).values():
            assert (row.reason is None) == (row.standing is Standing.JUDGED) == bool(row.scenarios)
            assert bool(row.lacking) == (row.standing is Standing.INCOMPLETE)


def test_a_flow_that_is_not_declared_does_not_apply() -> None:
    for row in rows(demo()).values():
        if row.requirement.flow is not Flow.SLOT_SEARCH:
            assert row.standing is Standing.NOT_APPLICABLE
            assert row.reason is not None
            assert row.requirement.flow.value in row.reason.fr


def test_what_the_file_lacks_is_named() -> None:
    described = demo(test_data={}, flows=(Flow.SLOT_SEARCH, Flow.SSO))
    lacking = {id: row.lacking for id, row in rows(described).items() if row.standing is Standing.INCOMPLETE}
    assert any("test_data.practitioner_opposed" in keys for keys in lacking.values())
    assert any("[sso]" in keys for keys in lacking.values())
    whole = rows(demo())
    assert not [row for row in whole.values() if row.standing is Standing.INCOMPLETE]


def test_what_is_not_declared_gives_the_scenarios_own_reason() -> None:
    only = next(
        row.requirement.id for row in rows(demo()).values() if row.scenarios == ("slot_search.declared_slot_types",)
    )
    row = rows(demo(slot_types=()))[only]
    assert row.standing is Standing.NOT_APPLICABLE
    assert row.reason is not None
    assert "applicability" in row.reason.fr


def test_what_no_scenario_tests_applies_and_says_why_none() -> None:
    untested = Requirement(
        "X-1",
        Flow.SLOT_SEARCH,
        Actor.EDITOR,
        Level.SHALL,
        Severity.MAJOR,
        Text("a | b", "c | d"),
        "source",
        (),
        Text("à la main", "by hand"),
    )
    stated = applicability.state(demo(), [untested], CATALOGUE, rule_set="0", tool_version="1")
    assert [row.standing for row in stated.rows] == [Standing.UNTESTED]
    assert "by hand" in rendering.to_markdown(stated, Lang.EN)
    assert "| a \\| b |" in rendering.to_markdown(stated)


@pytest.mark.parametrize("lang", list(Lang))
def test_both_forms_name_every_requirement(lang: Lang) -> None:
    described = demo(name="Agenda *d’essai*")
    stated = applicability.state(described, ROWS.values(), CATALOGUE, rule_set="0", tool_version="1")
    page, data = rendering.to_markdown(stated, lang), json.loads(rendering.to_json(stated))
    assert [row["requirement"] for row in data["requirements"]] == [row.requirement.id for row in stated.rows]
    assert all(f"| `{row.requirement.id}` |" in page for row in stated.rows)
    assert "Agenda \\*d’essai\\*" in page

from __future__ import annotations

from recette import catalogue
from recette.catalogue.tags import TAGS, Tag
from recette.model import Actor
from sas_kernel.flows import Flow

SCENARIOS = catalogue.scenarios((), None)


def test_every_scenario_carries_tags_and_every_tag_is_explained() -> None:
    assert set(TAGS) == set(Tag)
    for scenario in SCENARIOS:
        assert scenario.tags, scenario.id
        assert set(scenario.tags) <= set(TAGS), scenario.id
        assert len(set(scenario.tags)) == len(scenario.tags), scenario.id


def test_the_essentials_touch_each_flow_of_each_side() -> None:
    essentials = {(scenario.flow, scenario.actor) for scenario in SCENARIOS if Tag.SMOKE in scenario.tags}
    assert essentials == {(s.flow, s.actor) for s in SCENARIOS}
    assert {actor for _, actor in essentials} == set(Actor)
    assert Flow.SLOT_SEARCH in {flow for flow, _ in essentials}

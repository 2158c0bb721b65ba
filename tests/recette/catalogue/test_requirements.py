"""Every requirement names its scenarios and every scenario its requirements: the two sides must agree."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from recette import catalogue
from recette.engine import requirements
from recette.model import Actor
from sas_kernel import datasets
from sas_kernel.contracts import service_levels
from sas_kernel.flows import Flow

SCENARIOS = catalogue.scenarios((Flow.SLOT_SEARCH,))
REQUIREMENTS = requirements.load()


def test_requirements_and_scenarios_name_each_other() -> None:
    used: dict[str, dict[str, None]] = defaultdict(dict)
    for scenario in SCENARIOS:
        for check in scenario.checks:
            used[check.requirement][scenario.id] = None
    assert used.keys() <= REQUIREMENTS.keys()
    for id, requirement in REQUIREMENTS.items():
        assert requirement.scenarios == tuple(used.get(id, ())), id


def test_what_is_asked_of_an_editor_is_tested_unless_it_cannot_be_seen_from_outside() -> None:
    untested = {id for id, r in REQUIREMENTS.items() if r.actor is Actor.EDITOR and not r.scenarios}
    assert untested == {"SLOT-013", "SLOT-014", "SLOT-135", "SLOT-146", "SLOT-147", "SLOT-148"}


def test_ids_are_stable_words_in_order() -> None:
    ids = list(REQUIREMENTS)
    assert all(re.fullmatch(r"SLOT-\d{3}", id) for id in ids)
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"slot_search\.[a-z_]+", scenario.id) for scenario in SCENARIOS)
    assert len({scenario.id for scenario in SCENARIOS}) == len(SCENARIOS)


def test_a_check_is_one_thing_wherever_it_is_made() -> None:
    checks = {check.id: check for scenario in SCENARIOS for check in scenario.checks}
    for scenario in SCENARIOS:
        assert len({check.id for check in scenario.checks}) == len(scenario.checks), scenario.id
        assert all(checks[check.id] is check for check in scenario.checks)
    assert {check.service_level for check in checks.values()} - {None} <= service_levels().keys()


def test_the_demonstration_data_plays_every_part_a_scenario_needs() -> None:
    assert {key for scenario in SCENARIOS for key in scenario.needs} <= datasets.load("demo").test_data.keys()


def test_a_flow_without_scenarios_has_none() -> None:
    assert catalogue.scenarios((Flow.HUB_SANTE,)) == ()
    assert catalogue.scenarios(()) == SCENARIOS


def test_listing_the_catalogue_costs_no_http_library_and_no_service() -> None:
    heavy = "httpx2 fastapi sqlalchemy msgspec jinja2 uvicorn pydantic sas_platform agenda_editor sas_fhir"
    program = f"import sys, recette.catalogue; print([m for m in '{heavy}'.split() if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    printed = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=environment
    )
    assert printed.stdout.strip() == "[]"


_PLACES = """
001:1,4,7,11 002:20 003:21 004:6 005:22 006:23 007:3,5,169 008:50,51 009:52 010:53,54 011:167 012:180,188 013:55 014:56
015:73 016:71 017:102 018:106,162,163 019:173 020:171 021:31 022:172 023:30 024:32 025:135 026:132 027:103 028:104
029:105 030:102 031:107 032:57 033:36,37 034:61 035:80,81,82,85,86 036:2 037:8 038:200 039:13 040:201 041:202 042:203
043:204 044:39,186 045:24 046:10 047:187 048:190 049:189 050:205 051:206 052:207 053:208 054:209 055:210 056:211 057:166
058:182 059:81 060:82 061:83 062:84,90,91 063:62,88 064:86 065:85 066:161 067:160 068:74 069:74 070:130,131 071:131
072:133 073:132 074:134 075:150 076:151 077:152 078:140,142,143 079:146 080:141 081:145 082:145 083:144 084:108,109
085:107 086:110,111 087:112,148 088:114,147 089:113 090:115,116 091:117,118,119,121 092:101 093:89 094:59,60 095:58
096:212 097:125 098:126 099:94,100
"""
"""Where each row of the reference's catalogue has its place in ours: the last digits of both ids."""


@pytest.mark.reference
def test_every_requirement_of_the_reference_has_its_place_here(reference: Path) -> None:
    with (reference / "reference" / "requirements.csv").open(encoding="utf-8", newline="") as file:
        theirs = {row["id"]: row for row in csv.DictReader(file) if row["interface"] in {"SEARCH", "INT_R01"}}
    places = dict(word.split(":") for word in _PLACES.split())
    assert {f"REQ-{number}" for number in places} == theirs.keys()
    for number, ours in places.items():
        for id in ours.split(","):
            assert REQUIREMENTS[f"SLOT-{int(id):03d}"].actor.value == theirs[f"REQ-{number}"]["actor"], number

"""INT_R04: every requirement of the reference has its place, and the query is the platform's, byte for byte."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from recette.catalogue.slot_search.conversation import Query
from recette.engine import requirements
from sas_kernel.clock import PARIS
from sas_kernel.time_window import window_from

_PLACES = """
100:CPTS-060 101:CPTS-061 102:CPTS-001 103:CPTS-002 104:CPTS-003,CPTS-004 105:SLOT-050,SLOT-054,SLOT-192 106:SLOT-058
107:SLOT-081,SLOT-082,SLOT-100 108:CPTS-011 109:CPTS-010,CPTS-015,CPTS-032 110:CPTS-012 111:CPTS-013,CPTS-016
112:CPTS-014 113:CPTS-018 114:CPTS-017,CPTS-050 115:CPTS-020,CPTS-021,CPTS-051 116:CPTS-022 117:CPTS-023,CPTS-024
118:CPTS-011,CPTS-040 119:CPTS-031 120:SLOT-116 121:CPTS-041
"""
"""Where each row of the reference's catalogue about INT_R04 has its place in ours."""


@pytest.mark.reference
def test_every_requirement_of_the_reference_has_its_place_here(reference: Path) -> None:
    with (reference / "reference" / "requirements.csv").open(encoding="utf-8", newline="") as file:
        theirs = {row["id"]: row for row in csv.DictReader(file) if row["interface"] == "INT_R04"}
    places = dict(word.split(":") for word in _PLACES.split())
    known = requirements.load()
    assert {f"REQ-{number}" for number in places} == theirs.keys()
    for number, ours in places.items():
        for id in ours.split(","):
            assert known[id].actor.value == theirs[f"REQ-{number}"]["actor"], number
            assert any("cpts" in scenario for scenario in known[id].scenarios), id


def test_the_includes_of_cpts_stand_where_the_platform_puts_them() -> None:
    now = datetime(2031, 3, 10, 8, 0, tzinfo=PARIS)
    query = Query.of(["810123400017"], window_from(now, timedelta(hours=72))).of_cpts()
    assert query.target == (
        "/Slot?_include=Slot:schedule&_include:iterate=Schedule:actor&_include=Slot:service-type-reference"
        "&_include:iterate=HealthcareService:organization&start=ge2031-03-10T08:00:00.000%2B01:00"
        "&start=le2031-03-13T08:00:00.000%2B01:00"
        "&schedule.actor:Practitioner.identifier=urn:oid:1.2.250.1.71.4.2.1%7C810123400017&status=free"
    )
    assert query.asked.cpts

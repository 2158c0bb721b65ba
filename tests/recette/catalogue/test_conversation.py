from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recette.catalogue.slot_search.bounds import is_ambiguous
from recette.catalogue.slot_search.conversation import STRANGER, Query, to_millisecond, wire_instant
from recette.catalogue.slot_search.practitioners import known_practitioners, padded
from recette.checks import facts
from recette.model import Target
from sas_kernel.clock import PARIS
from sas_kernel.time_window import Window

WINDOW = Window(datetime(2031, 3, 10, 8, tzinfo=PARIS), datetime(2031, 3, 12, 23, 59, 59, tzinfo=PARIS))


def test_the_query_is_the_platform_s_own_byte_for_byte() -> None:
    assert Query.of(("810123400017", "810123400025"), WINDOW).target == (
        "/Slot?_include=Slot:schedule&_include:iterate=Schedule:actor"
        "&start=ge2031-03-10T08:00:00.000%2B01:00&start=le2031-03-12T23:59:59.000%2B01:00"
        "&schedule.actor:Practitioner.identifier="
        "urn:oid:1.2.250.1.71.4.2.1%7C810123400017,urn:oid:1.2.250.1.71.4.2.1%7C810123400025"
        "&status=free"
    )


def test_a_variation_changes_what_it_names_and_nothing_else() -> None:
    query = Query.of(("810123400017",), WINDOW)
    assert query.without("start", "ge").target.count("start=") == 1
    assert query.without_identifiers().target.count("identifier") == 0
    assert query.mapped("status", "free", "busy").target == query.target.replace("status=free", "status=busy")
    assert replace(query, path="/Slot/?").target == query.target.replace("/Slot?", "/Slot/?")
    assert query.plus("_count", "1").target == query.target + "&_count=1"


@given(
    st.integers(0, 4_000_000_000_000_000).map(lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us))
)
def test_an_instant_keeps_its_milliseconds_on_the_wire(at: datetime) -> None:
    written = wire_instant(to_millisecond(at))
    assert facts.INSTANT.fullmatch(written)
    assert timedelta() <= at - datetime.fromisoformat(written) < timedelta(milliseconds=1)


@given(st.sets(st.from_regex(r"8[0-9]{11}", fullmatch=True), max_size=25), st.integers(25, 26))
def test_a_full_list_holds_everyone_known_once_among_strangers(known: set[str], size: int) -> None:
    listed = padded(tuple(sorted(known)), size)
    assert len(listed) == size
    assert known <= set(listed)
    assert all(facts.PRACTITIONER_ID.fullmatch(id) for id in listed)


def test_strangers_have_the_right_form_and_no_real_rpps_begins_so() -> None:
    assert facts.PRACTITIONER_ID.fullmatch(STRANGER)
    assert all(id.startswith("80") for id in padded((), 25))


def test_a_target_s_own_list_comes_before_the_practitioners_of_the_other_scenarios() -> None:
    data: dict[str, str | tuple[str, ...]] = {
        "practitioner_one_place": "810123400017",
        "practitioners_together": ("810123400025", "810123400017"),
    }
    assert known_practitioners(Target("http://x", test_data=data), 25) == ("810123400017", "810123400025")
    listed = {**data, "practitioners_full_list": ("810123400033", "810123400041")}
    assert known_practitioners(Target("http://x", test_data=listed), 1) == ("810123400033",)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2031-10-26T02:30", True),
        ("2031-03-30T02:30", True),
        ("2031-10-26T03:00", False),
        ("2031-07-14T02:30", False),
    ],
)
def test_hours_that_the_change_of_time_makes_ambiguous_are_known(local: str, expected: bool) -> None:
    assert is_ambiguous(datetime.fromisoformat(local)) is expected


def test_the_query_reads_back_as_what_it_asks() -> None:
    pairs = parse_qsl(Query.of(("810123400017",), WINDOW).target.partition("?")[2])
    assert ("start", "ge2031-03-10T08:00:00.000+01:00") in pairs
    assert ("schedule.actor:Practitioner.identifier", "urn:oid:1.2.250.1.71.4.2.1|810123400017") in pairs

"""Which requests meet a fault: the same ones each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_kernel.faults import delays, reader
from sas_kernel.faults.model import Direction
from sas_kernel.faults.script import Script
from sas_kernel.flows import Flow

NOW = datetime(2031, 3, 10, 7, tzinfo=UTC)
SLOT = Flow.SLOT_SEARCH


def script(*rows: str) -> Script:
    return Script(reader.parse("\n".join(f'[[fault]]\nname = "f{n}"\n{row}' for n, row in enumerate(rows))), NOW)


def meets(played: Script, count: int, *, path: str = "/fhir/Slot", interface: Flow | None = SLOT) -> list[int]:
    """The numbers, from 1, of the requests that meet something."""
    cues = [played.meet(Direction.ANSWER, interface, "GET", path, NOW) for _ in range(count)]
    return [number for number, cue in enumerate(cues, 1) if cue.names]


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [("", [1, 2, 3, 4, 5, 6]), ("every = 3", [3, 6]), ("first = 2", [1, 2]), ("every = 2\nfirst = 4", [2, 4])],
)
def test_requests_are_counted(condition: str, numbers: list[int]) -> None:
    assert meets(script(f"status = 503\n{condition}"), 6) == numbers


def test_a_share_is_drawn_from_its_seed() -> None:
    some, same, other = (meets(script(f"status = 503\npercent = 20\nseed = {seed}"), 1000) for seed in (1, 1, 2))
    assert some == same != other
    assert 150 < len(some) < 250


def test_only_what_a_fault_concerns_is_counted() -> None:
    played = script('status = 503\ninterface = "slot_search"\nevery = 2')
    assert meets(played, 5, interface=Flow.REGULATORS) == []
    assert played.meet(Direction.SEND, SLOT, "GET", "/fhir/Slot", NOW).names == ()
    assert meets(played, 2) == [2]
    assert meets(script('status = 503\npath = "/assets"'), 1) == []
    assert meets(script('status = 503\npath = "/assets"'), 1, path="/assets/a.css") == [1]


def test_a_time_is_since_the_start_or_an_instant() -> None:
    played = script("status = 500\nfrom = 10\nuntil = 20", "status = 502\nfrom = 2031-03-10T08:01:00+01:00")
    found = [
        played.meet(Direction.ANSWER, None, "GET", "/", NOW + timedelta(seconds=s)).name for s in (9, 10, 19, 20, 60)
    ]
    assert found == ["", "f0", "f0", "", "f1"]


def test_delays_add_up_and_the_first_other_effect_plays() -> None:
    played = script("delay = 1", "status = 500", "delay = 0.5", "status = 502")
    cue = played.meet(Direction.ANSWER, None, "GET", "/fhir/Slot", NOW)
    assert (cue.delay, cue.names) == (1.5, ("f0", "f2", "f1"))
    assert [(fault.name, met, count) for fault, met, count in played.counts()] == [
        ("f0", 1, 1),
        ("f1", 1, 1),
        ("f2", 1, 1),
        ("f3", 1, 0),
    ]
    assert {play.path for play in played.plays} == {"/fhir/Slot"}


def test_what_a_request_asks_for_never_plays_by_itself() -> None:
    played = script("by_header = true\nstatus = 500")
    assert meets(played, 3) == []
    (own,), guests = played.faults, {fault.name: fault for fault in reader.builtin()}
    assert played.asked(own, "GET", "/", NOW).name == "f0"
    assert played.asked(guests["clock-2min-ahead"], "GET", "/", NOW).name == "clock-2min-ahead"
    assert played.asked(guests["every-tenth-503"], "GET", "/", NOW).name == "every-tenth-503"
    assert (meets(played, 30), played.skew(NOW)) == ([], 0)
    assert next((fault.name, count) for fault, _, count in played.counts()) == ("f0", 1)


def test_clocks_that_are_wrong_at_the_same_time_add_up() -> None:
    played = script("clock = 120", "clock = -30\nuntil = 60")
    assert [played.skew(NOW + timedelta(seconds=s)) for s in (0, 60)] == [90, 120]
    assert meets(played, 3) == []


@given(st.floats(0.001, 1), st.floats(1.01, 50))
def test_a_long_tail_has_its_median_and_its_99th_percentile(median: float, ratio: float) -> None:
    tail = delays.lognormal(median, median * ratio)
    assert tail.at(0.5) == pytest.approx(median)
    assert tail.at(0.99) == pytest.approx(median * ratio)
    drawn = [tail.at(n / 500) for n in range(501)]
    assert all(a <= b for a, b in pairwise(drawn))
    assert drawn[-1] <= delays.LONGEST


def test_percentiles_are_kept_and_joined_by_straight_lines() -> None:
    delay = delays.percentiles([(50, 1.0), (90, 3.0)])
    assert [delay.at(share) for share in (0, 0.25, 0.5, 0.7, 0.9, 0.95, 1)] == pytest.approx([0, 0.5, 1, 2, 3, 3, 3])
    assert [delays.uniform(1, 3).at(share) for share in (0, 0.5, 1)] == [1, 2, 3]

"""What a message changes, what is odd about it, and what it is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sas_fhir.search import Parameter
from sas_platform.appointments import rules
from sas_platform.appointments.model import (
    Category,
    Change,
    Content,
    Criterion,
    InvalidCriterionError,
    Message,
    Method,
    Oddity,
    Status,
)

START = datetime(2031, 3, 11, 8, tzinfo=UTC)
KNOWN = Content(Status.BOOKED, START, START + timedelta(minutes=20), START, "810123400017", Category.PS)


def message(before: Content | None, after: Content) -> Message:
    changes = rules.changes(before, after)
    return Message(
        2, 1, START, Method.PUT, after, changes, None, None if before is None else (before.status, before.start)
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, KNOWN, "pris"),
        (None, replace(KNOWN, status=Status.PENDING), "en attente de confirmation"),
        (replace(KNOWN, status=Status.PENDING), KNOWN, "confirmé"),
        (replace(KNOWN, status=Status.PENDING), replace(KNOWN, status=Status.CANCELLED), "refusé"),
        (KNOWN, replace(KNOWN, status=Status.PENDING), "en attente de confirmation"),
        (KNOWN, replace(KNOWN, structure="399000000000029"), "complété"),
        (replace(KNOWN, status=Status.CANCELLED), KNOWN, "rétabli"),
        (replace(KNOWN, status=Status.NO_SHOW), KNOWN, "rétabli"),
        (KNOWN, replace(KNOWN, status=Status.CANCELLED, end=START + timedelta(hours=1)), "annulé"),
        (KNOWN, replace(KNOWN, status=Status.FULFILLED), "honoré"),
        (KNOWN, replace(KNOWN, status=Status.NO_SHOW), "non honoré"),
        (KNOWN, replace(KNOWN, start=START - timedelta(minutes=5), practitioner=None), "déplacé"),
        (KNOWN, replace(KNOWN, practitioner="0751234567"), "confié à un autre professionnel"),
        (KNOWN, replace(KNOWN, category=None), "complété"),
        (KNOWN, KNOWN, "message répété, rien n’a changé"),
    ],
)
def test_what_happened_has_a_word(before: Content | None, after: Content, said: str) -> None:
    assert rules.happening(message(before, after)).fr == said


def test_the_same_instant_in_another_zone_is_no_change() -> None:
    elsewhere = datetime.fromisoformat("2031-03-11T09:00:00+01:00")
    assert rules.changes(KNOWN, replace(KNOWN, start=elsewhere)) == frozenset()
    assert rules.changes(KNOWN, replace(KNOWN, start=elsewhere + timedelta(milliseconds=1))) == {Change.TIME}


def test_only_an_unusual_order_is_odd() -> None:
    usual = {
        (Status.PENDING, Status.BOOKED),
        (Status.PENDING, Status.CANCELLED),
        (Status.BOOKED, Status.PENDING),
        (Status.BOOKED, Status.FULFILLED),
        (Status.BOOKED, Status.NO_SHOW),
        (Status.BOOKED, Status.CANCELLED),
        (Status.FULFILLED, Status.NO_SHOW),
        (Status.FULFILLED, Status.BOOKED),
        (Status.NO_SHOW, Status.FULFILLED),
        (Status.NO_SHOW, Status.BOOKED),
    }
    for before in Status:
        for after in Status:
            odd = rules.oddity(before, after)
            if before is after or (before, after) in usual:
                assert odd is None
            else:
                assert odd is (Oddity.REVIVED if before is Status.CANCELLED else Oddity.OUT_OF_TURN)
    assert {status for status in Status if rules.oddity(None, status)} == {
        Status.FULFILLED,
        Status.NO_SHOW,
        Status.CANCELLED,
    }


@given(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8))
def test_any_identifier_can_be_named_by_escaping(system: str, value: str) -> None:
    def escaped(text: str) -> str:
        return "".join("\\" + c if c in "\\|," else c for c in text)

    system, value = f"s{system}s", f"v{value}v"
    asked = rules.criterion([Parameter("identifier", f"{escaped(system)}|{escaped(value)}")])
    assert asked == Criterion(system, value)
    assert rules.criterion([Parameter("Identifier", escaped(value))]) == Criterion(None, value)


@given(
    st.lists(st.builds(Parameter, st.sampled_from(["identifier", "_format", "x"]), st.text(max_size=12)), max_size=3)
)
def test_any_condition_is_understood_or_refused(parameters: list[Parameter]) -> None:
    try:
        found = rules.criterion(parameters)
    except InvalidCriterionError:
        return
    assert found.value

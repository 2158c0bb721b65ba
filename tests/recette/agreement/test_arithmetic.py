from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.agreement import arithmetic, reading
from recette.agreement.model import AgreementError, Unit
from sas_kernel.working_calendar import Region

AGREEMENT = reading.load("sas-agenda")
WORKING = [id for id, deadline in AGREEMENT.deadlines.items() if deadline.unit is Unit.WORKING_DAY]
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  made aware
regions = st.sampled_from(Region)


@settings(max_examples=60)
@given(instants, st.sampled_from(WORKING), regions)
def test_a_deadline_in_working_days_falls_on_one(at: datetime, event: str, region: Region) -> None:
    agreement = reading.changed(AGREEMENT, {"region": region.value})
    found = arithmetic.due(agreement, event, at)
    assert arithmetic.working_calendar(agreement).is_working_day(found.due_at.date())
    assert found.due_at.time().isoformat() == "18:00:00"


@settings(max_examples=60)
@given(instants, instants, st.sampled_from(list(AGREEMENT.deadlines)))
def test_what_starts_later_is_never_due_earlier(one: datetime, other: datetime, event: str) -> None:
    first, second = sorted((one, other))
    assert arithmetic.due(AGREEMENT, event, first).due_at <= arithmetic.due(AGREEMENT, event, second).due_at


@settings(max_examples=60)
@given(instants, st.sampled_from(list(AGREEMENT.deadlines)))
def test_a_deadline_lies_after_its_event_and_is_the_same_from_any_zone(at: datetime, event: str) -> None:
    found = arithmetic.due(AGREEMENT, event, at)
    assert at <= found.counted_from < found.due_at
    assert arithmetic.due(AGREEMENT, event, found.at) == found
    assert found.due_at.utcoffset() in {timedelta(hours=1), timedelta(hours=2)}


@settings(max_examples=60)
@given(instants)
def test_a_graver_anomaly_is_never_due_later_than_a_lesser_one(at: datetime) -> None:
    blocking, major, minor = (
        arithmetic.due(AGREEMENT, f"correction-{severity}", at).due_at for severity in ("blocking", "major", "minor")
    )
    assert blocking < major
    assert blocking < minor


@settings(max_examples=60)
@given(instants)
def test_what_is_received_is_received_while_support_is_open(at: datetime) -> None:
    received = arithmetic.receipt(AGREEMENT, at)
    assert at <= received
    assert arithmetic.working_calendar(AGREEMENT).is_working_day(received.date())
    assert "09:00" <= f"{received:%H:%M:%S}" <= "18:00:00"
    assert arithmetic.receipt(AGREEMENT, received) == received


@pytest.mark.parametrize(
    ("key", "value", "event"),
    [
        ("region", "atlantide", "acknowledgement"),
        ("closed", "demain", "acknowledgement"),
        ("cut_off", "six heures", "acknowledgement"),
        ("working_day_end", "25:00", "acknowledgement"),
        ("opening", "09:00+02:00", "acknowledgement"),
        ("calendar_day_end", "", "notice"),
        ("calendar_day_roll", "previous", "correction-minor"),
        ("month_end", "overflow", "recette"),
    ],
)
def test_a_choice_that_cannot_be_read_is_named_with_what_to_write(key: str, value: str, event: str) -> None:
    agreement = reading.changed(AGREEMENT, {key: value})
    with pytest.raises(AgreementError, match=key) as raised:
        arithmetic.due(agreement, event, datetime(2026, 5, 22, 10, tzinfo=UTC))
    assert key in raised.value.text.fr


@pytest.mark.parametrize("at", [datetime.max.replace(tzinfo=UTC), datetime(9998, 12, 1, tzinfo=UTC)])
def test_a_date_off_the_calendar_is_refused_in_a_sentence(at: datetime) -> None:
    with pytest.raises(AgreementError, match="calendar"):
        arithmetic.due(AGREEMENT, "end", at)


def test_what_is_received_on_the_last_evening_of_the_calendar_is_refused_in_a_sentence() -> None:
    with pytest.raises(AgreementError, match="calendar"):
        arithmetic.due(AGREEMENT, "acknowledgement", datetime(9999, 12, 31, 20))  # noqa: DTZ001  Paris time


def test_an_unknown_event_is_refused_with_those_there_are() -> None:
    with pytest.raises(AgreementError, match="correction-blocking"):
        arithmetic.due(AGREEMENT, "correction", datetime(2026, 5, 22, tzinfo=UTC))

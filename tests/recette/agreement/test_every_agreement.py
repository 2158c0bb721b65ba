"""What holds of each date of each agreement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from recette.agreement import arithmetic, reading

AGREEMENTS = {name: reading.load(name) for name in reading.names()}
# Its last term would end what is asked of it in 2028.
AGREEMENTS["mssante-sesan"] = reading.changed(AGREEMENTS["mssante-sesan"], {"last_day": ""})
EVENTS = [(name, event) for name, agreement in AGREEMENTS.items() for event in agreement.deadlines]
instants = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  made aware
events = st.sampled_from(EVENTS)


@settings(max_examples=100)
@given(events, instants, instants)
def test_what_starts_later_is_never_due_earlier(event: tuple[str, str], one: datetime, other: datetime) -> None:
    agreement = AGREEMENTS[event[0]]
    first, second = (arithmetic.due(agreement, event[1], at).due_at for at in sorted((one, other)))
    assert first <= second


@settings(max_examples=100)
@given(events, instants, st.sampled_from(["America/Cayenne", "Indian/Reunion", "Pacific/Noumea"]))
def test_a_date_is_the_same_wherever_its_event_is_told(event: tuple[str, str], at: datetime, zone: str) -> None:
    agreement = AGREEMENTS[event[0]]
    found = arithmetic.due(agreement, event[1], at)
    assert arithmetic.due(agreement, event[1], at.astimezone(ZoneInfo(zone))) == found
    assert found.due_at.utcoffset() in {timedelta(hours=1), timedelta(hours=2)}


@settings(max_examples=100)
@given(events, instants)
def test_a_date_lies_after_its_event_or_before_it_where_it_counts_backwards(
    event: tuple[str, str], at: datetime
) -> None:
    agreement = AGREEMENTS[event[0]]
    first, *others = arithmetic.dues(agreement, event[1], at)
    if first.deadline.before:
        assert first.due_at.date() <= first.at.date()
    else:
        assert first.at <= first.counted_from <= first.due_at
    assert [each.deadline.id for each in others][: len(first.deadline.also)] == list(first.deadline.also)

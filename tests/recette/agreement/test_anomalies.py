"""The clocks of an anomaly. In May 2026: Friday 22, Whit Monday 25, Tuesday 26."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from recette.agreement import anomalies, reading
from recette.agreement.anomalies import Pause
from recette.model import Severity
from sas_kernel.clock import PARIS

AGREEMENT = reading.load("sas-agenda")


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=PARIS)


def correction(
    severity: Severity = Severity.BLOCKING,
    *,
    notified: str | None = "2026-05-18T10:00",
    acknowledged: str | None = "2026-05-18T15:00",
    pauses: tuple[Pause, ...] = (),
    **changes: str,
) -> str:
    found = anomalies.clocks(
        reading.changed(AGREEMENT, changes),
        severity,
        notified_at=at(notified) if notified else None,
        acknowledged_at=at(acknowledged) if acknowledged else None,
        pauses=pauses,
    ).correction
    return f"{found.due_at:%Y-%m-%dT%H:%M:%S}" if found else ""


def test_a_correction_counts_from_the_acknowledgement() -> None:
    assert correction() == "2026-05-20T18:00:00"  # Mon 18 -> Wed 20


def test_without_an_acknowledgement_it_counts_from_when_that_was_due() -> None:
    assert correction(acknowledged=None) == "2026-05-21T18:00:00"  # due Tue 19 at 18:00 -> Thu 21


def test_a_late_acknowledgement_gives_no_more_time_than_none() -> None:
    assert correction(acknowledged="2026-05-28T10:00") == correction(acknowledged=None)


def test_an_acknowledgement_without_a_notification_starts_the_clock() -> None:
    assert correction(notified=None) == "2026-05-20T18:00:00"


def test_nothing_is_due_of_what_nobody_was_told() -> None:
    clocks = anomalies.clocks(AGREEMENT, Severity.MINOR, notified_at=None, acknowledged_at=None)
    assert clocks == anomalies.Clocks(None, None)


def test_it_counts_from_the_notification_where_that_was_chosen() -> None:
    assert correction(acknowledged="2026-05-19T15:00", correction_start="notification") == "2026-05-20T18:00:00"


def test_a_pause_moves_a_deadline_by_the_working_days_it_took() -> None:
    pause = Pause(at("2026-05-19T10:00"), at("2026-05-22T10:00"), "accès coupé par l’ANS")  # takes Wed 20 to Fri 22
    assert correction(pauses=(pause,)) == "2026-05-26T18:00:00"  # Wed 20, then Thu 21, Fri 22, Tue 26


def test_a_pause_over_a_week_end_takes_no_working_day_but_calendar_days() -> None:
    pause = Pause(at("2026-05-22T17:00"), at("2026-05-25T10:00"), "")
    assert correction(Severity.MAJOR, pauses=(pause,)) == correction(Severity.MAJOR)
    assert correction(Severity.MINOR) == "2026-06-17T23:59:59"  # 13 of May, 17 of June
    assert correction(Severity.MINOR, pauses=(pause,)) == "2026-06-20T23:59:59"


def test_pauses_that_overlap_count_once_and_those_before_or_after_the_clock_not_at_all() -> None:
    once = Pause(at("2026-05-19T10:00"), at("2026-05-21T10:00"), "")
    within = Pause(at("2026-05-19T12:00"), at("2026-05-20T10:00"), "")
    before = Pause(at("2026-05-11T12:00"), at("2026-05-18T12:00"), "")
    after = Pause(at("2026-06-01T12:00"), at("2026-06-04T12:00"), "")
    assert correction(pauses=(within, once, after, before)) == correction(pauses=(once,))


def test_an_open_pause_stops_what_is_left_and_an_agreement_may_rule_pauses_out() -> None:
    pause = Pause(at("2026-05-19T18:00"), None, "")
    due_at = at("2026-05-20T18:00")
    assert anomalies.time_left(due_at, at("2026-05-29T10:00"), (pause,)) == timedelta(days=1)
    assert anomalies.time_left(due_at, at("2026-05-21T18:00")) == timedelta(days=-1)
    closed = Pause(at("2026-05-19T10:00"), at("2026-05-21T10:00"), "")
    assert correction(pauses=(closed,), pause="never") == correction()


@pytest.mark.parametrize(
    ("started", "deliveries", "still_open", "ends"),
    [
        ("2026-09-01T10:00", [], False, date(2026, 11, 1)),
        ("2026-09-01T10:00", ["2026-10-02T10:00"], False, date(2026, 11, 1)),
        ("2026-09-01T10:00", ["2026-10-02T10:00", "2026-11-09T10:00"], False, date(2026, 11, 9)),
        ("2026-09-01T10:00", ["2026-11-09T10:00"], True, None),
    ],
)
def test_the_regular_service_lasts_two_months_or_until_the_last_grave_correction(
    started: str, deliveries: list[str], still_open: bool, ends: date | None
) -> None:
    found = anomalies.regular_service_end(AGREEMENT, at(started), [at(each) for each in deliveries], still_open)
    assert found == ends

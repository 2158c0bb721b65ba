"""Dates counted by hand on the calendars of 2024 to 2032, with what makes each of them special.

Holidays met: Easter Monday 21 Apr 2025, 6 Apr 2026, 29 Mar 2027; 1 and 8 May 2026 (Fridays); Ascension 14 May 2026;
Whit Monday 25 May 2026; 14 Jul 2026 (Tuesday); 15 Aug 2026 (Saturday); 11 Nov 2026 (Wednesday); 25 Dec 2025 (Thursday),
25 Dec 2026 (Friday); 1 Jan 2027 (Friday). Clocks change on 29 Mar 2026 and 25 Oct 2026.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from recette.agreement import arithmetic, computing, reading

ACK, BLOCKING, MAJOR, MINOR = "acknowledgement", "correction-blocking", "correction-major", "correction-minor"

CASES = [
    # --- acknowledgement: one working day -----------------------------------------------------------------------
    (ACK, "2026-03-03T10:00", "2026-03-04T18:00:00+01:00"),  # Tuesday -> Wednesday
    (ACK, "2026-03-06T10:00", "2026-03-09T18:00:00+01:00"),  # Friday -> Monday
    (ACK, "2026-03-06T18:00", "2026-03-09T18:00:00+01:00"),  # Friday at closing: still received that day
    (ACK, "2026-03-06T18:00:01", "2026-03-10T18:00:00+01:00"),  # a second later: received on Monday -> Tuesday
    (ACK, "2026-03-07T11:00", "2026-03-10T18:00:00+01:00"),  # Saturday: received on Monday -> Tuesday
    (ACK, "2026-03-03T07:30", "2026-03-04T18:00:00+01:00"),  # before opening: received the same day at 9
    (ACK, "2026-04-02T17:00", "2026-04-03T18:00:00+02:00"),  # Maundy Thursday -> Good Friday, worked
    (ACK, "2026-04-03T15:00", "2026-04-07T18:00:00+02:00"),  # Good Friday -> over Easter Monday to Tuesday
    (ACK, "2026-04-30T10:00", "2026-05-04T18:00:00+02:00"),  # Thursday; 1 May is a Friday -> Monday
    (ACK, "2026-05-07T10:00", "2026-05-11T18:00:00+02:00"),  # Thursday; 8 May is a Friday -> Monday
    (ACK, "2026-05-13T16:00", "2026-05-15T18:00:00+02:00"),  # Wednesday; Ascension -> the bridge Friday, worked
    (ACK, "2026-05-22T10:00", "2026-05-26T18:00:00+02:00"),  # Friday; Whit Monday -> Tuesday
    (ACK, "2026-07-13T12:00", "2026-07-15T18:00:00+02:00"),  # Monday; 14 July -> Wednesday
    (ACK, "2026-12-24T12:00", "2026-12-28T18:00:00+01:00"),  # Thursday; Christmas is a Friday -> Monday
    (ACK, "2025-12-24T12:00", "2025-12-26T18:00:00+01:00"),  # Wednesday; Christmas -> Friday the 26th, worked
    (ACK, "2026-12-31T17:59", "2027-01-04T18:00:00+01:00"),  # Thursday; over the year end to Monday
    (ACK, "2027-01-01T10:00", "2027-01-05T18:00:00+01:00"),  # New Year, a Friday: received on Monday -> Tuesday
    (ACK, "2026-03-29T02:30", "2026-03-31T18:00:00+02:00"),  # an hour that does not exist, on a Sunday -> Tuesday
    (ACK, "2026-10-25T02:30", "2026-10-27T18:00:00+01:00"),  # an hour that comes twice, on a Sunday -> Tuesday
    (ACK, "2026-07-01T16:30Z", "2026-07-03T18:00:00+02:00"),  # Wednesday, 18:30 in Paris: received on Thursday
    (ACK, "2026-01-14T17:00Z", "2026-01-15T18:00:00+01:00"),  # Wednesday, 18:00 in Paris: still in time
    (ACK, "2026-01-14T23:30-05:00", "2026-01-16T18:00:00+01:00"),  # already Thursday 5:30 in Paris -> Friday
    # --- blocking: two working days -----------------------------------------------------------------------------
    (BLOCKING, "2026-05-22T10:00+02:00", "2026-05-27T18:00:00+02:00"),  # Friday; Tue 26, Wed 27 after Whit Monday
    (BLOCKING, "2026-11-10T10:00", "2026-11-13T18:00:00+01:00"),  # Tuesday; the 11th is a Wednesday; Thu, Fri
    (BLOCKING, "2026-12-29T10:00", "2026-12-31T18:00:00+01:00"),  # Tuesday; Wed, Thu 31
    (BLOCKING, "2026-12-30T10:00", "2027-01-04T18:00:00+01:00"),  # Wednesday; Thu 31, Mon 4
    (BLOCKING, "2026-08-15T09:00", "2026-08-19T18:00:00+02:00"),  # Assumption on a Saturday: from Mon 17; Tue, Wed
    (BLOCKING, "2026-04-30T19:00", "2026-05-06T18:00:00+02:00"),  # Thursday evening: received Mon 4 May; Tue, Wed
    (BLOCKING, "2028-02-28T10:00", "2028-03-01T18:00:00+01:00"),  # Monday of a leap year; Tue 29 Feb, Wed 1 Mar
    (BLOCKING, "2026-03-27T17:00", "2026-03-31T18:00:00+02:00"),  # Friday before the short night; Mon, Tue
    (BLOCKING, "2026-10-23T17:00", "2026-10-27T18:00:00+01:00"),  # Friday before the long night; Mon, Tue
    # --- major: fourteen working days ---------------------------------------------------------------------------
    (MAJOR, "2026-05-22T10:00", "2026-06-12T18:00:00+02:00"),  # Tue 26-Fri 29 (4), 1-5 Jun (9), 8-12 Jun (14)
    (MAJOR, "2026-04-27T10:00", "2026-05-20T18:00:00+02:00"),  # 28-30 Apr (3), 4-7 (7), 11-13 (10), 15 (11), 18-20
    (MAJOR, "2026-12-14T10:00", "2027-01-05T18:00:00+01:00"),  # 15-18 (4), 21-24 (8), 28-31 (12), 4 and 5 Jan
    (MAJOR, "2024-02-15T10:00", "2024-03-06T18:00:00+01:00"),  # 16 (1), 19-23 (6), 26-29 (10), 1 Mar (11), 4-6
    # --- minor: thirty days -------------------------------------------------------------------------------------
    (MINOR, "2026-05-22T10:00", "2026-06-21T23:59:59+02:00"),  # 9 left of May, 21 of June; a Sunday stays
    (MINOR, "2026-01-29T10:00", "2026-02-28T23:59:59+01:00"),  # 2 of January, 28 of February
    (MINOR, "2028-01-31T10:00", "2028-03-01T23:59:59+01:00"),  # 29 of a leap February, 1 of March
    (MINOR, "2026-03-07T11:00", "2026-04-08T23:59:59+02:00"),  # Saturday: received on Mon 9; 22 of March, 8 of April
    (MINOR, "2026-03-02T10:00", "2026-04-01T23:59:59+02:00"),  # over the short night: still 30 days
    (MINOR, "2026-10-12T10:00", "2026-11-11T23:59:59+01:00"),  # over the long night, onto a holiday, which stays
    # --- phases and the end -------------------------------------------------------------------------------------
    ("development", "2026-11-30T15:00", "2027-02-28T23:59:59+01:00"),  # no 30 February
    ("development", "2027-11-29T15:00", "2028-02-29T23:59:59+01:00"),  # a leap year has one
    ("recette", "2026-12-31T15:00", "2027-02-28T23:59:59+01:00"),  # no 31 February
    ("mise-en-service", "2026-12-18T15:00", "2027-01-01T23:59:59+01:00"),  # two weeks, onto New Year
    ("vsr", "2026-07-31T15:00", "2026-09-30T23:59:59+02:00"),  # no 31 September
    ("vsr", "2026-09-15T15:00", "2026-11-15T23:59:59+01:00"),  # a Sunday, over the long night
    ("end", "2024-02-29T15:00", "2028-02-29T23:59:59+01:00"),  # leap day to leap day
    ("end", "2096-02-29T15:00", "2100-02-28T23:59:59+01:00"),  # 2100 is no leap year
    ("notice", "2026-01-31T15:00", "2026-02-28T23:59:59+01:00"),
    ("breach-repair", "2026-12-20T15:00", "2027-01-09T23:59:59+01:00"),  # 11 of December, 9 of January; calendar days
    ("evolution-impacts", "2026-08-31T15:00", "2026-09-30T23:59:59+02:00"),
    ("confidentiality", "2030-05-22T23:59:59", "2035-05-22T23:59:59+02:00"),
]

CHOSEN = [
    ({"region": "alsace-moselle"}, ACK, "2026-04-02T17:00", "2026-04-07T18:00:00+02:00"),  # Good Friday is off there
    ({"region": "alsace-moselle"}, ACK, "2025-12-24T12:00", "2025-12-29T18:00:00+01:00"),  # 26 December too
    ({"region": "guadeloupe"}, ACK, "2026-05-26T10:00", "2026-05-28T18:00:00+02:00"),  # 27 May, abolition of slavery
    ({"region": "la-reunion"}, ACK, "2027-12-17T10:00", "2027-12-21T18:00:00+01:00"),  # 20 December is a Monday
    ({"closed": "2026-05-15"}, ACK, "2026-05-13T16:00", "2026-05-18T18:00:00+02:00"),  # the bridge after Ascension
    ({"closed": "2026-12-24, 2026-12-31"}, BLOCKING, "2026-12-23T10:00", "2026-12-29T18:00:00+01:00"),
    ({"cut_off": "17:00"}, ACK, "2026-03-03T17:30", "2026-03-05T18:00:00+01:00"),
    ({"working_day_end": "23:59:59"}, ACK, "2026-03-03T10:00", "2026-03-04T23:59:59+01:00"),
    ({"calendar_day_roll": "next"}, MINOR, "2026-05-22T10:00", "2026-06-22T23:59:59+02:00"),  # Sunday -> Monday
    ({"calendar_day_roll": "next"}, MINOR, "2026-10-12T10:00", "2026-11-12T23:59:59+01:00"),  # 11 November -> 12
    ({"calendar_day_end": "18:00"}, MINOR, "2026-05-22T10:00", "2026-06-21T18:00:00+02:00"),
]


@pytest.mark.parametrize(("event", "at", "due_at"), CASES)
def test_a_deadline_falls_where_it_was_counted_by_hand(event: str, at: str, due_at: str) -> None:
    found = arithmetic.due(reading.load("sas-agenda"), event, datetime.fromisoformat(at))
    assert found.due_at.isoformat() == due_at


@pytest.mark.parametrize(("changes", "event", "at", "due_at"), CHOSEN)
def test_a_choice_moves_it_as_it_says(changes: dict[str, str], event: str, at: str, due_at: str) -> None:
    agreement = reading.load("sas-agenda", changes=changes)
    found = arithmetic.due(agreement, event, datetime.fromisoformat(at))
    assert found.due_at.isoformat() == due_at
    changed = [choice.key for choice in found.footnotes if not choice.is_default]
    assert changed == list(changes)


@pytest.mark.parametrize(
    ("given", "owed"),
    [
        ({"damage": "9999.99"}, "9999.99"),
        ({"damage": "25000"}, "10000.00"),  # the cap of article 15
        ({"damage": "25000", "case": "bodily-harm"}, "25000.00"),  # which does not hold here
    ],
)
def test_liability_is_capped_but_in_the_cases_excepted(given: dict[str, str], owed: str) -> None:
    found = computing.compute(reading.load("sas-agenda"), "liability", given)
    assert str(found.results[0].value) == owed

"""Dates and numbers counted by hand. Holidays met: 1 and 8 May, Ascension 14 May, Whit Monday 25 May 2026; 14 Jul 2026
(Tuesday); 25 Dec 2026 and 1 Jan 2027 (Fridays). 2028 is a leap year; clocks change on 29 Mar and 25 Oct 2026."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recette.agreement.model import AgreementError
from tests.recette.agreement.conftest import Dates, Values, computed

NAME = "espace-partenaires"
ACCOUNT, NOTICE = "manager-account", "deactivation-notice"

CASES = [
    # --- manager accounts: five working days, the day of the request not counted ------------------------------
    (ACCOUNT, "2026-03-02T10:00", ["2026-03-09T23:59:59+01:00"]),  # Mon 2: Tue 3, 4, 5, 6, Mon 9
    (ACCOUNT, "2026-03-06T17:00", ["2026-03-13T23:59:59+01:00"]),  # Fri 6: Mon 9 to Fri 13
    (ACCOUNT, "2026-03-07T11:00", ["2026-03-13T23:59:59+01:00"]),  # Sat 7: the same week
    (ACCOUNT, "2026-05-22T10:00", ["2026-06-01T23:59:59+02:00"]),  # Fri 22, Whit Monday off: 26, 27, 28, 29, 1 Jun
    (ACCOUNT, "2026-05-06T10:00", ["2026-05-15T23:59:59+02:00"]),  # Wed 6: 7, 11, 12, 13, bridge Fri 15 (8, 14 off)
    (ACCOUNT, "2026-07-10T10:00", ["2026-07-20T23:59:59+02:00"]),  # Fri 10: 13, 15, 16, 17, 20 (Tue 14 off)
    (ACCOUNT, "2026-12-24T10:00", ["2027-01-04T23:59:59+01:00"]),  # Thu 24: 28, 29, 30, 31, Mon 4 Jan
    (ACCOUNT, "2028-02-25T10:00", ["2028-03-03T23:59:59+01:00"]),  # Fri: 28, Tue 29 Feb, 1, 2, 3 Mar
    (ACCOUNT, "2026-03-27T10:00", ["2026-04-03T23:59:59+02:00"]),  # Fri before the short night; Good Friday is worked
    # --- fifteen days' notice, backwards; deletion six months after the wished day ----------------------------
    (
        NOTICE,
        "2027-01-10",
        ["2026-12-26T23:59:59+01:00", "2027-07-10T23:59:59+02:00"],
    ),  # 10 days back to 31 Dec, 5 more to the 26th
    (NOTICE, "2028-03-10", ["2028-02-24T23:59:59+01:00", "2028-09-10T23:59:59+02:00"]),  # 10 back to 29 Feb, 5 more
    (NOTICE, "2027-03-10", ["2027-02-23T23:59:59+01:00", "2027-09-10T23:59:59+02:00"]),  # no leap day: the 23rd
    (NOTICE, "2026-04-05", ["2026-03-21T23:59:59+01:00", "2026-10-05T23:59:59+02:00"]),  # back over the short night
    # --- the announcement came: fifteen days forward, then six months -----------------------------------------
    ("deactivation", "2026-10-20T10:00", ["2026-11-04T23:59:59+01:00", "2027-05-04T23:59:59+02:00"]),  # 11 + 4
    ("deactivation", "2027-08-16T10:00", ["2027-08-31T23:59:59+02:00", "2028-02-29T23:59:59+01:00"]),  # to a leap day
    # --- the last agreement ends ------------------------------------------------------------------------------
    ("last-convention-end", "2026-12-31", ["2026-12-31T23:59:59+01:00", "2027-06-30T23:59:59+02:00"]),  # no 31 June
    ("last-convention-end", "2026-08-31", ["2026-08-31T23:59:59+02:00", "2027-02-28T23:59:59+01:00"]),  # no 31 Feb
    ("business-convention-end", "2026-06-30T12:00", ["2026-06-30T23:59:59+02:00"]),
    ("deletion", "2026-05-15T08:00", ["2026-11-15T23:59:59+01:00"]),  # a Sunday stays
    # --- thirty calendar days ---------------------------------------------------------------------------------
    ("breach-repair", "2028-02-01T09:00", ["2028-03-02T23:59:59+01:00"]),  # 28 left of a leap February, 2 of March
    ("breach-repair", "2026-12-15T09:00", ["2027-01-14T23:59:59+01:00"]),  # 16 of December, 14 of January
    ("breach-repair", "2026-10-02T09:00", ["2026-11-01T23:59:59+01:00"]),  # over the long night, onto All Saints
]


@pytest.mark.parametrize(("event", "at", "expected"), CASES)
def test_a_date_falls_where_it_was_counted_by_hand(dates: Dates, event: str, at: str, expected: list[str]) -> None:
    assert dates(NAME, event, at) == expected


def test_the_two_readings_of_five_days_and_of_the_notice_are_choices(dates: Dates) -> None:
    # Friday 22 May: 5 calendar days end on Wednesday 27.
    assert dates(NAME, ACCOUNT, "2026-05-22T10:00", manager_days="calendar") == ["2026-05-27T23:59:59+02:00"]
    # Good Friday, 3 April 2026, and Easter Monday are off in Alsace-Moselle: from Thu 2: 7, 8, 9, 10, Mon 13.
    assert dates(NAME, ACCOUNT, "2026-04-02T10:00", region="alsace-moselle") == ["2026-04-13T23:59:59+02:00"]
    on_receipt = dates(NAME, "deactivation", "2026-10-20T10:00", deactivation_day="receipt")
    assert on_receipt == ["2026-10-20T23:59:59+02:00", "2027-04-20T23:59:59+02:00"]


@pytest.mark.parametrize(("members", "managers"), [(1, 2), (10, 2), (11, 3), (25, 3), (26, 5), (4000, 5)])
def test_the_number_of_managers_follows_the_size_of_the_structure(values: Values, members: int, managers: int) -> None:
    assert values(NAME, "manager-quota", {"members": str(members)}) == {"value": str(managers)}


@settings(max_examples=50)
@given(st.lists(st.integers(1, 200), min_size=2, max_size=6))
def test_a_larger_structure_never_has_fewer_managers(sizes: list[int]) -> None:
    asked = [computed(NAME, "manager-quota", {"members": str(size)}) for size in sorted(sizes)]
    quotas = [found.results[0].value for found in asked]
    assert all(isinstance(one, int) and isinstance(other, int) and one <= other for one, other in pairwise(quotas))


def test_a_structure_without_members_has_no_quota(values: Values) -> None:
    with pytest.raises(AgreementError, match="at least 1"):
        values(NAME, "manager-quota", {"members": "0"})


def test_the_last_manager_is_never_deactivated(values: Values) -> None:
    assert values(NAME, "manager-deactivation", {"managers": "1"})["verdict"] == "refused"
    assert values(NAME, "manager-deactivation", {"managers": "3", "leaving": "3"})["verdict"] == "refused"
    assert values(NAME, "manager-deactivation", {"managers": "1", "successors": "1"})["verdict"] == "allowed"
    assert values(NAME, "manager-deactivation", {"managers": "2"}) == {
        "remaining": "1",
        "least": "1",
        "verdict": "allowed",
    }


def test_accounts_stop_with_the_last_agreement_and_access_to_a_fund_with_its_own(values: Values) -> None:
    alone = values(NAME, "automatic-deactivation", {"end": "2026-12-31"})
    assert (alone["first"], alone["last"]) == ("2026-12-31", "2026-12-31")
    assert alone["deletion"].startswith("2027-06-30")  # no 31 June
    later = values(NAME, "automatic-deactivation", {"end": "2026-12-31", "others": "2027-08-31, 2026-06-30"})
    assert (later["first"], later["last"]) == ("2026-12-31", "2027-08-31")
    assert later["deletion"].startswith("2028-02-29")  # a leap year

"""Articles 7, 8.1 and 2: the doors of mise en service, VSR and operation, each condition alone.

2026: go-live certificate Tuesday 2 June at 14:00, hence a VSR until Sunday 2 August. Tuesday 14 July is a holiday.
"""

from __future__ import annotations

from datetime import date

import pytest

from recette.journal.model import Party
from recette.model import Severity
from recette.monitoring.model import Standing
from recette.projects.model import Door, Outcome, PhaseId
from recette.register import moves
from tests.recette.projects.conftest import LEVEL, Story, at, by, finding, level, run, stood

GO_LIVE, VSR = PhaseId.MISE_EN_SERVICE, PhaseId.VSR
AFTER = "2026-08-02T09:00"


def only(door: Door) -> tuple[str, str, tuple[str, ...]]:
    """The one thing that is missing: its id, its article, what it is about."""
    assert not door.can_close
    assert door.proposal is Outcome.REFUSED
    (missing,) = door.missing
    return missing.id, missing.article, missing.about


# --- mise en service -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shown", "missing"), [("connectivity", "exchanges"), ("exchanges", "connectivity")])
def test_go_live_waits_for_what_was_not_shown(go_live: Story, shown: str, missing: str) -> None:
    go_live.shown(shown, "2026-05-26T10:00")
    assert only(go_live.door(GO_LIVE, "2026-05-26T11:00")) == (missing, "7", (missing,))


def test_what_was_shown_before_the_phase_was_opened_does_not_count(recette: Story) -> None:
    recette.shown("connectivity", "2026-05-10T10:00")
    recette.record(run("r1", "2026-05-18T10:00"))
    recette.in_go_live().shown("exchanges", "2026-05-26T10:00")
    assert only(recette.door(GO_LIVE, "2026-05-26T11:00")) == ("connectivity", "7", ("connectivity",))


def test_go_live_closes_once_both_were_shown_two_weeks_from_the_certificate(go_live: Story) -> None:
    go_live.shown("connectivity", "2026-05-26T10:00")
    go_live.shown("exchanges", "2026-05-26T10:00")
    door = go_live.door(GO_LIVE, "2026-05-26T11:00")
    assert door.can_close
    assert door.proposal is Outcome.VALIDATED
    assert door.planned_end == at("2026-06-01T23:59:59")  # validated on 18 May, though the phase was opened on the 20th


@pytest.mark.parametrize("severity", list(Severity))
def test_whatever_was_found_in_go_live_is_corrected_first(go_live: Story, severity: Severity) -> None:
    go_live.shown("connectivity", "2026-05-26T10:00")
    go_live.shown("exchanges", "2026-05-26T10:00")
    go_live.record(run("r2", "2026-05-26T12:00", finding(severity=severity)))
    assert only(go_live.door(GO_LIVE, "2026-05-27T11:00")) == ("anomaly", "7", ("A-0001",))
    go_live.delivered("2026-05-27T12:00")
    assert not go_live.door(GO_LIVE, "2026-05-27T13:00").can_close  # the ANS has tested and validated nothing yet
    go_live.record(run("r3", "2026-05-27T14:00", held=("f1",)))
    assert go_live.door(GO_LIVE, "2026-05-27T15:00").can_close


def test_a_reserve_of_the_recette_does_not_hold_up_go_live_unless_it_becomes_blocking(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00", finding()))
    recette.made_a_reserve("2026-05-18T11:00")
    recette.in_go_live("A-0001")
    recette.shown("connectivity", "2026-05-26T10:00")
    recette.shown("exchanges", "2026-05-26T10:00")
    assert recette.door(GO_LIVE, "2026-05-26T11:00").can_close
    recette.qualified("2026-05-26T12:00", Severity.BLOCKING, Party.ANS)
    assert only(recette.door(GO_LIVE, "2026-05-26T13:00")) == ("qualification", "7, 8.2", ("A-0001",))
    recette.qualified("2026-05-26T14:00", Severity.BLOCKING, Party.EDITOR)
    assert only(recette.door(GO_LIVE, "2026-05-26T15:00")) == ("anomaly", "7", ("A-0001",))


def test_what_the_recette_had_corrected_and_go_live_brings_back_is_found_in_go_live(recette: Story) -> None:
    recette.record(run("r1", "2026-05-17T10:00", finding(severity=Severity.MINOR)))
    recette.delivered("2026-05-17T12:00")
    recette.record(run("r2", "2026-05-18T10:00", held=("f1",)))
    recette.in_go_live()
    recette.shown("connectivity", "2026-05-26T10:00")
    recette.shown("exchanges", "2026-05-26T10:00")
    recette.record(run("r3", "2026-05-26T12:00", finding(severity=Severity.MINOR)))
    assert recette.anomaly().phase == "recette"
    assert only(recette.door(GO_LIVE, "2026-05-27T11:00")) == ("anomaly", "7", ("A-0001",))


# --- VSR -------------------------------------------------------------------------------------------------------------


def test_a_vsr_without_a_fault_closes_on_its_last_day(vsr: Story) -> None:
    door = vsr.door(VSR, AFTER, stood())
    assert door.can_close
    assert door.proposal is Outcome.VALIDATED
    assert door.planned_end == at("2026-08-02T23:59:59")
    assert door.earliest_end == date(2026, 8, 2)


def test_a_vsr_lasts_its_two_months_to_the_last_day_in_paris(vsr: Story) -> None:
    door = vsr.door(VSR, "2026-08-01T23:59:59", stood())
    assert only(door) == ("duration", "8.1", ())
    assert "02/08/2026" in door.missing[0].text.fr
    assert vsr.door(VSR, "2026-08-02T00:00", stood()).can_close


def test_a_vsr_opened_here_late_counts_from_the_certificate_all_the_same(go_live: Story) -> None:
    go_live.shown("connectivity", "2026-05-26T10:00")
    go_live.shown("exchanges", "2026-05-26T11:00")
    go_live.close(GO_LIVE, "2026-06-02T14:00")
    go_live.open(VSR, "2026-06-15T09:00")
    assert go_live.door(VSR, AFTER, stood()).can_close


@pytest.mark.parametrize(
    ("standing", "article", "about"),
    [
        (None, "8.1", ()),
        (stood(None), "8.1", ()),
        (stood(0.9995, level(None, None)), "8.1", (LEVEL,)),
        (stood(0.98), "8.1, 8.4", ("availability",)),
        (stood(0.9995, level(False, 1.7)), "8.1, 8.4", (LEVEL,)),
    ],
)
def test_a_service_that_is_not_shown_to_conform_shuts_it(
    vsr: Story, standing: Standing | None, article: str, about: tuple[str, ...]
) -> None:
    assert only(vsr.door(VSR, AFTER, standing)) == ("service", article, about)


def test_what_is_broken_is_told_with_what_was_measured_and_promised(vsr: Story) -> None:
    availability, response = vsr.door(VSR, AFTER, stood(0.98123, level(False, 1.7))).missing
    assert "98.123% pour 99.000% promis" in availability.text.fr
    assert "1.7 s pour 1 s promis" in response.text.fr


def test_a_reserve_that_is_not_lifted_shuts_it(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00", finding(severity=Severity.MINOR)))
    recette.made_a_reserve("2026-05-18T11:00")
    recette.in_go_live("A-0001").in_vsr()
    assert only(recette.door(VSR, AFTER, stood())) == ("reserve", "8.1", ("A-0001",))
    recette.delivered("2026-07-30T12:00")
    assert only(recette.door(VSR, AFTER, stood())) == ("reserve", "8.1", ("A-0001",))  # to be verified
    recette.record(run("r2", "2026-08-01T10:00", held=("f1",)))
    door = recette.door(VSR, AFTER, stood())
    assert door.can_close
    assert not any("après la date de son plan" in reason.fr for reason in door.reasons)


def test_a_reserve_lifted_after_the_date_of_its_plan_is_told(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00", finding(severity=Severity.MINOR)))
    recette.made_a_reserve("2026-05-18T11:00")
    recette.in_go_live("A-0001").in_vsr()
    recette.delivered("2026-08-01T08:00")  # the plan says 31 July
    recette.record(run("r2", "2026-08-01T10:00", held=("f1",)))
    door = recette.door(VSR, AFTER, stood())
    assert door.can_close
    assert any("après la date de son plan, le 31/07/2026" in reason.fr for reason in door.reasons)


def test_a_reserve_lifted_on_the_day_of_its_plan_is_in_time(recette: Story) -> None:
    recette.record(run("r1", "2026-05-18T10:00", finding(severity=Severity.MINOR)))
    recette.made_a_reserve("2026-05-18T11:00")
    recette.in_go_live("A-0001").in_vsr()
    recette.delivered("2026-07-31T23:30")  # 21:30 UTC, still the 31st in Paris
    recette.record(run("r2", "2026-08-01T10:00", held=("f1",)))
    assert not any("après la date" in reason.fr for reason in recette.door(VSR, AFTER, stood()).reasons)


def test_a_shut_vsr_lists_as_reserves_only_what_could_be_one(vsr: Story) -> None:
    vsr.record(run("r2", "2026-07-16T09:00", finding(), finding("f2", Severity.MINOR)))
    assert vsr.door(VSR, AFTER, stood()).reserves == ("A-0002",)


@pytest.mark.parametrize("severity", [Severity.BLOCKING, Severity.MAJOR])
def test_an_open_blocking_or_major_anomaly_shuts_it(vsr: Story, severity: Severity) -> None:
    vsr.record(run("r2", "2026-07-16T09:00", finding(severity=severity)))
    door = vsr.door(VSR, AFTER, stood())
    assert only(door) == ("anomaly", "8.1", ("A-0001",))
    assert door.earliest_end is None


def test_an_open_minor_anomaly_becomes_a_reserve_of_its_certificate(vsr: Story) -> None:
    vsr.record(run("r2", "2026-07-16T09:00", finding(severity=Severity.MINOR)))
    door = vsr.door(VSR, AFTER, stood())
    assert door.can_close
    assert door.proposal is Outcome.VALIDATED_WITH_RESERVES
    assert door.reserves == ("A-0001",)


def test_a_minor_anomaly_that_a_party_holds_for_major_shuts_it(vsr: Story) -> None:
    vsr.record(run("r2", "2026-07-16T09:00", finding(severity=Severity.MINOR)))
    vsr.qualified("2026-07-16T10:00", Severity.MAJOR, Party.ANS)
    assert only(vsr.door(VSR, AFTER, stood())) == ("qualification", "8.1, 8.2", ("A-0001",))


@pytest.mark.parametrize(
    ("delivered", "earliest"),
    [
        ("2026-07-20T10:00", date(2026, 8, 2)),  # within the two months: they stand
        ("2026-08-02T18:00", date(2026, 8, 2)),  # on their last day
        ("2026-08-05T17:00", date(2026, 8, 5)),  # three days later: prolonged to that day
        ("2026-08-05T23:30", date(2026, 8, 5)),  # before midnight in Paris, and 21:30 UTC
        ("2026-09-01T09:00", date(2026, 9, 1)),
    ],
)
def test_the_vsr_is_prolonged_to_the_delivery_of_the_last_correction(
    vsr: Story, delivered: str, earliest: date
) -> None:
    vsr.record(run("r2", "2026-07-16T09:00", finding()))
    assert vsr.door(VSR, AFTER, stood()).earliest_end is None
    vsr.delivered(delivered)
    assert vsr.door(VSR, "2026-09-02T09:00", stood()).earliest_end == earliest


def test_of_several_corrections_the_last_delivery_counts_and_a_withdrawn_one_does_not(vsr: Story) -> None:
    vsr.record(run("r2", "2026-07-16T09:00", finding(), finding("f2", Severity.BLOCKING), finding("f3")))
    vsr.delivered("2026-08-04T10:00", "A-0001")
    vsr.delivered("2026-08-06T10:00", "A-0002")
    assert vsr.door(VSR, "2026-08-07T09:00", stood()).earliest_end is None
    vsr.delivered("2026-08-20T10:00", "A-0003")
    why = "Le jeu d’essai était faux."
    vsr.write(moves.withdraw(vsr.anomaly("A-0003"), by(Party.ANS, "2026-08-21T10:00", why), "Camille Orfelin"))
    assert vsr.door(VSR, "2026-08-22T09:00", stood()).earliest_end == date(2026, 8, 6)


def test_a_correction_that_did_not_hold_prolongs_it_again(vsr: Story) -> None:
    vsr.record(run("r2", "2026-07-16T09:00", finding()))
    vsr.delivered("2026-08-04T10:00")
    vsr.record(run("r3", "2026-08-04T12:00", finding()))
    assert vsr.door(VSR, "2026-08-05T09:00", stood()).earliest_end is None
    vsr.delivered("2026-08-06T10:00")
    vsr.record(run("r4", "2026-08-06T12:00", held=("f1",)))
    door = vsr.door(VSR, "2026-08-06T13:00", stood())
    assert door.earliest_end == date(2026, 8, 6)
    assert door.can_close


# --- operation -------------------------------------------------------------------------------------------------------


@pytest.fixture
def operation(vsr: Story) -> Story:
    vsr.close(VSR, "2026-08-03T10:00")
    vsr.open(PhaseId.EXPLOITATION, "2026-08-03T10:00")
    return vsr


def test_operation_lasts_four_years_from_the_signature(operation: Story) -> None:
    assert only(operation.door(PhaseId.EXPLOITATION, "2030-02-10T23:59:59")) == ("duration", "2", ())
    assert operation.door(PhaseId.EXPLOITATION, "2030-02-11T00:00").can_close


def test_a_letter_of_termination_ends_it_after_a_month(operation: Story) -> None:
    operation.milestone("termination-notice", "2027-01-31T10:00")
    door = operation.door(PhaseId.EXPLOITATION, "2027-02-28T12:00")
    assert door.planned_end == at("2027-02-28T23:59:59")  # February has no 31st
    assert only(door)[0] == "duration"
    assert operation.door(PhaseId.EXPLOITATION, "2027-03-01T00:00").can_close


def test_termination_for_a_breach_ends_it_at_once(operation: Story) -> None:
    operation.milestone("terminated", "2027-01-31T10:00")
    assert operation.door(PhaseId.EXPLOITATION, "2027-01-31T10:01").can_close


def test_operation_without_a_dated_signature_says_that_it_is_missing(story: Story) -> None:
    story.begin()
    story.open(PhaseId.EXPLOITATION, "2026-02-02T10:00")
    assert only(story.door(PhaseId.EXPLOITATION, "2031-02-02T10:00")) == ("signature", "2", ())

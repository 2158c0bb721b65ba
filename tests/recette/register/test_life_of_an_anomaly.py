"""From the run that opens it to the run that shows it corrected. May 2026: Monday 18, Whit Monday 25."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from recette.agreement import reading
from recette.journal.model import Party
from recette.model import Severity
from recette.register import dues, moves, recording, telling
from recette.register.model import Matter, RegisterError, Status
from recette.register.moves import Move
from tests.recette.register.conftest import Story, at, finding, run

AGREEMENT = reading.load("sas-agenda")


def ans(when: str, why: str = "") -> Move:
    return Move(at(when), "Dominique Mirabel", Party.ANS, why)


def editor(when: str, why: str = "") -> Move:
    return Move(at(when), "Camille Orfelin", Party.EDITOR, why)


@pytest.fixture
def told(story: Story) -> Story:
    """Opened in VSR, notified on Monday 18 May at 10, acknowledged at 15."""
    story.record(run("r1", "2026-05-18T09:00", finding()), phase="vsr")
    story.write(moves.notify(story.anomaly(), ans("2026-05-18T10:00")))
    story.write(moves.acknowledge(story.anomaly(), editor("2026-05-18T15:00")))
    return story


def test_a_finding_opens_one_anomaly_and_is_counted_when_it_comes_again(story: Story) -> None:
    story.record(run("r1", "2026-05-18T09:00", finding(occurrences=3), finding("f2", Severity.MINOR)))
    register = story.record(run("r2", "2026-05-19T09:00", finding(occurrences=2)))
    assert list(register.anomalies) == ["A-0001", "A-0002"]
    anomaly = register.find("a-0001")
    assert (anomaly.occurrences, anomaly.runs, anomaly.status) == (5, ("r1", "r2"), Status.OPEN)
    assert (anomaly.severity, anomaly.qualified) == (Severity.BLOCKING, None)
    assert [each.id for each in register.open] == ["A-0001", "A-0002"]


def test_recording_a_run_twice_adds_nothing(story: Story) -> None:
    seen = run("r1", "2026-05-18T09:00", finding())
    story.record(seen)
    assert recording.drafts(story.register, seen, phase="recette", who="x") == ()


def test_it_is_due_from_its_acknowledgement_and_met_by_the_delivery_that_holds(told: Story) -> None:
    acknowledgement, correction = dues.dues(told.anomaly(), AGREEMENT, at("2026-05-19T18:00"))
    assert (acknowledgement.matter, acknowledgement.met_at) == (Matter.ACKNOWLEDGEMENT, at("2026-05-18T15:00"))
    assert correction.date.due_at == at("2026-05-20T18:00")
    assert (correction.left, correction.is_overdue, correction.indicative) == (timedelta(days=1), False, False)
    told.write(moves.deliver(told.anomaly(), editor("2026-05-20T17:00"), "2.4.1"))
    told.record(run("r2", "2026-05-22T09:00", held=["f1"]))
    anomaly = told.anomaly()
    assert (anomaly.status, anomaly.verified_by, anomaly.delivered_as) == (Status.CORRECTED, "r2", "2.4.1")
    _, correction = dues.dues(anomaly, AGREEMENT, at("2026-06-30T10:00"))
    assert (correction.met_at, correction.left) == (at("2026-05-20T17:00"), timedelta(hours=1))
    verified = reading.changed(AGREEMENT, {"correction_end": "verification"})
    assert dues.dues(anomaly, verified, at("2026-06-30T10:00"))[1].is_overdue


def test_a_delivery_that_does_not_hold_never_counted(told: Story) -> None:
    told.write(moves.deliver(told.anomaly(), editor("2026-05-20T17:00")))
    told.record(run("r2", "2026-05-21T09:00", finding()))
    anomaly = told.anomaly()
    assert (anomaly.status, anomaly.delivered_at, anomaly.reopened) == (Status.ACKNOWLEDGED, None, 1)
    assert dues.dues(anomaly, AGREEMENT, at("2026-05-21T18:00"))[1].left == timedelta(days=-1)


def test_one_that_comes_back_after_it_was_verified_starts_anew(told: Story) -> None:
    told.write(moves.deliver(told.anomaly(), editor("2026-05-19T17:00")))
    told.record(run("r2", "2026-05-20T09:00", held=["f1"]))
    told.record(run("r3", "2026-06-02T09:00", finding()))
    anomaly = told.anomaly()
    assert (anomaly.status, anomaly.reopened, anomaly.notified_at) == (Status.OPEN, 1, None)
    assert dues.dues(anomaly, AGREEMENT, at("2026-06-03T18:00")) == ()


def test_a_run_begun_before_the_delivery_neither_verifies_nor_reopens(told: Story) -> None:
    told.write(moves.deliver(told.anomaly(), editor("2026-05-20T17:00")))
    told.record(run("r2", "2026-05-20T17:00:30", held=["f1"]))
    assert told.anomaly().status is Status.DELIVERED
    told.record(run("r3", "2026-05-20T17:00:40", finding()))
    assert told.anomaly().status is Status.DELIVERED


def test_a_run_that_did_not_judge_its_check_verifies_nothing(told: Story) -> None:
    told.write(moves.deliver(told.anomaly(), editor("2026-05-20T17:00")))
    told.record(run("r2", "2026-05-21T09:00", held=["other"]))
    assert told.anomaly().status is Status.DELIVERED


def test_one_no_longer_seen_waits_for_somebody_to_deliver(told: Story) -> None:
    seen_no_more = run("r2", "2026-05-21T09:00", held=["f1"])
    told.record(seen_no_more)
    assert told.anomaly().status is Status.ACKNOWLEDGED
    assert recording.gone(told.register, seen_no_more) == (told.anomaly(),)


def test_a_severity_holds_once_both_parties_say_the_same(told: Story) -> None:
    told.write(moves.qualify(told.anomaly(), ans("2026-05-18T16:00"), Severity.MAJOR))
    assert told.anomaly().severity is Severity.BLOCKING
    told.write(moves.qualify(told.anomaly(), editor("2026-05-18T17:00"), Severity.MINOR))
    assert told.anomaly().qualified is None
    told.write(moves.qualify(told.anomaly(), editor("2026-05-19T10:00"), Severity.MAJOR))
    assert told.anomaly().severity is Severity.MAJOR
    assert dues.dues(told.anomaly(), AGREEMENT, at("2026-05-19T10:00"))[1].date.due_at == at("2026-06-08T18:00")


def test_it_may_stand_among_the_reserves_with_a_workaround_and_a_plan_that_were_validated(told: Story) -> None:
    for move in (ans("2026-05-18T16:00"), editor("2026-05-18T16:00")):
        told.write(moves.qualify(told.anomaly(), move, Severity.MINOR))
    told.write(moves.propose_workaround(told.anomaly(), editor("2026-05-19T10:00", "Recharger la page.")))
    told.write(moves.validate_workaround(told.anomaly(), ans("2026-05-19T11:00")))
    told.write(moves.propose_plan(told.anomaly(), editor("2026-05-19T10:00", "Version 2.5"), date(2026, 6, 30)))
    told.write(moves.validate_plan(told.anomaly(), ans("2026-05-19T11:00")))
    assert not told.anomaly().is_reserve
    told.write(moves.validate_plan(told.anomaly(), editor("2026-05-19T11:00")))
    assert told.anomaly().is_reserve
    told.write(moves.propose_workaround(told.anomaly(), editor("2026-05-20T10:00", "Autre chose.")))
    assert not told.anomaly().is_reserve


def test_a_pause_that_both_agreed_on_holds_the_clock(told: Story) -> None:
    told.write(moves.pause(told.anomaly(), editor("2026-05-19T10:00", "Accès coupé."), "Dominique Mirabel"))
    held = dues.dues(told.anomaly(), AGREEMENT, at("2026-05-22T10:00"))[1]
    assert held.paused is not None
    assert held.left == timedelta(days=1, hours=8)
    told.write(moves.resume(told.anomaly(), ans("2026-05-22T10:00")))
    assert dues.dues(told.anomaly(), AGREEMENT, at("2026-05-22T10:00"))[1].date.due_at == at("2026-05-26T18:00")


def test_what_both_withdrew_is_not_due_and_a_run_does_not_bring_it_back(told: Story) -> None:
    told.write(moves.withdraw(told.anomaly(), ans("2026-05-19T10:00", "Conforme."), "Camille Orfelin"))
    told.record(run("r2", "2026-05-21T09:00", finding()))
    assert told.anomaly().status is Status.WITHDRAWN
    assert told.register.open == ()
    assert dues.dues(told.anomaly(), AGREEMENT, at("2026-06-30T10:00")) == ()


def test_in_the_acceptance_phase_its_dates_are_indicative(story: Story) -> None:
    story.record(run("r1", "2026-05-18T09:00", finding()))
    story.write(moves.notify(story.anomaly(), ans("2026-05-18T10:00")))
    assert all(due.indicative for due in dues.dues(story.anomaly(), AGREEMENT, at("2026-05-18T11:00")))


def test_what_cannot_be_done_says_why(told: Story) -> None:
    anomaly = told.anomaly()
    refused: list[Callable[[], object]] = [
        lambda: moves.notify(anomaly, ans("2026-05-18T16:00")),
        lambda: moves.acknowledge(anomaly, editor("2026-05-18T16:00")),
        lambda: moves.deliver(anomaly, ans("2026-05-18T16:00")),
        lambda: moves.deliver(anomaly, editor("2026-05-17T16:00")),
        lambda: moves.validate_workaround(anomaly, ans("2026-05-18T16:00")),
        lambda: moves.validate_plan(anomaly, ans("2026-05-18T16:00")),
        lambda: moves.propose_workaround(anomaly, editor("2026-05-18T16:00", " ")),
        lambda: moves.pause(anomaly, ans("2026-05-18T16:00", "why"), " "),
        lambda: moves.resume(anomaly, ans("2026-05-18T16:00")),
        lambda: moves.withdraw(anomaly, ans("2026-05-18T16:00", "why"), ""),
        lambda: told.register.find("A-0009"),
    ]
    for attempt in refused:
        with pytest.raises(RegisterError):
            attempt()


def test_a_delivery_told_late_does_not_count_where_a_run_had_refuted_it(told: Story) -> None:
    told.record(run("r2", "2026-05-20T12:00", finding()))
    with pytest.raises(RegisterError, match="did not hold"):
        moves.deliver(told.anomaly(), editor("2026-05-20T11:00"))
    told.write(moves.deliver(told.anomaly(), editor("2026-05-20T11:59:30")))
    assert told.anomaly().status is Status.DELIVERED


def test_what_comes_back_cannot_be_notified_before_it_did(told: Story) -> None:
    told.write(moves.deliver(told.anomaly(), editor("2026-05-19T17:00")))
    told.record(run("r2", "2026-05-20T09:00", held=["f1"]))
    told.record(run("r3", "2026-06-02T09:00", finding()))
    with pytest.raises(RegisterError):
        moves.notify(told.anomaly(), ans("2026-06-01T10:00"))
    told.write(moves.notify(told.anomaly(), ans("2026-06-02T10:00")))
    assert dues.dues(told.anomaly(), AGREEMENT, at("2026-06-02T11:00"))[0].date.due_at == at("2026-06-03T18:00")


def test_what_was_delivered_during_a_pause_is_not_late_for_the_days_of_it(told: Story) -> None:
    told.write(moves.pause(told.anomaly(), editor("2026-05-19T10:00", "Accès coupé."), "Dominique Mirabel"))
    told.write(moves.deliver(told.anomaly(), editor("2026-05-22T10:00")))
    correction = dues.dues(told.anomaly(), AGREEMENT, at("2026-05-29T10:00"))[1]
    # Due on Wednesday 20; three working days were lost (20, 21, 22); Monday 25 is a public holiday.
    assert (correction.date.due_at, correction.paused) == (at("2026-05-26T18:00"), None)
    assert not correction.is_overdue
    told.write(moves.resume(told.anomaly(), ans("2026-05-28T10:00")))
    assert dues.dues(told.anomaly(), AGREEMENT, at("2026-05-29T10:00"))[1] == correction


def test_a_pause_holds_nothing_where_the_project_rules_pauses_out(told: Story) -> None:
    told.write(moves.pause(told.anomaly(), editor("2026-05-19T10:00", "Accès coupé."), "Dominique Mirabel"))
    never = reading.changed(AGREEMENT, {"pause": "never"})
    correction = dues.dues(told.anomaly(), never, at("2026-05-21T18:00"))[1]
    assert (correction.paused, correction.left) == (None, timedelta(days=-1))


def test_a_validation_comes_once_and_after_what_it_validates(told: Story) -> None:
    told.write(moves.propose_workaround(told.anomaly(), editor("2026-05-19T10:00", "Recharger la page.")))
    with pytest.raises(RegisterError):
        moves.validate_workaround(told.anomaly(), ans("2026-05-19T09:00"))
    told.write(moves.validate_workaround(told.anomaly(), ans("2026-05-19T11:00")))
    with pytest.raises(RegisterError):
        moves.validate_workaround(told.anomaly(), ans("2026-05-19T12:00"))
    with pytest.raises(RegisterError):
        moves.propose_plan(told.anomaly(), editor("2026-05-19T10:00", "Version 2.5"), date(2026, 5, 18))
    told.write(moves.propose_plan(told.anomaly(), editor("2026-05-19T10:00", "Version 2.5"), date(2026, 5, 19)))
    told.write(moves.validate_plan(told.anomaly(), editor("2026-05-19T11:00")))
    with pytest.raises(RegisterError):
        moves.validate_plan(told.anomaly(), editor("2026-05-19T12:00"))


def test_nobody_writes_without_a_name_nor_what_cannot_be_written(told: Story) -> None:
    refused: list[Callable[[], object]] = [
        lambda: moves.note(told.anomaly(), Move(at("2026-05-19T10:00"), " ", Party.ANS, "x")),
        lambda: moves.qualify(told.anomaly(), Move(at("2026-05-19T10:00"), "", Party.ANS), Severity.MINOR),
        lambda: moves.deliver(told.anomaly(), editor("2026-05-19T10:00"), "\udce9"),
        lambda: moves.deliver(told.anomaly(), editor("2026-05-19T10:00"), "2" * 300),
    ]
    for attempt in refused:
        with pytest.raises(RegisterError):
            attempt()


def test_a_run_recorded_late_takes_no_later_date_away(told: Story) -> None:
    told.record(run("r2", "2026-05-20T12:00", finding()))
    told.record(run("r3", "2026-05-19T12:00", finding()))
    assert told.anomaly().last_seen_at == at("2026-05-20T12:00")
    assert told.anomaly().seen_from == at("2026-05-20T11:59")


def test_entries_out_of_place_are_told_as_such(told: Story) -> None:
    proposed = moves.propose_workaround(told.anomaly(), editor("2026-05-19T10:00", "Recharger."))
    stray = moves.validate_workaround(telling.after(told.anomaly(), proposed), ans("2026-05-19T11:00"))
    with pytest.raises(RegisterError, match="A-0001"):
        told.write(stray)

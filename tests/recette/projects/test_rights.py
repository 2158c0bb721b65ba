"""Rights appear and vanish (art. 8.2, 8.4, 14). July 2026: Monday 6, Wednesday 8; Tuesday 14 is a holiday."""

from __future__ import annotations

from datetime import datetime

import pytest

from recette.journal.model import Kind, Party
from recette.model import Severity
from recette.monitoring.model import Standing
from recette.projects.model import Right
from recette.projects.rights import rights
from tests.recette.projects.conftest import LEVEL, Story, at, finding, level, run, stood


def those(story: Story, now: str, standing: Standing | None = None) -> tuple[Right, ...]:
    return rights(story.book, at(now), standing)


def since(story: Story, now: str, id: str) -> tuple[datetime, ...]:
    return tuple(right.since for right in those(story, now) if right.id == id)


@pytest.fixture
def blocking(vsr: Story) -> Story:
    """Acknowledged on Monday 6 July at 15: to be corrected by Wednesday 8 at 18."""
    vsr.record(run("r2", "2026-07-06T09:00", finding(severity=Severity.BLOCKING)))
    vsr.notified("2026-07-06T10:00")
    vsr.acknowledged("2026-07-06T15:00")
    return vsr


def test_a_blocking_anomaly_not_corrected_in_time_lets_the_ans_stop_transmission(blocking: Story) -> None:
    assert those(blocking, "2026-07-08T18:00") == ()
    (right,) = those(blocking, "2026-07-08T18:01")
    assert (right.id, right.article, right.about) == ("suspension-blocking", "8.2", ("A-0001",))
    assert right.since == at("2026-07-08T18:00")


def test_the_right_vanishes_with_the_delivery_and_comes_back_with_a_correction_that_did_not_hold(
    blocking: Story,
) -> None:
    blocking.delivered("2026-07-09T10:00")
    assert those(blocking, "2026-07-09T10:01") == ()
    blocking.record(run("r3", "2026-07-09T12:00", finding(severity=Severity.BLOCKING)))
    assert since(blocking, "2026-07-09T12:01", "suspension-blocking") == (at("2026-07-08T18:00"),)


def test_where_verification_counts_the_delivery_alone_leaves_the_right(blocking: Story) -> None:
    blocking.say(Kind.PROJECT_CHANGED, "p", "2026-07-06T16:00", changes={"correction_end": "verification"})
    blocking.delivered("2026-07-09T10:00")
    assert those(blocking, "2026-07-09T10:01") != ()
    blocking.record(run("r3", "2026-07-09T12:00", held=("f1",)))
    assert those(blocking, "2026-07-09T12:01") == ()


def test_a_late_major_correction_gives_no_right_to_stop(vsr: Story) -> None:
    vsr.record(run("r2", "2026-07-06T09:00", finding()))
    vsr.notified("2026-07-06T10:00")
    assert those(vsr, "2026-09-30T10:00") == ()


def test_an_agreed_pause_holds_the_right_back(blocking: Story) -> None:
    blocking.say(Kind.CLOCK_PAUSED, "A-0001", "2026-07-07T10:00", Party.ANS, "Attente d’un jeu d’essai.")
    assert those(blocking, "2026-07-10T10:00") == ()


def test_in_the_recette_nothing_is_late(recette: Story) -> None:
    recette.record(run("r1", "2026-04-22T09:00", finding(severity=Severity.BLOCKING)))
    recette.notified("2026-04-22T10:00")
    assert those(recette, "2026-05-22T10:00") == ()


def test_an_anomaly_of_the_recette_that_comes_back_in_service_is_late_there(recette: Story) -> None:
    recette.record(run("r1", "2026-05-17T09:00", finding(severity=Severity.BLOCKING)))
    recette.delivered("2026-05-17T10:00")
    recette.record(run("r2", "2026-05-18T10:00", held=("f1",)))
    recette.in_go_live().in_vsr()
    recette.record(run("r3", "2026-07-06T09:00", finding(severity=Severity.BLOCKING)))
    recette.notified("2026-07-06T10:00")
    recette.acknowledged("2026-07-06T15:00")
    assert since(recette, "2026-07-09T10:00", "suspension-blocking") == (at("2026-07-08T18:00"),)
    now = at("2026-07-09T10:00")
    (anomaly,) = recette.book.register.anomalies.values()
    assert not any(due.indicative for due in (*recette.book.dues(now), *recette.book.dues_of(anomaly, now)))


@pytest.mark.parametrize(
    ("standing", "about"),
    [
        (stood(0.98), ("availability",)),
        (stood(0.9995, level(False, 1.7)), (LEVEL,)),
        (stood(0.98, level(False, 1.7)), ("availability", LEVEL)),
    ],
)
def test_broken_service_levels_let_the_ans_stop_transmission(
    vsr: Story, standing: Standing, about: tuple[str, ...]
) -> None:
    (right,) = those(vsr, "2026-08-02T09:00", standing)
    assert (right.id, right.article, right.about) == ("suspension-service-levels", "8.4", about)


@pytest.mark.parametrize("standing", [None, stood(), stood(None), stood(0.9995, level(None, None))])
def test_levels_that_hold_or_cannot_be_told_give_no_right(vsr: Story, standing: Standing | None) -> None:
    assert those(vsr, "2026-08-02T09:00", standing) == ()


def test_before_service_broken_levels_give_no_right(recette: Story) -> None:
    assert those(recette, "2026-05-02T09:00", stood(0.5)) == ()


def test_the_editor_may_ask_for_the_stop_until_transmission_is_resumed(vsr: Story) -> None:
    vsr.milestone("suspension-requested", "2026-07-06T10:00", Party.EDITOR)
    assert since(vsr, "2026-07-06T10:01", "suspension-requested") == (at("2026-07-06T10:00"),)
    vsr.say(Kind.SUSPENDED, "p", "2026-07-06T11:00", rights=["suspension-requested"])
    vsr.say(Kind.RESUMED, "p", "2026-07-07T11:00")
    assert those(vsr, "2026-07-07T11:01") == ()
    vsr.milestone("suspension-requested", "2026-07-08T10:00", Party.EDITOR)
    assert since(vsr, "2026-07-08T10:01", "suspension-requested") == (at("2026-07-08T10:00"),)


@pytest.fixture
def noticed(vsr: Story) -> Story:
    """A formal notice received on Wednesday 1 July: twenty days, until Tuesday 21."""
    vsr.milestone("breach-notice", "2026-07-01T10:00")
    return vsr


def test_a_breach_not_repaired_in_twenty_days_lets_the_other_party_terminate(noticed: Story) -> None:
    assert those(noticed, "2026-07-21T23:59:59") == ()
    (right,) = those(noticed, "2026-07-22T00:00")
    assert (right.id, right.article, right.since) == ("termination-right", "14", at("2026-07-21T23:59:59"))


def test_a_breach_repaired_in_time_gives_no_right_and_one_repaired_late_leaves_it(noticed: Story) -> None:
    noticed.milestone("breach-repaired", "2026-07-21T20:00", Party.EDITOR)
    assert those(noticed, "2026-07-22T00:00") == ()
    noticed.milestone("breach-repaired", "2026-07-23T20:00", Party.EDITOR)
    assert since(noticed, "2026-07-24T00:00", "termination-right") == (at("2026-07-21T23:59:59"),)


def test_the_repair_of_an_earlier_breach_repairs_no_later_one(noticed: Story) -> None:
    noticed.milestone("breach-repaired", "2026-07-10T10:00", Party.EDITOR)
    noticed.milestone("breach-notice", "2026-07-15T10:00")  # until 4 August
    assert those(noticed, "2026-08-04T23:59:59") == ()
    assert since(noticed, "2026-08-05T00:00", "termination-right") == (at("2026-08-04T23:59:59"),)


def test_an_agreed_later_date_takes_the_right_away(noticed: Story) -> None:
    agreed = {"ans": "Alix Modèle", "editor": "Camille Orfelin"}
    noticed.say(Kind.PHASE_EXTENDED, "breach-repair", "2026-07-22T10:00", until="2026-07-31", agreed=agreed)
    assert those(noticed, "2026-07-31T23:59:59") == ()
    assert since(noticed, "2026-08-01T00:00", "termination-right") == (at("2026-07-31T23:59:59"),)
    noticed.milestone("breach-notice", "2026-08-03T10:00")  # another breach has its own twenty days
    assert those(noticed, "2026-08-23T23:59:59") == ()
    assert those(noticed, "2026-08-24T00:00") != ()


def test_every_right_is_one_the_agreement_names(vsr: Story) -> None:
    named = vsr.book.agreement.consequences
    for id in ("suspension-blocking", "suspension-service-levels", "suspension-requested", "termination-right"):
        assert named[id].article in {"8.2", "8.4", "14"}

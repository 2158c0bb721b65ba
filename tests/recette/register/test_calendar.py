"""The deadlines as a calendar, read back by another program’s eyes. May 2026: Friday 22, Whit Monday 25."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from recette.agreement import reading
from recette.journal.model import Draft, Kind, Party
from recette.model import Severity
from recette.register import moves, sheet
from recette.register.calendar import PlannedEnd, calendar
from recette.register.moves import Move
from sas_kernel.text import Lang, Text
from tests.recette.register.conftest import Story, at, finding, run

AGREEMENT = reading.load("sas-agenda")
TITLE = Text("Éditeur d’essai · recette, démo ; ligne", "Editor")


def move(when: str, party: Party, why: str = "") -> Move:
    return Move(at(when), "Camille Orfelin", party, why)


@pytest.fixture
def notified(story: Story) -> Story:
    """A blocking and a minor anomaly of the VSR; the blocking one is notified on Friday at 10."""
    story.record(run("r1", "2026-05-22T09:00", finding("f1"), finding("f2", Severity.MINOR)), phase="vsr")
    story.write(moves.notify(story.anomaly(), move("2026-05-22T10:00", Party.ANS)))
    return story


def written(story: Story, now: str = "2026-05-22T12:00", *ends: PlannedEnd, lang: Lang = Lang.FR) -> bytes:
    return calendar(TITLE, AGREEMENT, story.register, story.entries, ends, at(now), lang)


def events(content: bytes) -> list[Any]:
    return list(Calendar.from_ical(content).walk("VEVENT"))


def one(content: bytes, category: str) -> Any:
    (found,) = [event for event in events(content) if category in event["categories"].cats]
    return found


def test_each_deadline_is_an_event_that_ends_with_it_and_warns_a_day_before(notified: Story) -> None:
    content = written(notified)
    assert len(events(content)) == 2
    event = one(content, "acknowledgement")
    # Monday is a public holiday: acknowledged by Tuesday the 26th at 18:00 in Paris.
    assert event.decoded("dtend") == datetime(2026, 5, 26, 16, tzinfo=UTC)
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=30)
    assert (str(event["status"]), str(event["transp"]), event["priority"]) == ("CONFIRMED", "TRANSPARENT", 1)
    assert str(event["summary"]) == "A-0001 · Prise en compte · Bloquante · Le total compte les créneaux"
    assert "2026-05-26 18:00 (Europe/Paris)" in event["description"]
    assert "art. 8.2" in event["description"]
    (alarm,) = event.walk("VALARM")
    assert (alarm.decoded("trigger"), alarm["trigger"].params["related"]) == (timedelta(days=-1), "END")


def test_it_says_what_it_is_in_utc_without_a_time_zone_of_its_own(notified: Story) -> None:
    content = written(notified)
    read = Calendar.from_ical(content)
    assert (str(read["version"]), str(read["method"])) == ("2.0", "PUBLISH")
    assert str(read["x-wr-calname"]) == TITLE.fr
    assert b"VTIMEZONE" not in content
    assert b"DTEND:20260526T160000Z" in content


def test_lines_are_folded_at_75_bytes_and_texts_come_back_whole(notified: Story) -> None:
    content = written(notified)
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    assert b"\n" not in content.replace(b"\r\n", b"")
    choices = "region = metropole, closed = —, opening = 09:00, cut_off = 18:00, working_day_end = 18:00"
    assert all(choices in event["description"] for event in events(content))


def test_the_same_entries_give_the_same_calendar(notified: Story) -> None:
    assert written(notified) == written(notified)


def test_what_happens_keeps_the_identifier_and_raises_the_sequence(notified: Story) -> None:
    before = one(written(notified), "acknowledgement")
    notified.write(moves.acknowledge(notified.anomaly(), move("2026-05-26T09:00", Party.EDITOR)))
    content = written(notified, "2026-05-26T10:00")
    after = one(content, "acknowledgement")
    assert str(after["uid"]) == str(before["uid"])
    assert after["sequence"] > before["sequence"]
    assert after.decoded("last-modified") == datetime(2026, 5, 26, 7, tzinfo=UTC)
    assert str(after["status"]) == "CANCELLED"
    assert not after.walk("VALARM")
    assert "Tenue le 2026-05-26 09:00" in after["description"]
    # Blocking: two working days after the acknowledgement.
    assert one(content, "correction").decoded("dtend") == datetime(2026, 5, 28, 16, tzinfo=UTC)


def test_a_paused_or_indicative_deadline_is_tentative(notified: Story) -> None:
    notified.write(moves.acknowledge(notified.anomaly(), move("2026-05-26T09:00", Party.EDITOR)))
    notified.write(moves.pause(notified.anomaly(), move("2026-05-26T10:00", Party.ANS, "jeu d’essai"), "Camille"))
    event = one(written(notified, "2026-05-27T09:00"), "correction")
    assert str(event["status"]) == "TENTATIVE"
    assert not event.walk("VALARM")
    assert "Délai suspendu : jeu d’essai" in event["description"]


def test_a_deadline_of_the_acceptance_phase_is_indicative(story: Story) -> None:
    story.record(run("r1", "2026-05-22T09:00", finding()), phase="recette")
    story.write(moves.notify(story.anomaly(), move("2026-05-22T10:00", Party.ANS)))
    event = one(written(story), "acknowledgement")
    assert str(event["status"]) == "TENTATIVE"
    assert "article 6" in event["description"]


def test_one_of_the_acceptance_phase_that_is_notified_in_service_has_a_deadline(story: Story) -> None:
    story.record(run("r1", "2026-05-20T09:00", finding()), phase="recette")
    story.write(Draft(Kind.PHASE_OPENED, "mise-en-service", at("2026-05-21T09:00"), "Dominique", Party.ANS))
    story.write(moves.notify(story.anomaly(), move("2026-05-22T10:00", Party.ANS)))
    event = one(written(story), "acknowledgement")
    assert str(event["status"]) == "CONFIRMED"
    assert "article 6" not in event["description"]
    row = sheet.row(story.register, story.anomaly(), AGREEMENT, at("2026-05-22T12:00"), Lang.FR)
    assert "indicatif" not in str(row[sheet.Key.LEFT])


def test_what_was_withdrawn_is_cancelled_for_those_who_have_it(notified: Story) -> None:
    before = {str(event["uid"]) for event in events(written(notified))}
    notified.write(
        moves.withdraw(notified.anomaly(), move("2026-05-22T11:00", Party.ANS, "jeu d’essai faux"), "Camille")
    )
    after = events(written(notified))
    assert {str(event["uid"]) for event in after} == before
    assert {str(event["status"]) for event in after} == {"CANCELLED"}


def test_an_overdue_deadline_stays_and_says_so(notified: Story) -> None:
    event = one(written(notified, "2026-05-26T18:01"), "acknowledgement")
    assert str(event["status"]) == "CONFIRMED"
    assert "Échéance dépassée" in event["description"]


def test_the_planned_end_of_a_phase_is_there_too(notified: Story) -> None:
    notified.write(Draft(Kind.PHASE_OPENED, "vsr", at("2026-05-22T11:00"), "Dominique", Party.ANS))
    end = PlannedEnd("vsr/1", "vsr", Text("VSR", "VSR"), at("2026-07-22T23:59:59"), "8.1", is_over=False)
    event = one(written(notified, "2026-05-22T12:00", end, lang=Lang.EN), "PHASE")
    assert (str(event["summary"]), str(event["status"])) == ("Planned end: VSR", "CONFIRMED")
    assert event.decoded("dtend") == datetime(2026, 7, 22, 21, 59, 59, tzinfo=UTC)
    closed = one(written(notified, "2026-05-22T12:00", replace(end, is_over=True)), "PHASE")
    assert str(closed["status"]) == "CANCELLED"
    assert str(closed["uid"]) == str(event["uid"])


def test_another_project_has_other_identifiers(notified: Story) -> None:
    other = Story()
    other.record(run("r0", "2026-05-22T08:00", finding("f1")), phase="vsr")
    other.write(moves.notify(other.anomaly(), move("2026-05-22T10:00", Party.ANS)))
    ids = [{str(event["uid"]) for event in events(written(story))} for story in (notified, other)]
    assert not ids[0] & ids[1]

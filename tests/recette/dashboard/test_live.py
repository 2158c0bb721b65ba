"""A run tells how far it has come, and the page what it last heard."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from recette.dashboard import live, streams
from recette.dashboard.model import LiveRun, Progress
from recette.dashboard.repository import MIGRATIONS, LiveRuns
from recette.journal.model import Draft, Kind
from recette.model import (
    CheckJudged,
    ExchangeDone,
    RunFinished,
    RunStarted,
    ScenarioFinished,
    ScenarioStarted,
    Verdict,
    Waiting,
)
from sas_kernel.clock import ManualClock
from sas_kernel.text import Lang, Text
from sas_kit.database import Database, migrate
from tests.recette.dashboard import demo
from tests.recette.dashboard.conftest import OpenDashboard
from tests.recette.reports import samples as reports

SECRET = "812345678901"
TITLE = Text("Un praticien", "One practitioner")
SCENARIO: Any = SimpleNamespace(id="slot_search.one_practitioner", title=TITLE)


def played(progress: Progress, *events: Any) -> Progress:
    for event in events:
        progress = live.after(progress, event)
    return progress


def test_progress_follows_the_events_of_a_run() -> None:
    red = reports.red()
    failed = next(check for check in red.checks if check.verdict is Verdict.FAIL)
    begun = played(Progress(), RunStarted(red.target, (SCENARIO, SCENARIO)), ScenarioStarted(SCENARIO, 1, 2))
    assert (begun.position, begun.total, begun.scenario, begun.title) == (0, 2, SCENARIO.id, TITLE)
    asked = Text("réservez", "book")
    waiting = played(begun, Waiting(SCENARIO.id, asked, 12.0))
    assert waiting.awaited == asked
    assert played(waiting, Waiting(SCENARIO.id, asked, 0.0)).awaited is None
    done = played(waiting, CheckJudged(failed), ScenarioFinished(red.scenarios[0], 1, 2))
    assert (done.position, done.finding, done.awaited) == (1, failed.title, None)
    assert done.verdicts == {red.scenarios[0].verdict: 1}
    over = played(done, RunFinished(red))
    assert (over.run, over.verdict, over.scenario) == (red.id, red.verdict, "")


def test_nothing_that_was_sent_or_received_is_in_it() -> None:
    exchange = reports.exchange(body=SECRET.encode(), target=f"/fhir/Slot?identifier={SECRET}")
    failed = next(check for check in reports.red().checks if check.verdict is Verdict.FAIL)
    told = played(
        Progress(), RunStarted(reports.target(), (SCENARIO,)), ExchangeDone(SCENARIO.id, exchange), CheckJudged(failed)
    )
    assert SECRET not in repr(told)
    assert all(finding.message.fr not in repr(told) for finding in failed.findings)


async def test_a_run_is_read_as_it_was_last_told(database_url: str) -> None:
    clock = ManualClock(demo.NOW)
    listener = await asyncio.to_thread(live.LiveListener, database_url, "nova", clock)
    red = reports.red()
    listener(RunStarted(red.target, (SCENARIO, SCENARIO)))
    listener(ScenarioFinished(red.scenarios[0], 1, 2))
    await asyncio.to_thread(listener, RunFinished(red))
    database = Database(database_url)
    try:
        (told,) = await LiveRuns(database).read(clock.now(), "nova")
        assert (await LiveRuns(database).read(clock.now(), "another")) == ()
        assert (await LiveRuns(database).read(clock.now() + timedelta(hours=25))) == ()
    finally:
        await database.close()
    assert told.finished_at == clock.now()
    assert (told.progress.position, told.progress.run) == (1, red.id)
    assert told.progress.verdicts == {red.scenarios[0].verdict: 1}


async def test_rows_are_replaced_and_old_ones_leave(database_url: str) -> None:
    await asyncio.to_thread(migrate, database_url, MIGRATIONS)
    database = Database(database_url)
    try:
        runs = LiveRuns(database)
        run = LiveRun("nova", "s1", demo.NOW, demo.NOW, None, Progress(position=1, total=3))
        await runs.put(run)
        await runs.put(LiveRun("nova", "s1", demo.NOW, demo.NOW, None, Progress(position=2, total=3)))
        (told,) = await runs.read(demo.NOW)
        assert told.progress.position == 2
        later = demo.NOW + timedelta(hours=25)
        await runs.put(LiveRun("calliope", "s2", later, later, None, Progress()))
        assert [each.session for each in await runs.read(demo.NOW)] == ["s2"]
    finally:
        await database.close()


def test_a_base_that_does_not_answer_ends_no_run(caplog: pytest.LogCaptureFixture) -> None:
    listener = live.LiveListener("postgresql://nobody@127.0.0.1:9/none", "nova", ManualClock(demo.NOW))
    listener(RunStarted(reports.target(), (SCENARIO,)))
    listener(RunFinished(reports.red()))
    assert "the dashboard is not told of this run" in caplog.text


async def test_a_run_of_which_nothing_is_heard_is_said_to_be_silent(open_dashboard: OpenDashboard) -> None:
    begun = demo.NOW - timedelta(minutes=1)
    progress = Progress(
        "Agenda d’essai", 3, 40, "slot_search.leaks", TITLE, {Verdict.PASS: 3}, Text("Constat", "Found")
    )
    async with open_dashboard(demo.nova()) as reader:
        runs = LiveRuns(reader.state.shelf.database)
        await runs.put(LiveRun(demo.NOVA, "s1", begun, demo.NOW, None, progress))
        going = await reader.text(f"/projets/{demo.NOVA}")
        reader.machine.advance(timedelta(seconds=31))
        silent, index = await reader.text(f"/projets/{demo.NOVA}"), await reader.text("/")
        told = json.loads(await reader.text("/api/live"))
    assert "Exécution en cours" in going
    assert 'max="40" value="3"' in going
    assert "Dernier constat\u00a0: Constat" in going
    assert "Sans nouvelles depuis 31 s" in silent
    assert "Sans nouvelles depuis 31 s" in index
    assert told[0]["silent"] is True


async def test_a_run_that_ended_is_told_for_a_while(open_dashboard: OpenDashboard) -> None:
    progress = Progress("Agenda d’essai", 40, 40, run="r1", verdict=Verdict.FAIL)
    async with open_dashboard(demo.nova()) as reader:
        runs = LiveRuns(reader.state.shelf.database)
        await runs.put(LiveRun(demo.NOVA, "s1", demo.NOW, demo.NOW, demo.NOW, progress))
        assert "Exécution terminée" in await reader.text(f"/projets/{demo.NOVA}")
        reader.machine.advance(timedelta(minutes=10))
        assert "Exécution terminée" not in await reader.text(f"/projets/{demo.NOVA}")


async def test_an_open_page_is_told_of_runs_and_then_that_the_journal_moved(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.nova()) as reader:

        async def stays() -> bool:
            return False

        request: Any = SimpleNamespace(is_disconnected=stays)
        events = streams._events(request, reader.state, Lang.FR, demo.NOVA)
        assert await anext(events) == "retry: 3000\n\n"
        await LiveRuns(reader.state.shelf.database).put(
            LiveRun(demo.NOVA, "s1", demo.NOW, demo.NOW, None, Progress("Agenda d’essai", 1, 7))
        )
        first = await anext(events)
        assert first.startswith("event: live\ndata: ")
        assert 'value="1"' in first
        note = Draft(Kind.NOTE, "A-0001", demo.NOW, "Camille Essai", demo.ANS, "note")
        await reader.state.shelf.journal.append(demo.NOVA, [note], demo.NOW)
        assert await anext(events) == "event: journal\ndata: \n\n"
        with pytest.raises(StopAsyncIteration):
            await anext(events)


async def test_an_open_page_is_told_the_time_that_is_left(
    open_dashboard: OpenDashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_REFRESH", 0.001)
    async with open_dashboard(demo.calliope()) as reader:

        async def stays() -> bool:
            return False

        request: Any = SimpleNamespace(is_disconnected=stays)
        for project in (None, demo.CALLIOPE):
            events = streams._events(request, reader.state, Lang.FR, project)
            await anext(events)
            assert "en retard de 6 j 20 h" in await anext(events)
            cast("ManualClock", reader.state.clock).advance(timedelta(minutes=65))
            assert "en retard de 6 j 2" in await anext(events)
            cast("ManualClock", reader.state.clock).advance(timedelta(minutes=-65))
            await events.aclose()  # type: ignore[attr-defined]


async def test_an_open_page_does_not_hold_the_end_of_the_dashboard(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.nova()) as reader:

        async def stays() -> bool:
            return False

        request: Any = SimpleNamespace(is_disconnected=stays)
        events = streams._events(request, reader.state, Lang.FR, None)
        await anext(events)
        reader.state.is_closing = True
        with pytest.raises(StopAsyncIteration):
            await anext(events)


async def test_more_pages_than_can_be_followed_are_asked_to_wait(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.nova(), streams=1) as reader, reader.state.streams:
        answer = await reader.send("GET", "/direct")
    assert (answer.status, answer.header("retry-after")) == (503, "30")


def test_lines_of_an_event_are_kept_apart() -> None:
    assert streams.event("live", "a\nb\r\nc") == "event: live\ndata: a\ndata: b\ndata: c\n\n"
    assert streams.event("journal", "") == "event: journal\ndata: \n\n"

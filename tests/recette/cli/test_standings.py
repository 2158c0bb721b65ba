"""Over what time a service is looked at, and by which levels. 2026: go-live on 2 June, operation from 3 August."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from recette.cli.standings import standing_of
from recette.monitoring import repository
from recette.monitoring.model import Sample
from recette.projects.book import Book
from recette.projects.model import PhaseId
from tests.recette.projects.conftest import Story, at, run


async def watched(url: str, *days: tuple[datetime, bool]) -> None:
    async with repository.opened(url) as samples:
        await samples.add("p", [Sample("slot_search.one_practitioner", day, ok, 0.2) for day, ok in days])


def in_service(*flows: str) -> Story:
    story = Story().in_recette(flows=list(flows), changes={"watch_interval": "86400"})
    story.record(run("r1", "2026-05-18T10:00"))
    return story.in_go_live().in_vsr()


def in_operation() -> Book:
    story = in_service("slot_search")
    story.close(PhaseId.VSR, "2026-08-03T10:00")
    story.open(PhaseId.EXPLOITATION, "2026-08-03T10:00")
    return story.book


async def test_the_vsr_is_looked_at_as_a_whole_and_operation_over_thirty_days(sqlite_url: str) -> None:
    first = at("2026-08-03T10:00")
    days = [(first + timedelta(days=number), number != 1) for number in range(60)]  # down on 4 August
    await watched(sqlite_url, *days)
    book = in_operation()
    early = await standing_of(sqlite_url, book, at("2026-08-13T10:00"))
    assert early is not None
    assert early.start == first
    assert early.availability == pytest.approx(0.9)
    late = await standing_of(sqlite_url, book, at("2026-10-01T10:00"))
    assert late is not None
    assert (late.start, late.availability) == (at("2026-09-01T10:00"), 1.0)


async def test_a_project_goes_by_the_levels_of_its_flows(sqlite_url: str) -> None:
    now = at("2026-07-01T10:00")
    search = await standing_of(sqlite_url, in_service("slot_search").book, now)
    booking = await standing_of(sqlite_url, in_service("regulators", "sso", "appointments").book, now)
    assert search is not None
    assert booking is not None
    assert {level.level for level in search.levels} == {"slot_search.answer_timeout", "slot_search.one_practitioner"}
    assert booking.levels == ()
    assert booking.conforms is None  # nothing was watched


async def test_before_service_nothing_is_looked_at(sqlite_url: str) -> None:
    assert await standing_of(sqlite_url, Story().in_recette().book, at("2026-05-02T10:00")) is None

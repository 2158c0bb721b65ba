from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from recette.monitoring.model import MonitoringError, Sample
from recette.monitoring.repository import Samples, opened
from sas_kernel.clock import PARIS
from sas_kit.database import Database

NOW = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
PROBE = "slot_search.one_practitioner"


def samples(count: int) -> tuple[Sample, ...]:
    return tuple(Sample(PROBE, NOW + timedelta(minutes=n), n % 7 != 0, 0.1 + n / 1e6) for n in range(count))


@pytest.fixture
async def kept(database_url: str) -> AsyncIterator[Samples]:
    async with opened(database_url) as kept:
        yield kept


async def test_samples_are_read_back_as_they_were_by_project_and_period_once_each(kept: Samples) -> None:
    taken = samples(1200)
    wrong = Sample("slot_search.metadata", NOW, False, None, "HTTP 503 " + "x\x00\ud800" * 400)
    await kept.add("p", taken)
    await kept.add("p", [*taken[1000:], wrong])  # what was not confirmed is added again
    await kept.add("q", taken[:1])
    read = await kept.read("p", NOW, NOW + timedelta(days=1))
    assert [each for each in read if each.probe == PROBE] == list(taken)
    assert read[0].detail.startswith("HTTP 503 x�?")
    assert len(read[0].detail) == 500
    assert await kept.read("p", NOW + timedelta(minutes=3), NOW + timedelta(minutes=5)) == taken[3:5]
    assert await kept.read("p", NOW.astimezone(PARIS), NOW + timedelta(seconds=1)) == (read[0], taken[0])
    assert await kept.read("r", NOW, NOW + timedelta(days=1)) == ()
    await kept.add("p", ())


@pytest.mark.parametrize("statement", ["UPDATE monitoring_sample SET ok = NOT ok", "DELETE FROM monitoring_sample"])
async def test_samples_are_never_changed(database_url: str, statement: str) -> None:
    async with opened(database_url) as kept:
        await kept.add("p", samples(1))
    database = Database(database_url)
    try:
        with pytest.raises(DBAPIError, match="only added to"):
            async with database.transaction() as connection:
                await connection.execute(sa.text(statement))
    finally:
        await database.close()


async def test_a_database_that_does_not_answer_is_said_to() -> None:
    with pytest.raises(MonitoringError, match="register’s database"):
        async with opened("postgresql://postgres@127.0.0.1:22299/nowhere"):
            raise AssertionError("nobody listens there")

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from recette.journal.model import Draft, JournalError, JournalMovedError, Kind, Party, first_broken
from recette.journal.repository import Journal, opened
from sas_kit.database import Database

NOW = datetime(2026, 5, 22, 10, tzinfo=UTC)


def draft(subject: str = "A-0001", why: str = "", at: datetime = NOW) -> Draft:
    return Draft(Kind.NOTE, subject, at, "Camille Orfelin", Party.EDITOR, why, {"é": [1, None], "a": "x"})


@pytest.fixture
async def journal(database_url: str) -> AsyncIterator[Journal]:
    async with opened(database_url) as journal:
        yield journal


async def test_what_is_written_is_read_back_in_its_order_and_chained(journal: Journal) -> None:
    first = await journal.append("p", [draft(), draft("A-0002")], NOW)
    second = await journal.append("p", [draft(at=NOW.astimezone(timezone(timedelta(hours=2))))], NOW)
    await journal.append("q", [draft()], NOW)
    assert await journal.read("p") == (*first, *second)
    assert await journal.read("p", after=2) == second
    assert [entry.number for entry in (*first, *second)] == [1, 2, 3]
    assert second[0].previous == first[1].hash
    assert first_broken(await journal.read("p")) is None
    assert await journal.projects() == ("p", "q")
    assert await journal.read("r") == ()


async def test_a_decision_on_an_old_state_is_refused_and_writes_nothing(journal: Journal) -> None:
    await journal.append("p", [draft()], NOW, expecting=0)
    with pytest.raises(JournalMovedError):
        await journal.append("p", [draft()], NOW, expecting=0)
    assert len(await journal.read("p")) == 1


async def test_writers_at_the_same_time_make_one_chain(journal: Journal) -> None:
    await asyncio.gather(*(journal.append("p", [draft(), draft()], NOW) for _ in range(4)))
    entries = await journal.read("p")
    assert [entry.number for entry in entries] == list(range(1, 9))
    assert first_broken(entries) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entry SET why = 'x'",
        "DELETE FROM journal_entry",
        "UPDATE journal_document SET content = content",
        "DELETE FROM journal_document",
    ],
)
async def test_the_database_itself_refuses_to_rewrite(journal: Journal, database_url: str, statement: str) -> None:
    await journal.append("p", [draft()], NOW)
    await journal.keep(b"report", "application/json", NOW)
    database = Database(database_url)
    try:
        with pytest.raises(DBAPIError, match="only added to"):
            async with database.transaction() as connection:
                await connection.execute(sa.text(statement))
    finally:
        await database.close()


async def test_a_document_is_kept_once_under_its_hash(journal: Journal) -> None:
    sha256 = await journal.keep(b"\x00report", "application/pdf", NOW)
    assert await journal.keep(b"\x00report", "application/pdf", NOW) == sha256
    kept = await journal.document(sha256)
    assert kept is not None
    assert (kept.content, kept.media_type) == (b"\x00report", "application/pdf")
    assert await journal.document("0" * 64) is None


@pytest.mark.parametrize(
    "wrong",
    [
        draft(at=NOW + timedelta(microseconds=1)),
        draft("A" * 121),
        draft(why="\x00"),
        draft(why="\ud800"),
        draft(why="x" * 20_001),
    ],
)
async def test_what_cannot_be_kept_is_refused_in_a_sentence(journal: Journal, wrong: Draft) -> None:
    with pytest.raises(JournalError):
        await journal.append("p", [draft(), wrong], NOW)
    assert await journal.read("p") == ()


async def test_any_change_to_what_was_written_is_found(journal: Journal) -> None:
    entries = await journal.append("p", [draft(), draft(), draft()], NOW)
    first, second, third = entries
    assert first_broken(entries) is None
    assert first_broken((first, replace(second, why="autre"), third)) == replace(second, why="autre")
    assert first_broken((first, replace(second, at=NOW - timedelta(days=1)), third)) is not None
    assert first_broken((first, third)) == third
    assert first_broken((second, third)) == second
    assert first_broken((first, replace(second, payload={}), third)) is not None


async def test_a_database_that_does_not_answer_is_said_so() -> None:
    with pytest.raises(JournalError, match="--database-url"):
        async with opened("postgresql://postgres@127.0.0.1:1/none"):
            pass

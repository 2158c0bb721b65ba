from __future__ import annotations

import pytest
import sqlalchemy as sa

from sas_kit.database import Database
from sas_kit.pooling import NoRoomError, require_room


async def _limits(url: str) -> tuple[int, str]:
    database = Database(url, pool_size=1)
    async with database.reading() as connection:
        query = (
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int, "
            "current_database()"
        )
        row = (await connection.execute(sa.text(query))).one()
    await database.close()
    return row[0], row[1]


@pytest.mark.postgresql
async def test_workers_that_would_open_more_than_the_server_takes_are_refused_at_once(postgresql_url: str) -> None:
    room, _name = await _limits(postgresql_url)

    await require_room(postgresql_url, workers=1, pool=room)
    with pytest.raises(NoRoomError, match="lower --database-pool or --workers") as refused:
        await require_room(postgresql_url, workers=2, pool=room // 2 + 1)

    assert str(room) in refused.value.text.fr
    assert str(2 * (room // 2 + 1)) in refused.value.text.fr


@pytest.mark.postgresql
async def test_the_limit_of_the_database_itself_counts_too(postgresql_url: str) -> None:
    _room, name = await _limits(postgresql_url)
    database = Database(postgresql_url, pool_size=1)
    async with database.reading() as connection:
        await connection.execute(sa.text(f'ALTER DATABASE "{name}" CONNECTION LIMIT 7'))
    await database.close()

    await require_room(postgresql_url, workers=7, pool=1)
    with pytest.raises(NoRoomError, match="takes 7 connections"):
        await require_room(postgresql_url, workers=2, pool=4)


async def test_a_file_has_room_for_everybody(sqlite_url: str) -> None:
    await require_room(sqlite_url, workers=1_000, pool=1_000)

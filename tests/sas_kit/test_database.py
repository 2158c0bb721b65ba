import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from sas_kit.database import (
    Database,
    DatabaseUrlError,
    SchemaTooNewError,
    asynchronous_url,
    is_current,
    migrate,
    translating,
)

REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("{table}", sa.Column("id", sa.Integer, primary_key=True), sa.Column("word", sa.Text))


def downgrade() -> None:
    op.drop_table("{table}")
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "some_service" / "migrations"
    (folder / "versions").mkdir(parents=True)
    add_revision(folder, "0001", None, "first")
    return folder


def add_revision(folder: Path, revision: str, down: str | None, table: str) -> None:
    text = REVISION.format(revision=revision, down=repr(down), table=table)
    (folder / "versions" / f"{revision}.py").write_text(text)


async def test_migrations_bring_a_database_to_the_newest_revision(database_url: str, migrations: Path) -> None:
    await asyncio.to_thread(migrate, database_url, migrations)
    database = Database(database_url)
    assert await is_current(database, migrations)
    add_revision(migrations, "0002", "0001", "second")
    assert not await is_current(database, migrations)
    migrate(database_url, migrations)  # with a running loop too
    assert await is_current(database, migrations)
    async with database.reading() as connection:
        assert (await connection.execute(sa.text("SELECT count(*) FROM second"))).scalar_one() == 0
    await database.close()


def test_a_database_of_a_newer_version_is_left_as_it_is(database_url: str, migrations: Path) -> None:
    add_revision(migrations, "0002", "0001", "second")
    migrate(database_url, migrations)
    (migrations / "versions" / "0002.py").unlink()
    with pytest.raises(SchemaTooNewError, match="newer version"):
        migrate(database_url, migrations)


@pytest.mark.parametrize("url", ["", "register.sqlite", "mysql://example.org/register", "postgresql://h:port/x"])
def test_what_is_no_url_of_a_database_that_we_know_is_said(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match="sqlite:///file or postgresql"):
        asynchronous_url(url)


def test_a_file_that_is_no_database_counts_as_one_that_does_not_answer(tmp_path: Path, migrations: Path) -> None:
    (tmp_path / "register.sqlite").write_text("not a database, " * 20)
    with (
        pytest.raises(ConnectionError, match="away"),
        translating(unavailable=lambda: ConnectionError("away"), conflict=AssertionError),
    ):
        migrate(f"sqlite:///{tmp_path / 'register.sqlite'}", migrations)


async def test_workers_that_start_together_migrate_once(database_url: str, migrations: Path) -> None:
    await asyncio.gather(*(asyncio.to_thread(migrate, database_url, migrations) for _ in range(4)))
    database = Database(database_url)
    assert await is_current(database, migrations)
    await database.close()


async def test_two_services_keep_their_revisions_apart(database_url: str, migrations: Path, tmp_path: Path) -> None:
    other = tmp_path / "other_service" / "migrations"
    (other / "versions").mkdir(parents=True)
    add_revision(other, "aaaa", None, "theirs")
    migrate(database_url, migrations)
    migrate(database_url, other)
    database = Database(database_url)
    assert await is_current(database, migrations)
    assert await is_current(database, other)
    await database.close()


async def test_a_transaction_is_whole_or_not_at_all(database_url: str, migrations: Path) -> None:
    migrate(database_url, migrations)
    database = Database(database_url)
    async with database.transaction() as connection:
        await connection.execute(sa.text("INSERT INTO first (id, word) VALUES (1, 'kept')"))

    async def give_up_half_way() -> None:
        async with database.transaction() as connection:
            await connection.execute(sa.text("INSERT INTO first (id, word) VALUES (2, 'lost')"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await give_up_half_way()
    async with database.reading() as connection:
        rows = (await connection.execute(sa.text("SELECT word FROM first"))).scalars().all()
    assert rows == ["kept"]
    await database.close()


async def test_writers_wait_for_one_another(database_url: str, migrations: Path) -> None:
    migrate(database_url, migrations)
    database = Database(database_url)
    async with database.transaction() as connection:
        await connection.execute(sa.text("INSERT INTO first (id, word) VALUES (1, '0')"))

    async def count_up() -> None:
        async with database.transaction() as connection:
            read = "SELECT word FROM first WHERE id = 1" + (" FOR UPDATE" if database.dialect == "postgresql" else "")
            value = int((await connection.execute(sa.text(read))).scalar_one())
            await connection.execute(sa.text("UPDATE first SET word = :w WHERE id = 1"), {"w": str(value + 1)})

    await asyncio.gather(*(count_up() for _ in range(20)))
    async with database.reading() as connection:
        assert (await connection.execute(sa.text("SELECT word FROM first"))).scalar_one() == "20"
    await database.close()


@pytest.mark.parametrize(
    ("given", "driver"),
    [("sqlite:///x.db", "sqlite+aiosqlite"), ("postgresql://h/d", "postgresql+asyncpg")],
)
def test_a_url_is_given_its_driver(given: str, driver: str) -> None:
    assert asynchronous_url(given).drivername == driver


def test_another_database_is_refused() -> None:
    with pytest.raises(ValueError, match="sqlite"):
        asynchronous_url("mysql://h/d")


@pytest.mark.postgresql
@pytest.mark.parametrize("paused", [True, False])
async def test_a_connection_that_the_server_ended_is_replaced_after_a_pause_and_told_within_it(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch, paused: bool
) -> None:
    monkeypatch.setattr("sas_kit.database._TRUSTED", 0.0 if paused else 60.0)
    database, other = Database(postgresql_url, pool_size=1), Database(postgresql_url, pool_size=1)
    backend = sa.text("SELECT pg_backend_pid()")
    async with database.reading() as connection:
        ended = (await connection.execute(backend)).scalar_one()
    async with other.reading() as connection:
        await connection.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": ended})
        gone = sa.text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
        while (await connection.execute(gone, {"pid": ended})).scalar_one():  # noqa: ASYNC110  only asking tells
            await asyncio.sleep(0.005)

    async def served_by() -> int:
        with translating(unavailable=lambda: ConnectionError("away"), conflict=AssertionError):
            async with database.reading() as connection:
                number: int = (await connection.execute(backend)).scalar_one()
                return number

    if not paused:  # one request hears of it; the next has another connection
        with pytest.raises(ConnectionError, match="away"):
            await served_by()
    assert await served_by() != ended
    await database.close()
    await other.close()

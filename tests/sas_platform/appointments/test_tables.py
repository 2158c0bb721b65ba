"""The migration makes what the code uses."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from sas_kit.database import Database, migrate
from sas_platform.app import MIGRATIONS
from sas_platform.appointments.tables import metadata


async def test_the_migrations_make_exactly_the_tables_that_the_code_uses(database_url: str) -> None:
    migrate(database_url, MIGRATIONS)

    def differences(connection: Connection) -> list[object]:
        options = {
            "compare_type": True,
            "version_table": "alembic",
            "include_name": lambda name, kind, _parents: kind != "table" or name in metadata.tables,
        }
        found: list[object] = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        return found

    database = Database(database_url)
    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from agenda_editor.agendas import tables as agendas
from agenda_editor.app import MIGRATIONS
from agenda_editor.appointments import tables as appointments
from agenda_editor.associations import tables as associations
from agenda_editor.communities import tables as communities
from agenda_editor.provisioning import tables as provisioning
from agenda_editor.regulators import tables as regulators
from agenda_editor.sso import tables as sso
from sas_kit.database import Database, migrate


async def test_the_migrations_make_exactly_the_tables_that_the_code_uses(database_url: str) -> None:
    migrate(database_url, MIGRATIONS)
    declared = MetaData()
    features = (agendas, provisioning, regulators, appointments, sso, communities, associations)
    for feature in features:
        for table in feature.metadata.tables.values():
            table.to_metadata(declared)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "version_table": "alembic"})
        found: list[object] = compare_metadata(context, declared)
        return [d for d in found if "agenda_editor_revision" not in str(d)]

    database = Database(database_url)
    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()

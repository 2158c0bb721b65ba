"""A database in use goes to the newest revision and loses nothing: each service, from 0004, before CPTS and SOS."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agenda_editor.app import MIGRATIONS as OF_THE_AGENDA
from sas_kit.database import migrate
from sas_platform.app import MIGRATIONS as OF_THE_PLATFORM

_VALUES: dict[type, Any] = {
    bool: True,
    int: 1,
    float: 1.5,
    str: "a",
    bytes: b"{}",
    date: date(2031, 3, 10),
}
"""One value a type: what refers to a row refers to the only one there is."""


def _tables(connection: sa.Connection) -> list[sa.Table]:
    """As they are in the database, whatever the code of today says; what is referred to comes first."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if not table.name.endswith("_revision")]


def _rows(connection: sa.Connection, table: sa.Table) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


@pytest.mark.parametrize(
    ("migrations", "added"),
    [
        (
            OF_THE_AGENDA,
            {
                "slots": {"communities": "", "cpts_fragment": None},
                "appointments": {"association_national_id": None},
            },
        ),
        (
            OF_THE_PLATFORM,
            {
                "editor": {"searches": "practitioners", "associations": ""},
                "reported_appointment": {"structure": None},
                "appointment_report": {"structure": None},
            },
        ),
    ],
    ids=["agenda", "platform"],
)
def test_rows_of_0004_are_all_there_at_the_newest_revision(
    migrations: Path, added: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    file = tmp_path / "used.sqlite"
    migrate(f"sqlite:///{file}", migrations, "0004")
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        tables = _tables(connection)
        for table in tables:
            row = {column.name: _VALUES[column.type.python_type] for column in table.columns}
            connection.execute(table.insert().prefix_with("OR IGNORE"), row)
        before = {table.name: _rows(connection, table) for table in tables}
    assert all(before.values())
    assert not added.keys() - before.keys()

    migrate(f"sqlite:///{file}", migrations)

    with engine.connect() as connection:
        after = {table.name: _rows(connection, table) for table in _tables(connection)}
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
    engine.dispose()
    for name, rows in before.items():
        for expected in (row | added.get(name, {}) for row in rows):
            assert expected in [{key: row[key] for key in expected} for row in after[name]], name

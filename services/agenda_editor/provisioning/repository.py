"""The only SQL on what was provisioned."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from agenda_editor.provisioning.tables import provisions


class ProvisionRepository:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self, name: str) -> tuple[str, date | None]:
        """`(digest, last day filled)` of a data set, `("", None)` when new; other workers wait until we are through."""
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        await self._connection.execute(
            dialect.insert(provisions).values(name=name, digest="", filled_to=None).on_conflict_do_nothing()
        )
        query = sa.select(provisions.c.digest, provisions.c.filled_to).where(provisions.c.name == name)
        row = (await self._connection.execute(query.with_for_update())).one()
        return row[0], row[1]

    async def record(self, name: str, digest: str, filled_to: date) -> None:
        query = provisions.update().where(provisions.c.name == name)
        await self._connection.execute(query.values(digest=digest, filled_to=filled_to))

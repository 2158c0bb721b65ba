"""The only SQL on CPTS."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from agenda_editor.communities.model import Community, CommunityDetails
from agenda_editor.communities.tables import communities
from sas_kit.arrays import among


class CommunityRepository:
    """Works on one connection, inside the transaction of whoever opened it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def by_ids(self, ids: Collection[int]) -> list[Community]:
        """Those that exist, by id."""
        query = sa.select(communities).where(among(communities.c.id, ids)).order_by(communities.c.id)
        return [
            Community(row["id"], CommunityDetails(row["name"], row["finess"], row["phone"]))
            for row in (await self._connection.execute(query)).mappings()
        ]

    async def ids_of(self, source: str) -> dict[str, int]:
        """FINESS number and id of those that came from `source`."""
        query = sa.select(communities.c.finess, communities.c.id).where(communities.c.source == source)
        return {row[0]: row[1] for row in await self._connection.execute(query)}

    async def insert(self, added: Sequence[Community], source: str | None) -> None:
        rows = [
            {"id": one.id, "name": d.name, "finess": d.finess, "phone": d.phone, "source": source}
            for one in added
            for d in [one.details]
        ]
        if rows:
            await self._connection.execute(communities.insert(), rows)

    async def delete_source(self, source: str) -> None:
        await self._connection.execute(communities.delete().where(communities.c.source == source))

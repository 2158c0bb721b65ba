"""What one can do with CPTS: read those that slots name, and keep those of a data set."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from agenda_editor.agendas.model import AgendaUnavailableError
from agenda_editor.communities.model import Community, CommunityDetails, InvalidCommunityError
from agenda_editor.communities.repository import CommunityRepository
from sas_kernel.identifiers import international_phone
from sas_kit.database import Database, translating


class CommunityService:
    """Everything may raise `AgendaUnavailableError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def named(self, ids: Collection[int]) -> list[Community]:
        """Those of the CPTS that exist, by id."""
        if not ids:
            return []
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            async with self._database.reading() as connection:
                return await CommunityRepository(connection).by_ids(ids)


async def add_communities(
    connection: AsyncConnection, details: Sequence[CommunityDetails], first_id: int, source: str | None = None
) -> list[Community]:
    """Within the transaction of whoever opened the connection, with ids from `first_id` on.

    Raises `InvalidCommunityError`, or `InvalidValueError` for a phone number that is none.
    """
    for one in details:
        if not re.fullmatch(r"[0-9]{9}", one.finess):
            raise InvalidCommunityError(one.finess)
        if one.phone and one.phone.strip():
            international_phone(one.phone)
    added = [Community(number, one) for number, one in enumerate(details, start=first_id)]
    await CommunityRepository(connection).insert(added, source)
    return added


async def community_ids(connection: AsyncConnection, source: str) -> dict[str, int]:
    """FINESS number and id of the CPTS that came from `source`."""
    return await CommunityRepository(connection).ids_of(source)


async def delete_communities(connection: AsyncConnection, source: str) -> None:
    await CommunityRepository(connection).delete_source(source)

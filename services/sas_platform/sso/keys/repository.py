"""The rows of signing keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sas_platform.sso.keys.model import StoredKey
from sas_platform.sso.keys.tables import key as keys


@dataclass(frozen=True, slots=True)
class KeyRepository:
    connection: AsyncConnection

    async def lock(self) -> None:
        """Until the end of the transaction no other worker makes a key."""
        if self.connection.dialect.name == "postgresql":
            await self.connection.exec_driver_sql("LOCK TABLE sign_on_key IN SHARE ROW EXCLUSIVE MODE")

    async def all(self) -> list[StoredKey]:
        """The newest first."""
        rows = await self.connection.execute(sa.select(keys).order_by(keys.c.created.desc(), keys.c.kid))
        return [
            StoredKey(row.kid, row.pem, _instant(row.created), None if row.retired is None else _instant(row.retired))
            for row in rows
        ]

    async def add(self, key: StoredKey) -> None:
        """From now on this key signs, and the one before it does not."""
        created = _milliseconds(key.created)
        await self.connection.execute(keys.update().where(keys.c.retired.is_(None)).values(retired=created))
        await self.connection.execute(keys.insert().values(kid=key.kid, pem=key.pem, created=created))

    async def forget(self, kid: str) -> None:
        await self.connection.execute(keys.delete().where(keys.c.kid == kid))


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _instant(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC)

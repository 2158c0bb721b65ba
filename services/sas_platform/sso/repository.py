"""The rows of sessions and of failed attempts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sas_platform.sso.model import Session
from sas_platform.sso.rules import hashed
from sas_platform.sso.tables import failure as failures
from sas_platform.sso.tables import session as sessions


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def instant(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC)


@dataclass(frozen=True, slots=True)
class SessionRepository:
    connection: AsyncConnection

    async def insert(self, session: Session, cookie: str) -> None:
        await self.connection.execute(
            sessions.insert().values(
                id=session.id,
                cookie_hash=hashed(cookie),
                regulator_id=session.regulator_id,
                csrf=session.csrf,
                opened=milliseconds(session.opened),
                seen=milliseconds(session.seen),
            )
        )

    async def with_cookie(self, cookie: str) -> Session | None:
        return await self._one(sessions.c.cookie_hash == hashed(cookie))

    async def get(self, session_id: str) -> Session | None:
        return await self._one(sessions.c.id == session_id)

    async def seen(self, session_id: str, now: datetime) -> None:
        await self.connection.execute(
            sessions.update()
            .where(sessions.c.id == session_id, sessions.c.seen < milliseconds(now))
            .values(seen=milliseconds(now))
        )

    async def end(self, session_id: str, now: datetime) -> None:
        await self.connection.execute(
            sessions.update()
            .where(sessions.c.id == session_id, sessions.c.ended.is_(None))
            .values(ended=milliseconds(now))
        )

    async def forget(self, before: datetime) -> None:
        """Delete the sessions that opened before this instant."""
        await self.connection.execute(sessions.delete().where(sessions.c.opened < milliseconds(before)))

    async def _one(self, condition: sa.ColumnElement[bool]) -> Session | None:
        row = (await self.connection.execute(sa.select(sessions).where(condition))).one_or_none()
        return None if row is None else _session(row)


@dataclass(frozen=True, slots=True)
class FailureRepository:
    connection: AsyncConnection

    async def lock(self) -> None:
        """Until the end of the transaction nobody else counts: attempts made together would each see room."""
        if self.connection.dialect.name == "postgresql":
            await self.connection.exec_driver_sql("LOCK TABLE sign_on_failure IN SHARE ROW EXCLUSIVE MODE")

    async def of_login(self, login: str, since: datetime) -> list[datetime]:
        return await self._instants(failures.c.login_hash == hashed(login), since)

    async def of_address(self, address: str, since: datetime) -> list[datetime]:
        return await self._instants(failures.c.address == address, since)

    async def add(self, login: str, address: str, now: datetime) -> None:
        values = {"login_hash": hashed(login), "address": address, "at": milliseconds(now)}
        await self.connection.execute(failures.insert().values(values))

    async def forgive(self, login: str) -> None:
        """Forget the failures of who has succeeded; those of other logins from his address count on."""
        await self.connection.execute(failures.delete().where(failures.c.login_hash == hashed(login)))

    async def forget(self, before: datetime) -> None:
        await self.connection.execute(failures.delete().where(failures.c.at < milliseconds(before)))

    async def _instants(self, condition: sa.ColumnElement[bool], since: datetime) -> list[datetime]:
        rows = await self.connection.execute(
            sa.select(failures.c.at).where(condition, failures.c.at > milliseconds(since))
        )
        return [instant(row.at) for row in rows]


def _session(row: sa.Row[Any]) -> Session:
    return Session(
        id=row.id,
        regulator_id=row.regulator_id,
        csrf=row.csrf,
        opened=instant(row.opened),
        seen=instant(row.seen),
        ended=None if row.ended is None else instant(row.ended),
    )

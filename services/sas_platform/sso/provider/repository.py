"""The rows of codes and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sas_platform.sso.oauth.model import AuthorizationCode, Token
from sas_platform.sso.provider.tables import code as codes
from sas_platform.sso.provider.tables import token as tokens


@dataclass(frozen=True, slots=True)
class CodeRepository:
    connection: AsyncConnection

    async def insert(self, code: AuthorizationCode) -> None:
        await self.connection.execute(
            codes.insert().values(
                code_hash=code.hash,
                session_id=code.session_id,
                client_id=code.client_id,
                redirect_uri=code.redirect_uri,
                scope=code.scope,
                nonce=code.nonce,
                acr=code.acr,
                challenge=code.challenge,
                expires=_milliseconds(code.expires),
            )
        )

    async def get(self, code_hash: str) -> AuthorizationCode | None:
        row = (await self.connection.execute(sa.select(codes).where(codes.c.code_hash == code_hash))).one_or_none()
        return None if row is None else _code(row)

    async def use(self, code_hash: str, now: datetime) -> bool:
        """Mark it as used; False when somebody else has."""
        result = await self.connection.execute(
            codes.update().where(codes.c.code_hash == code_hash, codes.c.used.is_(None)).values(used=_milliseconds(now))
        )
        return result.rowcount == 1

    async def forget(self, before: datetime) -> None:
        await self.connection.execute(codes.delete().where(codes.c.expires < _milliseconds(before)))


@dataclass(frozen=True, slots=True)
class TokenRepository:
    connection: AsyncConnection

    async def insert(self, token: Token) -> None:
        await self.connection.execute(
            tokens.insert().values(
                id=token.id,
                family=token.family,
                session_id=token.session_id,
                client_id=token.client_id,
                scope=token.scope,
                nonce=token.nonce,
                acr=token.acr,
                refresh_hash=token.refresh_hash,
                issued=_milliseconds(token.issued),
                expires=_milliseconds(token.expires),
                refresh_expires=_milliseconds(token.refresh_expires),
            )
        )

    async def get(self, token_id: str) -> Token | None:
        return await self._one(tokens.c.id == token_id)

    async def with_refresh(self, refresh_hash: str) -> Token | None:
        return await self._one(tokens.c.refresh_hash == refresh_hash)

    async def refresh(self, token_id: str, now: datetime) -> bool:
        """Mark its refresh token as used; False when somebody else has, or when it was revoked."""
        result = await self.connection.execute(
            tokens.update()
            .where(tokens.c.id == token_id, tokens.c.refreshed.is_(None), tokens.c.revoked.is_(None))
            .values(refreshed=_milliseconds(now))
        )
        return result.rowcount == 1

    async def revoke(self, family: str, now: datetime) -> None:
        """All that began with one code."""
        await self.connection.execute(
            tokens.update()
            .where(tokens.c.family == family, tokens.c.revoked.is_(None))
            .values(revoked=_milliseconds(now))
        )

    async def forget(self, before: datetime) -> None:
        await self.connection.execute(tokens.delete().where(tokens.c.refresh_expires < _milliseconds(before)))

    async def _one(self, condition: sa.ColumnElement[bool]) -> Token | None:
        row = (await self.connection.execute(sa.select(tokens).where(condition))).one_or_none()
        return None if row is None else _token(row)


def _code(row: sa.Row[Any]) -> AuthorizationCode:
    return AuthorizationCode(
        hash=row.code_hash,
        session_id=row.session_id,
        client_id=row.client_id,
        redirect_uri=row.redirect_uri,
        scope=row.scope,
        nonce=row.nonce,
        acr=row.acr,
        challenge=row.challenge,
        expires=_instant(row.expires),
        used=_maybe(row.used),
    )


def _token(row: sa.Row[Any]) -> Token:
    return Token(
        id=row.id,
        family=row.family,
        session_id=row.session_id,
        client_id=row.client_id,
        scope=row.scope,
        nonce=row.nonce,
        acr=row.acr,
        refresh_hash=row.refresh_hash,
        issued=_instant(row.issued),
        expires=_instant(row.expires),
        refresh_expires=_instant(row.refresh_expires),
        refreshed=_maybe(row.refreshed),
        revoked=_maybe(row.revoked),
    )


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _instant(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC)


def _maybe(value: int | None) -> datetime | None:
    return None if value is None else _instant(value)

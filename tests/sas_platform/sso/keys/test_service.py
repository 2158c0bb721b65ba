"""Several workers and their signing keys."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from sas_kit.database import Database, migrate
from sas_platform.app import MIGRATIONS
from sas_platform.sso.keys import service
from sas_platform.sso.keys.service import KeyRing
from sas_platform.sso.model import Lifetimes

NOW = datetime(2031, 3, 10, 7, tzinfo=UTC)


@asynccontextmanager
async def rings(database_url: str, number: int) -> AsyncIterator[list[KeyRing]]:
    migrate(database_url, MIGRATIONS)
    databases = [Database(database_url) for _ in range(number)]
    try:
        yield [KeyRing(database, Lifetimes()) for database in databases]
    finally:
        for database in databases:
            await database.close()


def signed_by(key: RSAKey) -> str:
    return jwt.encode({"alg": "RS256", "kid": key.kid}, {"sub": "somebody"}, key, ["RS256"])


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


async def test_workers_that_start_together_sign_with_the_same_key(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [service._made(NOW) for _ in range(6)]  # else whose key is made first is long done before the next one
    monkeypatch.setattr(service, "_made", lambda now: made.pop())
    async with rings(database_url, 6) as workers:
        keys = await asyncio.gather(*(worker.signing(NOW) for worker in workers))
        assert len({key.kid for key in keys}) == 1
        published = await workers[0].published(NOW)
        assert [key["kid"] for key in published] == [keys[0].kid]
        assert set(published[0]) == {"kty", "n", "e", "kid", "use", "alg"}
        assert (published[0]["use"], published[0]["alg"]) == ("sig", "RS256")
        assert "PRIVATE" not in repr(workers[0])


async def test_a_rotation_is_seen_by_all_and_breaks_nothing(database_url: str) -> None:
    async with rings(database_url, 2) as (one, other):
        old = await one.signing(NOW)
        token = signed_by(old)
        later = NOW + timedelta(hours=1)
        kid = await other.rotate(later)
        assert kid != old.kid
        assert (await one.signing(later)).kid == kid
        assert {key["kid"] for key in await one.published(later)} == {old.kid, kid}
        assert await one.verified(token, later) == {"sub": "somebody"}
        gone = later + timedelta(hours=4)
        assert await one.verified(token, gone) is None
        assert [key["kid"] for key in await other.published(gone)] == [kid]


async def test_an_old_key_is_replaced_where_it_is_needed(sqlite_url: str) -> None:
    async with rings(sqlite_url, 2) as workers:
        old = await workers[0].signing(NOW)
        later = NOW + timedelta(days=90)
        keys = await asyncio.gather(*(worker.signing(later) for worker in workers))
        assert len({key.kid for key in keys}) == 1
        assert keys[0].kid != old.kid
        await workers[0].rotate(later + timedelta(days=1))  # the first one is not kept for ever
        assert old.kid not in {key["kid"] for key in await workers[0].published(later + timedelta(days=1))}


async def test_a_token_of_another_make_is_no_token(sqlite_url: str) -> None:
    async with rings(sqlite_url, 1) as (ring,):
        key = await ring.signing(NOW)
        good = signed_by(key)
        assert await ring.verified(good, NOW) == {"sub": "somebody"}
        head, payload, signature = good.split(".")
        none = encoded(json.dumps({"alg": "none"}).encode())
        public = key.as_pem(private=False)  # known to all: as a secret it would let anybody sign
        signed = f"{encoded(json.dumps({'alg': 'HS256', 'kid': key.kid}).encode())}.{payload}"
        confused = f"{signed}.{encoded(hmac.digest(public, signed.encode(), 'sha256'))}"
        stranger = RSAKey.generate_key(2048)
        forged = jwt.encode({"alg": "RS256", "kid": key.kid}, {"sub": "somebody"}, stranger, ["RS256"])
        for token in (
            f"{none}.{payload}.",
            f"{none}.{payload}.{signature}",
            confused,
            forged,
            f"{head}.{payload}.",
            f"{head}.{payload}",
            f"{head}.{payload}.{signature}.x",
            *("", ".", "..", "a.b.c", "é.è.à", "\ud800", "x" * 10_000, f"{head}.e30.{signature}"),
        ):
            assert await ring.verified(token, NOW) is None, token[:50]

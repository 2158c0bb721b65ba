"""The story of the signing keys: made when one is needed, replaced by age or on demand, the same for all workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from sqlalchemy.ext.asyncio import AsyncConnection

from sas_kit.database import Database, translating
from sas_platform.sso.keys import rules
from sas_platform.sso.keys.model import StoredKey
from sas_platform.sso.keys.repository import KeyRepository
from sas_platform.sso.model import Lifetimes, SignOnUnavailableError

ALGORITHM: Final = "RS256"
_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every worker reads the keys anew, so that all agree at once; reading a PEM takes long and is done once a key."""

    database: Database
    lifetimes: Lifetimes
    _read: dict[str, RSAKey] = field(default_factory=dict, repr=False)

    async def signing(self, now: datetime) -> RSAKey:
        """The key that signs now; made or replaced where that is due."""
        key = rules.signing(await self._stored(), self.lifetimes, now)
        return self._key(key if key is not None else await self._replaced(now, forced=False))

    async def rotate(self, now: datetime) -> str:
        """Make a new key sign, whatever the age of the other; the new one's id."""
        return (await self._replaced(now, forced=True)).kid

    async def published(self, now: datetime) -> list[dict[str, Any]]:
        """The public keys as JWKs. There is always one: a client may read them before the first token."""
        await self.signing(now)
        keys = rules.published(await self._stored(), self.lifetimes, now)
        return [
            {**self._key(key).as_dict(private=False), "kid": key.kid, "use": "sig", "alg": ALGORITHM} for key in keys
        ]

    async def verified(self, token: str, now: datetime) -> dict[str, Any] | None:
        """The claims of a token that one of our published keys signed, else None; no claim is looked at."""
        return self._claims(token, rules.published(await self._stored(), self.lifetimes, now))

    def _claims(self, token: str, keys: Sequence[StoredKey]) -> dict[str, Any] | None:
        if not keys:
            return None
        try:
            # Only this algorithm: `none` needs no key, and HS256 would take a public key for a secret.
            return dict(jwt.decode(token, KeySet([self._key(key) for key in keys]), algorithms=[ALGORITHM]).claims)
        except (JoseError, ValueError, TypeError, KeyError):  # whatever was sent, it is not a token of ours
            return None

    def _key(self, stored: StoredKey) -> RSAKey:
        if stored.kid not in self._read:
            self._read[stored.kid] = RSAKey.import_key(stored.pem, {"kid": stored.kid})
        return self._read[stored.kid]

    async def _stored(self) -> list[StoredKey]:
        with translating(unavailable=SignOnUnavailableError, conflict=SignOnUnavailableError):
            async with self.database.reading() as connection:
                return await KeyRepository(connection).all()

    async def _replaced(self, now: datetime, *, forced: bool) -> StoredKey:
        new = await asyncio.to_thread(_made, now)
        async with self._writing() as connection:
            keys = KeyRepository(connection)
            await keys.lock()
            stored = await keys.all()
            current = rules.signing(stored, self.lifetimes, now)
            if current is not None and not forced:  # another worker was faster
                return current
            published = {key.kid for key in rules.published(stored, self.lifetimes, now)}
            for key in stored:
                if key.kid not in published:
                    await keys.forget(key.kid)
            await keys.add(new)
        return new

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        with translating(unavailable=SignOnUnavailableError, conflict=SignOnUnavailableError):
            async with self.database.transaction() as connection:
                yield connection


def _made(now: datetime) -> StoredKey:
    key = RSAKey.generate_key(_BITS)
    return StoredKey(key.thumbprint(), key.as_pem(private=True).decode(), now)

"""The story of a session at the platform: somebody signs in, is known again, and signs out."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from sas_kit.database import Database, translating
from sas_platform.regulators.model import Regulator, RegulatorDirectory
from sas_platform.sso import rules
from sas_platform.sso.identities import rules as identities_rules
from sas_platform.sso.identities.model import TestIdentity
from sas_platform.sso.model import (
    Lifetimes,
    LockedError,
    Session,
    SignedIn,
    SignOnUnavailableError,
    Visit,
    WrongPasswordError,
)
from sas_platform.sso.repository import FailureRepository, SessionRepository

MAX_PASSWORD: Final = 200  # hashing costs time and memory, whatever is hashed
_NOTED_EVERY: Final = timedelta(minutes=1)
_KEPT: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SignOn:
    """Sessions of the platform. `identities` are those of acceptance, none where they are off."""

    database: Database
    regulators: RegulatorDirectory
    identities: tuple[TestIdentity, ...]
    lifetimes: Lifetimes

    async def sign_in(
        self, login: str, password: str, address: str, now: datetime, *, instead_of: str | None = None
    ) -> str:
        """The secret of a new session, for its cookie; the session of the cookie `instead_of` ends.

        Raises `WrongPasswordError`, `LockedError`.
        """
        login, address = login.strip(), address[:64]
        key = login.casefold()
        # The attempt counts before it is made: attempts made together are all counted before one of them is answered.
        async with self._writing() as connection:
            failures = FailureRepository(connection)
            await failures.lock()
            await failures.forget(now - _KEPT)
            since = now - rules.WINDOW
            of_login = rules.locked_until(await failures.of_login(key, since), rules.MOST_OF_A_LOGIN, now)
            of_address = rules.locked_until(await failures.of_address(address, since), rules.MOST_OF_AN_ADDRESS, now)
            until = max((lock for lock in (of_login, of_address) if lock is not None), default=None)
            if until is None:
                await failures.add(key, address, now)
        if until is not None:
            raise LockedError(until, now)
        regulator = await self._with_password(login, password)
        if regulator is None:
            raise WrongPasswordError
        cookie = secrets.token_urlsafe(32)
        session = Session(str(uuid.uuid4()), regulator.id, secrets.token_urlsafe(24), now, now)
        async with self._writing() as connection:
            await FailureRepository(connection).forgive(key)
            sessions = SessionRepository(connection)
            await sessions.forget(now - self.lifetimes.session - _KEPT)
            before = None if instead_of is None else await sessions.with_cookie(instead_of)
            if before is not None:
                await sessions.end(before.id, now)
            await sessions.insert(session, cookie)
        if regulator.id > 0:
            await self.regulators.connected(regulator.id, now)
        return cookie

    async def signed_in(self, cookie: str | None, now: datetime) -> SignedIn | None:
        """Who sent this cookie, if his session lives and he is still active."""
        visit = await self.visit(cookie, now)
        return None if visit is None else SignedIn(visit.regulator, visit.session.csrf, visit.session.opened)

    async def visit(self, cookie: str | None, now: datetime) -> Visit | None:
        if not cookie:
            return None
        async with self._reading() as connection:
            session = await SessionRepository(connection).with_cookie(cookie)
        visit = await self._living(session, now)
        if visit is not None:
            await self.touch(visit.session, now)
        return visit

    async def visit_of(self, session_id: str, now: datetime) -> Visit | None:
        """The session a token belongs to; asking does not prolong it."""
        async with self._reading() as connection:
            session = await SessionRepository(connection).get(session_id)
        return await self._living(session, now)

    async def touch(self, session: Session, now: datetime) -> None:
        """Note that the session is in use, once a minute at most."""
        if now - session.seen < _NOTED_EVERY:
            return
        async with self._writing() as connection:
            await SessionRepository(connection).seen(session.id, now)

    async def sign_out(self, session_id: str, now: datetime) -> None:
        """End the session; its tokens are refused from now on."""
        async with self._writing() as connection:
            await SessionRepository(connection).end(session_id, now)

    # --- within ------------------------------------------------------------------------------------------------------

    async def _with_password(self, login: str, password: str) -> Regulator | None:
        if len(password) > MAX_PASSWORD or "\0" in login:
            return None
        identity = identities_rules.with_password(self.identities, login, password)
        if identity is not None:
            return identity.regulator
        return await self.regulators.sign_in(login, password)

    async def _living(self, session: Session | None, now: datetime) -> Visit | None:
        if session is None or not rules.is_alive(session, self.lifetimes, now):
            return None
        if session.regulator_id < 0:
            identity = identities_rules.with_id(self.identities, session.regulator_id)
            regulator = None if identity is None else identity.regulator
        else:
            regulator = await self.regulators.get(session.regulator_id)
        return None if regulator is None or not regulator.active else Visit(session, regulator)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        with translating(unavailable=SignOnUnavailableError, conflict=SignOnUnavailableError):
            async with self.database.reading() as connection:
                yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        with translating(unavailable=SignOnUnavailableError, conflict=SignOnUnavailableError):
            async with self.database.transaction() as connection:
                yield connection

"""The only SQL on sessions, logins under way, staff, attempts and accepted terms."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from agenda_editor.sso.model import Attempts, PendingLogin, Person, PersonKind, Session
from agenda_editor.sso.tables import login_attempts, pending_logins, sessions, staff, terms_acceptances


class SignOnRepository:
    """Works on one connection, inside the transaction of whoever opened it. Secrets come in hashed."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self._dialect = postgresql if connection.dialect.name == "postgresql" else sqlite

    # --- sessions ---

    async def add_session(self, cookie_hash: str, session: Session) -> None:
        query = sessions.insert().values(
            cookie_hash=cookie_hash,
            kind=session.person.kind.value,
            account=session.person.account,
            regulator_role=session.regulator_role,
            opened_at=session.opened_at,
            seen_at=session.seen_at,
            id_token=session.id_token,
        )
        await self.connection.execute(query)

    async def session(self, cookie_hash: str) -> Session | None:
        query = sa.select(sessions).where(sessions.c.cookie_hash == cookie_hash)
        row = (await self.connection.execute(query)).first()
        if row is None:
            return None
        person = Person(PersonKind(row.kind), row.account)
        return Session(person, row.regulator_role, row.opened_at, row.seen_at, row.id_token)

    async def seen(self, cookie_hash: str, now: int) -> None:
        query = sessions.update().where(sessions.c.cookie_hash == cookie_hash, sessions.c.seen_at < now)
        await self.connection.execute(query.values(seen_at=now))

    async def end_session(self, cookie_hash: str) -> None:
        await self.connection.execute(sessions.delete().where(sessions.c.cookie_hash == cookie_hash))

    # --- logins under way ---

    async def add_pending(self, state_hash: str, browser_hash: str, pending: PendingLogin) -> None:
        query = pending_logins.insert().values(
            state_hash=state_hash,
            browser_hash=browser_hash,
            nonce=pending.nonce,
            verifier=pending.verifier,
            destination=pending.destination,
            origin=pending.origin,
            expires_at=pending.expires_at,
        )
        await self.connection.execute(query)

    async def take_pending(self, state_hash: str, browser_hash: str) -> PendingLogin | None:
        """A login of this browser, which is gone from now on."""
        p = pending_logins.c
        query = pending_logins.delete().where(p.state_hash == state_hash, p.browser_hash == browser_hash)
        row = (await self.connection.execute(query.returning(*pending_logins.c))).first()
        return (
            None if row is None else PendingLogin(row.nonce, row.verifier, row.destination, row.origin, row.expires_at)
        )

    # --- staff ---

    async def members(self) -> dict[str, tuple[str, str]]:
        """Name and password hash by login."""
        rows = await self.connection.execute(sa.select(staff))
        return {row.login: (row.name, row.password_hash) for row in rows}

    async def member(self, login: str) -> tuple[str, str] | None:
        """Name and password hash."""
        row = (await self.connection.execute(sa.select(staff).where(staff.c.login == login))).first()
        return None if row is None else (row.name, row.password_hash)

    async def put_member(self, login: str, name: str, password_hash: str) -> None:
        row = {"name": name, "password_hash": password_hash}
        query = self._dialect.insert(staff).values(login=login, **row)
        await self.connection.execute(query.on_conflict_do_update(index_elements=[staff.c.login], set_=row))

    async def keep_members(self, logins: Collection[str]) -> None:
        await self.connection.execute(staff.delete().where(staff.c.login.not_in(logins)))

    # --- attempts ---

    async def lock_attempts(self, login_hash: str) -> Attempts | None:
        """Those of a login; nobody else counts them until the transaction ends."""
        a = login_attempts.c
        insert = self._dialect.insert(login_attempts).values(login_hash=login_hash, count=0, last_at=0)
        await self.connection.execute(insert.on_conflict_do_nothing())
        query = sa.select(a.count, a.last_at).where(a.login_hash == login_hash).with_for_update()
        count, last_at = (await self.connection.execute(query)).one()
        return Attempts(count, last_at) if count else None

    async def set_attempts(self, login_hash: str, attempts: Attempts) -> None:
        query = login_attempts.update().where(login_attempts.c.login_hash == login_hash)
        await self.connection.execute(query.values(count=attempts.count, last_at=attempts.last_at))

    async def forgive(self, login_hash: str) -> None:
        await self.connection.execute(login_attempts.delete().where(login_attempts.c.login_hash == login_hash))

    # --- terms ---

    async def accept(self, person: Person, version: str, now: int) -> None:
        """The first acceptance of a version is the one that counts."""
        row = {"kind": person.kind.value, "account": person.account, "version": version, "at": now}
        await self.connection.execute(self._dialect.insert(terms_acceptances).values(row).on_conflict_do_nothing())

    async def acceptances(self, person: Person) -> list[tuple[str, int]]:
        """Version and instant, oldest first."""
        t = terms_acceptances.c
        query = sa.select(t.version, t.at).where(t.kind == person.kind.value, t.account == person.account)
        return [(row.version, row.at) for row in await self.connection.execute(query.order_by(t.id))]

    # --- what is over ---

    async def forget(self, opened_before: int, expired_before: int, attempted_before: int) -> None:
        """Rows that mean nothing any more. Who holds one of them at this moment keeps it."""
        for column, before in (
            (sessions.c.opened_at, opened_before),
            (pending_logins.c.expires_at, expired_before),
            (login_attempts.c.last_at, attempted_before),
        ):
            (key,) = column.table.primary_key.columns
            stale = sa.select(key).where(column < before).limit(1000).with_for_update(skip_locked=True)
            await self.connection.execute(sa.delete(column.table).where(key.in_(stale)))

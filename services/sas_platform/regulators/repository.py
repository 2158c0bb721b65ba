"""The only SQL on regulators' accounts and on what editors were told of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from sas_platform.regulators import rules
from sas_platform.regulators.model import (
    Account,
    Attempt,
    Change,
    ChangeKind,
    Details,
    Identifier,
    IdentifierKind,
    Operation,
    Outcome,
    Provision,
    Regulator,
)
from sas_platform.regulators.tables import attempt, change, former_identifier, provision, regulator

_MOST_ID: Final = 2**63
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _ms(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def _instant(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


class AccountRepository:
    """Works on one connection, inside the transaction of whoever opened it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self) -> None:
        """Other writers of accounts wait until we are through, readers do not.

        On SQLite the transaction has done it already.
        """
        if self._connection.dialect.name == "postgresql":
            await self._connection.exec_driver_sql(f"LOCK TABLE {regulator.name} IN SHARE ROW EXCLUSIVE MODE")

    async def all(self) -> list[Regulator]:
        query = sa.select(regulator).order_by(regulator.c.family, regulator.c.given, regulator.c.id)
        return [_regulator(row) for row in (await self._connection.execute(query)).mappings()]

    async def get(self, regulator_id: int) -> Regulator | None:
        if not 0 < regulator_id < _MOST_ID:
            return None
        return await self._one(regulator.c.id == regulator_id)

    async def with_email(self, email: str) -> tuple[Regulator, str | None] | None:
        """The account that signs in with this address, and the hash of its password."""
        query = sa.select(regulator).where(regulator.c.email_key == rules.email_key(email))
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return None if row is None else (_regulator(row), row["password_hash"])

    async def holding(self, identifier: Identifier) -> Regulator | None:
        """Who has this identifier, else who had it: never two."""
        kind, key = identifier.kind.value, rules.key(identifier.value)
        found = await self._one(sa.and_(regulator.c.kind == kind, regulator.c.key == key))
        if found is not None:
            return found
        f = former_identifier.c
        had = sa.select(f.regulator_id).where(f.kind == kind, f.key == key).scalar_subquery()
        return await self._one(regulator.c.id == had)

    async def insert(self, details: Details, password_hash: str | None, at: datetime, kind: ChangeKind) -> Regulator:
        values = {**_columns(details), "password_hash": password_hash}
        query = regulator.insert().values(values).returning(regulator.c.id)
        number: int = (await self._connection.execute(query)).scalar_one()
        await self._record(number, at, kind, None, details)
        return _numbered(number, details)

    async def update(self, before: Regulator, details: Details, at: datetime, kind: ChangeKind) -> Regulator:
        """The account as it was becomes history; an identifier it no longer has becomes a former one."""
        query = regulator.update().where(regulator.c.id == before.id)
        await self._connection.execute(query.values(_columns(details)))
        if not rules.same(before.identifier, details.identifier):
            f = former_identifier.c
            taken = (f.kind == details.identifier.kind.value, f.key == rules.key(details.identifier.value))
            await self._connection.execute(former_identifier.delete().where(*taken))
            row = {"kind": before.identifier.kind.value, "key": rules.key(before.identifier.value)}
            await self._connection.execute(former_identifier.insert().values(**row, regulator_id=before.id))
        await self._record(before.id, at, kind, rules.details_of(before), details)
        return _numbered(before.id, details)

    async def set_password(self, regulator_id: int, password_hash: str) -> None:
        query = regulator.update().where(regulator.c.id == regulator_id)
        await self._connection.execute(query.values(password_hash=password_hash))

    async def history(self, regulator_id: int) -> list[Change]:
        query = sa.select(change).where(change.c.regulator_id == regulator_id).order_by(change.c.id)
        return [
            Change(
                _instant(row["at"]),
                ChangeKind(row["kind"]),
                None if row["before"] is None else msgspec.json.decode(row["before"], type=Details),
                msgspec.json.decode(row["after"], type=Details),
            )
            for row in (await self._connection.execute(query)).mappings()
        ]

    async def _record(
        self, regulator_id: int, at: datetime, kind: ChangeKind, before: Details | None, after: Details
    ) -> None:
        query = change.insert().values(
            regulator_id=regulator_id,
            at=_ms(at),
            kind=kind.value,
            before=None if before is None else msgspec.json.encode(before).decode(),
            after=msgspec.json.encode(after).decode(),
        )
        await self._connection.execute(query)

    async def _one(self, condition: sa.ColumnElement[bool]) -> Regulator | None:
        row = (await self._connection.execute(sa.select(regulator).where(condition))).mappings().one_or_none()
        return None if row is None else _regulator(row)


def _columns(details: Details) -> dict[str, Any]:
    return {
        "kind": details.identifier.kind.value,
        "value": details.identifier.value,
        "key": rules.key(details.identifier.value),
        "family": details.family,
        "given": details.given,
        "prefix": details.prefix,
        "email": details.email,
        "email_key": rules.email_key(details.email),
        "territory": details.territory,
        "active": details.active,
    }


def _numbered(number: int, d: Details) -> Regulator:
    return Regulator(number, d.identifier, d.family, d.given, d.prefix, d.email, d.territory, d.active)


def _regulator(row: RowMapping) -> Regulator:
    identifier = Identifier(IdentifierKind(row["kind"]), row["value"])
    names = (row["family"], row["given"], row["prefix"])
    return Regulator(row["id"], identifier, *names, row["email"], row["territory"], row["active"])


# --- what editors were told ------------------------------------------------------------------------------------------


class ProvisionRepository:
    """Rows are sent by who holds their lease: `claim` takes it, `settle` gives it back."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of_regulator(self, regulator_id: int) -> list[Provision]:
        return await self._all(provision.c.regulator_id == regulator_id)

    async def all(self) -> list[Provision]:
        return await self._all(sa.true())

    async def insert(self, row: Provision) -> None:
        await self._connection.execute(provision.insert().values(_provision_columns(row)))

    async def schedule(self, row: Provision, at: datetime, forced: int = 0) -> None:
        """Ask for a sending, and let whoever is sending an older state know."""
        query = provision.update().where(*_same(row)).values(
            due=_ms(at),
            forced=sa.case((provision.c.forced < forced, forced), else_=provision.c.forced),
            revision=provision.c.revision + 1,
        )  # fmt: skip
        await self._connection.execute(query)

    async def unschedule(self, row: Provision) -> None:
        await self._connection.execute(provision.update().where(*_same(row)).values(due=None))

    async def due(self, editor_id: str, now: datetime) -> tuple[Provision, Regulator] | None:
        """The first that is to be sent and that nobody sends, deactivations before anything else."""
        p = provision.c
        free = sa.or_(p.lease_until.is_(None), p.lease_until <= _ms(now))
        wanted = sa.or_(p.due <= _ms(now), p.queued_due <= _ms(now))
        query = (
            sa.select(provision)
            .join(regulator, regulator.c.id == p.regulator_id)
            .where(p.editor_id == editor_id, wanted, free)
            .order_by(regulator.c.active, sa.func.coalesce(p.due, p.queued_due), p.regulator_id)
            .limit(1)
        )
        if self._connection.dialect.name == "postgresql":
            query = query.with_for_update(of=provision, skip_locked=True)
        row = (await self._connection.execute(query)).mappings().one_or_none()
        if row is None:
            return None
        # Read after the row was locked: what was changed while we waited counts.
        found = await AccountRepository(self._connection).get(row["regulator_id"])
        assert found is not None
        return _provision(row), found

    async def editors_due(self, now: datetime) -> set[str]:
        """Those to whom something is to be sent that nobody sends."""
        p = provision.c
        free = sa.or_(p.lease_until.is_(None), p.lease_until <= _ms(now))
        wanted = sa.or_(p.due <= _ms(now), p.queued_due <= _ms(now))
        return set((await self._connection.execute(sa.select(p.editor_id).where(wanted, free).distinct())).scalars())

    async def backlog(self) -> tuple[int, datetime | None]:
        """How many rows have something to send, now or later, and when the first of it is due."""
        p = provision.c
        due = sa.case((p.due.is_(None), p.queued_due), (p.queued_due < p.due, p.queued_due), else_=p.due)
        query = sa.select(sa.func.count(), sa.func.min(due)).where(sa.or_(p.due.isnot(None), p.queued_due.isnot(None)))
        count, first = (await self._connection.execute(query)).one()
        return count, None if first is None else _instant(first)

    async def claim(self, row: Provision, lease: str, until: datetime, known: Identifier, doubt: Identifier) -> None:
        """Written before the request leaves: whoever takes over after a crash knows that it may have."""
        query = provision.update().where(*_same(row)).values(
            lease=lease, lease_until=_ms(until), **_identifier("known", known), **_identifier("doubt", doubt)
        )  # fmt: skip
        await self._connection.execute(query)

    async def held(self, row: Provision, lease: str) -> Provision | None:
        """The row as it is now, None when somebody else took it over."""
        query = sa.select(provision).where(*_same(row), provision.c.lease == lease)
        if self._connection.dialect.name == "postgresql":
            query = query.with_for_update()
        found = (await self._connection.execute(query)).mappings().one_or_none()
        return None if found is None else _provision(found)

    async def settle(self, row: Provision) -> None:
        values = _provision_columns(row)
        await self._connection.execute(
            provision.update().where(*_same(row)).values(**values, lease=None, lease_until=None)
        )

    async def begin_attempt(self, row: Attempt, most: int) -> int:
        """Add a line; the oldest ones leave beyond `most`."""
        values = {
            "regulator_id": row.regulator_id,
            "editor_id": row.editor_id,
            "at": _ms(row.at),
            "operation": row.operation.value,
            "method": row.method,
            "target": row.target,
            "fingerprint": row.fingerprint,
            "outcome": row.outcome.value,
        }
        query = attempt.insert().values(values).returning(attempt.c.id)
        number: int = (await self._connection.execute(query)).scalar_one()
        await self._connection.execute(attempt.delete().where(attempt.c.id <= number - most))
        return number

    async def end_attempt(self, row: Attempt) -> None:
        query = attempt.update().where(attempt.c.id == row.id).values(
            outcome=row.outcome.value,
            duration=row.duration,
            status=row.status,
            location=row.location,
            detail=row.detail,
        )  # fmt: skip
        await self._connection.execute(query)

    async def attempts(self, limit: int) -> list[Attempt]:
        """Newest first."""
        query = sa.select(attempt).order_by(attempt.c.id.desc()).limit(limit)
        return [_attempt(row) for row in (await self._connection.execute(query)).mappings()]

    async def last_attempts(self) -> list[Attempt]:
        """The newest of each regulator and editor."""
        a = attempt.c
        newest = sa.select(sa.func.max(a.id)).where(a.operation != Operation.EMPTY.value)
        query = sa.select(attempt).where(a.id.in_(newest.group_by(a.regulator_id, a.editor_id)))
        return [_attempt(row) for row in (await self._connection.execute(query)).mappings()]

    async def _all(self, condition: sa.ColumnElement[bool]) -> list[Provision]:
        rows = await self._connection.execute(sa.select(provision).where(condition))
        return [_provision(row) for row in rows.mappings()]


def _same(row: Provision) -> tuple[sa.ColumnElement[bool], ...]:
    return provision.c.regulator_id == row.regulator_id, provision.c.editor_id == row.editor_id


def _identifier(name: str, identifier: Identifier | None) -> dict[str, str | None]:
    return {
        f"{name}_kind": None if identifier is None else identifier.kind.value,
        f"{name}_value": None if identifier is None else identifier.value,
    }


def _provision_columns(row: Provision) -> dict[str, Any]:
    return {
        "regulator_id": row.regulator_id,
        "editor_id": row.editor_id,
        **_identifier("known", row.known_as),
        **_identifier("doubt", row.doubt),
        "told": row.told,
        "told_at": None if row.told_at is None else _ms(row.told_at),
        "told_active": row.told_active,
        "parked": row.parked,
        "due": None if row.due is None else _ms(row.due),
        "forced": row.forced,
        "failures": row.failures,
        "revision": row.revision,
        "queued": None if row.queued is None else msgspec.json.encode(row.queued).decode(),
        "queued_due": None if row.queued_due is None else _ms(row.queued_due),
    }


def _read_identifier(row: RowMapping, name: str) -> Identifier | None:
    kind, value = row[f"{name}_kind"], row[f"{name}_value"]
    return None if kind is None else Identifier(IdentifierKind(kind), value)


def _provision(row: RowMapping) -> Provision:
    instants = {name: None if row[name] is None else _instant(row[name]) for name in ("told_at", "due", "queued_due")}
    return Provision(
        row["regulator_id"],
        row["editor_id"],
        _read_identifier(row, "known"),
        _read_identifier(row, "doubt"),
        row["told"],
        told_active=row["told_active"],
        parked=row["parked"],
        forced=row["forced"],
        failures=row["failures"],
        revision=row["revision"],
        queued=None if row["queued"] is None else msgspec.json.decode(row["queued"], type=Account),
        **instants,
    )


def _attempt(row: RowMapping) -> Attempt:
    return Attempt(
        row["id"],
        row["regulator_id"],
        row["editor_id"],
        _instant(row["at"]),
        Operation(row["operation"]),
        row["method"],
        row["target"],
        row["fingerprint"],
        Outcome(row["outcome"]),
        row["duration"],
        row["status"],
        row["location"],
        row["detail"],
    )

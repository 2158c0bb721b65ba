"""The only SQL on regulators' accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from agenda_editor.regulators.model import (
    Change,
    Holder,
    Identifier,
    IdentifierKind,
    Operation,
    Regulator,
    RegulatorDetails,
)
from agenda_editor.regulators.rules import key, same
from agenda_editor.regulators.tables import changes, former_identifiers, regulators
from sas_kit.arrays import among

_CHANGED = (
    sa.select(sa.func.max(changes.c.id)).where(changes.c.regulator_id == regulators.c.id).scalar_subquery()
).label("changed")


class RegulatorRepository:
    """Works on one connection, inside the transaction of whoever opened it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self) -> None:
        """Other writers wait until we are through, readers do not: there are some dozens of writes a day.

        On SQLite the transaction has done it already.
        """
        if self._connection.dialect.name == "postgresql":
            await self._connection.exec_driver_sql(f"LOCK TABLE {regulators.name} IN SHARE ROW EXCLUSIVE MODE")

    async def get(self, regulator_id: int) -> Regulator | None:
        query = sa.select(regulators, _CHANGED).where(regulators.c.id == regulator_id)
        row = (await self._connection.execute(query)).mappings().first()
        return None if row is None else _regulator(row)

    async def holders(self, values: Sequence[str]) -> list[Holder]:
        """Every account that has or had one of these values, of either kind."""
        keys = {key(value) for value in values}
        held = sa.select(regulators, _CHANGED).where(among(regulators.c.key, keys))
        f = former_identifiers.c
        had = (
            sa.select(regulators, _CHANGED, f.kind.label("former_kind"), f.value.label("former_value"))
            .join_from(regulators, former_identifiers)
            .where(among(f.key, keys))
        )
        now = [_regulator(row) for row in (await self._connection.execute(held)).mappings()]
        return [Holder(regulator, regulator.details.identifier) for regulator in now] + [
            Holder(_regulator(row), Identifier(IdentifierKind(row["former_kind"]), row["former_value"]), former=True)
            for row in (await self._connection.execute(had)).mappings()
        ]

    async def insert(self, details: RegulatorDetails, at: int, remembered: Identifier | None = None) -> Regulator:
        """`remembered`: another identifier that leads to the account, as if it had had it."""
        query = regulators.insert().values(_columns(details)).returning(regulators.c.id)
        number: int = (await self._connection.execute(query)).scalar_one()
        await self._take(number, details.identifier, remembered)
        return Regulator(number, details, await self._record(number, at, Operation.CREATE, None, details))

    async def update(self, regulator: Regulator, details: RegulatorDetails, at: int) -> Regulator:
        """The account as it was becomes history; an identifier it no longer has becomes a former one."""
        query = regulators.update().where(regulators.c.id == regulator.id)
        await self._connection.execute(query.values(_columns(details)))
        before = regulator.details
        if not same(before.identifier, details.identifier):
            await self._take(regulator.id, details.identifier, before.identifier)
        changed = await self._record(regulator.id, at, Operation.REPLACE, before, details)
        return Regulator(regulator.id, details, changed)

    async def _take(self, regulator_id: int, taken: Identifier, former: Identifier | None) -> None:
        """Who gets an identifier leaves no account that had it; what he had instead leads to him alone."""
        f = former_identifiers.c
        for identifier in (taken, former):
            if identifier is not None:
                query = former_identifiers.delete().where(f.key == key(identifier.value), f.kind == identifier.kind)
                await self._connection.execute(query)
        if former is not None:
            row = {"key": key(former.value), "kind": former.kind, "value": former.value, "regulator_id": regulator_id}
            await self._connection.execute(former_identifiers.insert().values(row))

    async def _record(
        self, regulator_id: int, at: int, operation: Operation, before: RegulatorDetails | None, after: RegulatorDetails
    ) -> int:
        query = changes.insert().values(
            regulator_id=regulator_id,
            at=at,
            operation=operation,
            before=None if before is None else msgspec.json.encode(before).decode(),
            after=msgspec.json.encode(after).decode(),
        )
        number: int = (await self._connection.execute(query.returning(changes.c.id))).scalar_one()
        return number

    async def history(self, regulator_id: int) -> list[Change]:
        query = sa.select(changes).where(changes.c.regulator_id == regulator_id).order_by(changes.c.id)
        return [
            Change(
                row["at"],
                Operation(row["operation"]),
                None if row["before"] is None else msgspec.json.decode(row["before"], type=RegulatorDetails),
                msgspec.json.decode(row["after"], type=RegulatorDetails),
            )
            for row in (await self._connection.execute(query)).mappings()
        ]


def _columns(details: RegulatorDetails) -> dict[str, Any]:
    return {
        "kind": details.identifier.kind,
        "value": details.identifier.value,
        "key": key(details.identifier.value),
        "active": details.active,
        "family": details.family,
        "given": details.given,
        "prefix": details.prefix,
        "email": details.email,
    }


def _regulator(row: RowMapping) -> Regulator:
    identifier = Identifier(IdentifierKind(row["kind"]), row["value"])
    details = RegulatorDetails(
        identifier, row["active"], row["family"], row["given"], row["email"], prefix=row["prefix"]
    )
    return Regulator(row["id"], details, row["changed"])

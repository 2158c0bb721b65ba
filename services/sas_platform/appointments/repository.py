"""The only SQL on appointments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from sas_fhir.instants import milliseconds, to_datetime
from sas_kit.arrays import among
from sas_platform.appointments.model import (
    Appointment,
    Category,
    Change,
    Content,
    Identifier,
    Message,
    Method,
    Oddity,
    Status,
)
from sas_platform.appointments.tables import appointment, message


class AppointmentRepository:
    """Works on one connection, inside the transaction of whoever opened it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(self) -> None:
        """Other writers wait until we are through, so that numbers grow in the order of commits; readers do not.

        On SQLite the transaction has done it already.
        """
        if self._connection.dialect.name == "postgresql":
            await self._connection.exec_driver_sql(f"LOCK TABLE {appointment.name} IN SHARE ROW EXCLUSIVE MODE")

    async def known(self, identifier: Identifier) -> Appointment | None:
        query = sa.select(appointment).where(
            appointment.c.system == identifier.system, appointment.c.value == identifier.value
        )
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return None if row is None else _appointment(row)

    async def first_content(self, appointment_id: int) -> Content:
        """What the message said that created it."""
        query = sa.select(message).where(message.c.appointment_id == appointment_id).order_by(message.c.id).limit(1)
        return _content((await self._connection.execute(query)).mappings().one())

    async def insert(self, identifier: Identifier, regulator_id: int, content: Content, now: datetime) -> Appointment:
        at = milliseconds(now)
        values = {
            "system": identifier.system,
            "value": identifier.value,
            "regulator_id": regulator_id,
            "received_at": at,
            "changed_at": at,
            "change": 0,
            **_columns(content),
        }
        query = appointment.insert().values(values).returning(appointment.c.id)
        number: int = (await self._connection.execute(query)).scalar_one()
        return Appointment(number, identifier, regulator_id, content, to_datetime(at), to_datetime(at), 0)

    async def record(
        self,
        known: Appointment,
        method: Method,
        content: Content,
        changes: frozenset[Change],
        oddity: Oddity | None,
        now: datetime,
    ) -> None:
        """Adds the message to the history; what it changed becomes the appointment's state."""
        created = Change.CREATED in changes
        values = {
            "appointment_id": known.id,
            "received_at": milliseconds(now),
            "method": method,
            "changes": " ".join(sorted(changes)),
            "oddity": oddity,
            "status_before": None if created else known.content.status,
            "start_before": None if created else milliseconds(known.content.start),
            **_columns(content),
        }
        number = (await self._connection.execute(message.insert().values(values).returning(message.c.id))).scalar_one()
        if changes:
            state = {"change": number, "changed_at": milliseconds(now), **_columns(content)}
            await self._connection.execute(appointment.update().where(appointment.c.id == known.id).values(state))

    # --- reading -----------------------------------------------------------------------------------------------------

    async def newest(self) -> int:
        """The highest number of all messages; 0 without any."""
        number: int | None = (await self._connection.execute(sa.select(sa.func.max(message.c.id)))).scalar_one()
        return number or 0

    async def of_regulator(self, regulator_id: int, status: Status | None, limit: int) -> list[Appointment]:
        """What changed last comes first."""
        query = sa.select(appointment).where(appointment.c.regulator_id == regulator_id)
        if status is not None:
            query = query.where(appointment.c.status == status)
        query = query.order_by(appointment.c.change.desc()).limit(limit)
        return [_appointment(row) for row in (await self._connection.execute(query)).mappings()]

    async def counts(self, regulator_id: int) -> dict[Status, int]:
        query = (
            sa.select(appointment.c.status, sa.func.count())
            .where(appointment.c.regulator_id == regulator_id)
            .group_by(appointment.c.status)
        )
        return {Status(status): count for status, count in await self._connection.execute(query)}

    async def messages(self, appointment_ids: Iterable[int]) -> list[Message]:
        """Oldest first."""
        query = sa.select(message).where(among(message.c.appointment_id, appointment_ids)).order_by(message.c.id)
        return [_message(row) for row in (await self._connection.execute(query)).mappings()]

    async def changed_after(self, regulator_id: int, number: int, limit: int) -> list[Appointment]:
        """The regulator's appointments whose last change has a higher number, in the order of these numbers."""
        query = (
            sa.select(appointment)
            .where(appointment.c.regulator_id == regulator_id, appointment.c.change > number)
            .order_by(appointment.c.change)
            .limit(limit)
        )
        return [_appointment(row) for row in (await self._connection.execute(query)).mappings()]


def _columns(content: Content) -> dict[str, Any]:
    return {
        "status": content.status,
        "start": milliseconds(content.start),
        "end": milliseconds(content.end),
        "created": None if content.created is None else milliseconds(content.created),
        "practitioner": content.practitioner,
        "category": content.category,
        "structure": content.structure,
    }


def _content(row: RowMapping) -> Content:
    return Content(
        Status(row["status"]),
        to_datetime(row["start"]),
        to_datetime(row["end"]),
        None if row["created"] is None else to_datetime(row["created"]),
        row["practitioner"],
        None if row["category"] is None else Category(row["category"]),
        row["structure"],
    )


def _appointment(row: RowMapping) -> Appointment:
    return Appointment(
        row["id"],
        Identifier(row["system"], row["value"]),
        row["regulator_id"],
        _content(row),
        to_datetime(row["received_at"]),
        to_datetime(row["changed_at"]),
        row["change"],
    )


def _message(row: RowMapping) -> Message:
    return Message(
        number=row["id"],
        appointment_id=row["appointment_id"],
        received_at=to_datetime(row["received_at"]),
        method=Method(row["method"]),
        content=_content(row),
        changes=frozenset(Change(name) for name in row["changes"].split()),
        oddity=None if row["oddity"] is None else Oddity(row["oddity"]),
        before=None
        if row["status_before"] is None
        else (Status(row["status_before"]), to_datetime(row["start_before"])),
    )

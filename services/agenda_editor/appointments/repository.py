"""The only SQL on appointments and on what the platform is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from agenda_editor.appointments.model import (
    Appointment,
    AppointmentStatus,
    Change,
    ChangeKind,
    Delivery,
    DeliveryState,
    Message,
    Outcome,
    PatientDetails,
)
from agenda_editor.appointments.tables import appointments, changes, messages, patients
from sas_kit.arrays import among

_PENDING: Final = DeliveryState.PENDING.value
_CANCELLED: Final = AppointmentStatus.CANCELLED.value

_earlier = messages.alias("earlier")


def _is(state: DeliveryState) -> sa.ColumnElement[bool]:
    """Spelt out: neither a partial index nor what is known of how rare a state is serves a statement that learns the
    state from a parameter."""
    return messages.c.state == sa.literal_column(f"'{state.value}'")


_IS_PENDING: Final = _is(DeliveryState.PENDING)
# In order for each appointment: only its oldest unsettled message may leave.
_DUE: Final = (
    sa.select(
        messages.c.id,
        messages.c.appointment_id,
        appointments.c.key,
        messages.c.sequence,
        messages.c.attempts,
        messages.c.body,
    )
    .join_from(messages, appointments)
    .where(
        _IS_PENDING,
        messages.c.next_attempt_at <= sa.bindparam("now"),
        messages.c.leased_until.is_(None) | (messages.c.leased_until <= sa.bindparam("now")),
        ~sa.exists().where(
            _earlier.c.appointment_id == messages.c.appointment_id,
            _earlier.c.state == sa.literal_column("'pending'"),
            _earlier.c.sequence < messages.c.sequence,
        ),
    )
    .order_by(messages.c.next_attempt_at, messages.c.id)
    .limit(sa.bindparam("most"))
    .with_for_update(of=messages, skip_locked=True)
)
_SETTLE: Final = (
    messages.update()
    .where(
        messages.c.id == sa.bindparam("message"),
        _IS_PENDING,
        messages.c.attempts == sa.bindparam("attempt"),  # else the lease ran out and somebody else has it
    )
    .values(
        state=sa.bindparam("new_state"),
        next_attempt_at=sa.bindparam("next"),
        leased_until=None,
        last_answer=sa.bindparam("answer"),
        outage=sa.bindparam("was_outage"),
    )
)
_GIVE_BACK: Final = (
    messages.update()
    .where(messages.c.id == sa.bindparam("message"), _IS_PENDING, messages.c.attempts == sa.bindparam("attempt"))
    .values(attempts=messages.c.attempts - 1, leased_until=None)
)
# What waits behind a message would only be looked at in vain before it is that one's turn. A message that comes in
# meanwhile is looked at once more often, never forgotten: whether it may leave is decided by `_DUE` alone.
_FOLLOW: Final = (
    messages.update()
    .where(
        messages.c.appointment_id == sa.bindparam("appointment"),
        _IS_PENDING,
        messages.c.sequence > sa.bindparam("before"),
    )
    .values(next_attempt_at=sa.bindparam("when"))
)


class AppointmentRepository:
    """Works on one connection, inside the transaction of whoever opened it.

    Locks are taken in one order by everybody: appointments, then slots, then practitioners.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._postgresql = connection.dialect.name == "postgresql"

    async def enter(self) -> None:
        """Take the place in the order of locks that a writer of appointments has; other writers do not wait for it.

        On SQLite a transaction has done it already, here and in `lock`.
        """
        await self._lock("ROW EXCLUSIVE")

    async def lock(self) -> None:
        """No appointment changes until the transaction ends; who has begun is waited for."""
        await self._lock("EXCLUSIVE")

    async def _lock(self, mode: str) -> None:
        if self._postgresql:
            await self._connection.exec_driver_sql(f"LOCK TABLE {appointments.name} IN {mode} MODE")

    # --- appointments ---

    async def insert(self, appointment: Appointment, patient: PatientDetails) -> Appointment:
        """`appointment.id` is the one it gets, whatever it was."""
        query = appointments.insert().values(
            key=appointment.key,
            regulator_id=appointment.regulator_id,
            schedule_id=appointment.schedule_id,
            slot_id=appointment.slot_id,
            practitioner_national_id=appointment.practitioner_national_id,
            practitioner_name=appointment.practitioner_name,
            place_name=appointment.place_name,
            start=appointment.start,
            end=appointment.end,
            status=appointment.status.value,
            created_at=appointment.created_at,
            changed_at=appointment.changed_at,
            association_national_id=appointment.association_national_id,
            messages=0,
        )
        number: int = (await self._connection.execute(query.returning(appointments.c.id))).scalar_one()
        query = patients.insert().values(
            appointment_id=number,
            family=patient.family,
            given=patient.given,
            birth_date=patient.birth_date,
            phone=patient.phone,
            reason=patient.reason,
        )
        await self._connection.execute(query)
        return replace(appointment, id=number)

    async def update(self, appointment: Appointment) -> None:
        """Write what may change of an appointment."""
        query = appointments.update().where(appointments.c.id == appointment.id)
        await self._connection.execute(
            query.values(
                schedule_id=appointment.schedule_id,
                slot_id=appointment.slot_id,
                practitioner_national_id=appointment.practitioner_national_id,
                practitioner_name=appointment.practitioner_name,
                place_name=appointment.place_name,
                start=appointment.start,
                end=appointment.end,
                status=appointment.status.value,
                changed_at=appointment.changed_at,
            )
        )

    async def locked(self, key: str) -> Appointment | None:
        """The appointment, which nobody else changes until the transaction ends."""
        return await self._one(appointments.c.key == key, lock=True)

    async def get(self, key: str) -> Appointment | None:
        return await self._one(appointments.c.key == key)

    async def _one(self, condition: sa.ColumnElement[bool], *, lock: bool = False) -> Appointment | None:
        query = sa.select(appointments).where(condition)
        if lock:
            query = query.with_for_update()
        row = (await self._connection.execute(query)).mappings().first()
        return None if row is None else _appointment(row)

    async def patient(self, key: str) -> PatientDetails | None:
        query = sa.select(patients).join_from(patients, appointments).where(appointments.c.key == key)
        row = (await self._connection.execute(query)).mappings().first()
        if row is None:
            return None
        return PatientDetails(row["family"], row["given"], row["birth_date"], row["phone"], row["reason"])

    async def of_regulator(self, regulator_id: int, limit: int) -> list[Appointment]:
        """The newest first."""
        query = sa.select(appointments).where(appointments.c.regulator_id == regulator_id)
        return await self._list(query.order_by(appointments.c.id.desc()).limit(limit))

    async def between(self, first: int, last: int, schedule_id: int | None = None) -> list[Appointment]:
        """Those that start from `first` to `last`, of one agenda or of all, by start."""
        query = sa.select(appointments).where(appointments.c.start.between(first, last))
        if schedule_id is not None:
            query = query.where(appointments.c.schedule_id == schedule_id)
        return await self._list(query.order_by(appointments.c.start, appointments.c.id))

    async def to_be_placed(self, since: int) -> list[Appointment]:
        """Every appointment that names a slot, and those still meant that start from `since` and name none."""
        lost = (appointments.c.status != _CANCELLED) & (appointments.c.start >= since)
        query = sa.select(appointments).where(appointments.c.slot_id.isnot(None) | lost)
        return await self._list(query.order_by(appointments.c.id))

    async def place(self, placed: Sequence[Appointment]) -> None:
        """Write the agenda and slot of several appointments; those without one first, since slots are held once."""
        query = (
            appointments.update()
            .where(appointments.c.id == sa.bindparam("appointment"))
            .values(slot_id=sa.bindparam("slot"), schedule_id=sa.bindparam("schedule"))
        )
        rows = [{"appointment": a.id, "slot": a.slot_id, "schedule": a.schedule_id} for a in placed]
        if rows:
            await self._connection.execute(query, sorted(rows, key=lambda row: row["slot"] is not None))

    async def _list(self, query: sa.Select[*tuple[object, ...]]) -> list[Appointment]:
        return [_appointment(row) for row in (await self._connection.execute(query)).mappings()]

    # --- history ---

    async def record(self, appointment_id: int, change: Change) -> None:
        query = changes.insert().values(
            appointment_id=appointment_id,
            at=change.at,
            change=change.kind.value,
            status_before=None if change.before is None else change.before.value,
            status_after=change.after.value,
        )
        await self._connection.execute(query)

    async def history(self, key: str) -> list[Change]:
        query = sa.select(changes).join_from(changes, appointments).where(appointments.c.key == key)
        return [
            Change(
                row["at"],
                ChangeKind(row["change"]),
                None if row["status_before"] is None else AppointmentStatus(row["status_before"]),
                AppointmentStatus(row["status_after"]),
            )
            for row in (await self._connection.execute(query.order_by(changes.c.id))).mappings()
        ]

    # --- the outbox ---

    async def next_sequence(self, appointment_id: int) -> int:
        query = appointments.update().where(appointments.c.id == appointment_id)
        query = query.values(messages=appointments.c.messages + 1)
        return int((await self._connection.execute(query.returning(appointments.c.messages))).scalar_one())

    async def enqueue(self, appointment: Appointment, sequence: int, body: bytes, now: int) -> None:
        query = messages.insert().values(
            appointment_id=appointment.id,
            sequence=sequence,
            status=appointment.status.value,
            body=body.decode(),
            state=_PENDING,
            attempts=0,
            created_at=now,
            next_attempt_at=now,
            last_answer="",
            outage=False,
        )
        await self._connection.execute(query)

    async def delivery_of(self, delivery_id: int) -> tuple[Appointment, DeliveryState] | None:
        """The appointment of a message, locked, and then the state of the message."""
        m = messages.c
        subject = sa.select(m.appointment_id).where(m.id == delivery_id).scalar_subquery()
        appointment = await self._one(appointments.c.id == subject, lock=True)
        if appointment is None:
            return None
        state = await self._connection.execute(sa.select(m.state).where(m.id == delivery_id).with_for_update())
        return appointment, DeliveryState(state.scalar_one())

    async def requeue(self, delivery_id: int, appointment: Appointment, sequence: int, body: bytes, now: int) -> None:
        """The message becomes the last of its appointment's, with another body."""
        query = messages.update().where(messages.c.id == delivery_id)
        await self._connection.execute(
            query.values(
                sequence=sequence,
                status=appointment.status.value,
                body=body.decode(),
                state=_PENDING,
                next_attempt_at=now,
            )
        )

    async def backlog(self) -> tuple[int, int | None]:
        """How many messages are pending, and when the oldest was written."""
        query = sa.select(sa.func.count(), sa.func.min(messages.c.created_at)).where(_IS_PENDING)
        count, oldest = (await self._connection.execute(query)).one()
        return count, oldest

    async def is_due(self, now: int) -> bool:
        """Whether there may be something to take: cheaper than trying."""
        m = messages.c
        query = (
            sa.select(m.id)
            .where(
                _IS_PENDING,
                m.next_attempt_at <= now,
                m.leased_until.is_(None) | (m.leased_until <= now),
            )
            # By the index of what is due: else all that was sent before may be read to find one that was not.
            .order_by(m.next_attempt_at, m.id)
            .limit(1)
        )
        return (await self._connection.execute(query)).first() is not None

    async def take(self, most: int, now: int, until: int) -> list[Message]:
        """At most so many messages that are due, which nobody else gets before `until`; each may be sent at once."""
        rows = (await self._connection.execute(_DUE, {"now": now, "most": most})).fetchall()
        if not rows:
            return []
        query = messages.update().where(among(messages.c.id, [row[0] for row in rows]))
        await self._connection.execute(
            query.values(attempts=messages.c.attempts + 1, last_attempt_at=now, leased_until=until)
        )
        return [Message(row[0], row[1], row[2], row[3], row[4] + 1, row[5].encode(), until) for row in rows]

    async def settle(self, outcomes: Sequence[Outcome], now: int) -> None:
        outcomes = sorted(outcomes, key=lambda outcome: outcome.message.id)
        rows = [
            {
                "message": outcome.message.id,
                "attempt": outcome.message.attempt,
                "new_state": outcome.verdict.state.value,
                "next": outcome.next_attempt_at,
                "answer": outcome.verdict.answer,
                "was_outage": outcome.verdict.outage,
            }
            for outcome in outcomes
        ]
        if rows:
            await self._connection.execute(_SETTLE, rows)
        behind = [
            {
                "appointment": outcome.message.appointment_id,
                "before": outcome.message.sequence,
                "when": now if outcome.next_attempt_at is None else outcome.next_attempt_at,
            }
            for outcome in outcomes
            if outcome.next_attempt_at is not None or outcome.message.attempt > 1
        ]
        if behind:
            await self._connection.execute(_FOLLOW, behind)

    async def give_back(self, untouched: Sequence[Message]) -> None:
        """Messages that were taken and not sent are as they were before."""
        rows = [{"message": message.id, "attempt": message.attempt} for message in untouched]
        if rows:
            await self._connection.execute(_GIVE_BACK, sorted(rows, key=lambda row: row["message"]))

    async def hasten(self, now: int) -> None:
        """What failed because nobody was there is due now."""
        m = messages.c
        waiting = sa.select(m.id).where(_IS_PENDING, m.outage, m.next_attempt_at > now)
        # Who has one of them is about to decide himself when it is due.
        query = messages.update().where(m.id.in_(waiting.with_for_update(skip_locked=True)))
        await self._connection.execute(query.values(next_attempt_at=now))

    async def forget_accepted(self, until: int, most: int) -> int:
        """Delete at most so many messages the platform accepted by `until`, the first accepted first; how many.

        The numbers of messages come from their appointment, so none is ever given twice.
        """
        m = messages.c
        old = sa.select(m.id).where(_is(DeliveryState.ACCEPTED), m.last_attempt_at <= until)
        old = old.order_by(m.last_attempt_at, m.id).limit(most).with_for_update(skip_locked=True)
        return (await self._connection.execute(messages.delete().where(m.id.in_(old)))).rowcount

    async def deliveries(self, state: DeliveryState, limit: int) -> list[Delivery]:
        """Of what is pending the oldest first, else the newest."""
        query = sa.select(messages, appointments.c.key).join_from(messages, appointments)
        order = messages.c.id if state is DeliveryState.PENDING else messages.c.id.desc()
        rows = await self._connection.execute(query.where(_is(state)).order_by(order).limit(limit))
        return [
            Delivery(
                row["id"],
                row["key"],
                AppointmentStatus(row["status"]),
                DeliveryState(row["state"]),
                row["attempts"],
                row["created_at"],
                row["next_attempt_at"],
                row["last_attempt_at"],
                row["last_answer"],
            )
            for row in rows.mappings()
        ]


def _appointment(row: RowMapping) -> Appointment:
    return Appointment(
        id=row["id"],
        key=row["key"],
        regulator_id=row["regulator_id"],
        schedule_id=row["schedule_id"],
        slot_id=row["slot_id"],
        practitioner_national_id=row["practitioner_national_id"],
        practitioner_name=row["practitioner_name"],
        place_name=row["place_name"],
        start=row["start"],
        end=row["end"],
        status=AppointmentStatus(row["status"]),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        association_national_id=row["association_national_id"],
    )

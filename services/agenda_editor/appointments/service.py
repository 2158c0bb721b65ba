"""The story of an appointment, and that of telling the platform: both begin in the same transaction."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Final, TypeVar
from uuid import uuid4

from agenda_editor.agendas.model import (
    AgendaUnavailableError,
    DuplicateError,
    Schedule,
    Slot,
    SlotNotInStateError,
    SlotStatus,
    UnknownSlotError,
)
from agenda_editor.agendas.service import AgendaService, Editing
from agenda_editor.appointments import fhir, rules
from agenda_editor.appointments.client import PlatformClient
from agenda_editor.appointments.model import (
    Appointment,
    AppointmentStatus,
    Change,
    ChangeKind,
    Delivery,
    DeliveryState,
    Message,
    NotEntitledError,
    Outcome,
    PatientDetails,
    SlotTakenError,
    UnknownAppointmentError,
    UnknownDeliveryError,
    Verdict,
)
from agenda_editor.appointments.repository import AppointmentRepository
from agenda_editor.associations.model import Site
from agenda_editor.associations.service import AssociationEditing
from agenda_editor.regulators.service import RegulatorService
from sas_fhir import instants
from sas_kit.database import Database, translating
from sas_kit.http import HttpFailure

_log = logging.getLogger(__name__)

_PLACED_SINCE: Final = 2 * 24 * 3_600_000
_SLACK: Final = 1_000  # ms by which a lease outlasts the longest exchange
_HASTENED_AT_MOST_EVERY: Final = 5_000
_FORGOTTEN_AT_ONCE: Final = 500  # messages a transaction: a few milliseconds, so that bookings never wait for it
_FORGOTTEN_EVERY: Final = 3_600_000


class AppointmentService:
    """`system`: that of the editor's appointments. `horizon`: how far ahead may be booked, in milliseconds.

    `wake` is set when there is something new to send. Everything may raise `AgendaUnavailableError`.
    """

    def __init__(
        self, agendas: AgendaService, database: Database, *, system: str, horizon: int, wake: asyncio.Event
    ) -> None:
        self._agendas = agendas
        self._database = database
        self._system = system
        self._horizon = horizon
        self._wake = wake

    # --- reading ---

    async def get(self, key: str) -> Appointment:
        """Raises `UnknownAppointmentError`."""
        async with self._reading() as repository:
            return _known(await repository.get(key))

    async def patient(self, key: str) -> PatientDetails:
        """Who comes; for the pages of the agenda alone. Raises `UnknownAppointmentError`."""
        async with self._reading() as repository:
            return _known(await repository.patient(key))

    async def history(self, key: str) -> list[Change]:
        """What happened to an appointment, oldest first; nothing when there is none."""
        async with self._reading() as repository:
            return await repository.history(key)

    async def of_regulator(self, regulator_id: int, limit: int = 200) -> list[Appointment]:
        """What a regulator booked, whatever became of it, the newest first."""
        async with self._reading() as repository:
            return await repository.of_regulator(regulator_id, limit)

    async def of_schedule(self, schedule_id: int, first: int, last: int) -> list[Appointment]:
        """Those of one agenda that start from `first` to `last`, cancelled ones included, by start."""
        async with self._reading() as repository:
            return await repository.between(first, last, schedule_id)

    async def all(self, first: int, last: int) -> list[Appointment]:
        """Those of every agenda that start from `first` to `last`, cancelled ones included, by start."""
        async with self._reading() as repository:
            return await repository.between(first, last)

    async def deliveries(self, state: DeliveryState, limit: int = 200) -> list[Delivery]:
        """Messages to the platform: of what is pending the oldest first, else the newest first."""
        async with self._reading() as repository:
            return await repository.deliveries(state, limit)

    # --- booking and life ---

    async def book(self, slot_id: int, regulator_id: int, patient: PatientDetails, now: int) -> Appointment:
        """At an association the appointment is pending until it is accepted.

        Raises `InvalidPatientError`, `NotEntitledError`, or `SlotTakenError` when the slot is not offered (any
        more)."""
        patient = rules.checked(patient, instants.to_datetime(now).date())
        async with self._editing() as (edit, repository):
            regulator = await RegulatorService.within(edit.connection, regulator_id)
            if regulator is None or not regulator.details.active:
                raise NotEntitledError
            slot, holder = await self._taken(edit, slot_id, now)
            draft = Appointment(
                id=0,
                key=str(uuid4()),
                regulator_id=regulator_id,
                schedule_id=holder.id,
                slot_id=slot.id,
                practitioner_national_id="",
                practitioner_name="",
                place_name="",
                start=slot.details.start,
                end=slot.details.end,
                status=AppointmentStatus.PENDING,
                created_at=now,
                changed_at=now,
            )
            appointment = await repository.insert(rules.placed(draft, slot, holder), patient)
            await self._tell(edit, repository, None, appointment, ChangeKind.BOOK)
        self._wake.set()
        return appointment

    async def accept(self, key: str, now: int, doctor: str = "") -> Appointment:
        """An association will see the patient, by this doctor (national id, prefixed or not) if it says so.

        Raises `UnknownAppointmentError`, `TransitionError` or `InvalidPractitionerError`.
        """
        return await self._change(key, ChangeKind.ACCEPT, now, doctor=rules.doctor(doctor))

    async def refuse(self, key: str, now: int) -> Appointment:
        """An association will not see the patient. Raises `UnknownAppointmentError` or `TransitionError`."""
        return await self._change(key, ChangeKind.REFUSE, now)

    async def cancel(self, key: str, now: int) -> Appointment:
        """The slot is offered again, unless it is past. Raises `UnknownAppointmentError` or `TransitionError`."""
        return await self._change(key, ChangeKind.CANCEL, now)

    async def honour(self, key: str, now: int) -> Appointment:
        """The patient came. Raises `UnknownAppointmentError` or `TransitionError`."""
        return await self._change(key, ChangeKind.HONOUR, now)

    async def mark_absent(self, key: str, now: int) -> Appointment:
        """The patient did not come. Raises `UnknownAppointmentError` or `TransitionError`."""
        return await self._change(key, ChangeKind.MISS, now)

    async def move(self, key: str, slot_id: int, now: int) -> Appointment:
        """To another slot, of any practitioner of this editor; the old one is offered again, unless it is past.

        What an association has accepted moves to another slot of the same association, which is asked again: the
        appointment is pending. Raises `UnknownAppointmentError`, `TransitionError`, or `SlotTakenError`, which leaves
        everything as it was.
        """
        async with self._editing() as (edit, repository):
            before = _known(await repository.locked(key))
            rules.changed(before.status, ChangeKind.MOVE)
            # The new one first: nobody else waits for the old one, which is not offered yet.
            slot, holder = await self._taken(edit, slot_id, now)
            if rules.association_of(holder) != before.association_national_id:
                raise SlotTakenError
            await _give_back(edit, before, now)
            after = replace(rules.placed(before, slot, holder), changed_at=now)
            await repository.update(after)
            await self._tell(edit, repository, before, after, ChangeKind.MOVE)
        self._wake.set()
        return after

    async def send_again(self, delivery_id: int, now: int) -> None:
        """A refused message leaves again, as its appointment is now; one that is not refused is left alone.

        Raises `UnknownDeliveryError`.
        """
        async with self._editing() as (edit, repository):
            found = await repository.delivery_of(delivery_id)
            if found is None:
                raise UnknownDeliveryError
            appointment, state = found
            if state is not DeliveryState.REFUSED:
                return
            # Behind whatever waits: what it says now is newer than all of that.
            sequence = await repository.next_sequence(appointment.id)
            body = await self._body(edit, appointment)
            await repository.requeue(delivery_id, appointment, sequence, body, now)
        self._wake.set()

    async def _change(self, key: str, kind: ChangeKind, now: int, *, doctor: str = "") -> Appointment:
        async with self._editing() as (edit, repository):
            before = _known(await repository.locked(key))
            after = replace(before, status=rules.changed(before.status, kind), changed_at=now)
            if doctor:
                after = replace(after, practitioner_national_id=doctor)
            if kind in {ChangeKind.CANCEL, ChangeKind.REFUSE}:
                await _give_back(edit, before, now)
            await repository.update(after)
            await self._tell(edit, repository, before, after, kind)
        self._wake.set()
        return after

    async def _taken(self, edit: Editing, slot_id: int, now: int) -> tuple[Slot, Schedule | Site]:
        """A slot's number says which one it is, not whether a practitioner or an association offers it."""
        with _as_taken(UnknownSlotError, SlotNotInStateError):
            owner: Editing | AssociationEditing = edit
            try:
                slot, holder = await self._of_practitioner(edit, slot_id)
            except UnknownSlotError:
                owner = AssociationEditing(edit)
                slot, holder = await owner.slot(slot_id)
            if not rules.is_offered(slot, holder, now, self._horizon):
                raise SlotTakenError
            return await owner.mark_busy(slot_id), holder

    async def _of_practitioner(self, edit: Editing, slot_id: int) -> tuple[Slot, Schedule | Site]:
        return await edit.slot(slot_id)

    async def _tell(
        self,
        edit: Editing,
        repository: AppointmentRepository,
        before: Appointment | None,
        after: Appointment,
        kind: ChangeKind,
    ) -> None:
        """A line of history and a message, in the transaction of the change itself."""
        status = None if before is None else before.status
        await repository.record(after.id, Change(after.changed_at, kind, status, after.status))
        sequence = await repository.next_sequence(after.id)
        await repository.enqueue(after, sequence, await self._body(edit, after), after.changed_at)

    async def _body(self, edit: Editing, appointment: Appointment) -> bytes:
        regulator = await RegulatorService.within(edit.connection, appointment.regulator_id)
        if regulator is None:  # accounts are never deleted
            raise NotEntitledError
        return fhir.appointment(appointment, regulator.details.identifier, self._system)

    @asynccontextmanager
    async def _editing(self) -> AsyncIterator[tuple[Editing, AppointmentRepository]]:
        with _as_taken(DuplicateError):  # the index behind the slots' own status
            async with self._agendas.editing() as edit:
                repository = AppointmentRepository(edit.connection)
                await repository.enter()
                yield edit, repository

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AppointmentRepository]:
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            async with self._database.reading() as connection:
                yield AppointmentRepository(connection)


_T = TypeVar("_T")


def _known(found: _T | None) -> _T:
    if found is None:
        raise UnknownAppointmentError
    return found


@contextmanager
def _as_taken(*errors: type[Exception]) -> Iterator[None]:
    """What else is said of a slot that cannot be had any more."""
    try:
        yield
    except errors as error:
        raise SlotTakenError from error


def _owner(edit: Editing, appointment: Appointment) -> Editing | AssociationEditing:
    """Who changes the slots of this kind of appointment."""
    return edit if appointment.association_national_id is None else AssociationEditing(edit)


async def _give_back(edit: Editing, appointment: Appointment, now: int) -> None:
    if appointment.slot_id is None or appointment.start < now:
        return
    try:
        await _owner(edit, appointment).release(appointment.slot_id)
    except (UnknownSlotError, SlotNotInStateError) as error:  # its owner did something else with it
        _log.warning("slot not given back: %s", error)


# --- what a data set that is put in afresh must leave -----------------------------------------------------------------


@asynccontextmanager
async def appointments_kept(edit: Editing, now: int) -> AsyncIterator[None]:
    """Whatever happens to slots inside, appointments stay, and who has one keeps its time.

    An appointment whose slot is gone gets the free one of the same practitioner, place and start, if there is one.
    """
    repository = AppointmentRepository(edit.connection)
    await repository.lock()
    yield
    placed = await repository.to_be_placed(now - _PLACED_SINCE)
    held = [a.slot_id for a in placed if a.slot_id is not None]
    left = await edit.repository.existing_slots(held)
    left |= await AssociationEditing(edit).repository.existing_slots(held)
    lost = [a for a in placed if a.slot_id not in left]
    found = []
    for appointment in lost:
        slot = None
        if appointment.status is not AppointmentStatus.CANCELLED and appointment.start >= now - _PLACED_SINCE:
            slot = await _same_time(edit, appointment)
        if slot is not None:
            await _owner(edit, appointment).mark_busy(slot.id)
            appointment = replace(appointment, slot_id=slot.id, schedule_id=slot.schedule_id)  # noqa: PLW2901
        elif appointment.slot_id is not None:
            appointment = replace(appointment, slot_id=None)  # noqa: PLW2901
        found.append(appointment)
    await repository.place(found)


async def _same_time(edit: Editing, appointment: Appointment) -> Slot | None:
    if appointment.association_national_id is not None:
        repository = AssociationEditing(edit).repository
        sites = await repository.sites_of_national_id(appointment.association_national_id)
        same = [site.id for site in sites if site.details.name == appointment.place_name]
        return _best(await repository.slots_of(same, appointment.start, appointment.start), appointment)
    practitioner_id = await edit.repository.practitioner_id(appointment.practitioner_national_id)
    if practitioner_id is None:
        return None
    schedules = await edit.repository.schedules_of(practitioner_id)
    there = [schedule.id for schedule in schedules if schedule.place.details.name == appointment.place_name]
    return _best(await edit.repository.slots_of(there, appointment.start, appointment.start), appointment)


def _best(slots: Sequence[Slot], appointment: Appointment) -> Slot | None:
    free = [slot for slot in slots if slot.details.status is SlotStatus.FREE]
    return min(free, key=lambda slot: slot.details.end != appointment.end, default=None)


# --- telling the platform ---------------------------------------------------------------------------------------------


class PushService:
    """Sends what the outbox holds; several may work on one database. Without a `client` everything waits.

    `chance`: numbers from 0 to 1, for delays that do not coincide. `retention`: milliseconds that what the platform
    accepted is kept after it did; None keeps it.
    """

    def __init__(
        self,
        database: Database,
        client: PlatformClient | None,
        *,
        chance: Callable[[], float] = random.random,
        retention: int | None = None,
    ) -> None:
        self._database = database
        self._client = client
        self._chance = chance
        longest = 0.0 if client is None else client.limits.connect + client.limits.answer
        self._longest_exchange = int(longest * 1000)
        self._outage = False
        self._hastened_at = 0
        self._retention = retention
        self._forgets_at = 0

    @property
    def most_at_once(self) -> int:
        return 0 if self._client is None else self._client.connections

    async def turn(self, verdicts: Sequence[tuple[Message, Verdict]], most: int, now: int) -> list[Message]:
        """Write down what became of some messages and take at most so many that are due, each to be sent at once.

        Raises `AgendaUnavailableError`; nothing is then written.
        """
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            if not verdicts:
                if most == 0:
                    return []
                async with self._database.reading() as connection:
                    if not await AppointmentRepository(connection).is_due(now):
                        return []
            outcomes = [
                Outcome(message, verdict, rules.next_attempt(now, message.attempt, verdict, self._chance()))
                for message, verdict in verdicts
            ]
            async with self._database.transaction() as connection:
                repository = AppointmentRepository(connection)
                await repository.settle(outcomes, now)
                if self._is_back([outcome.verdict for outcome in outcomes], now):
                    await repository.hasten(now)
                if most == 0:
                    return []
                return await repository.take(most, now, now + self._longest_exchange + _SLACK)

    async def send(self, message: Message, now: int) -> Verdict:
        """One attempt; whatever happens to it is a verdict."""
        if self._client is None or now + self._longest_exchange > message.leased_until:
            # The process stood still: by now somebody else may have sent this message, and newer ones.
            return rules.failed("lease_over")
        try:
            answer = await self._client.send(message)
        except HttpFailure as failure:
            return rules.failed(failure.kind.value)
        if answer.is_page and 200 <= answer.status < 300:
            return rules.failed("page")  # of a proxy, say: whether the platform was told is not known
        codes = [] if 200 <= answer.status < 300 else fhir.issue_codes(answer.body)
        verdict = rules.judged(answer.status, codes, answer.header("retry-after"), now)
        if verdict.state is DeliveryState.REFUSED:
            _log.warning("the platform refused appointment %s: %s", message.appointment_key, verdict.answer)
        return verdict

    async def give_up(self, messages: Sequence[Message], now: int) -> None:
        """Leave messages whose attempt was broken off to whoever comes next. Raises `AgendaUnavailableError`."""
        broken_off = rules.failed("broken_off")
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            async with self._database.transaction() as connection:
                outcomes = [Outcome(message, broken_off, now) for message in messages]
                await AppointmentRepository(connection).settle(outcomes, now)

    async def forget(self, now: int) -> int:
        """Once an hour, delete what was accepted longer ago than it is kept; how many messages this call deleted.

        One batch a call, until none is left. What is pending or was refused stays. Raises `AgendaUnavailableError`.
        """
        if self._retention is None or now < self._forgets_at:
            return 0
        with translating(unavailable=AgendaUnavailableError, conflict=AgendaUnavailableError):
            async with self._database.transaction() as connection:
                deleted = await AppointmentRepository(connection).forget_accepted(
                    now - self._retention, _FORGOTTEN_AT_ONCE
                )
        if deleted < _FORGOTTEN_AT_ONCE:
            self._forgets_at = now + _FORGOTTEN_EVERY
        if deleted:
            _log.info("%d messages that the platform accepted are no longer kept", deleted)
        return deleted

    def _is_back(self, verdicts: Sequence[Verdict], now: int) -> bool:
        """Whether the platform answers after it did not: then nobody who waits for it need wait longer.

        Seldom all the same, so that one message over which connections break is not sent without a pause.
        """
        self._outage = self._outage or any(verdict.outage for verdict in verdicts)
        answered = any(verdict.state is DeliveryState.ACCEPTED for verdict in verdicts)
        if not (self._outage and answered and now - self._hastened_at >= _HASTENED_AT_MOST_EVERY):
            return False
        self._outage, self._hastened_at = False, now
        return True

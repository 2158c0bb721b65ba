"""The story of a message: who booked, which appointment, what it changes; and telling whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from sas_kit.database import Database, translating
from sas_platform.appointments import rules
from sas_platform.appointments.model import (
    Appointment,
    AppointmentsUnavailableError,
    Criterion,
    DuplicateAppointmentError,
    History,
    Message,
    Method,
    Report,
    Status,
)
from sas_platform.appointments.repository import AppointmentRepository
from sas_platform.regulators.model import Regulator, RegulatorDirectory

MOST_SHOWN = 200
_AT_ONCE = 50


class AppointmentService:
    def __init__(self, database: Database, regulators: RegulatorDirectory) -> None:
        self._database = database
        self._regulators = regulators
        self._arrival = asyncio.Event()
        self._seen = 0
        self._watching = 0

    # --- messages of editors -----------------------------------------------------------------------------------------

    async def create(self, report: Report, now: datetime) -> tuple[int, bool]:
        """The appointment's id, and whether it is new.

        A creation that comes again, because its answer was lost, is accepted and changes nothing. One that says
        something else than what is known is refused: creations overwrite nothing, so that a late one cannot bring
        back what was cancelled since. Raises `DuplicateAppointmentError`, `InvalidAppointmentError` or
        `AppointmentsUnavailableError`.
        """
        operator = await self._operator(report)
        async with self._editing() as repository:
            known = await repository.known(report.identifier)
            if known is None:
                number = await self._insert(repository, report, operator, Method.POST, now)
            else:
                first = await repository.first_content(known.id)
                if known.regulator_id != operator.id or not rules.repeats(report, first, known.content):
                    raise DuplicateAppointmentError
                await repository.record(known, Method.POST, known.content, frozenset(), None, now)
                number = known.id
        if known is None:
            self.wake()
        return number, known is None

    async def put(self, asked: Criterion, report: Report, now: datetime) -> tuple[int, bool]:
        """The appointment says what was sent, or is created; its id, and whether it was.

        The protocol numbers no message: the last one that arrives wins. Raises `InvalidAppointmentError` or
        `AppointmentsUnavailableError`.
        """
        rules.check_means(asked, report.identifier)
        operator = await self._operator(report)
        async with self._editing() as repository:
            known = await repository.known(report.identifier)
            if known is None:
                number = await self._insert(repository, report, operator, Method.PUT, now)
            else:
                if known.regulator_id != operator.id:
                    raise rules.another_operator()
                content = rules.completed(known, report.content)
                odd = rules.oddity(known.content.status, content.status)
                await repository.record(known, Method.PUT, content, rules.changes(known.content, content), odd, now)
                number = known.id
        self.wake()
        return number, known is None

    async def _operator(self, report: Report) -> Regulator:
        regulator = await self._regulators.holding(report.operator.system, report.operator.value)
        if regulator is None:
            raise rules.unknown_operator()
        return regulator

    async def _insert(
        self, repository: AppointmentRepository, report: Report, operator: Regulator, method: Method, now: datetime
    ) -> int:
        if not operator.active:
            raise rules.inactive_operator()
        content = report.content
        made = await repository.insert(report.identifier, operator.id, content, now)
        odd = rules.oddity(None, content.status)
        await repository.record(made, method, content, rules.changes(None, content), odd, now)
        return made.id

    @asynccontextmanager
    async def _editing(self) -> AsyncIterator[AppointmentRepository]:
        """One transaction that no other writer of appointments runs beside."""
        with translating(unavailable=AppointmentsUnavailableError, conflict=AppointmentsUnavailableError):
            async with self._database.transaction() as connection:
                repository = AppointmentRepository(connection)
                await repository.lock()
                yield repository

    # --- regulators --------------------------------------------------------------------------------------------------

    async def histories(
        self, regulator_id: int, status: Status | None = None, limit: int = MOST_SHOWN
    ) -> tuple[History, ...]:
        """The regulator's appointments in one state or in any, what changed last first."""
        async with self._reading() as repository:
            return await _with_messages(repository, await repository.of_regulator(regulator_id, status, limit))

    async def counts(self, regulator_id: int) -> dict[Status, int]:
        async with self._reading() as repository:
            return await repository.counts(regulator_id)

    async def newest(self) -> int:
        """The number of the last message of all: who starts to watch after it misses nothing."""
        async with self._reading() as repository:
            return await repository.newest()

    async def changed_after(self, regulator_id: int, number: int) -> tuple[History, ...]:
        """His appointments that changed since that number, in the order of their last changes; some at a time."""
        async with self._reading() as repository:
            return await _with_messages(repository, await repository.changed_after(regulator_id, number, _AT_ONCE))

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AppointmentRepository]:
        with translating(unavailable=AppointmentsUnavailableError, conflict=AppointmentsUnavailableError):
            async with self._database.reading() as connection:
                yield AppointmentRepository(connection)

    # --- whoever watches ---------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Something may have changed: whoever waits looks."""
        arrival, self._arrival = self._arrival, asyncio.Event()
        arrival.set()

    def arrival(self) -> asyncio.Event:
        """Set when something may have changed from now on."""
        return self._arrival

    async def arrived(self, arrival: asyncio.Event, seconds: float) -> bool:
        """Wait for an arrival, at most that long; whether it came."""
        self._watching += 1
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await arrival.wait()
        finally:
            self._watching -= 1
        return arrival.is_set()

    async def look(self) -> None:
        """Wake whoever waits when another worker has received something; ask nobody while nobody waits."""
        if not self._watching:
            return
        newest = await self.newest()
        if newest != self._seen:
            self._seen = newest
            self.wake()


async def _with_messages(repository: AppointmentRepository, found: Sequence[Appointment]) -> tuple[History, ...]:
    messages: dict[int, list[Message]] = {each.id: [] for each in found}
    for message in await repository.messages(messages):
        messages[message.appointment_id].append(message)
    return tuple(History(each, tuple(messages[each.id])) for each in found)

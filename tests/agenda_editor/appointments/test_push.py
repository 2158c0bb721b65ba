"""A long outbox: taken ahead, by several at once, by one that dies; the messages of each appointment stay in order."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import groupby
from typing import Any

import pytest

from agenda_editor.agendas.model import AgendaUnavailableError
from agenda_editor.appointments import tasks
from agenda_editor.appointments.model import Appointment, AppointmentStatus, Delivery, DeliveryState, Message, Verdict
from agenda_editor.appointments.push import PushService
from agenda_editor.appointments.repository import AppointmentRepository
from sas_fhir.instants import milliseconds
from sas_kernel.clock import ManualClock
from sas_kit.database import Database
from sas_kit.http import HttpAnswer, HttpFailure, HttpFailureKind, HttpLimits
from tests.agenda_editor.appointments.conftest import PATIENT, until
from tests.agenda_editor.conftest import NOW

T = milliseconds(NOW)
PENDING, ACCEPTED = DeliveryState.PENDING, DeliveryState.ACCEPTED


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_EVERY", 0.01)
    monkeypatch.setattr(tasks, "_GRACE", 0.02)


class Platform:
    """What a `PlatformClient` is to a `PushService`, and the platform behind it; an exchange is over in 3 s."""

    limits = HttpLimits(1, 2, 1000)

    def __init__(self, connections: int) -> None:
        self.connections = connections
        self.heard: list[Message] = []
        self.states: dict[str, list[int]] = defaultdict(list)
        self.under_way: Counter[str] = Counter()
        self.together = 0
        self.react: Callable[[Message], Awaitable[int | None]] = self._accept

    async def send(self, message: Message) -> HttpAnswer:
        key = message.appointment_key
        self.heard.append(message)
        self.under_way[key] += 1
        self.together = max(self.together, self.under_way[key])
        try:
            status = await self.react(message)
        finally:
            self.under_way[key] -= 1
        if status is None:
            raise HttpFailure(HttpFailureKind.CONNECTION_LOST, "lost", 0.0)
        return HttpAnswer(status, (), b"", 0.0, 0.0)

    async def _accept(self, message: Message) -> int:
        await asyncio.sleep(0)
        self.states[message.appointment_key].append(message.sequence)
        return 200


class Mortal(PushService):
    """Once dead, it neither sends nor writes anything any more."""

    dead = False

    async def turn(self, *arguments: Any, **named: Any) -> list[Message]:
        if self.dead:
            raise AgendaUnavailableError
        return await super().turn(*arguments, **named)

    async def send(self, message: Message, now: int) -> Verdict:
        if self.dead:
            await asyncio.sleep(3600)
        return await super().send(message, now)


def _push(database: Database, platform: Platform) -> Mortal:
    return Mortal(database, platform)  # type: ignore[arg-type]  # it has what is used of a client


@asynccontextmanager
async def _outbox(url: str, *counts: int) -> AsyncIterator[Database]:
    """So many messages of each appointment, whose keys are `0`, `1` and so on, written in turn."""
    database = Database(url, pool_size=4)
    try:
        async with database.transaction() as connection:
            repository = AppointmentRepository(connection)
            for number in range(len(counts)):
                draft = Appointment(
                    0, str(number), 1, 1, None, "", "", "", T, T, AppointmentStatus.BOOKED, T, T
                )  # fmt: skip
                made = await repository.insert(draft, PATIENT)
                for sequence in range(1, counts[number] + 1):
                    await repository.enqueue(made, sequence, b"{}", T)
        yield database
    finally:
        await database.close()


async def _of(database: Database, state: DeliveryState) -> list[Delivery]:
    async with database.reading() as connection:
        return await AppointmentRepository(connection).deliveries(state, 1000)


async def _empty(database: Database) -> bool:
    return await _of(database, PENDING) == []


@pytest.mark.parametrize("seed", [1, 2])
async def test_in_order_and_whole_while_the_platform_fails_and_a_process_dies_with_what_it_sent(
    database_url: str, seed: int
) -> None:
    dice = random.Random(seed)
    counts = [dice.choice([1, 1, 2, 3, 4]) for _ in range(40)]
    clock = ManualClock(NOW)
    platform = Platform(3)
    unheard: Counter[tuple[str, int]] = Counter()

    async def react(message: Message) -> int | None:
        for _ in range(dice.randrange(4)):
            await asyncio.sleep(0)
        fate = dice.choices(["taken", "lost", "busy", "broken"], [17, 1, 1, 1])[0]
        if fate in {"taken", "lost"}:
            platform.states[message.appointment_key].append(message.sequence)
        if fate == "lost":
            unheard[message.appointment_key, message.sequence] += 1
        return {"taken": 200, "busy": 503}.get(fate)

    platform.react = react
    async with _outbox(database_url, *counts) as database:
        one, other = _push(database, platform), _push(database, platform)
        async with tasks.dispatching(one, clock, asyncio.Event()), tasks.dispatching(other, clock, asyncio.Event()):

            async def done() -> bool:
                if not one.dead and sum(map(len, platform.states.values())) > sum(counts) / 3:
                    one.dead = True  # between an answer and its being written down, for some
                if not any(platform.under_way.values()):
                    clock.advance(timedelta(seconds=1))
                return await _empty(database)

            await until(done)
        accepted = await _of(database, ACCEPTED)

    assert len(accepted) == sum(counts)
    assert platform.together == 1
    for number, count in enumerate(counts):
        assert [each for each, _ in groupby(platform.states[str(number)])] == [*range(1, count + 1)]
    more = sum(map(len, platform.states.values())) - sum(counts) - sum(unheard.values())
    assert 0 <= more <= 5 * platform.connections, "only what the one that died had not written down"


async def test_two_that_take_many_at_once_never_take_the_same(database_url: str) -> None:
    async with _outbox(database_url, *[1, 2] * 30) as database:
        platform = Platform(8)
        one, other = _push(database, platform), _push(database, platform)
        taken: list[Message] = []
        for _ in range(4):
            for each in await asyncio.gather(one.turn([], 8, T), other.turn([], 8, T)):
                taken += each
        assert len({message.id for message in taken}) == len(taken) == 60
        assert {message.sequence for message in taken} == {1}
        assert await one.turn([], 8, T) == []
        await one.turn([(message, Verdict(ACCEPTED, "200")) for message in taken], 0, T)
        follow = await other.turn([], 100, T)
        assert [message.sequence for message in follow] == [2] * 30


async def test_messages_leave_while_earlier_ones_are_written_down(sqlite_url: str) -> None:
    """A database that is slow to write costs no time as long as there is something in line."""
    writing = asyncio.Event()

    class Slow(Mortal):
        async def turn(self, verdicts: Sequence[tuple[Message, Verdict]], *rest: Any, **named: Any) -> list[Message]:
            if verdicts:
                await writing.wait()
            return await super().turn(verdicts, *rest, **named)

    platform = Platform(2)
    async with _outbox(sqlite_url, *[1] * 30) as database:
        push = Slow(database, platform)  # type: ignore[arg-type]  # as above
        async with tasks.dispatching(push, ManualClock(NOW), asyncio.Event()):
            try:
                await until(lambda: len(platform.heard) == 2 + 2 * tasks._ROUNDS_AHEAD, 5)
                assert len(await _of(database, PENDING)) == 30
            finally:
                writing.set()
            await until(lambda: len(platform.heard) == 30)
            await until(lambda: _empty(database))


async def test_what_stands_in_line_for_long_is_not_taken_for_sent(database_url: str) -> None:
    """Behind one that hangs: it joins the line anew in time, and its first request is still a creation."""
    clock, gate = ManualClock(NOW), asyncio.Event()
    platform = Platform(1)

    async def hang(_message: Message) -> int:
        await gate.wait()
        return 200

    platform.react = hang
    async with (
        _outbox(database_url, *[1] * 4) as database,
        tasks.dispatching(_push(database, platform), clock, asyncio.Event()),
    ):
        await until(lambda: len(platform.heard) == 1)
        for last in (T, T + 3_200):
            await until(partial(_taken_at, database, last))
            clock.advance(timedelta(milliseconds=3_200))  # the lease of the first is not over at the end
        gate.set()
        await until(lambda: _empty(database))
    assert [message.attempt for message in platform.heard] == [1, 1, 1, 1]


async def _taken_at(database: Database, instant: int) -> bool:
    """Whether all but the first were taken then."""
    return {each.last_attempt_at for each in (await _of(database, PENDING))[1:]} == {instant}


async def test_who_stops_gives_back_what_stands_in_line_as_it_was(database_url: str) -> None:
    platform = Platform(1)

    async def hang(_message: Message) -> int:
        await asyncio.sleep(3600)
        return 200

    platform.react = hang
    async with _outbox(database_url, *[1] * 4) as database:
        async with tasks.dispatching(_push(database, platform), ManualClock(NOW), asyncio.Event()):
            await until(lambda: len(platform.heard) == 1)
        waiting = await _of(database, PENDING)
        assert [(each.attempts, each.last_answer) for each in waiting] == [(1, "broken_off"), *[(0, "")] * 3]
        again = await _push(database, platform).turn([], 9, T)  # no time has passed
        assert [message.attempt for message in again] == [2, 1, 1, 1]

"""The outbox reaches the platform: in order, once in effect, whatever the wire and the platform do meanwhile."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from itertools import groupby

import pytest

from agenda_editor.agendas.model import AgendaUnavailableError
from agenda_editor.appointments import push as pushing
from agenda_editor.appointments import rules, tasks
from agenda_editor.appointments.client import PlatformClient
from agenda_editor.appointments.model import AppointmentError, DeliveryState, Message, Verdict
from agenda_editor.appointments.push import PushService
from sas_kernel.clock import ManualClock
from sas_kit.http import HttpLimits
from tests.agenda_editor.appointments.conftest import (
    SECRETS,
    SYSTEM,
    Bookings,
    Got,
    Reaction,
    Receiver,
    Sender,
    settled,
    until,
)
from tests.agenda_editor.conftest import NOW, Starter, slot

RPPS = "810123400017"
ACCEPTED, PENDING, REFUSED = DeliveryState.ACCEPTED, DeliveryState.PENDING, DeliveryState.REFUSED


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_EVERY", 0.02)


async def _opened(bookings: Bookings, slots: int = 1) -> list[int]:
    """The numbers of new slots, with a regulator to book them."""
    await bookings.regulator()
    schedule = await bookings.agenda.open(RPPS, *(slot(1 + n / 10) for n in range(slots)))
    return await bookings.slot_ids(schedule.id)


def _scripted(reactions: Sequence[Reaction]) -> Callable[[Got], Reaction]:
    """One reaction a request, then accepted."""
    left: Iterator[Reaction] = iter(reactions)
    return lambda _got: next(left, Reaction())


@asynccontextmanager
async def _time_flies(bookings: Bookings) -> AsyncIterator[None]:
    """When nothing is due or under way, it is at once the moment of the next attempt."""
    clock = bookings.agenda.clock

    async def fly() -> None:
        while True:
            await asyncio.sleep(0.005)
            heads: dict[str, int] = {}
            for waiting in await bookings.service.deliveries(PENDING):
                heads.setdefault(waiting.appointment_key, waiting.next_attempt_at or 0)
            clock.advance(timedelta(milliseconds=max(0, min(heads.values(), default=0) - bookings.now)))

    task = asyncio.create_task(fly())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


# --- what leaves -----------------------------------------------------------------------------------------------------


async def test_the_first_is_a_creation_and_later_ones_are_updates_by_identifier(
    sending: Sender, receiver: Receiver, database_url: str
) -> None:
    receiver.react = _scripted([Reaction(201)])
    bookings = await sending(database_url)
    first, second = await _opened(bookings, 2)
    booked = await bookings.book(first)
    await settled(bookings.service)
    await bookings.service.move(booked.key, second, bookings.now)
    await settled(bookings.service)
    await bookings.service.cancel(booked.key, bookings.now)
    await settled(bookings.service)

    target = f"/fhir/Appointment?identifier={SYSTEM}%7C{booked.key}"
    assert [(g.method, g.target) for g in receiver.requests] == [
        ("POST", "/fhir/Appointment"),
        ("PUT", target),
        ("PUT", target),
    ]
    for got in receiver.requests:
        assert got.headers["content-type"] == "application/fhir+json"
        assert got.headers["accept"] == "application/fhir+json"
    assert receiver.statuses(booked.key) == ["booked", "booked", "cancelled"]
    assert [s["slot"] for s in receiver.states[booked.key]] == [
        [{"reference": f"Slot/cr-{n}"}] for n in (first, second, second)
    ]
    deliveries = await bookings.service.deliveries(ACCEPTED)
    assert [(d.status.value, d.attempts, d.last_answer, d.next_attempt_at) for d in deliveries] == [
        ("cancelled", 1, "200", None),
        ("booked", 1, "200", None),
        ("booked", 1, "201", None),
    ]


async def test_a_booking_is_told_at_once_not_at_the_next_look(
    sending: Sender, receiver: Receiver, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_EVERY", 3600.0)
    bookings = await sending(sqlite_url)
    for number in await _opened(bookings, 3):
        await bookings.book(number)
    await until(lambda: len(receiver.states) == 3)


async def test_what_another_process_booked_is_found(
    sending: Sender, receiver: Receiver, start: Starter, database_url: str
) -> None:
    other = Bookings(await start(database_url))
    numbers = await _opened(other)
    await sending(database_url)
    booked = await other.book(numbers[0])
    await settled(other.service)
    assert receiver.statuses(booked.key) == ["booked"]


async def test_without_a_platform_everything_waits(
    sending: Sender, receiver: Receiver, start: Starter, sqlite_url: str
) -> None:
    alone = Bookings(await start(sqlite_url))
    (number,) = await _opened(alone)
    booked = await alone.book(number)
    (waiting,) = await alone.service.deliveries(PENDING)
    assert (waiting.attempts, waiting.last_answer, waiting.last_attempt_at) == (0, "", None)
    await sending(sqlite_url)
    await settled(alone.service)
    assert receiver.statuses(booked.key) == ["booked"]


async def test_a_base_address_with_a_slash_at_its_end_is_the_same(
    sending: Sender, receiver: Receiver, sqlite_url: str
) -> None:
    bookings = await sending(sqlite_url, platform_url=receiver.url + "/")
    await bookings.book((await _opened(bookings))[0])
    await settled(bookings.service)
    assert receiver.requests[0].target == "/fhir/Appointment"


async def test_no_patient_is_in_any_request_or_log(
    sending: Sender, receiver: Receiver, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outcome = {"issue": [{"code": "value", "diagnostics": "Zwickelhuber", "details": {"text": "Ottoline"}}]}
    receiver.react = _scripted([Reaction(), Reaction(422, body=json.dumps(outcome).encode()), Reaction(None)])
    bookings = await sending(sqlite_url)
    booked = await bookings.book((await _opened(bookings))[0])
    await bookings.service.honour(booked.key, bookings.now)
    await bookings.service.mark_absent(booked.key, bookings.now)
    async with _time_flies(bookings):
        await settled(bookings.service)
    (parked,) = await bookings.service.deliveries(REFUSED)
    assert parked.last_answer == "422 value"
    said = " ".join([caplog.text, *(repr(got) for got in receiver.requests)]).lower()
    assert booked.key in said
    assert [secret for secret in SECRETS if secret in said] == []


# --- what is tried again, and what is not ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reaction", "answer"),
    [
        (Reaction(500), "500"),
        (Reaction(503, processed=False), "503"),
        (Reaction(408, processed=False), "408"),
        (Reaction(None, processed=False), "connection_lost"),
        (Reaction(None), "connection_lost"),
        (Reaction(429, processed=False), "429"),
        (Reaction(201, after=lambda: asyncio.sleep(3600)), "timeout"),
    ],
)
async def test_a_failure_is_tried_again_as_an_update(
    sending: Sender, receiver: Receiver, sqlite_url: str, reaction: Reaction, answer: str
) -> None:
    receiver.react = _scripted([reaction])
    bookings = await sending(sqlite_url, platform_answer_timeout=0.3)
    booked = await bookings.book((await _opened(bookings))[0])

    async def failed_once() -> bool:
        (waiting,) = await bookings.service.deliveries(PENDING)
        return waiting.last_answer == answer

    await until(failed_once)
    (waiting,) = await bookings.service.deliveries(PENDING)
    assert waiting.next_attempt_at is not None
    assert bookings.now + 500 <= waiting.next_attempt_at <= bookings.now + 1000
    assert len(receiver.requests) == 1
    bookings.agenda.clock.advance(timedelta(seconds=1))
    await settled(bookings.service)
    assert [g.method for g in receiver.requests] == ["POST", "PUT"]
    assert receiver.requests[0].body == receiver.requests[1].body
    assert receiver.creations == {booked.key: 1}
    (accepted,) = await bookings.service.deliveries(ACCEPTED)
    assert (accepted.attempts, accepted.last_answer) == (2, "200")


async def test_the_platform_is_given_the_time_it_asks_for(sending: Sender, receiver: Receiver, sqlite_url: str) -> None:
    receiver.react = _scripted([Reaction(429, processed=False, headers=(("Retry-After", "90"),))])
    bookings = await sending(sqlite_url)
    await bookings.book((await _opened(bookings))[0])
    await until(lambda: len(receiver.requests) == 1)

    async def told() -> bool:
        (waiting,) = await bookings.service.deliveries(PENDING)
        return waiting.next_attempt_at == bookings.now + 90_000

    await until(told)
    bookings.agenda.clock.advance(timedelta(seconds=91))
    await settled(bookings.service)


@pytest.mark.parametrize("status", [301, 400, 404, 422])
async def test_a_refused_message_is_parked_and_the_next_goes_on(
    sending: Sender, receiver: Receiver, sqlite_url: str, status: int
) -> None:
    receiver.react = _scripted([Reaction(status, processed=False, headers=(("Location", receiver.url),))])
    bookings = await sending(sqlite_url)
    booked = await bookings.book((await _opened(bookings))[0])
    await settled(bookings.service)
    (parked,) = await bookings.service.deliveries(REFUSED)
    assert (parked.status.value, parked.last_answer, parked.next_attempt_at) == ("booked", str(status), None)
    await bookings.service.cancel(booked.key, bookings.now)
    await settled(bookings.service)
    assert [g.method for g in receiver.requests] == ["POST", "PUT"]
    assert receiver.statuses(booked.key) == ["cancelled"]
    assert [d.id for d in await bookings.service.deliveries(REFUSED)] == [parked.id]


async def test_a_parked_message_is_sent_again_as_the_appointment_is_now(
    sending: Sender, receiver: Receiver, database_url: str
) -> None:
    receiver.react = _scripted([Reaction(422, processed=False)])
    bookings = await sending(database_url)
    booked = await bookings.book((await _opened(bookings))[0])
    await settled(bookings.service)
    (parked,) = await bookings.service.deliveries(REFUSED)
    await bookings.service.honour(booked.key, bookings.now)
    await settled(bookings.service)

    await bookings.service.send_again(parked.id, bookings.now)
    await bookings.service.send_again(parked.id, bookings.now)  # pressed twice
    await settled(bookings.service)
    assert await bookings.service.deliveries(REFUSED) == []
    assert [g.method for g in receiver.requests] == ["POST", "PUT", "PUT"]
    assert receiver.statuses(booked.key) == ["fulfilled", "fulfilled"]
    sent = {d.id: d for d in await bookings.service.deliveries(ACCEPTED)}[parked.id]
    assert (sent.status.value, sent.attempts) == ("fulfilled", 2)
    await bookings.service.send_again(parked.id, bookings.now)  # what was accepted is left alone
    await settled(bookings.service)
    assert len(receiver.requests) == 3


async def test_what_is_sent_again_waits_for_what_is_under_way(
    sending: Sender, receiver: Receiver, database_url: str
) -> None:
    """An older state that is still on its way arrives before the present one, not after it."""
    gate = asyncio.Event()
    receiver.react = _scripted([Reaction(422, processed=False), Reaction(before=gate.wait)])
    bookings = await sending(database_url)
    numbers = await _opened(bookings, 2)
    booked = await bookings.book(numbers[0])
    await settled(bookings.service)
    (parked,) = await bookings.service.deliveries(REFUSED)
    await bookings.service.honour(booked.key, bookings.now)
    await until(lambda: len(receiver.requests) == 2)
    await bookings.service.mark_absent(booked.key, bookings.now)
    await bookings.service.send_again(parked.id, bookings.now)
    later = await bookings.book(numbers[1])
    await until(lambda: receiver.statuses(later.key) == ["booked"])  # whatever may leave has left
    gate.set()
    await settled(bookings.service)
    assert receiver.statuses(booked.key) == ["fulfilled", "noshow", "noshow"]


async def test_one_that_waits_does_not_hold_up_the_others(
    sending: Sender, receiver: Receiver, database_url: str
) -> None:
    bookings = await sending(database_url)
    numbers = await _opened(bookings, 30)
    gate = asyncio.Event()
    stuck = await bookings.book(numbers[0])
    await settled(bookings.service)
    receiver.react = lambda got: Reaction(before=gate.wait) if got.key == stuck.key else Reaction()
    await bookings.service.honour(stuck.key, bookings.now)
    await bookings.service.mark_absent(stuck.key, bookings.now)
    others = [(await bookings.book(number)).key for number in numbers[1:]]
    await until(lambda: all(receiver.statuses(key) == ["booked"] for key in others))
    assert receiver.statuses(stuck.key) == ["booked"]
    gate.set()
    await settled(bookings.service)
    assert receiver.statuses(stuck.key) == ["booked", "fulfilled", "noshow"]


async def test_no_more_than_allowed_are_under_way(sending: Sender, receiver: Receiver, sqlite_url: str) -> None:
    receiver.react = lambda _got: Reaction(before=lambda: asyncio.sleep(0.01))
    bookings = await sending(sqlite_url, platform_requests=3)
    for number in await _opened(bookings, 20):
        await bookings.book(number)
    await settled(bookings.service)
    assert receiver.most_under_way == 3


async def test_who_waited_for_the_platform_is_sent_as_soon_as_it_is_back(
    sending: Sender, receiver: Receiver, database_url: str
) -> None:
    """After hours of outage delays are minutes; the first success ends them for everybody."""
    down = True
    receiver.react = lambda _got: Reaction(None, processed=False) if down else Reaction()
    bookings = await sending(database_url)
    numbers = await _opened(bookings, 12)
    keys = [(await bookings.book(number)).key for number in numbers[:-1]]
    await bookings.service.honour(keys[0], bookings.now)
    clock = bookings.agenda.clock

    async def all_waiting(attempts: int) -> bool:
        waiting = [d for d in await bookings.service.deliveries(PENDING) if d.status.value == "booked"]
        return all(
            d.attempts >= attempts and d.next_attempt_at is not None and d.next_attempt_at > bookings.now
            for d in waiting
        )

    for attempt in range(1, 4):
        await until(partial(all_waiting, attempt))
        clock.advance(timedelta(minutes=5))
    await until(partial(all_waiting, 4))
    down = False
    keys.append((await bookings.book(numbers[-1])).key)  # the clock stands still: this one alone is due
    await settled(bookings.service)
    assert receiver.creations == dict.fromkeys(keys, 1)
    assert receiver.statuses(keys[0]) == ["booked", "fulfilled"]


# --- whatever happens ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
async def test_in_order_without_loss_or_second_creation_whatever_the_platform_does(
    sending: Sender, receiver: Receiver, database_url: str, seed: int
) -> None:
    """Two processes send, the platform fails in every way, and appointments change meanwhile."""
    dice = random.Random(seed)
    under_way: Counter[str] = Counter()
    together = 0

    def react(got: Got) -> Reaction:
        nonlocal together
        under_way[got.key] += 1
        together = max(together, under_way[got.key])
        delay = dice.random() / 100

        async def before() -> None:
            await asyncio.sleep(delay)
            under_way[got.key] -= 1

        status = dice.choices([200, 500, 503, 429, None], [5, 1, 1, 1, 3])[0]
        processed = status == 200 or dice.random() < 0.5
        return Reaction(status, processed=processed, before=before)

    receiver.react = react
    one = await sending(database_url, platform_requests=4)
    other = await sending(database_url, clock=one.agenda.clock, platform_requests=4)
    numbers = await _opened(one, 8)
    async with _time_flies(one):
        keys = [(await one.book(number)).key for number in numbers]
        for _ in range(16):
            service, key = dice.choice([one, other]).service, dice.choice(keys)
            change = dice.choice([service.honour, service.mark_absent, service.cancel])
            with suppress(AppointmentError):
                await change(key, one.now)
        await settled(one.service, 60)

    assert together == 1
    assert receiver.creations == dict.fromkeys(keys, 1)
    for key in keys:
        heard = [status for status, _ in groupby(receiver.statuses(key))]
        assert heard == [c.after.value for c in await one.service.history(key)]
    assert await one.service.deliveries(REFUSED) == []
    assert len(await one.service.deliveries(ACCEPTED)) == sum([len(await one.service.history(key)) for key in keys])


async def test_a_database_that_fails_between_makes_nothing_be_sent_twice(
    sending: Sender, receiver: Receiver, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bookings = await sending(sqlite_url)
    (number,) = await _opened(bookings)
    turn, failures = PushService.turn, iter([AgendaUnavailableError(), RuntimeError("unforeseen")])

    async def failing(
        self: PushService,
        verdicts: Sequence[tuple[Message, Verdict]],
        most: int,
        now: int,
        *,
        untouched: Sequence[Message] = (),
    ) -> list[Message]:
        if verdicts and (error := next(failures, None)) is not None:
            raise error
        return await turn(self, verdicts, most, now, untouched=untouched)

    monkeypatch.setattr(PushService, "turn", failing)
    booked = await bookings.book(number)
    await settled(bookings.service)
    assert receiver.statuses(booked.key) == ["booked"]
    assert next(failures, None) is None


# --- leases ----------------------------------------------------------------------------------------------------------


async def test_a_message_is_one_worker_s_until_its_lease_is_over(
    start: Starter, receiver: Receiver, database_url: str
) -> None:
    bookings = Bookings(await start(database_url))
    numbers = await _opened(bookings, 3)
    booked = [await bookings.book(number) for number in numbers]
    await bookings.service.cancel(booked[0].key, bookings.now)
    database = bookings.agenda.app.state.services.database
    client = PlatformClient(receiver.url, SYSTEM, HttpLimits(1, 2, 1000), connections=9)
    one, other = (PushService(database, client, chance=lambda: 1.0) for _ in range(2))
    t = bookings.now

    taken = await asyncio.gather(one.turn([], 2, t), other.turn([], 9, t))
    assert sorted(m.appointment_key for ms in taken for m in ms) == sorted(b.key for b in booked)
    assert await other.turn([], 9, t + 6_999) == []
    again = await other.turn([], 9, t + 7_000)
    assert sorted(m.id for m in again) == sorted(m.id for ms in taken for m in ms)
    assert {m.attempt for m in again} == {2}

    # Whoever was late neither sends nor decides any more.
    (first,) = [m for ms in taken for m in ms if m.appointment_key == booked[0].key]
    assert await one.send(first, t + 4_001) == rules.failed("lease_over")
    assert receiver.requests == []
    await one.turn([(first, Verdict(REFUSED, "422"))], 0, t + 7_001)
    assert await bookings.service.deliveries(REFUSED) == []
    await other.turn([(m, Verdict(ACCEPTED, "200")) for m in again], 0, t + 7_002)
    (last,) = await one.turn([], 9, t + 7_002)
    assert (last.appointment_key, last.sequence) == (booked[0].key, 2)
    assert json.loads(last.body)["status"] == "cancelled"
    await client.aclose()


async def test_a_service_that_stops_waits_for_what_is_under_way(
    receiver: Receiver, sqlite_url: str, start: Starter
) -> None:
    bookings = Bookings(await start(sqlite_url))
    (number,) = await _opened(bookings)
    booked = await bookings.book(number)
    receiver.react = lambda _got: Reaction(after=lambda: asyncio.sleep(0.2))
    async with _dispatching(bookings, receiver):
        await until(lambda: receiver.under_way == 1)
    assert receiver.statuses(booked.key) == ["booked"]
    (accepted,) = await bookings.service.deliveries(ACCEPTED)
    assert accepted.last_answer == "200"


async def test_a_service_that_stops_leaves_what_hangs_to_the_next(
    receiver: Receiver, sqlite_url: str, start: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_GRACE", 0.05)
    bookings = Bookings(await start(sqlite_url))
    (number,) = await _opened(bookings)
    booked = await bookings.book(number)
    receiver.react = _scripted([Reaction(before=lambda: asyncio.sleep(3600))])
    async with _dispatching(bookings, receiver):
        await until(lambda: receiver.under_way == 1)
    (waiting,) = await bookings.service.deliveries(PENDING)
    assert (waiting.attempts, waiting.last_answer, waiting.next_attempt_at) == (1, "broken_off", bookings.now)
    async with _dispatching(bookings, receiver):  # no time has passed
        await settled(bookings.service)
    assert [g.method for g in receiver.requests] == ["POST", "PUT"]
    assert receiver.statuses(booked.key) == ["booked"]


# --- what is no longer kept ------------------------------------------------------------------------------------------

_DAY = 24 * 3_600_000


async def test_what_was_accepted_long_ago_is_deleted_in_batches_and_nothing_else_is(
    start: Starter, receiver: Receiver, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "_FORGOTTEN_AT_ONCE", 2)
    bookings = Bookings(await start(database_url))
    booked = [await bookings.book(number) for number in await _opened(bookings, 6)]
    database = bookings.agenda.app.state.services.database
    client = PlatformClient(receiver.url, SYSTEM, HttpLimits(1, 2, 1000), connections=9)
    push = PushService(database, client, retention=30 * _DAY)
    t = bookings.now

    def kept(state: DeliveryState) -> Awaitable[list[str]]:
        return _keys(bookings, state)

    early = await push.turn([], 4, t)
    verdicts = [ACCEPTED, ACCEPTED, ACCEPTED, REFUSED]
    await push.turn([(m, Verdict(v, "")) for m, v in zip(early, verdicts, strict=True)], 0, t)
    (late,) = await push.turn([], 1, t + 10 * _DAY)
    await push.turn([(late, Verdict(ACCEPTED, "200"))], 0, t + 10 * _DAY)
    old, refused = [m.appointment_key for m in early[:3]], [early[3].appointment_key]
    (pending,) = {each.key for each in booked} - {*old, *refused, late.appointment_key}

    assert await push.forget(t + 30 * _DAY - 1) == 0
    assert sorted(await kept(ACCEPTED)) == sorted([*old, late.appointment_key])
    assert await push.forget(t + 30 * _DAY) == 0  # it has just looked
    hour = 3_600_000
    assert [await push.forget(t + 30 * _DAY + hour) for _ in range(3)] == [2, 1, 0]
    assert await kept(ACCEPTED) == [late.appointment_key]
    assert await push.forget(t + 40 * _DAY) == 1
    assert await push.forget(t + 4000 * _DAY) == 0
    assert (await kept(ACCEPTED), await kept(REFUSED), await kept(PENDING)) == ([], refused, [pending])

    # The appointment goes on where it was: its next message has a number of its own.
    await bookings.service.cancel(old[0], bookings.now)
    taken = await push.turn([], 9, t + 4000 * _DAY)
    assert [(m.sequence, json.loads(m.body)["status"]) for m in taken if m.appointment_key == old[0]] == [
        (2, "cancelled")
    ]
    await client.aclose()


async def _keys(bookings: Bookings, state: DeliveryState) -> list[str]:
    return [delivery.appointment_key for delivery in await bookings.service.deliveries(state)]


async def test_the_task_that_sends_deletes_after_the_days_of_the_setting(sending: Sender, sqlite_url: str) -> None:
    bookings = await sending(sqlite_url, accepted_messages_days=2)
    (number,) = await _opened(bookings)
    booked = await bookings.book(number)
    await settled(bookings.service)
    bookings.agenda.clock.advance(timedelta(hours=47))
    await bookings.service.cancel(booked.key, bookings.now)
    await settled(bookings.service)
    assert await _keys(bookings, ACCEPTED) == [booked.key, booked.key]

    bookings.agenda.clock.advance(timedelta(hours=2))

    async def one_left() -> bool:
        return [d.status.value for d in await bookings.service.deliveries(ACCEPTED)] == ["cancelled"]

    await until(one_left)


@asynccontextmanager
async def _dispatching(bookings: Bookings, receiver: Receiver) -> AsyncIterator[None]:
    client = PlatformClient(receiver.url, SYSTEM, HttpLimits(2, 10, 1000), connections=4)
    push = PushService(bookings.agenda.app.state.services.database, client)
    try:
        async with tasks.dispatching(push, ManualClock(NOW), asyncio.Event()):
            yield
    finally:
        await client.aclose()

"""Sends the outbox while the service runs, and empties it of what was accepted long ago."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from agenda_editor.agendas.model import AgendaError
from agenda_editor.appointments import rules
from agenda_editor.appointments.model import Message, Verdict
from agenda_editor.appointments.push import PushService
from sas_fhir.instants import milliseconds
from sas_kernel.clock import Clock
from sas_kit.observing import tracing

_EVERY: Final = 1.0  # seconds between looks at what other processes wrote
# Messages in line for each one under way: while half of them leave, the others are written down.
_ROUNDS_AHEAD: Final = 4
_GRACE: Final = 3.0  # seconds that what is under way has when the service stops

_log = logging.getLogger(__name__)


@asynccontextmanager
async def dispatching(push: PushService, clock: Clock, wake: asyncio.Event) -> AsyncIterator[None]:
    """Messages leave as long as the context is open; at its end what is under way is waited for, or given up."""
    if push.most_at_once == 0:
        yield
        return
    dispatcher = _Dispatcher(push, clock, wake)
    task = asyncio.create_task(dispatcher.run())
    try:
        yield
    finally:
        dispatcher.stop()
        _, late = await asyncio.wait([task], timeout=_GRACE)
        if late:  # the database hangs
            task.cancel()
            await asyncio.wait([task])
        await dispatcher.finish()


class _Dispatcher:
    """One loop keeps the books; what it has taken stands in line, so that one attempt follows another at once.

    Meanwhile others end, and are written down together: the more there is to send, the less each message costs.
    """

    def __init__(self, push: PushService, clock: Clock, wake: asyncio.Event) -> None:
        self._push = push
        self._clock = clock
        self._wake = wake
        self._longest_line = _ROUNDS_AHEAD * push.most_at_once
        self._stopping = False
        self._line: deque[Message] = deque()
        self._under_way: dict[asyncio.Task[Verdict], Message] = {}
        self._ended: list[tuple[Message, Verdict]] = []

    async def run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                await self._turn()
                await self._push.forget(self._now())
            except AgendaError as error:
                _log.warning("the outbox waits: %s", error)
                await asyncio.sleep(_EVERY)
            except Exception:  # noqa: BLE001  whatever it is, what was promised to the platform must still leave
                _log.exception("the outbox failed and goes on")
                await asyncio.sleep(_EVERY)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _EVERY)

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    async def finish(self) -> None:
        """Wait a little for what is under way, write down what became of it and give the rest back."""
        late: set[asyncio.Task[Verdict]] = set()
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=_GRACE)
        broken_off = [self._under_way.pop(task) for task in late]
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        if not (self._ended or self._line or broken_off):
            return
        try:
            await self._push.turn(self._ended, 0, self._now(), untouched=self._line)
            await self._push.give_up(broken_off, self._now())
        except AgendaError as error:  # then the leases run out, and the messages are sent once more
            _log.warning("the outbox was left as it was: %s", error)

    async def _turn(self) -> None:
        now = self._now()
        ended = tuple(self._ended)
        # What has stood in line for too long joins it anew, or another process has it.
        stale = tuple(message for message in self._line if not self._push.has_time_for(message, now))
        for message in stale:
            self._line.remove(message)
        room = self._push.most_at_once - len(self._under_way) + self._longest_line - len(self._line)
        taken = await self._push.turn(ended, room, now, untouched=stale)
        self._line.extend(taken)
        del self._ended[: len(ended)]
        self._begin()

    def _begin(self) -> None:
        while self._line and not self._stopping and len(self._under_way) < self._push.most_at_once:
            message = self._line.popleft()
            with tracing.working_on(tracing.fresh()):  # a task takes along what is worked on when it is made
                task = asyncio.create_task(self._push.send(message, self._now()))
            self._under_way[task] = message
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[Verdict]) -> None:
        message = self._under_way.pop(task, None)
        if message is None:  # given up
            return
        self._ended.append((message, _verdict(task)))
        self._begin()
        if len(self._line) <= self._longest_line // 2:
            self._wake.set()

    def _now(self) -> int:
        return milliseconds(self._clock.now())


def _verdict(task: asyncio.Task[Verdict]) -> Verdict:
    error = task.exception()
    if error is None:
        return task.result()
    _log.error("an attempt failed unexpectedly", exc_info=error)
    return rules.failed("internal")

"""Sends the outbox while the service runs, and empties it of what was accepted long ago."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from agenda_editor.agendas.model import AgendaError
from agenda_editor.appointments import rules
from agenda_editor.appointments.model import Message, Verdict
from agenda_editor.appointments.push import PushService
from sas_fhir.instants import milliseconds
from sas_kernel.clock import Clock
from sas_kit.observing import tracing

_EVERY: Final = 1.0  # seconds between looks at what other processes wrote
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
    """One loop keeps the books, so that what ends meanwhile is written together; each message has a task of its own."""

    def __init__(self, push: PushService, clock: Clock, wake: asyncio.Event) -> None:
        self._push = push
        self._clock = clock
        self._wake = wake
        self._stopping = False
        self._under_way: dict[asyncio.Task[Verdict], Message] = {}

    async def run(self) -> None:
        woken: asyncio.Task[object] | None = None
        try:
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
                if woken is None or woken.done():
                    woken = asyncio.create_task(self._wake.wait())
                await asyncio.wait([woken, *self._under_way], timeout=_EVERY, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if woken is not None:
                woken.cancel()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    async def finish(self) -> None:
        """Wait a little for what is under way, write down what became of it and give up the rest."""
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=_GRACE)
        broken_off = [self._under_way.pop(task) for task in late]
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        try:
            await self._push.turn(self._verdicts(), 0, self._now())
            await self._push.give_up(broken_off, self._now())
        except AgendaError as error:  # then the leases run out, and the messages are sent once more
            _log.warning("the outbox was left as it was: %s", error)

    async def _turn(self) -> None:
        verdicts = self._verdicts()
        ended = [task for task in self._under_way if task.done()]
        room = self._push.most_at_once - len(self._under_way) + len(ended)
        taken = await self._push.turn(verdicts, room, self._now())
        for task in ended:
            del self._under_way[task]
        for message in taken:
            with tracing.working_on(tracing.fresh()):  # a task takes along what is worked on when it is made
                self._under_way[asyncio.create_task(self._push.send(message, self._now()))] = message

    def _verdicts(self) -> list[tuple[Message, Verdict]]:
        """What became of the messages whose attempt has ended."""
        return [(message, _verdict(task)) for task, message in self._under_way.items() if task.done()]

    def _now(self) -> int:
        return milliseconds(self._clock.now())


def _verdict(task: asyncio.Task[Verdict]) -> Verdict:
    error = task.exception()
    if error is None:
        return task.result()
    _log.error("an attempt failed unexpectedly", exc_info=error)
    return rules.failed("internal")

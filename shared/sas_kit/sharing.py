"""Reads that many ask for at once, made once for all of them, and never older than any of their questions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SharedReads(Generic[K, V]):
    """`read` gives what it knows of some keys. Who asks while nothing is being read reads by himself; who asks
    meanwhile waits for the *next* read, which is for all who wait: it begins after each of them asked, so whatever was
    committed before a question is in its answer.

    One event loop. Another read is begun beside the one under way once it would be of `most` keys, or after `patience`
    seconds: neither a read nor the wait for one grows without end, and one that hangs holds nobody else up.
    """

    def __init__(self, read: Callable[[list[K]], Awaitable[Mapping[K, V]]], *, most: int, patience: float) -> None:
        self._read = read
        self._most = most
        self._patience = patience
        self._under_way = 0
        self._next: _Batch[K, V] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, keys: Iterable[K]) -> Mapping[K, V]:
        """What is known of these keys, and perhaps of others. Raises what the read does, the same to all who share it;
        who is cancelled is missed by nobody."""
        if self._under_way == 0:
            self._under_way += 1
            try:
                return await self._read(list(keys))
            finally:
                self._ended()
        loop = asyncio.get_running_loop()
        batch = self._next
        if batch is None:
            batch = self._next = _Batch(loop.call_later(self._patience, self._begin))
        batch.keys.update(dict.fromkeys(keys))
        answer: asyncio.Future[Mapping[K, V]] = loop.create_future()
        batch.waiting.append(answer)
        if len(batch.keys) >= self._most:
            self._begin()
        return await answer

    def _ended(self) -> None:
        self._under_way -= 1
        if self._next is not None:
            self._begin()

    def _begin(self) -> None:
        batch, self._next = self._next, None
        assert batch is not None
        batch.alarm.cancel()
        if all(each.done() for each in batch.waiting):  # all of them were cancelled
            return
        self._under_way += 1
        task = asyncio.get_running_loop().create_task(self._serve(batch))
        self._tasks.add(task)  # the loop itself holds it by a weak reference only
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, batch: _Batch[K, V]) -> None:
        try:
            found = await self._read(list(batch.keys))
        except BaseException as error:
            for each in batch.waiting:
                if not each.done():
                    if isinstance(error, Exception):
                        each.set_exception(error)
                    else:
                        each.cancel()
            if not isinstance(error, Exception):
                raise
        else:
            for each in batch.waiting:
                if not each.done():
                    each.set_result(found)
        finally:
            self._ended()


class _Batch(Generic[K, V]):
    __slots__ = ("alarm", "keys", "waiting")

    def __init__(self, alarm: asyncio.TimerHandle) -> None:
        self.alarm = alarm
        self.keys: dict[K, None] = {}
        self.waiting: list[asyncio.Future[Mapping[K, V]]] = []

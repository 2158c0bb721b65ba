"""Bytes that many tasks may hold at once, all together.

Whoever does not fit waits. Waiting alone would let many begin what none of them can end: an answer that has begun goes
before one that has not, a part of the room is kept for those, and the latest visitor who may leaves for the others.
For one event loop (no lock).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, Self

PATIENCE: Final = 0.5  # seconds; what is being read for longer is as good as kept to whoever waits
STEP: Final = 64 * 1024  # bytes; room is taken in steps of so many, which is about what a socket gives at a time


class GivenWayError(Exception):
    """This visitor left so that others could end; nothing of it may be held any more."""


class ShareExceededError(Exception):
    """This visitor would hold more than one may."""


class Room:
    """`most` bytes for all; `share` bytes for one visitor, and as much is left to what has begun.

    `first`: bytes that an answer has from its first one on, so that those of an ordinary size end once they have begun.
    `patience`: seconds that others may go on reading before somebody gives way to who waits.
    """

    def __init__(self, most: int, *, share: int, first: int = STEP, patience: float = PATIENCE) -> None:
        self.most = most
        self.share = share
        self.first = first
        self.patience = patience
        self.held = 0
        self._visits: dict[Visit, None] = {}  # by time of arrival
        self._begun: deque[_Waiting] = deque()
        self._new: deque[_Waiting] = deque()
        self._pressing: asyncio.TimerHandle | None = None

    def enter(self, *, may_give_way: bool = False, since: float | None = None) -> Visit:
        """To be left (a context manager). Raises `GivenWayError` when it would have to leave at its first byte."""
        if may_give_way and self._kept() + STEP > self.most - self.share:
            raise GivenWayError
        visit = Visit(self, may_give_way=may_give_way, since=since)
        self._visits[visit] = None
        return visit

    def _kept(self) -> int:
        """What is held by answers that are whole, and stays until its visitor leaves."""
        return sum(visit.kept for visit in self._visits if not visit.gave_way)

    def _fits(self, size: int, *, begun: bool) -> bool:
        return self.held + size <= (self.most if begun else self.most - self.share)

    async def _take(self, lease: Lease, size: int) -> None:
        visit = lease.visit
        if visit.gave_way:
            raise GivenWayError
        if visit.kept + lease.held + size > self.share:
            raise ShareExceededError
        begun = lease.held > 0
        queue = self._begun if begun else self._new
        if not queue and self._fits(size, begun=begun) and visit.held + size <= self.share:
            self._grant(lease, size)
            return
        self._make_way(size, self._kept())  # not for what is being read: that may be less than it has taken
        if visit.gave_way:
            raise GivenWayError
        waiting = _Waiting(lease, size)
        queue.append(waiting)
        lease.waiting = True
        if self._pressing is None:
            self._pressing = asyncio.get_running_loop().call_later(self.patience, self._press)
        try:
            await waiting.granted
        except asyncio.CancelledError:
            if waiting.granted.done() and not waiting.granted.cancelled():
                lease.give(size)
            elif waiting in queue:
                queue.remove(waiting)
            raise
        lease.waiting = False

    def _press(self) -> None:
        """Somebody has waited, or several have one after the other."""
        self._pressing = None
        waiting = self._begun or self._new
        if waiting:
            leaving = sum(visit.held for visit in self._visits if visit.gave_way)
            self._make_way(waiting[0].size, self.held - leaving)
            # Patience is over: whoever has to go goes soon, with time left for those who stay.
            self._pressing = asyncio.get_running_loop().call_later(self.patience / 10, self._press)

    def _make_way(self, size: int, used: int) -> None:
        """Let the latest who may give way do so, where what is `used` leaves no room."""
        if used + size <= self.most - self.share or len(self._visits) == 1:
            return
        latest = next((v for v in reversed(self._visits) if v.may_give_way and not v.gave_way), None)
        if latest is not None:
            latest.give_way()

    def _grant(self, lease: Lease, size: int) -> None:
        lease.held += size
        lease.visit.held += size
        self.held += size

    def _give(self, size: int) -> None:
        self.held -= size
        for queue, begun in ((self._begun, True), (self._new, False)):
            for waiting in list(queue):
                if not self._fits(waiting.size, begun=begun):
                    break
                visit = waiting.lease.visit
                if waiting.granted.done():
                    queue.remove(waiting)
                elif visit.kept + waiting.lease.held + waiting.size > self.share:
                    queue.remove(waiting)
                    waiting.granted.set_exception(ShareExceededError())
                elif visit.held + waiting.size <= self.share:
                    queue.remove(waiting)
                    self._grant(waiting.lease, waiting.size)
                    waiting.granted.set_result(None)
        for queue in (self._begun, self._new):
            if queue:  # what was being read when they came may be what is kept by now
                self._make_way(queue[0].size, self._kept())
                return

    def _leave(self, visit: Visit) -> None:
        if self._visits.pop(visit, self) is None:
            self._give(visit.held)
            visit.held = visit.kept = 0


class Visit:
    """What one visitor holds in the room, until it leaves. `since`: when it says it came, by the loop’s clock."""

    __slots__ = ("_room", "_told", "gave_way", "held", "kept", "may_give_way", "since")

    def __init__(self, room: Room, *, may_give_way: bool, since: float | None) -> None:
        self.may_give_way = may_give_way
        self.gave_way = False
        self.held = self.kept = 0
        self.since = asyncio.get_running_loop().time() if since is None else since
        self._room = room
        self._told: Callable[[], object] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    @property
    def room(self) -> Room:
        return self._room

    def lease(self) -> Lease:
        return Lease(self)

    def on_giving_way(self, told: Callable[[], object]) -> None:
        """`told` is called when this visitor has to go; what it holds counts until it has left."""
        self._told = told

    def give_way(self) -> None:
        self.gave_way = True
        if self._told is not None:
            self._told()

    def leave(self) -> None:
        self._room._leave(self)  # noqa: SLF001  one thing in three classes


class Lease:
    """What one answer holds. `waiting`: it waits for room, or did so until it was cancelled."""

    __slots__ = ("_kept", "held", "visit", "waiting")

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.held = 0
        self.waiting = False
        self._kept = 0

    async def up_to(self, size: int) -> None:
        """Hold `size` bytes at least, once there is room; raises `GivenWayError` or `ShareExceededError`."""
        if size > self.held:
            room = self.visit.room
            least = 0 if self.held else room.first
            more = max(least, -(-(size - self.held) // STEP) * STEP)
            await room._take(self, more)  # noqa: SLF001  one thing in three classes

    def keep(self, size: int) -> None:
        """The answer is whole and has `size` bytes: give back what is held beyond."""
        if self.visit.held:
            self.visit.kept += size - self._kept
        self._kept = size
        self.give(max(0, self.held - size))

    def give(self, size: int) -> None:
        self.held -= size
        if self.visit.held:
            self.visit.held -= size
            self.visit.room._give(size)  # noqa: SLF001  one thing in three classes


class _Waiting:
    __slots__ = ("granted", "lease", "size")

    def __init__(self, lease: Lease, size: int) -> None:
        self.lease = lease
        self.size = size
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()

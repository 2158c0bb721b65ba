"""The schedule of the watch: one round after the other, at instants that do not drift."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sas_kernel.clock import Clock

JITTER = 0.1
"""The part of an interval by which a round may be late on purpose, so that watches do not all knock at once."""


async def watch(
    take: Callable[[], Awaitable[None]],
    *,
    clock: Clock,
    wait: Callable[[float], Awaitable[bool]],
    interval: timedelta,
    until: datetime | None = None,
    chance: Callable[[], float],
    missed: Callable[[int], None],
) -> None:
    """Take a round now and then once in each interval, until `until` or until `wait` says to stop.

    `wait` waits so many seconds and says whether to go on; `chance` is a number from 0 to 1. Instants are counted from
    the first round, so that what a round lasts shifts nothing. A round that overruns leaves out those it covers, which
    `missed` is told: they are never made up for, and no two are ever under way.
    """
    first = clock.now()
    number = 0
    while until is None or clock.now() < until:
        await take()
        passed = int((clock.now() - first) / interval)
        if passed > number:
            missed(passed - number)
        number = max(number, passed) + 1
        due = first + (number + JITTER * chance()) * interval
        if until is not None and due >= until:
            return
        if not await wait(max((due - clock.now()).total_seconds(), 0.0)):
            return

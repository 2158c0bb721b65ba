"""The schedule of the watch, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from recette.monitoring.watching import watch
from sas_kernel.clock import ManualClock

START = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def rounds(
    lasting: Callable[[int], float],
    *,
    until: datetime | None = None,
    stop_after: int = 10_000,
    chance: float = 0.0,
) -> tuple[list[float], list[int]]:
    """The seconds after START at which rounds begin, and what was missed; `lasting` tells a round's seconds."""
    clock = ManualClock(START)
    begun: list[float] = []
    missed: list[int] = []

    async def take() -> None:
        begun.append((clock.now() - START).total_seconds())
        clock.advance(timedelta(seconds=lasting(len(begun))))

    async def wait(seconds: float) -> bool:
        clock.advance(timedelta(seconds=seconds))
        return len(begun) < stop_after

    await watch(take, clock=clock, wait=wait, interval=MINUTE, until=until, chance=lambda: chance, missed=missed.append)
    return begun, missed


async def test_rounds_do_not_drift_however_long_each_takes() -> None:
    begun, missed = await rounds(lambda number: number % 7, stop_after=1000)
    assert begun == [60.0 * number for number in range(1000)]
    assert missed == []


async def test_a_round_that_overruns_leaves_out_those_it_covers_and_none_pile_up() -> None:
    begun, missed = await rounds(lambda number: 200 if number == 2 else 1, stop_after=4)
    assert begun == [0, 60, 300, 360]
    assert missed == [3]


async def test_rounds_are_late_on_purpose_by_a_tenth_of_the_interval_at_most() -> None:
    begun, _ = await rounds(lambda _: 1, stop_after=4, chance=1.0)
    assert begun == [0, 66, 126, 186]


async def test_the_watch_ends_at_its_instant_and_where_it_is_told_to_stop() -> None:
    assert (await rounds(lambda _: 1, until=START + 3 * MINUTE))[0] == [0, 60, 120]
    assert (await rounds(lambda _: 1, until=START))[0] == []
    assert (await rounds(lambda _: 1, stop_after=1))[0] == [0]

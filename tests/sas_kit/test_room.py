"""Who may hold how many bytes, who waits, and who leaves for the others."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from sas_kit.room import STEP, GivenWayError, Lease, Room, ShareExceededError, Visit


def room_of(steps: int, *, share: int) -> Room:
    return Room(steps * STEP, share=share * STEP)


async def kept(visit: Visit, steps: int) -> Lease:
    """An answer that is whole."""
    lease = visit.lease()
    await lease.up_to(steps * STEP)
    lease.keep(steps * STEP)
    return lease


async def waits(lease: Lease, steps: int) -> asyncio.Task[None]:
    task = asyncio.create_task(lease.up_to(steps * STEP))
    await asyncio.sleep(0)
    assert not task.done()
    assert lease.waiting
    return task


async def test_what_is_taken_counts_until_its_visitor_leaves() -> None:
    room = room_of(4, share=2)
    with room.enter() as visit:
        lease = visit.lease()
        await lease.up_to(1)
        assert room.held == STEP
        await lease.up_to(STEP)
        assert room.held == STEP
        await lease.up_to(STEP + 1)
        assert room.held == 2 * STEP
        lease.keep(10)
        assert room.held == 10
        await visit.lease().up_to(7)
    assert room.held == 0


async def test_a_visitor_holds_no_more_than_its_share() -> None:
    room = room_of(8, share=2)
    with room.enter() as visit:
        await kept(visit, 2)
        with pytest.raises(ShareExceededError):
            await visit.lease().up_to(1)
        with pytest.raises(ShareExceededError):
            await room.enter().lease().up_to(3 * STEP)
    assert room.held == 0


async def test_who_does_not_fit_waits_until_another_leaves() -> None:
    room = room_of(4, share=2)
    first, second = room.enter(), room.enter()
    await first.lease().up_to(2 * STEP)
    lease = second.lease()
    waiting = await waits(lease, 1)
    assert room.held == 2 * STEP
    first.leave()
    await waiting
    assert not lease.waiting
    assert room.held == STEP


async def test_what_has_begun_goes_before_what_has_not() -> None:
    room = room_of(6, share=3)
    first, second, third = room.enter(), room.enter(), room.enter()
    begun = first.lease()
    await begun.up_to(STEP)
    await second.lease().up_to(2 * STEP)  # all that is there for those who have not begun
    new = await waits(third.lease(), 1)
    await begun.up_to(3 * STEP)
    assert room.held == 5 * STEP
    assert not new.done()
    first.leave()
    await new
    assert room.held == 3 * STEP


async def test_room_that_came_too_late_is_given_back() -> None:
    room = room_of(4, share=2)
    first, second = room.enter(), room.enter()
    held = first.lease()
    await held.up_to(2 * STEP)
    lease = second.lease()
    waiting = await waits(lease, 1)
    held.keep(0)  # grants it
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert room.held == 0
    assert lease.waiting  # so that the caller can tell for what it had no time


async def test_who_waits_no_more_takes_nobody_s_room() -> None:
    room = room_of(4, share=2)
    first, second = room.enter(), room.enter()
    await first.lease().up_to(2 * STEP)
    waiting = await waits(second.lease(), 2)
    waiting.cancel()
    await asyncio.wait([waiting])
    first.leave()
    await second.lease().up_to(2 * STEP)
    assert room.held == 2 * STEP


async def test_the_latest_who_may_gives_way() -> None:
    room = room_of(6, share=2)
    told: list[str] = []
    oldest, steady, latest = room.enter(may_give_way=True), room.enter(), room.enter(may_give_way=True)
    for name, visit in (("oldest", oldest), ("latest", latest)):
        visit.on_giving_way(partial(told.append, name))
    await kept(steady, 1)
    await kept(latest, 1)
    await kept(oldest, 2)
    waiting = await waits(steady.lease(), 1)
    assert told == ["latest"]
    with pytest.raises(GivenWayError):
        await latest.lease().up_to(1)
    latest.leave()
    await waiting
    assert room.held == 4 * STEP
    assert not oldest.gave_way


async def test_nobody_more_gives_way_than_is_needed() -> None:
    room = room_of(6, share=2)
    visits = [room.enter(may_give_way=True) for _ in range(4)]
    for visit in visits[:2] + visits[3:]:
        await kept(visit, 1)
    await kept(visits[3], 1)
    waiting = [await waits(visits[0].lease(), 1), await waits(visits[1].lease(), 1)]
    assert [visit.gave_way for visit in visits] == [False, False, False, True]
    visits[3].leave()
    await asyncio.gather(*waiting)
    assert room.held == 4 * STEP


async def test_who_would_have_to_leave_at_once_does_not_enter() -> None:
    room = room_of(4, share=2)
    with room.enter() as visit:
        await kept(visit, 2)
        with pytest.raises(GivenWayError):
            room.enter(may_give_way=True)
        with room.enter():
            pass
    with room.enter(may_give_way=True):
        pass


async def test_nobody_gives_way_to_what_is_still_being_read() -> None:
    room = room_of(4, share=2)
    first, second = room.enter(may_give_way=True), room.enter(may_give_way=True)
    reading = first.lease()
    await reading.up_to(2 * STEP)
    waiting = await waits(second.lease(), 1)
    assert not second.gave_way
    reading.keep(100)
    await waiting
    assert room.held == 100 + STEP


async def test_who_waits_for_its_own_share_stops_nobody_else() -> None:
    room = room_of(6, share=2)
    first, second = room.enter(), room.enter()
    reading = first.lease()
    await reading.up_to(2 * STEP)
    own = await waits(first.lease(), 1)
    other = await waits(second.lease(), 2)  # behind it
    reading.keep(STEP)
    await asyncio.gather(own, other)
    assert room.held == 4 * STEP


async def test_who_waits_beyond_its_share_is_told_when_the_share_is_used_up() -> None:
    room = room_of(6, share=2)
    visit = room.enter()
    reading = visit.lease()
    await reading.up_to(2 * STEP)
    own = await waits(visit.lease(), 1)
    reading.keep(2 * STEP)
    with pytest.raises(ShareExceededError):
        await own


async def test_an_answer_has_room_for_an_ordinary_one_from_its_first_byte_on() -> None:
    room = Room(16 * STEP, share=8 * STEP, first=4 * STEP)
    with room.enter() as visit:
        lease = visit.lease()
        await lease.up_to(1)
        assert room.held == 4 * STEP
        await lease.up_to(4 * STEP + 1)
        assert room.held == 5 * STEP
        lease.keep(3)
        assert room.held == 3


async def test_the_latest_gives_way_once_what_was_read_is_kept() -> None:
    room = room_of(4, share=2)
    first, second = room.enter(may_give_way=True), room.enter(may_give_way=True)
    reading = first.lease()
    await reading.up_to(2 * STEP)
    waiting = await waits(second.lease(), 1)
    assert not second.gave_way
    reading.keep(2 * STEP)
    assert second.gave_way
    assert not first.gave_way
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_the_latest_gives_way_where_what_is_read_never_ends() -> None:
    room = Room(4 * STEP, share=2 * STEP, patience=0.01)
    first, second, third = (room.enter(may_give_way=True) for _ in range(3))
    await first.lease().up_to(STEP)
    endless = third.lease()
    await endless.up_to(STEP)
    waiting = await waits(second.lease(), 1)
    await asyncio.sleep(0.02)
    assert [visit.gave_way for visit in (first, second, third)] == [False, False, True]
    third.leave()
    await waiting
    assert room.held == 2 * STEP

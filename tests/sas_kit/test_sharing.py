"""Who asks gets what was there when he asked, or newer; how many reads that took is nobody's business but ours."""

from __future__ import annotations

import asyncio

import pytest

from sas_kit.sharing import SharedReads


class Shelf:
    """Reads that wait until they are let go, one at a time; what they find is what is there when they begin."""

    def __init__(self, *, most: int = 100, patience: float = 10.0) -> None:
        self.there = {"a": 1, "b": 1, "c": 1}
        self.reads: list[list[str]] = []
        self._gates: list[asyncio.Future[None]] = []
        self.shared = SharedReads[str, int](self._read, most=most, patience=patience)

    async def _read(self, keys: list[str]) -> dict[str, int]:
        self.reads.append(keys)
        seen = {key: self.there[key] for key in keys if key in self.there}
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gates.append(gate)
        await gate
        return seen

    async def ask(self, *keys: str) -> asyncio.Task[dict[str, int]]:
        async def asked() -> dict[str, int]:
            found = await self.shared.ask(keys)
            return {key: found[key] for key in keys if key in found}

        task = asyncio.create_task(asked())
        await asyncio.sleep(0)
        return task

    async def end(self, number: int, error: Exception | None = None) -> None:
        if error is None:
            self._gates[number].set_result(None)
        else:
            self._gates[number].set_exception(error)
        for _ in range(4):
            await asyncio.sleep(0)


async def test_who_asks_during_a_read_shares_the_next_one_and_sees_what_was_written_before() -> None:
    shelf = Shelf()
    first = await shelf.ask("a")
    shelf.there["a"] = 2
    later = [await shelf.ask("a"), await shelf.ask("b", "x"), await shelf.ask("a", "c")]
    assert shelf.reads == [["a"]]
    await shelf.end(0)
    assert shelf.reads == [["a"], ["a", "b", "x", "c"]]
    shelf.there["a"] = 3
    last = await shelf.ask("a")
    await shelf.end(1)
    await shelf.end(2)
    assert await first == {"a": 1}
    assert [await each for each in later] == [{"a": 2}, {"b": 1}, {"a": 2, "c": 1}]
    assert await last == {"a": 3}
    assert len(shelf.reads) == 3


async def test_who_is_cancelled_is_missed_by_nobody() -> None:
    shelf = Shelf()
    first, gone, stays = await shelf.ask("a"), await shelf.ask("b"), await shelf.ask("c")
    gone.cancel()
    first.cancel()  # it was reading
    await asyncio.gather(first, gone, return_exceptions=True)
    assert shelf.reads[1] == ["b", "c"]
    also_gone, after = await shelf.ask("a"), await shelf.ask("b")
    also_gone.cancel()
    await shelf.end(1)
    await shelf.end(2)
    assert (await stays, await after) == ({"c": 1}, {"b": 1})


async def test_a_read_that_nobody_waits_for_any_more_is_not_begun() -> None:
    shelf = Shelf()
    first, gone = await shelf.ask("a"), await shelf.ask("b")
    gone.cancel()
    await asyncio.sleep(0)
    await shelf.end(0)
    assert await first == {"a": 1}
    assert shelf.reads == [["a"]]
    last = await shelf.ask("c")
    await shelf.end(1)
    assert await last == {"c": 1}


async def test_an_error_reaches_all_who_share_it_and_no_other() -> None:
    shelf = Shelf()
    first, second, third = await shelf.ask("a"), await shelf.ask("b"), await shelf.ask("c")
    await shelf.end(0, ValueError("first"))
    after = await shelf.ask("a")
    await shelf.end(1, ValueError("next"))
    await shelf.end(2)
    for task, told in ((first, "first"), (second, "next"), (third, "next")):
        with pytest.raises(ValueError, match=told):
            await task
    assert await after == {"a": 1}


async def test_a_read_does_not_grow_without_end() -> None:
    shelf = Shelf(most=2)
    await shelf.ask("a")
    one, two, three = await shelf.ask("a"), await shelf.ask("b"), await shelf.ask("c")
    await asyncio.sleep(0)
    assert shelf.reads == [["a"], ["a", "b"]]
    await shelf.end(1)
    assert (await one, await two) == ({"a": 1}, {"b": 1})
    await shelf.end(0)
    await shelf.end(2)
    assert await three == {"c": 1}


async def test_a_read_that_hangs_holds_up_nobody_else() -> None:
    shelf = Shelf(patience=0.02)
    hangs, waits = await shelf.ask("a"), await shelf.ask("b")
    await asyncio.sleep(0.05)
    assert shelf.reads == [["a"], ["b"]]
    await shelf.end(1)
    assert await waits == {"b": 1}
    assert not hangs.done()
    await shelf.end(0)
    assert await hangs == {"a": 1}

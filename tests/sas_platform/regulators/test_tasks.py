"""The background task: it outlives whatever goes wrong, and ends when it is told to."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from sas_kernel.clock import Clock
from sas_platform.editors.model import Editor
from sas_platform.regulators import tasks
from sas_platform.regulators.model import RegulatorsUnavailableError
from sas_platform.regulators.service import Provisioning
from tests.sas_platform.regulators.account_editor import account_editor
from tests.sas_platform.regulators.conftest import OpenBench, editor_at


class Troubled:
    """Sends for real, but for the troubles that come first."""

    def __init__(self, real: Provisioning, *troubles: Exception) -> None:
        self.real = real
        self.troubles = list(troubles)
        self.told_badly = [ZeroDivisionError("a fault"), RegulatorsUnavailableError()]

    async def editors(self, now: object) -> list[Editor]:
        if self.troubles:
            raise self.troubles.pop(0)
        return await self.real.editors(now)  # type: ignore[arg-type]  # passed on as it came

    async def tell_one(self, editor: Editor, clock: Clock) -> bool:
        if self.told_badly:
            raise self.told_badly.pop(0)
        return await self.real.tell_one(editor, clock)


async def test_what_goes_wrong_is_logged_and_tried_again(
    open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks, "_EVERY", 0.01)
    async with account_editor() as editor, open_bench(editor) as bench:
        troubled = Troubled(bench.provisioning, RegulatorsUnavailableError(), ZeroDivisionError("a fault"))
        ysee = await bench.add()
        await bench.connect(ysee)
        async with tasks.kept_told(cast("Provisioning", troubled), bench.clock, bench.service.wake):
            async with asyncio.timeout(10):
                await editor.arrived.wait()
        assert not troubled.troubles
        assert not troubled.told_badly
        assert editor.methods == ["POST"]
        assert sum("not told" in record.getMessage() for record in caplog.records) == 4


async def test_an_editor_that_hangs_holds_up_no_other_one(open_bench: OpenBench) -> None:
    async with (
        account_editor(always="late") as hangs,
        account_editor() as well,
        open_bench(editor_at(hangs.url, "a"), editor_at(well.url, "b")) as bench,
        tasks.kept_told(bench.provisioning, bench.clock, bench.service.wake),
    ):
        for number in range(2):
            well.arrived.clear()
            await bench.connect(await bench.add(email=f"p{number}@samu.example.org"))
            async with asyncio.timeout(10):
                await well.arrived.wait()
        async with asyncio.timeout(10):
            await hangs.arrived.wait()  # on a busy machine it may come after both of the other's
        assert len(hangs.received) == 1

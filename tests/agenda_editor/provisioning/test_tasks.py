from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from agenda_editor.agendas.model import AgendaUnavailableError
from agenda_editor.provisioning import tasks
from agenda_editor.provisioning.service import ProvisioningService
from sas_kernel import datasets
from sas_kernel.clock import ManualClock
from sas_kernel.datasets import Dataset
from tests.agenda_editor.conftest import NOW


class _Recorder(ProvisioningService):
    """Notes when it was asked; the first time its database does not answer."""

    def __init__(self, clock: ManualClock) -> None:
        self.asked: list[datetime] = []
        self.asked_thrice = asyncio.Event()
        self._clock = clock

    async def refresh(self, dataset: Dataset, now: datetime, *, replace_all: bool = False) -> bool:
        assert not replace_all
        self.asked.append(now)
        self._clock.advance(timedelta(days=1))
        if len(self.asked) == 3:
            self.asked_thrice.set()
        if len(self.asked) == 1:
            raise AgendaUnavailableError
        return True


async def test_the_days_are_asked_for_again_and_again_and_a_failure_does_not_end_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "_EVERY", 0.0)
    clock = ManualClock(NOW)
    recorder = _Recorder(clock)
    task = asyncio.create_task(tasks.keep_fresh(recorder, datasets.load("demo"), clock))
    await recorder.asked_thrice.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert recorder.asked[:3] == [NOW + timedelta(days=n) for n in range(3)]

"""The agenda's process is killed at every step of telling the platform; the next one goes on where it was."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path

import pytest

from agenda_editor.appointments.model import AppointmentError, DeliveryState
from sas_kernel.clock import ManualClock
from tests.agenda_editor.appointments.conftest import SECRETS, Bookings, Got, Reaction, Receiver, settled, until
from tests.agenda_editor.conftest import Starter, slot


@dataclass(slots=True)
class Served:
    """`python -m agenda_editor serve`, which can be killed and started again."""

    database_url: str
    platform_url: str
    log: Path
    killed: int = 0
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def begin(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ["--port", str(port), "--database-url", self.database_url, "--platform-url", self.platform_url]
        environment = os.environ | {
            "SAS_AGENDA_PLATFORM_CONNECT_TIMEOUT": "0.5",  # leases are as short as that makes them
            "SAS_AGENDA_PLATFORM_ANSWER_TIMEOUT": "0.5",
            "SAS_AGENDA_PLATFORM_REQUESTS": "2",
        }
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "agenda_editor", "serve", *options]
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        process = self._processes[-1]
        if process.returncode is None:
            process.kill()
            process.wait()
            self.killed += 1

    def has_died(self, times: int) -> bool:
        return self.killed == times

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


@pytest.fixture
def served(database_url: str, receiver: Receiver, tmp_path: Path) -> Iterator[Served]:
    made = Served(database_url, receiver.url, tmp_path / "agenda.log")
    yield made
    made.close()


async def test_whenever_the_process_is_killed_nothing_is_lost_or_created_twice(
    start: Starter, database_url: str, receiver: Receiver, served: Served
) -> None:
    clock = ManualClock(datetime.now(UTC))  # that of the served process
    writer = Bookings(await start(database_url, clock=clock))
    await writer.regulator()
    await writer.agenda.open("810123400017", *(slot(1 + n, now=clock.at) for n in range(9)))
    numbers = await writer.slot_ids()

    # The first message was acted on and its answer is on its way, the second has arrived and was not acted on, the
    # third stood in line: there is room for two.
    first = [(await writer.book(number)).key for number in numbers[:3]]
    await writer.service.honour(first[0], writer.now)

    def kill_at_the_second(_got: Got) -> Reaction:
        if len(receiver.requests) == 1:
            return Reaction(201, after=lambda: until(lambda: served.killed == 1))
        served.kill()
        return Reaction(None, processed=False)

    receiver.react = kill_at_the_second
    served.begin()
    await until(partial(served.has_died, 1))
    assert [got.method for got in receiver.requests] == ["POST", "POST"]
    assert len(receiver.states) == 1
    waiting = await writer.service.deliveries(DeliveryState.PENDING)
    assert sorted(d.attempts for d in waiting) == [0, 1, 1, 1]  # who finds them cannot know which of the three was sent

    # The next processes are killed in the middle of a stream of changes, before and after the platform has acted.
    keys = first + [(await writer.book(number)).key for number in numbers[3:]]
    dice = random.Random(3)
    last_words = {5: False, 14: True}
    seen = 0

    async def kill() -> None:
        served.kill()

    def kill_now_and_then(_got: Got) -> Reaction:
        nonlocal seen
        seen += 1
        if seen not in last_words:
            return Reaction(None if seen in {3, 9} else 200)
        return Reaction(None, processed=last_words[seen], after=kill)

    receiver.react = kill_now_and_then
    served.begin()
    for deaths in (2, 3):
        for key in keys:
            with suppress(AppointmentError):
                await dice.choice([writer.service.honour, writer.service.mark_absent])(key, writer.now)
        await until(partial(served.has_died, deaths), 60)
        served.begin()
    await settled(writer.service, 60)

    assert receiver.creations == dict.fromkeys(keys, 1)
    for key in keys:
        heard = [status for status, _ in groupby(receiver.statuses(key))]
        assert heard == [change.after.value for change in await writer.service.history(key)]
    assert await writer.service.deliveries(DeliveryState.REFUSED) == []
    told = served.log.read_text(encoding="utf-8").lower()
    assert [secret for secret in SECRETS if secret in told] == []

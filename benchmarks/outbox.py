"""The outbox: 10 000 pending messages of 6 000 appointments, against a client that has nothing to remember.

The floor posts the same bytes to the same receiver with the same HTTP library and as many requests at once, from memory
and in no order, just before and just after. The receiver takes 20 ms for each of 16 requests at once: hundreds of times
what the bookings of a country ask for, and about what one process can send at all with this library, so that whatever
the outbox costs shows. What came is held against what was written (`delivered`): a benchmark that lost a message fails.

`SAS_BENCH_OUTBOX` names what to do of alone, busy, faults, killed, two; `SAS_BENCH_MESSAGES` how many messages.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec
import sqlalchemy as sa
import uvloop

from agenda_editor.appointments import fhir
from agenda_editor.appointments.model import Appointment, AppointmentStatus
from agenda_editor.appointments.tables import appointments, changes, messages, patients
from agenda_editor.regulators.model import Identifier, IdentifierKind
from benchmarks import territory
from benchmarks.delivered import Delivered, Pending, compared
from benchmarks.figures import TOLD
from benchmarks.national_query import databases
from benchmarks.people import People
from benchmarks.processes import cpu_seconds, server
from benchmarks.receiver import Conduct, Heard
from benchmarks.stores import PUBLIC_URL
from sas_kit.database import Database
from sas_kit.http import HttpLimits, exchange, new_client

MESSAGES: Final = int(os.environ.get("SAS_BENCH_MESSAGES", "10000"))
PARTS: Final = os.environ.get("SAS_BENCH_OUTBOX", "alone,busy,faults,killed,two").split(",")
AT_ONCE: Final = 16
SYSTEM: Final = "https://agenda.example.org/ns/rdv"
_RIGHT: Final = Conduct(at_once=AT_ONCE)
_CARD: Final = Identifier(IdentifierKind.NATIONAL, "3990000058/00417AB")
_HEADERS: Final = (("Content-Type", "application/fhir+json"), ("Accept", "application/fhir+json"))
_LIMITS: Final = HttpLimits(2.0, 10.0, 1 << 18)
_MOST_SECONDS: Final = 300.0
_HOUR: Final = 3_600_000
# One, two, three or four messages an appointment: twelve appointments have twenty.
_MANY: Final = (1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4)


def run() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recette-bench-")))
        dataset = folder / "bench.toml"
        territory.write(dataset)
        log = folder / "servers.log"
        _pid, port = stack.enter_context(server(["benchmarks.receiver"], {}, log))
        platform = _Platform(port)
        pending = _drawn(MESSAGES)
        ratios, waits = [], []
        print(f"\nOutbox, {len(pending)} pending messages of {len({p.key for p in pending})} appointments")
        for name, url in databases(folder, stack, "outbox").items():
            print(f"{name:28}{'s':>8}{'a second':>10}{'CPU s':>8}{'requests':>10}")
            agenda = [sys.executable, "-m", "agenda_editor", "load", "--dataset", str(dataset)]
            with log.open("ab") as output:
                there = ["--database-url", url, "--public-url", PUBLIC_URL]
                subprocess.run([*agenda, *there], check=True, stderr=output)
            drains = _Drains(name, url, platform, pending, log)
            if "alone" in PARTS:
                ratios.append(drains.alone())
            if "busy" in PARTS:
                waits.append(drains.busy())
            if "faults" in PARTS:
                drains.drained("5 % of requests go wrong", Conduct(at_once=AT_ONCE, faults=0.05))
            if "killed" in PARTS:
                drains.drained("killed half way", kill=True)
            if "two" in PARTS:
                drains.drained("two processes", processes=2)
        if ratios:
            TOLD.tell("outbox.drain", max(ratios))
        if waits:
            TOLD.tell("outbox.search_p99", max(waits))


class _Platform:
    """The receiver, seen from here."""

    def __init__(self, port: int) -> None:
        self._root = f"http://127.0.0.1:{port}"
        self.url = f"{self._root}/fhir"

    def begin(self, conduct: Conduct) -> None:
        self._call("/conduct", msgspec.json.encode(conduct))

    def heard(self) -> int:
        counted: dict[str, int] = msgspec.json.decode(self._call("/count"))
        return counted["heard"]

    def record(self) -> list[Heard]:
        return msgspec.json.decode(self._call("/record"), type=list[Heard])

    def _call(self, path: str, body: bytes | None = None) -> bytes:
        with urllib.request.urlopen(urllib.request.Request(self._root + path, body), timeout=30) as answer:
            read: bytes = answer.read()
            return read


class _Drains:
    """One database, filled and drained in several circumstances."""

    def __init__(self, name: str, url: str, platform: _Platform, pending: Sequence[Pending], log: Path) -> None:
        self._name, self._url, self._platform, self._pending, self._log = name, url, platform, pending, log

    def alone(self) -> float:
        """How many times as long as the floor, the mean of one before and one after."""
        before = self._floor()
        drained = self.drained("alone")
        floor = (before + self._floor()) / 2
        print(f"{'':28}{drained.seconds / floor:>8.2f} times the floor")
        return drained.seconds / floor

    def _floor(self) -> float:
        self._platform.begin(_RIGHT)
        before = time.process_time()
        uvloop.run(_send_all(self._pending, self._platform.url))
        came = compared(self._pending, self._platform.record())
        _line("the floor: from memory", came, time.process_time() - before)
        return came.seconds

    def busy(self) -> float:
        """The 99th percentile of the searches meanwhile, in seconds."""
        crowd: list[People] = []
        self.drained("with searches and bookings", crowd=crowd)
        people = crowd[0]
        came = {each.key: each.ended for each in self._platform.record()}
        delays = [came[key] - booked for key, booked in people.when.items()]
        for what, taken in (("searches", people.searched), ("bookings", people.booked), ("told after", delays)):
            middle, p99, most = (_percentile(taken, share) * 1000 for share in (0.5, 0.99, 1))
            print(f"{'':4}{what:24}{len(taken):>8}  median {middle:.0f} ms, p99 {p99:.0f} ms, most {most:.0f} ms")
        return _percentile(people.searched, 0.99)

    def drained(
        self,
        label: str,
        conduct: Conduct = _RIGHT,
        *,
        kill: bool = False,
        processes: int = 1,
        crowd: list[People] | None = None,
    ) -> Delivered:
        asyncio.run(_fill(self._url, self._pending))
        self._platform.begin(conduct)
        arguments = ["agenda_editor", "serve", "--host", "127.0.0.1", "--public-url", PUBLIC_URL]
        arguments += ["--database-url", self._url, "--platform-url", self._platform.url]
        settings = {"SAS_AGENDA_PLATFORM_ANSWER_TIMEOUT": "2"} if conduct.faults else {}
        died: float | None = None
        with ExitStack() as stack:
            if kill:
                with server(arguments, settings, self._log) as (pid, _port):
                    while self._platform.heard() < len(self._pending) / 2:
                        time.sleep(0.02)
                    died = time.monotonic()
                    os.kill(pid, signal.SIGKILL)
            running = [stack.enter_context(server(arguments, settings, self._log)) for _ in range(processes)]
            if crowd is not None:
                crowd.append(People(self._url, running[0][1]))
                crowd[0].start()
            try:
                self._wait_for_most()
            finally:
                for people in crowd or ():
                    people.stop()
            self._wait(label)
            cpu = sum(cpu_seconds(pid) for pid, _port in running)
        came = compared(asyncio.run(_written(self._url)), self._platform.record())
        _line(label, came, cpu)
        wrong = [when for when in came.twice if died is None or not died - 1 < when < died + 0.1]
        if came.lost or came.disordered or came.together or wrong:
            raise RuntimeError(f"{self._name}, {label}: {came}")
        return came

    def _wait_for_most(self) -> None:
        begun = time.monotonic()
        while self._platform.heard() < len(self._pending) and time.monotonic() - begun < _MOST_SECONDS:
            time.sleep(0.2)

    def _wait(self, label: str) -> None:
        begun = time.monotonic()
        while left := asyncio.run(_left(self._url)):
            if time.monotonic() - begun > _MOST_SECONDS:
                raise RuntimeError(f"{self._name}, {label}: {left} messages are still pending")
            time.sleep(0.5)


def _line(label: str, came: Delivered, cpu: float) -> None:
    figures = f"{came.seconds:>8.1f}{came.requests / came.seconds:>10.0f}{cpu:>8.1f}{came.requests:>10}"
    again = f"  again for want of an answer: {came.again}" if came.again else ""
    twice = f"  twice: {len(came.twice)}" if came.twice else ""
    print(f"{label:28}{figures}{again}{twice}")


def _percentile(taken: Sequence[float], share: float) -> float:
    ordered = sorted(taken)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")


def _drawn(count: int) -> list[Pending]:
    """Mixed as they would have been written; every one is another time, as if each were a move."""
    dice = random.Random(1)
    keys = [str(uuid.UUID(int=dice.getrandbits(128), version=4)) for _ in range(count * 12 // 20)]
    owners = [key for number, key in enumerate(keys) for _ in range(_MANY[number % 12])]
    dice.shuffle(owners)
    seen: Counter[str] = Counter()
    pending = []
    for key in owners:
        seen[key] += 1
        pending.append(Pending(key, seen[key], _body(key, seen[key])))
    return pending


def _body(key: str, sequence: int) -> bytes:
    start = 1_900_000_000_000 + sequence * _HOUR
    appointment = Appointment(
        0, key, 1, 1, sequence, "810990000001", "Dr Alix MESURE", "Cabinet", start, start + _HOUR // 3,
        AppointmentStatus.BOOKED, start - 9 * _HOUR, start - 9 * _HOUR,
    )  # fmt: skip
    return fhir.appointment(appointment, _CARD, SYSTEM)


async def _fill(url: str, pending: Sequence[Pending]) -> None:
    """These messages and their appointments, in place of whatever was there."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    many = Counter(each.key for each in pending)
    of_appointments = {
        "regulator_id": 1, "schedule_id": 1, "practitioner_national_id": "810990000001", "place_name": "Cabinet",
        "practitioner_name": "Dr Alix MESURE", "start": now, "end": now, "status": "booked", "created_at": now,
        "changed_at": now,
    }  # fmt: skip
    of_messages = {
        "status": "booked", "state": "pending", "attempts": 0, "last_answer": "", "outage": False,
    }  # fmt: skip
    database = Database(url, pool_size=1)
    try:
        async with database.transaction() as connection:
            for table in (messages, changes, patients, appointments):
                await connection.execute(table.delete())
            rows = [{"key": key, "messages": count, **of_appointments} for key, count in many.items()]
            await connection.execute(appointments.insert(), rows)
            found = await connection.execute(sa.select(appointments.c.key, appointments.c.id))
            ids = {each.key: each.id for each in found}
            await connection.execute(
                messages.insert(),
                [
                    {"appointment_id": ids[each.key], "sequence": each.sequence, "body": each.body.decode(),
                     "created_at": now - len(pending) + number, "next_attempt_at": now - len(pending) + number,
                     **of_messages}
                    for number, each in enumerate(pending)
                ],
            )  # fmt: skip
    finally:
        await database.close()


async def _written(url: str) -> list[Pending]:
    """All that was ever to be sent, what was booked meanwhile included."""
    database = Database(url, pool_size=1)
    try:
        async with database.reading() as connection:
            query = sa.select(appointments.c.key, messages.c.sequence, messages.c.body)
            rows = await connection.execute(query.join_from(messages, appointments))
            return [Pending(key, sequence, body.encode()) for key, sequence, body in rows]
    finally:
        await database.close()


async def _left(url: str) -> int:
    database = Database(url, pool_size=1)
    try:
        async with database.reading() as connection:
            count = sa.select(sa.func.count()).where(messages.c.state == "pending")
            return int((await connection.execute(count)).scalar_one())
    finally:
        await database.close()


async def _send_all(pending: Sequence[Pending], url: str) -> None:
    """The floor."""
    left = deque(pending)
    async with new_client(connections=AT_ONCE) as client:

        async def send() -> None:
            while left:
                each = left.popleft()
                target = "/fhir/Appointment"
                if each.sequence > 1:
                    target += f"?identifier={quote(SYSTEM, safe=':/')}%7C{each.key}"
                answer = await exchange(
                    client,
                    "POST" if each.sequence == 1 else "PUT",
                    f"{url}/Appointment",
                    target=target,
                    limits=_LIMITS,
                    headers=_HEADERS,
                    body=each.body,
                )
                assert answer.status in {200, 201}

        await asyncio.gather(*(send() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    run()

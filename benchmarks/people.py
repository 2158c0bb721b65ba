"""People who search and book while something else is measured: ten searches and four bookings a second.

Searches go to a served agenda; bookings are made by this process on its database, as by another worker of the same
agenda. Each time counts from when it was due, so that what had to wait for the one before is told too.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from agenda_editor.app import create_app
from agenda_editor.appointments.model import PatientDetails
from agenda_editor.regulators.model import Identifier, IdentifierKind, RegulatorDetails
from agenda_editor.settings import Settings
from benchmarks import territory
from benchmarks.national_query import target
from benchmarks.stores import PUBLIC_URL
from benchmarks.wire import Wire

SLOTS: Final = 1000
_SEARCHES: Final = 10.0  # a second
_BOOKINGS: Final = 4.0
_PATIENT: Final = PatientDetails("MESURE", "Alix", date(1961, 7, 4), "01 99 00 47 11")
_WHO: Final = Identifier(IdentifierKind.NATIONAL, "3990000058/00417AB")


@dataclass(slots=True)
class People:
    """`searched`, `booked`: seconds each; `when`: the monotonic instant of each booking, by its key."""

    url: str
    port: int
    searched: list[float] = field(default_factory=list)
    booked: list[float] = field(default_factory=list)
    when: dict[str, float] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2))
    _under_way: list[Future[None]] = field(default_factory=list)

    def start(self) -> None:
        self._under_way = [self._pool.submit(asyncio.run, each()) for each in (self._search, self._book)]

    def stop(self) -> None:
        """Raises what went wrong for one of them."""
        self._stopping.set()
        for each in self._under_way:
            each.result()

    async def _search(self) -> None:
        wire = Wire(self.port, target(SLOTS, datetime.now(UTC)))

        async def search() -> None:
            _elapsed, status, body = wire.once()
            assert status == 200, body[:300]

        await self._each(_SEARCHES, search, self.searched)
        wire.close()

    async def _book(self) -> None:
        app = create_app(Settings(database_url=self.url, public_url=PUBLIC_URL))
        async with app.router.lifespan_context(app):
            services = app.state.services
            now = _now()
            held = await services.regulators.create(RegulatorDetails(_WHO, True, "M", "A", "a@example.org"), now)
            free: list[int] = []
            for national_id in territory.practitioner_ids(SLOTS):
                for schedule in await services.agendas.schedules(national_id):
                    slots = await services.agendas.slots(schedule.id, now + 3_600_000, now + 70 * 3_600_000)
                    free += [slot.id for slot in slots]

            async def book() -> None:
                made = await services.appointments.book(free.pop(), held.id, _PATIENT, _now())
                self.when[made.key] = time.monotonic()

            await self._each(_BOOKINGS, book, self.booked)

    async def _each(self, rate: float, once: Callable[[], Awaitable[None]], taken: list[float]) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await once()
            taken.append(time.monotonic() - due)


def _now() -> int:
    return int(time.time() * 1000)

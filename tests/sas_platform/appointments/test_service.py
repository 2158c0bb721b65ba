"""Who waits is woken by what this worker receives, and by what it sees that another has."""

from __future__ import annotations

import asyncio
import json

from sas_platform.appointments import fhir
from sas_platform.appointments.model import Criterion, Report
from sas_platform.appointments.service import AppointmentService
from tests.sas_platform.appointments.conftest import CARD, KEY, Reception, booking
from tests.sas_platform.conftest import NOW


def report(key: str = KEY) -> Report:
    return fhir.report_of(json.dumps(booking(key=key)).encode())


async def test_whoever_waits_is_woken_by_a_message(lone_reception: Reception) -> None:
    service = lone_reception.service
    arrival = service.arrival()
    assert not await service.arrived(arrival, 0.01)
    await service.put(Criterion(None, KEY), report(), NOW)
    assert await service.arrived(arrival, 0.01)
    assert not await service.arrived(service.arrival(), 0.01)


async def test_what_another_worker_received_is_seen_by_looking(lone_reception: Reception) -> None:
    state = lone_reception.app.state.platform
    other = AppointmentService(state.database, state.regulators)
    await other.put(Criterion(None, KEY), report(), NOW)
    service = lone_reception.service
    arrival = service.arrival()
    await service.look()
    assert not arrival.is_set()  # nobody waits, so that nobody is asked
    waiting = asyncio.create_task(service.arrived(arrival, 10))
    await asyncio.sleep(0)
    await service.look()
    assert await waiting
    again = asyncio.create_task(service.arrived(service.arrival(), 0.05))
    await asyncio.sleep(0)
    await service.look()  # nothing new
    assert not await again


async def test_numbers_grow_in_the_order_in_which_messages_become_visible(reception: Reception) -> None:
    service = reception.service
    seen: list[int] = []

    async def watch() -> None:
        last = 0
        while len(seen) < 20:
            for history in await service.changed_after(reception.regulators[CARD], last):
                last = history.appointment.change
                seen.append(last)

    async def send(number: int) -> None:
        await service.put(Criterion(None, f"k{number}"), report(f"k{number}"), NOW)

    async with asyncio.timeout(20):
        await asyncio.gather(watch(), *(send(number) for number in range(20)))
    assert seen == sorted(seen)
    assert len(set(seen)) == 20

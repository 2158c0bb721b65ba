"""What other workers receive is seen within a second by whoever watches at this one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from sas_platform.appointments.model import AppointmentsUnavailableError
from sas_platform.appointments.service import AppointmentService

_EVERY: Final = 1.0  # seconds; what this process receives wakes at once

_log = logging.getLogger(__name__)


@asynccontextmanager
async def watched(appointments: AppointmentService, every: float = _EVERY) -> AsyncIterator[None]:
    """Look for arrivals for as long as the context lasts."""
    task = asyncio.create_task(_watch(appointments, every))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(appointments: AppointmentService, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await appointments.look()
        except AppointmentsUnavailableError:
            _log.warning("the appointments cannot be read for now")

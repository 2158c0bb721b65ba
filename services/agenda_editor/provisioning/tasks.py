"""Keeps a data set fresh while the service runs."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from agenda_editor.agendas.model import AgendaError
from agenda_editor.provisioning.service import ProvisioningService
from sas_kernel.clock import Clock
from sas_kernel.datasets import Dataset

_EVERY: Final = 60.0  # seconds; a new day is needed once in 24 hours and six of them are in reserve

_log = logging.getLogger(__name__)


async def keep_fresh(provisioning: ProvisioningService, dataset: Dataset, clock: Clock) -> None:
    """Add the days that the clock brings, for ever; a database that does not answer is asked again later."""
    while True:
        await asyncio.sleep(_EVERY)
        try:
            await provisioning.refresh(dataset, clock.now())
        except AgendaError as error:
            _log.warning("the data set %s was not refreshed: %s", dataset.name, error)

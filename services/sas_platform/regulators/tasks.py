"""Tells editors in the background, for ever: nobody waits for it, and no editor waits for another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from sas_kernel.clock import Clock
from sas_kit.observing import tracing
from sas_platform.editors.model import Editor, EditorsUnavailableError
from sas_platform.regulators.model import RegulatorsUnavailableError
from sas_platform.regulators.service import Provisioning

_EVERY: Final = 1.0  # seconds; what this process is asked for is sent at once, this finds retries and other workers'
_GRACE: Final = 1.0  # seconds that requests under way are given when the service stops

_log = logging.getLogger(__name__)


@asynccontextmanager
async def kept_told(provisioning: Provisioning, clock: Clock, wake: asyncio.Event) -> AsyncIterator[None]:
    """Send what is due for as long as the context lasts."""
    stop = asyncio.Event()
    task = asyncio.create_task(_keep_telling(provisioning, clock, wake, stop))
    try:
        yield
    finally:
        stop.set()
        wake.set()
        # What is cut off here is in doubt, and is told again by whoever runs next.
        done, _ = await asyncio.wait([task], timeout=_GRACE)
        if not done:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep_telling(provisioning: Provisioning, clock: Clock, wake: asyncio.Event, stop: asyncio.Event) -> None:
    under_way: dict[str, asyncio.Task[None]] = {}
    try:
        while not stop.is_set():
            wake.clear()
            under_way = {editor_id: task for editor_id, task in under_way.items() if not task.done()}
            try:
                for editor in await provisioning.editors(clock.now()):
                    if editor.id not in under_way:
                        under_way[editor.id] = asyncio.create_task(_tell(provisioning, editor, clock, stop))
            except (RegulatorsUnavailableError, EditorsUnavailableError) as error:
                _log.warning("editors were not told: %s", error)
            except Exception:  # noqa: BLE001  whatever it is, the next round may do without
                _log.exception("editors were not told")
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), _EVERY)
        await asyncio.gather(*under_way.values())
    finally:
        for task in under_way.values():
            task.cancel()
        await asyncio.gather(*under_way.values(), return_exceptions=True)


async def _tell(provisioning: Provisioning, editor: Editor, clock: Clock, stop: asyncio.Event) -> None:
    """One after the other until nothing is due; an editor that fails is left alone until the next round."""
    try:
        more = True
        while more and not stop.is_set():
            with tracing.working_on(tracing.fresh()):
                more = await provisioning.tell_one(editor, clock)
    except RegulatorsUnavailableError as error:
        _log.warning("editor %s was not told: %s", editor.id, error)
    except Exception:  # noqa: BLE001  a fault about one account must not end the telling of all others
        _log.exception("editor %s was not told", editor.id)

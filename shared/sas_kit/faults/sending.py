"""What a service sends goes through here when, and only when, faults are played."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from sas_kernel.faults.model import (
    Charset,
    ContentType,
    Cut,
    Direction,
    Drip,
    Duplicate,
    Effect,
    LostAnswer,
    Reset,
    Status,
    Truncate,
)
from sas_kit.faults.stage import SHARES, Stage, drops
from sas_kit.http import Interference, Outgoing

_LATE_WITHIN = 30.0  # seconds that a message which comes again is given

_log = logging.getLogger(__name__)


class Sender:
    """Gives what `sas_kit.http` takes as a transport. Messages that come again later do so as long as the loop runs."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._late: set[asyncio.Task[None]] = set()

    def transport(self, network: Any = None) -> Interference:
        """`network`: what tests put in place of the network; None, the network."""
        return Interference(self.meddle, network)

    async def aclose(self) -> None:
        """What was to come again no longer does."""
        for task in tuple(self._late):
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    async def meddle(self, out: Outgoing) -> object:
        cue = self._stage.meet(Direction.SEND, out.method, out.path)
        if cue.delay:
            await out.leave()
            await self._stage.sleep(cue.delay)
        return await self._sent(out, cue.effect, cue.name)

    async def _sent(self, out: Outgoing, effect: Effect | None, name: str) -> object:
        detail = f"fault on purpose: {name}"
        if isinstance(effect, Status):
            if effect.processed:
                await out.heard()
            headers = [] if effect.retry_after is None else [("retry-after", str(effect.retry_after))]
            kind = effect.content_type or "text/plain; charset=utf-8"
            return out.answer(effect.status, [*headers, ("content-type", kind)], (effect.body or detail).encode())
        if isinstance(effect, Reset):
            if effect.cut is Cut.AFTER or effect.processed:
                await out.heard()
                raise out.broken(detail)
            if effect.cut is Cut.BEFORE:
                await out.leave()
                raise out.broken(detail)
        if isinstance(effect, Reset | Truncate):
            share = SHARES[effect.cut] if isinstance(effect, Reset) else effect.share
            body = await out.body()
            return await out.pass_on(pieces=_beginning(body[: int(len(body) * share)], out.broken(detail)))
        if isinstance(effect, Drip):
            return await out.pass_on(pieces=drops(await out.body(), effect, self._stage.sleep))
        if isinstance(effect, ContentType):
            return await out.pass_on(content_type=effect.value)
        if isinstance(effect, Charset):
            text = (await out.body()).decode("utf-8", "replace")
            return await out.pass_on(body=text.encode(effect.name, "replace"))
        if isinstance(effect, LostAnswer):
            await out.heard()
            raise out.broken(detail)
        if isinstance(effect, Duplicate):
            return await self._twice(out, effect)
        return await out.pass_on()

    async def _twice(self, out: Outgoing, effect: Duplicate) -> object:
        if effect.after == 0:
            answer = await out.heard()
            await self._again(out, 0)
            return answer
        answer = await out.pass_on()
        task = asyncio.create_task(self._again(out, effect.after))
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        return answer

    async def _again(self, out: Outgoing, after: float) -> None:
        await self._stage.sleep(after)
        try:
            async with asyncio.timeout(_LATE_WITHIN):
                await out.heard()
        except (TimeoutError, RuntimeError, out.failures()) as error:  # RuntimeError: the client was closed meanwhile
            _log.info("%s %s did not come again: %s", out.method, out.path, error)


async def _beginning(part: bytes, end: Exception) -> AsyncIterator[bytes]:
    if part:
        yield part
    raise end

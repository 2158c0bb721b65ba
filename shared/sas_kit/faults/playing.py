"""What a service that misbehaves on purpose needs: clock, transport, middleware; without, nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI

from sas_kernel import loopback
from sas_kernel.clock import Clock
from sas_kernel.faults import reader
from sas_kernel.faults.model import Side
from sas_kernel.faults.script import Script
from sas_kit.faults.answering import FaultsMiddleware
from sas_kit.faults.sending import Sender
from sas_kit.faults.stage import Paths, Stage

FAULT_HELP: Final = "for tests, on this machine only: a file of faults, or a built-in one (docs/faults.md); repeatable"
BY_HEADER_HELP: Final = "for tests, on this machine only: play the faults that requests ask for (X-Recette-Fault)"
ANYWHERE_HELP: Final = "faults even where other machines are served"


@dataclass(frozen=True, slots=True)
class Playing:
    """The faults of a service; without a stage it has none, and everything it is given comes back as it was."""

    stage: Stage | None
    sender: Sender | None

    def within(self, clock: Clock, network: Any) -> tuple[Clock, Any]:
        """The clock that the service goes by, and the transport it sends over."""
        if self.stage is None or self.sender is None:
            return clock, network
        return self.stage, self.sender.transport(network)

    def install(self, app: FastAPI) -> None:
        """After every other middleware: the last one added is the first to be asked."""
        if self.stage is not None:
            app.add_middleware(FaultsMiddleware, stage=self.stage)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """At its end, what was to be sent once more is not."""
        try:
            yield
        finally:
            if self.sender is not None:
                await self.sender.aclose()


def opened(
    sources: Sequence[str],
    side: Side,
    paths: Paths,
    clock: Clock,
    *,
    by_header: bool,
    public_url: str,
    anywhere: bool,
) -> Playing:
    """What plays these files and built-in faults.

    Raises `InvalidFaultError`, and `InvalidValueError` where other machines could be served without consent.
    """
    if not sources and not by_header:
        return Playing(None, None)
    if not anywhere:
        loopback.require_for_faults(public_url=public_url)
    faults = reader.of_side(reader.loaded(sources), side)
    stage = Stage(side, paths, Script(faults, clock.now()), clock)
    return Playing(stage, Sender(stage))

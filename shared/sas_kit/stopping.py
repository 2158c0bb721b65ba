"""A service that was asked to stop says so before it does: to who balances the load, and to those that listen on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

STATE_KEY: Final = "stopping"
"""Under which the state of an application's lifespan hands its `Stopping` to the server (`sas_kit.serving`)."""


class Stopping:
    """Begins once, when the process was asked to stop; requests are still answered. `told` is called then."""

    def __init__(self) -> None:
        self.begun = False
        self._told: list[Callable[[], None]] = []

    def tell(self, told: Callable[[], None]) -> None:
        self._told.append(told)

    def begin(self) -> None:
        if not self.begun:
            self.begun = True
            for told in self._told:
                told()

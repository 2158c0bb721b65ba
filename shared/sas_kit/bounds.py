"""The bounds that both services have, as settings and as options of `serve`. What each is for: docs/operations.md."""

from __future__ import annotations

import argparse
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings

from sas_kit.admission import Lane, LaneBounds
from sas_kit.http import KEEP_ALIVE


class ServiceBounds(BaseSettings):
    """Of one worker; times in seconds.

    `max_at_work` requests of a lane are worked on at once, `max_waiting` wait for at most `max_wait`, the others are
    refused with 503. A request takes `longest_request` at most. `database_wait`: for a connection of the pool,
    and for the server to take one; `database_timeout`: for each statement. A server that hangs costs both at most,
    which together are the time a search may take.
    Told to stop, a worker answers on for `drain_least` and for `drain` at most, until those who are connected have gone
    elsewhere; then it takes no more, and finishes what is under way within `finish`.
    """

    max_at_work: int = Field(default=32, ge=1)
    max_waiting: int = Field(default=64, ge=0)
    max_wait: float = Field(default=0.5, gt=0)
    longest_request: float = Field(default=30.0, gt=0)
    database_wait: float = Field(default=3.0, gt=0)
    database_timeout: float = Field(default=4.0, gt=0)
    drain_least: float = Field(default=0.0, ge=0)
    drain: float = Field(default=KEEP_ALIVE + 1.5, ge=0)
    finish: float = Field(default=15.0, gt=0)

    def lane(self, name: str) -> Lane:
        return Lane(name, LaneBounds(self.max_at_work, self.max_waiting, self.max_wait, self.longest_request))


OPTIONS: Final = ("max_at_work", "max_waiting", "max_wait", "drain_least", "drain", "finish")


def add_options(serve: argparse.ArgumentParser) -> None:
    """Without a value given, that of the environment or the default holds."""
    group = serve.add_argument_group("bounds of each worker")
    group.add_argument("--max-at-work", type=int, metavar="N", help="requests worked on at once (of each interface)")
    group.add_argument("--max-waiting", type=int, metavar="N", help="requests that wait; others are refused (503)")
    group.add_argument("--max-wait", type=float, metavar="SECONDS", help="how long they wait at most")
    group.add_argument(
        "--drain",
        type=float,
        metavar="SECONDS",
        help="told to stop, answer on for at most so long while others connect",
    )
    group.add_argument("--drain-least", type=float, metavar="SECONDS", help="and for at least so long")
    group.add_argument("--finish", type=float, metavar="SECONDS", help="what is under way then has so long to end")


def given(options: argparse.Namespace) -> dict[str, int | float]:
    """Those that were given as options, by the name of the setting."""
    return {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}

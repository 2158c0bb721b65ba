"""A look at the target before anybody loads it: practitioners searched for one by one, each alone, a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from recette.catalogue.slot_search.conversation import PLATFORM_ACCEPT, Query, to_millisecond
from recette.checks.answer import Answer
from recette.drivers.http import HttpDriver, new_client
from recette.load.arrivals import generator_of
from recette.model import Exchange, TransportFailure
from sas_kernel.clock import Clock
from sas_kernel.contracts import ServiceLevel
from sas_kernel.time_window import window_from
from sas_kit.http import HttpLimits

NOT_REACHED = (TransportFailure.UNREACHABLE, TransportFailure.TLS)
_AT_ONCE = 4
"""Searches at the same time: quicker than one after the other, and still no load."""
_MOST_SILENCES = 4
"""A target that stays silent so many times in a row at rest is not asked for everybody else."""


@dataclass(frozen=True, slots=True)
class Look:
    """What came back, in the order of who was searched for. `unreached`: the exchange that did not reach the target."""

    answers: tuple[Answer, ...]
    unreached: Exchange | None = None


def chosen(known: Sequence[str], always: Collection[str], most: int, seed: int) -> tuple[str, ...]:
    """Whom to search for: all `known` where they are at most `most`, else those of `always` and others drawn by the
    seed, `most` in all; in the order of `known`. Pure."""
    if len(known) <= most:
        return tuple(known)
    first = [one for one in known if one in always]
    others = [one for one in known if one not in always]
    drawn = generator_of(seed, "look").sample(others, min(max(most - len(first), 0), len(others)))
    kept = {*first, *drawn}
    return tuple(one for one in known if one in kept)


def limits_of(levels: Mapping[str, ServiceLevel]) -> HttpLimits:
    """How long the platform waits for an answer to a search, and of what size."""
    return HttpLimits(
        connect=levels["slot_search.connect_timeout"].value,
        answer=levels["slot_search.answer_timeout"].value,
        max_bytes=int(levels["slot_search.answer_size"].value),
    )


async def look(
    base_url: str,
    practitioners: Sequence[str],
    levels: Mapping[str, ServiceLevel],
    clock: Clock,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Look:
    """Each practitioner searched for alone. Stops when the target is not reached, or stays silent time after time.

    `told` hears how many have been searched for, of how many.
    """
    horizon = timedelta(hours=levels["slot_search.horizon"].value)
    found: dict[int, Answer] = {}
    silences = 0
    unreached: Exchange | None = None

    async def follow(waiting: Iterator[tuple[int, str]]) -> None:
        nonlocal silences, unreached
        for place, identifier in waiting:
            query = Query.of((identifier,), window_from(to_millisecond(clock.now()), horizon))
            exchange = await driver.send(query.target, headers=(PLATFORM_ACCEPT,))
            found[place] = Answer(exchange, query.asked)
            silences = silences + 1 if exchange.failure is TransportFailure.TIMEOUT else 0
            if exchange.failure in NOT_REACHED:
                unreached = exchange
            told(len(found), len(practitioners))
            if unreached is not None or silences >= _MOST_SILENCES:
                return

    async with new_client() as client, asyncio.TaskGroup() as group:
        driver = HttpDriver(client, base_url, limits=limits_of(levels), clock=clock)
        waiting = iter(enumerate(practitioners))
        for _ in range(min(_AT_ONCE, len(practitioners))):
            group.create_task(follow(waiting))
    return Look(tuple(found[place] for place in sorted(found)), unreached)

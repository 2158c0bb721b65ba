"""Which faults a request meets: conditions, counts, chance. Pure: time is handed over, chance is seeded."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sas_kernel.faults.delays import Delay
from sas_kernel.faults.model import Direction, Effect, Fault, Moment, Skew
from sas_kernel.flows import Flow

KEPT = 100
"""Plays that are remembered."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What one request meets: the seconds it is held up, and at most one effect. `names`: every fault that plays, that
    of the effect last."""

    delay: float = 0.0
    effect: Effect | None = None
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.names[-1] if self.names else ""


NOTHING = Cue()


@dataclass(frozen=True, slots=True)
class Play:
    at: datetime
    fault: str
    method: str
    path: str


@dataclass(slots=True)
class _Part:
    fault: Fault
    chance: random.Random
    seen: int = 0
    played: int = 0


@dataclass(slots=True)
class Script:
    """The faults of one process since `started`, in their order. Every delay that plays counts; of other effects the
    first that plays. What a fault of no consequence for a request would have drawn is not drawn."""

    faults: tuple[Fault, ...]
    started: datetime
    plays: deque[Play] = field(default_factory=lambda: deque(maxlen=KEPT))
    _parts: list[_Part] = field(default_factory=list)
    _guests: dict[str, _Part] = field(default_factory=dict)  # asked for by name, and no part of what plays by itself

    def __post_init__(self) -> None:
        self._parts = [_part(fault) for fault in self.faults]

    def meet(self, direction: Direction, interface: Flow | None, method: str, path: str, now: datetime) -> Cue:
        """What a request meets by itself."""
        playing = [
            part
            for part in self._parts
            if part.fault.direction is direction
            and not part.fault.when.by_header
            and not isinstance(part.fault.effect, Skew)
            and part.fault.concerns(interface, path)
            and self._holds(part, now)
        ]
        return self._cue(playing, method, path, now) if playing else NOTHING

    def asked(self, fault: Fault, method: str, path: str, now: datetime) -> Cue:
        """What a request meets that asks for this fault."""
        part = next((part for part in self._parts if part.fault == fault), None)
        part = part or self._guests.setdefault(fault.name, _part(fault))
        part.seen += 1
        return self._cue([part], method, path, now)

    def skew(self, now: datetime) -> float:
        """By how many seconds the whole service's clock is wrong."""
        return sum(
            part.fault.effect.seconds
            for part in self._parts
            if isinstance(part.fault.effect, Skew) and not part.fault.when.by_header and self._is_time(part.fault, now)
        )

    def counts(self) -> Sequence[tuple[Fault, int, int]]:
        """Each fault, how many requests it concerned at a time when it plays, and how many met it."""
        return [(part.fault, part.seen, part.played) for part in (*self._parts, *self._guests.values())]

    def _holds(self, part: _Part, now: datetime) -> bool:
        when = part.fault.when
        if not self._is_time(part.fault, now):
            return False
        part.seen += 1
        picked = when.every is None or part.seen % when.every == 0
        picked = picked and (when.first is None or part.seen <= when.first)
        return (when.percent is None or part.chance.random() * 100 < when.percent) and picked

    def _is_time(self, fault: Fault, now: datetime) -> bool:
        begin, end = fault.when.begin, fault.when.end
        return (begin is None or not self._before(now, begin)) and (end is None or self._before(now, end))

    def _before(self, now: datetime, moment: Moment) -> bool:
        return now < moment if isinstance(moment, datetime) else (now - self.started).total_seconds() < moment

    def _cue(self, playing: Sequence[_Part], method: str, path: str, now: datetime) -> Cue:
        delay, chosen, names = 0.0, None, []
        for part in playing:
            effect = part.fault.effect
            if isinstance(effect, Delay):
                delay += effect.at(part.chance.random())
                names.append(part.fault.name)
            elif chosen is None:
                chosen = part
            else:
                continue
            part.played += 1
            self.plays.append(Play(now, part.fault.name, method, path))
        if chosen is None:
            return Cue(delay, None, tuple(names))
        return Cue(delay, chosen.fault.effect, (*names, chosen.fault.name))


def _part(fault: Fault) -> _Part:
    return _Part(fault, random.Random(fault.when.seed))  # noqa: S311  to be repeated, not to be kept secret

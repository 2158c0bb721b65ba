"""Samples of a service, and how it stands against what was promised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sas_kernel.errors import SasError
from sas_kernel.text import Text


class MonitoringError(SasError):
    """The watch cannot keep or give its samples: the text says why."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One probe at one instant. `ok`: it was answered rightly.

    `seconds` until the whole answer; for one that was given up as too late, how long it was waited for (leaving it out
    would flatter the rest); None where none came.
    `detail` says what was wrong, in the words of the check that failed; no personal data.
    """

    probe: str
    at: datetime
    ok: bool
    seconds: float | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LevelStanding:
    """A promised number and what was measured of it. `holds` is None where there are too few samples to say."""

    level: str
    text: Text
    source: str
    promised: float
    unit: str
    measured: float | None
    samples: int
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a service stood over a period.

    `availability` is the part of the time, from 0 to 1, less planned maintenance, in which it answered rightly; None
    where nothing was watched. `downtime` is the rest, `watched` the time that samples stand for outside maintenance,
    `maintenance` what was planned and excluded. `budget_left` is how much longer it could have been down in the time
    watched and still held (negative: overspent).
    """

    start: datetime
    end: datetime
    samples: int
    watched: timedelta
    maintenance: timedelta
    downtime: timedelta
    availability: float | None
    promised_availability: float
    budget_left: timedelta
    levels: tuple[LevelStanding, ...]

    @property
    def availability_holds(self) -> bool | None:
        """Whether the availability that was promised held; None where nothing was watched."""
        return None if self.availability is None else self.availability >= self.promised_availability

    @property
    def conforms(self) -> bool | None:
        """Whether all that was promised held; None where something cannot be told and nothing is broken."""
        said = [self.availability_holds, *(level.holds for level in self.levels)]
        if False in said:
            return False
        return None if None in said else True

"""Time as something that is handed over, so that a test or a simulation can hand over another one."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from sas_kernel.errors import InvalidValueError
from sas_kernel.text import Text

PARIS = ZoneInfo("Europe/Paris")


class Clock(Protocol):
    """Tells the present instant, always with a UTC offset."""

    def now(self) -> datetime: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(slots=True)
class ManualClock:
    """A clock that stands still until it is moved."""

    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an instant needs a UTC offset")

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


@dataclass(frozen=True, slots=True)
class OffsetClock:
    """Goes as another clock does, `by` ahead of it (behind it where `by` is negative)."""

    by: timedelta
    of: Clock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        return self.of.now() + self.by


_OFFSET: Final = re.compile(r"[+-][0-9]{1,11}(?:\.[0-9]{1,6})?")


def clock_of(line: str, real: Clock) -> Clock:
    """The clock that a line describes: empty, `real` itself; `+86400` or `-3600.5`, so many seconds from it; an
    instant with its UTC offset, standing still there. Raises `InvalidValueError`."""
    line = line.strip()
    if not line:
        return real
    try:
        return OffsetClock(timedelta(seconds=float(line)), real) if _OFFSET.fullmatch(line) else _still(line)
    except (ValueError, OverflowError):
        raise InvalidValueError(
            Text(
                "Une horloge d’essai est vide, un décalage en secondes (+86400) ou un instant avec son décalage UTC "
                "(2031-03-10T08:00:00+00:00) ; lu : « {line} ».",
                "A test clock is empty, an offset in seconds (+86400) or an instant with its UTC offset "
                "(2031-03-10T08:00:00+00:00); read: '{line}'.",
            ).format(line=line[:80])
        ) from None


def _still(line: str) -> Clock:
    return ManualClock(datetime.fromisoformat(line))


@dataclass(frozen=True, slots=True)
class FileClock:
    """Several processes on one time: each asks the same file at each `now` (see `clock_of`); without a file, `real`.

    For tests. Only waiting stays real: what sleeps for a minute does so whatever the file says.
    """

    path: Path
    real: Clock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        try:
            line = self.path.read_text(encoding="ascii")
        except FileNotFoundError:
            return self.real.now()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidValueError(
                Text(
                    "L’horloge d’essai « {path} » est illisible : {error}.",
                    "The test clock '{path}' cannot be read: {error}.",
                ).format(path=self.path, error=error)
            ) from error
        return clock_of(line, self.real).now()

    def go(self, by: timedelta) -> None:
        """From now on real time and `by`, for everybody who reads the file."""
        self._write(f"{by.total_seconds():+.6f}")

    def stand_at(self, instant: datetime) -> None:
        """From now on this instant, which needs a UTC offset (`ValueError`)."""
        self._write(ManualClock(instant).at.isoformat())

    def release(self) -> None:
        """Back to real time."""
        self.path.unlink(missing_ok=True)

    def _write(self, line: str) -> None:
        """Whole or not at all: whoever reads meanwhile sees the line before or this one."""
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        beside.write_text(line + "\n", encoding="ascii")
        beside.replace(self.path)


def chosen(file: Path | None) -> Clock:
    """The system's clock, or that of a file."""
    return SystemClock() if file is None else FileClock(file)

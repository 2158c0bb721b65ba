"""The window of a slot search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """Both bounds are instants and both belong to the window: a slot is inside when `start <= slot.start <= end`."""

    start: datetime
    end: datetime

    def __contains__(self, instant: object) -> bool:
        return isinstance(instant, datetime) and self.start <= instant <= self.end


def window_from(now: datetime, horizon: timedelta) -> Window:
    return Window(now, now + horizon)

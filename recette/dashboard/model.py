"""What the dashboard shows besides what the journal tells: a run that is going on, and how a service did day by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from recette.model import Verdict
from recette.monitoring.model import Standing
from recette.monitoring.timeline import Outage
from sas_kernel.contracts import ServiceLevel
from sas_kernel.errors import SasError
from sas_kernel.text import Text

STALE_AFTER = timedelta(seconds=30)
"""A run that goes on says so every few seconds; one that is silent for this long has most likely died."""


class DashboardError(SasError):
    """The dashboard cannot start or show what was asked: the text says why, and what to do."""


class NotFoundError(DashboardError):
    """There is no such project, anomaly, run or document."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come. Nothing that was sent or received is in it, hence nobody’s data.

    `position` of `total` scenarios are done, `scenario` is the one being played. `verdicts` counts the scenarios done,
    `finding` is the title of the last check that failed. `awaited` is what somebody has to do now. `run` is known, and
    `verdict` with it, once the run is finished.
    """

    target: str = ""
    position: int = 0
    total: int = 0
    scenario: str = ""
    title: Text = field(default=Text("", ""))
    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    finding: Text | None = None
    awaited: Text | None = None
    run: str = ""
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run as it was last heard of at `seen_at`; `session` tells it from others of the project."""

    project: str
    session: str
    started_at: datetime
    seen_at: datetime
    finished_at: datetime | None
    progress: Progress

    def is_silent(self, now: datetime) -> bool:
        """It did not end, and nothing was heard of it for a while."""
        return self.finished_at is None and now - self.seen_at > STALE_AFTER


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the watch: how long the service was watched and down outside planned maintenance, and that.

    `measured` is the promised statistic of each level by id, over that day’s samples; `samples` counts them.
    """

    day: date
    watched: timedelta
    down: timedelta
    maintenance: timedelta
    samples: int
    measured: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Service:
    """How a service stood over a period, day by day, and each time it was down (the last first)."""

    standing: Standing
    levels: Mapping[str, ServiceLevel]
    days: tuple[Day, ...]
    outages: tuple[Outage, ...]

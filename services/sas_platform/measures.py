"""What this service measures of itself; docs/operations.md says what each measure is for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from sas_kernel.contracts import service_levels
from sas_kit.database import Database
from sas_kit.observing.service import Observing
from sas_platform.settings import Settings
from sas_platform.slot_search.model import LotReport

_LEVELS: Final = ("slot_search.one_practitioner", "slot_search.answer_timeout")
_SLOTS: Final = (0, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)


class Measures:
    def __init__(self, settings: Settings) -> None:
        levels = service_levels()
        promised = [levels[each].value for each in _LEVELS]
        self.observing = Observing("sas_platform", promised, settings.metrics_token, "SAS_PLATFORM_METRICS_TOKEN")
        metrics = self.observing.metrics
        self._answers = metrics.counter(
            "slot_search_answers_total",
            "What became of requests to editors",
            ["search", "status"],
        )
        self._slots = metrics.histogram(
            "slot_search_slots", "Slots of one editor's answer that are shown", _SLOTS, ["search"]
        )
        self._left_out = metrics.counter("slot_search_left_out_total", "Slots of editors that are not shown", ["why"])
        self._pending = metrics.gauge(
            "account_push_pending", "Accounts that some editor is to be told of, one for each editor", "livemostrecent"
        )
        self._oldest = metrics.gauge(
            "account_push_overdue_seconds", "Since when the first of them should have been told", "livemostrecent"
        )

    def answered(self, report: LotReport) -> None:
        search = report.search.value
        self._answers.labels(search, report.status.value).inc()
        if report.http_status is not None:
            self._slots.labels(search).observe(report.slots)
        for why, count in report.ignored.items():
            self._left_out.labels(why.value).inc(count)

    def watch(self, database: Database, backlog: Callable[[], Awaitable[tuple[int, float]]]) -> None:
        """`backlog`: how many are to be told, and for how many seconds the first should have been."""

        async def sample() -> None:
            pending, overdue = await backlog()
            self._pending.set(pending)
            self._oldest.set(overdue)

        self.observing.pool(database)
        self.observing.sample("accounts", sample)

"""What this service measures of itself; docs/operations.md says what each measure is for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from agenda_editor.agendas.service import IndexUse
from agenda_editor.settings import ENVIRONMENT_PREFIX, Settings
from sas_kernel.contracts import ServiceLevel
from sas_kit.database import Database
from sas_kit.observing.service import Observing

_LEVELS: Final = ("slot_search.one_practitioner", "slot_search.answer_timeout", "appointments.answer_timeout")
_SLOTS: Final = (0, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)


class Measures:
    def __init__(self, settings: Settings, levels: Mapping[str, ServiceLevel]) -> None:
        promised = [levels[each].value for each in _LEVELS]
        token = f"{ENVIRONMENT_PREFIX}METRICS_TOKEN"
        self.observing = Observing("agenda_editor", promised, settings.metrics_token, token)
        metrics = self.observing.metrics
        slots = metrics.histogram("slot_search_slots", "Slots in the answer to a search", _SLOTS, ["search"])
        self._slots = {search: slots.labels(search) for search in ("practitioners", "cpts", "sos")}
        self._hits = metrics.counter("fragment_index_hits_total", "Practitioners answered from the index")
        self._misses = metrics.counter("fragment_index_misses_total", "Practitioners read from the database instead")
        self._bytes = metrics.gauge("fragment_index_bytes", "Memory that the index holds", "livesum")
        self._pending = metrics.gauge(
            "outbox_pending_messages", "Messages that the platform has not taken yet", "livemostrecent"
        )
        self._oldest = metrics.gauge(
            "outbox_oldest_seconds", "Age of the oldest message that the platform has not taken yet", "livemostrecent"
        )

    def answered(self, search: str, slots: int) -> None:
        self._slots[search].observe(slots)

    def index_used(self, use: IndexUse) -> None:
        if use.hits:
            self._hits.inc(use.hits)
        if use.misses:
            self._misses.inc(use.misses)
            self._bytes.set(use.held_bytes)

    def watch(self, database: Database, backlog: Callable[[], Awaitable[tuple[int, float]]]) -> None:
        """`backlog`: how many messages are pending, and the age of the oldest in seconds."""

        async def sample() -> None:
            pending, oldest = await backlog()
            self._pending.set(pending)
            self._oldest.set(oldest)

        self.observing.pool(database)
        self.observing.sample("outbox", sample)

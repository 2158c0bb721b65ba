"""How many connections of a database's pool are in use."""

from __future__ import annotations

from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from sas_kit.database import Database
from sas_kit.observing.metrics import Metrics


class PoolGauges:
    def __init__(self, metrics: Metrics) -> None:
        self._in_use = metrics.gauge("database_connections_in_use", "Connections of the pool that are lent", "livesum")
        self._most = metrics.gauge(
            "database_connections_limit", "Connections that the pool may lend at once", "livesum"
        )

    def watch(self, database: Database) -> None:
        engine = database.engine.sync_engine
        pool = engine.pool
        if not isinstance(pool, QueuePool):  # a database in memory has one connection
            return
        self._most.set(pool.size())

        # Both events come while the connection still counts as before: told from what the pool says, errors would stay.
        @event.listens_for(engine, "checkout")
        def lent(*_: object) -> None:
            self._in_use.set(pool.checkedout())

        @event.listens_for(engine, "checkin")
        def back(*_: object) -> None:
            self._in_use.set(max(0, pool.checkedout() - 1))

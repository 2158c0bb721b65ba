"""What one application needs to be observed, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import FastAPI
from pydantic import SecretStr

from sas_kit.admission import Lane
from sas_kit.database import Database
from sas_kit.observing.answering import Observed
from sas_kit.observing.asking import Asking
from sas_kit.observing.exposition import METRICS_PATH, Exposition, Sample
from sas_kit.observing.lanes import LaneGauges
from sas_kit.observing.logs import AccessLog
from sas_kit.observing.metrics import Metrics, edges_around
from sas_kit.observing.pools import PoolGauges


class Observing:
    """`name`: of the service, for its access lines. `levels`: seconds that were promised, around which durations are
    told exactly. `token`: lets other machines read the metrics; `setting` is where it is set."""

    def __init__(self, name: str, levels: Sequence[float], token: SecretStr | None, setting: str) -> None:
        self.metrics = Metrics(edges_around(levels))
        self._access = AccessLog(name)
        self._exposition = Exposition(
            self.metrics, None if token is None else token.get_secret_value() or None, setting
        )

        self._pool = PoolGauges(self.metrics)
        self._lanes = LaneGauges(self.metrics)
        self._asking = self.metrics.durations(
            "http_client_exchange_duration_seconds",
            "From the wish to ask another service to the last byte of its answer, by interface and outcome",
            ("interface", "outcome"),
        )

    def asking(self, interface: str, *, traced: bool = True, told: bool = True) -> Asking:
        """What a client of this interface is watched by (see `Asking`)."""
        return Asking(self._asking, interface, traced=traced, told=told)

    def pool(self, database: Database) -> None:
        self._pool.watch(database)

    def lanes(self, lanes: Iterable[Lane]) -> None:
        self._lanes.watch(lanes)

    def sample(self, name: str, sample: Sample) -> None:
        """Ask it each time somebody reads the metrics, in place of one of the same name."""
        self._exposition.samples[name] = sample

    def install(self, app: FastAPI) -> FastAPI:
        """Around everything else that is or will be installed, the answer to an unexpected error included."""
        build = app.build_middleware_stack

        def built() -> Any:
            return Observed(build(), app, self.metrics, self._access, self._exposition, METRICS_PATH)

        app.build_middleware_stack = built  # type: ignore[method-assign]  # add_middleware would be inside of errors
        return app

"""How a project’s service stood, from the samples that are kept and the agreement it goes by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from recette.agreement.model import Agreement
from recette.monitoring import standing
from recette.monitoring.model import Sample, Standing
from recette.monitoring.repository import Samples
from recette.monitoring.timeline import REACH, Planned
from sas_kernel.contracts import ServiceLevel


async def samples_of(
    samples: Samples, project: str, agreement: Agreement, start: datetime, end: datetime
) -> tuple[Sample, ...]:
    """The samples of a period, and those before it that still stand for its first moments."""
    return await samples.read(project, start - REACH * standing.promised(agreement).interval, end)


async def standing_of(
    samples: Samples,
    project: str,
    agreement: Agreement,
    start: datetime,
    end: datetime,
    *,
    maintenance: Iterable[Planned],
    levels: Mapping[str, ServiceLevel],
) -> Standing:
    """How the service stood from `start` to `end`, which is now at the latest."""
    promise = standing.promised(agreement)
    return standing.standing(
        await samples_of(samples, project, agreement, start, end),
        start,
        end,
        maintenance=maintenance,
        interval=promise.interval,
        levels=levels,
        promised_availability=promise.availability,
    )

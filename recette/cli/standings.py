"""How the service of a project stood since its open phase was opened, for the doors and rights that ask."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recette.monitoring.model import Standing
    from recette.projects.book import Book

LATELY = timedelta(days=30)
"""Over how long a service in operation is looked at."""


async def standing_of(url: str, book: Book, now: datetime) -> Standing | None:
    """The standing of a phase of service; None elsewhere: over the whole VSR, in operation over the last thirty days.

    The agreement names no period (art. 8.4): over years of operation, a mean would hide an outage of today. `url` is
    the register’s database, which holds the samples too. A project goes by the response times of its flows.
    """
    from recette.cli.project_options import database_url
    from recette.monitoring import reading, repository
    from recette.projects.model import PhaseId
    from sas_kernel import contracts

    current = book.project.current
    if current is None or current.id not in {PhaseId.VSR, PhaseId.EXPLOITATION} or now <= current.opened_at:
        return None
    start = current.opened_at
    if current.id is PhaseId.EXPLOITATION:
        start = max(start, now - LATELY)
    flows = {flow.value for flow in book.project.flows}
    levels = {
        id: level for id, level in contracts.service_levels().items() if not flows or id.partition(".")[0] in flows
    }
    async with repository.opened(database_url(url)) as samples:
        return await reading.standing_of(
            samples,
            book.project.id,
            book.agreement,
            start,
            now,
            maintenance=book.project.maintenance,
            levels=levels,
        )

"""The story of a search: read the question, ask the agendas, put the answer together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import uuid4

from agenda_editor.agendas.model import PublishedAgenda
from agenda_editor.agendas.service import AgendaService
from agenda_editor.associations.service import AssociationService
from agenda_editor.communities import fhir as cpts
from agenda_editor.communities.model import Community
from agenda_editor.communities.service import CommunityService
from agenda_editor.slot_search import rules
from agenda_editor.slot_search.model import SlotQuery
from sas_fhir import bundle, canonicals, instants
from sas_fhir.search import Parameter


class SlotSearchService:
    """`max_identifiers`: how many one request may name (service level, not ours to choose).

    `answered` is told of each answer: which search (`practitioners`, `cpts`, `sos`), and how many slots are in it.
    """

    def __init__(
        self,
        agendas: AgendaService,
        communities: CommunityService,
        associations: AssociationService,
        *,
        max_identifiers: int,
        answered: Callable[[str, int], None],
    ) -> None:
        self._answered = answered
        self._agendas = agendas
        self._communities = communities
        self._associations = associations
        self._max_identifiers = max_identifiers

    async def search(
        self, parameters: Sequence[Parameter], now: datetime, *, prefer: Iterable[str], self_url: str, base_url: str
    ) -> bytes:
        """A searchset Bundle, empty when nothing matches. Raises `SearchError` or `AgendaUnavailableError`."""
        query = rules.plan(
            parameters,
            now=instants.first_millisecond_from(now),
            max_identifiers=self._max_identifiers,
            strict=rules.asks_for_strict(prefer),
        )
        agendas: list[PublishedAgenda] = []
        shown: list[Community] = []
        if query.free and query.national_ids and query.first <= query.last:
            if query.cpts:
                agendas, shown = await self._with_cpts(query)
            else:
                agendas = await self._agendas.published(query.national_ids, query.first, query.last)
        total, fragments = rules.entries(agendas)
        self._answered("cpts" if query.cpts else "practitioners", total)
        fragments += [cpts.service_fragment(one) for one in shown]
        fragments += [cpts.organization_fragment(one) for one in shown]
        return bundle.searchset(
            bundle_id=str(uuid4()),
            total=total,
            self_url=self_url,
            base_url=base_url,
            fragments=fragments,
            profile=canonicals.CPTS_BUNDLE if query.cpts else canonicals.BUNDLE,
        )

    async def _with_cpts(self, query: SlotQuery) -> tuple[list[PublishedAgenda], list[Community]]:
        """Agendas with the CPTS that their slots name. Between the two reads a data set may be put in afresh, with new
        numbers: then both are read again, once."""
        agendas, shown = await self._read_with_cpts(query)
        if len(shown) < len(rules.communities(agendas)):
            agendas, shown = await self._read_with_cpts(query)
        return agendas, shown

    async def _read_with_cpts(self, query: SlotQuery) -> tuple[list[PublishedAgenda], list[Community]]:
        agendas = await self._agendas.published(query.national_ids, query.first, query.last, cpts=True)
        return agendas, await self._communities.named(rules.communities(agendas))

    async def search_associations(
        self, parameters: Sequence[Parameter], now: datetime, *, prefer: Iterable[str], self_url: str, base_url: str
    ) -> bytes:
        """The same for SOS Médecins; `total` counts slots there too, though the search is for Schedules (guide)."""
        query = rules.plan(
            parameters,
            now=instants.first_millisecond_from(now),
            max_identifiers=self._max_identifiers,
            strict=rules.asks_for_strict(prefer),
            criteria=rules.ASSOCIATIONS,
        )
        total, fragments = 0, []
        if query.free and query.national_ids and query.first <= query.last:
            found = await self._associations.published(query.national_ids, query.first, query.last)
            total = len(found.slots)
            fragments = [*found.slots, *found.schedules, *found.locations, *found.organizations]
        self._answered("sos", total)
        return bundle.searchset(
            bundle_id=str(uuid4()),
            total=total,
            self_url=self_url,
            base_url=base_url,
            fragments=fragments,
            profile=canonicals.SOS_BUNDLE,
        )

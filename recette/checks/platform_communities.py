"""A platform's searches of CPTS slots (INT_R04): the two includes it adds to INT_R01.

Source: IG SAS 1.2.0, recherche de créneaux CPTS, § Critères.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from recette.checks.judging import shown, tally
from recette.checks.platform_search import NOTHING, WHO, Search, Searched
from recette.model import Check, Judgement, Problem
from sas_kernel.text import Text

_SERVICES: Final = "Slot:service-type-reference"
_ORGANIZATIONS: Final = "HealthcareService:organization"


def _asks_for_services(search: Search) -> bool:
    return _SERVICES in search.values("_include")


def _ids(searches: Iterable[Search]) -> set[str]:
    return {token for search in searches for value in search.values(WHO) for token in value.split(",")}


def _services(searched: Searched) -> Judgement:
    """Whoever is asked for is asked for with CPTS too, in the same request or in another one."""
    if not searched.searches:
        return Judgement(0, reason=NOTHING)
    lost = _ids(searched.searches) - _ids(filter(_asks_for_services, searched.searches))
    without = next((search for search in searched.searches if not _asks_for_services(search)), searched.searches[0])
    message = Text("{n}={w} manque à la recherche.", "{n}={w} is missing from the search.")
    problem = Problem(
        message.format(n="_include", w=_SERVICES),
        "_include",
        _SERVICES,
        shown(without.values("_include")),
        without.exchange.id,
    )
    return tally([problem if lost else None])


SERVICES = Check(
    "asking.cpts.include",
    "CPTS-060",
    Text("_include=Slot:service-type-reference", "_include=Slot:service-type-reference"),
    _services,
)


def _organizations(searched: Searched) -> Judgement:
    def looks() -> Iterator[Problem | None]:
        for search in filter(_asks_for_services, searched.searches):
            held = _ORGANIZATIONS in search.values("_include:iterate")
            message = Text("{n}={w} manque à la recherche.", "{n}={w} is missing from the search.")
            yield (
                None
                if held
                else Problem(
                    message.format(n="_include:iterate", w=_ORGANIZATIONS),
                    "_include:iterate",
                    _ORGANIZATIONS,
                    shown(search.values("_include:iterate")),
                    search.exchange.id,
                )
            )

    return tally(looks(), NOTHING)


ORGANIZATIONS = Check(
    "asking.cpts.iterate",
    "CPTS-061",
    Text("_include:iterate=HealthcareService:organization", "_include:iterate=HealthcareService:organization"),
    _organizations,
)

FULL: Final[tuple[Check, ...]] = (SERVICES, ORGANIZATIONS)
"""What is checked of searches with CPTS, besides what INT_R01 asks of each."""

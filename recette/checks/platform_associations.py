"""A platform's SOS searches, as the editors it asks receive them, and their checks.

Source: IG SAS 1.2.0, recherche de créneaux SOS, § Critères, and its drawing; spécifications fonctionnelles, § SOS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from recette.checks.judging import shown, tally
from recette.checks.platform_search import SLACK, WINDOW, Search, Searched, instant_of, of_each, says
from recette.model import Check, Judgement, Problem
from sas_kernel.identifiers import STRUCTURE_SYSTEM
from sas_kernel.text import Text

START: Final = "_has:Slot:schedule:start"
STATUS: Final = "_has:Slot:schedule:status"
WHO: Final = "actor:Location.organization.identifier"
_MOST: Final = 10
_SIRET: Final = re.compile(r"3[0-9]{14}")


def is_one(search: Search) -> bool:
    """Whether this is a search of associations."""
    request = search.exchange.request
    return request.method == "GET" and request.target.partition("?")[0].rstrip("/").endswith("/Schedule")


@dataclass(frozen=True)
class Shared(Searched):
    """The SOS searches of one search at the platform. `due`: what each editor, by its path, has to be asked for.

    `others`: the associations known to use another one's software.
    """

    due: Mapping[str, frozenset[str]] = field(default_factory=dict)
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def asked_of(self, path: str) -> set[str]:
        """The associations an editor was asked for."""
        return {
            f"3{id}" if len(id) == 14 else id  # a forgotten prefix is told by its own check
            for search in self.searches
            if search.exchange.request.target.startswith(f"{path}/")
            for value in search.values(WHO)
            for id in (token.rpartition("|")[2].strip() for token in value.split(","))
        }


def _bounds(search: Search) -> Iterator[Problem | None]:
    found = search.values(START)
    prefixes = sorted(value[:2] for value in found)
    message = Text(
        "Attendu une borne ge et une borne le, une fois chacune.", "Expected one bound ge and one le, once each."
    )
    held = prefixes == ["ge", "le"] and all(instant_of(value[2:]) is not None for value in found)
    yield None if held else Problem(message, START, "ge<instant>, le<instant>", shown(found))


BOUNDS = of_each(
    "asking.sos.bounds", "SOS-060", Text("Une borne ge et une borne le", "One bound ge and one bound le"), _bounds
)
FREE = of_each("asking.sos.free", "SOS-061", Text("_has…status=free", "_has…status=free"), says(STATUS, "free"))


def _tokens(search: Search) -> Iterator[Problem | None]:
    values = search.values(WHO)
    tokens = [token for value in values for token in value.split(",")]
    message = Text(
        "Attendu 1 à 10 SIRET dans un seul paramètre, chacun précédé de 3 et de son système.",
        "Expected 1 to 10 SIRET in one parameter, each after a 3 and its system.",
    )
    held = (
        len(values) == 1
        and 1 <= len(tokens) <= _MOST
        and all(
            token.rpartition("|")[0] == STRUCTURE_SYSTEM and _SIRET.fullmatch(token.rpartition("|")[2])
            for token in tokens
        )
    )
    yield None if held else Problem(message, WHO, f"1..{_MOST} {STRUCTURE_SYSTEM}|3…", shown(values))


TOKENS = of_each(
    "asking.sos.tokens", "SOS-062", Text("1 à 10 SIRET, avec leur système", "1 to 10 SIRET, with their system"), _tokens
)
_WITH: Final = (
    ("_revinclude", "Slot:schedule"),
    ("_include", "Schedule:actor:Location"),
    ("_include:iterate", "Location:organization"),
)


def _includes(search: Search) -> Iterator[Problem | None]:
    for name, wanted in _WITH:
        yield from says(name, wanted)(search)


INCLUDES = of_each(
    "asking.sos.includes",
    "SOS-063",
    Text("Créneaux, points et associations demandés aussi", "Slots, places and associations asked for as well"),
    _includes,
)


def _window(search: Search) -> Iterator[Problem | None]:
    known = {value[:2]: at for value in search.values(START) if (at := instant_of(value[2:])) is not None}
    if known.keys() != {"ge", "le"}:
        return
    message = Text(
        "La recherche SOS dépasse les 72 prochaines heures.", "The SOS search goes beyond the next 72 hours."
    )
    held = known["ge"] <= known["le"] <= search.exchange.sent_at + WINDOW + SLACK
    told = f"{known['ge'].isoformat()} – {known['le'].isoformat()}"
    yield None if held else Problem(message, START, "72 h", told)


NEXT_DAYS = of_each(
    "asking.sos.window", "SOS-066", Text("72 heures au plus pour SOS", "72 hours at most for SOS"), _window
)
_UNKNOWN: Final = Text("Qui était cherché n’est pas su.", "Who was looked for is not known.")


def _everyone(shared: Shared) -> Judgement:
    if not shared.sure:
        return Judgement(0, reason=_UNKNOWN)
    message = Text(
        "L’éditeur n’est pas interrogé sur toutes les associations qui peuvent être les siennes.",
        "The editor is not asked for all the associations that may be its own.",
    )
    return tally(
        None
        if due <= shared.asked_of(path)
        else Problem(message, WHO, ", ".join(sorted(due)), ", ".join(sorted(shared.asked_of(path))) or "∅")
        for path, due in shared.due.items()
    )


EVERYONE = Check(
    "asking.sos.everyone",
    "SOS-064",
    Text("Chaque association est demandée", "Each association is asked for"),
    _everyone,
)


def _elsewhere(shared: Shared) -> Judgement:
    if not shared.sure or not shared.searches:
        return Judgement(0, reason=_UNKNOWN)
    message = Text(
        "Une association dont le logiciel est connu est demandée à un autre éditeur.",
        "An association whose software is known is asked of another editor.",
    )
    return tally(
        None
        if not (others & shared.asked_of(path))
        else Problem(message, WHO, "absent", ", ".join(sorted(others & shared.asked_of(path))))
        for path, others in shared.others.items()
    )


ELSEWHERE = Check(
    "asking.sos.known_software",
    "SOS-065",
    Text("Une association connue n’est demandée qu’à son logiciel", "A known association is asked of its own software"),
    _elsewhere,
)
QUERY: Final[tuple[Check, ...]] = (BOUNDS, FREE, TOKENS, INCLUDES, NEXT_DAYS, EVERYONE, ELSEWHERE)
"""Evidence: `Shared`."""

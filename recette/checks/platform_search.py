"""A platform's slot searches (INT_R01), as the editor it asks receives them, and their checks.

Source: IG SAS 1.2.0, recherche de créneaux PS, § Critères; ANS-CONV-001 (2022-08-31), art. 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final
from urllib.parse import parse_qsl

from recette.checks.judging import shown, tally
from recette.model import Check, Exchange, Judgement, Problem
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from sas_kernel.text import Text

WINDOW: Final = timedelta(hours=72)
SLACK: Final = timedelta(minutes=2)
_MOST: Final = 25
WHO: Final = "schedule.actor:Practitioner.identifier"


@dataclass(frozen=True)
class Search:
    """One search as it came to us."""

    exchange: Exchange

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """Decoded once, repeated ones too."""
        return parse_qsl(self.exchange.request.target.partition("?")[2], keep_blank_values=True)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.parameters if key == name]

    @property
    def is_one(self) -> bool:
        return self.exchange.request.method == "GET" and self.exchange.request.target.partition("?")[0].endswith(
            "/Slot"
        )


@dataclass(frozen=True)
class Searched:
    """The searches that one search at the platform (`proof`) made. `sure`: we made it ourselves, for `asked`."""

    searches: tuple[Search, ...]
    asked: tuple[str, ...] = ()
    proof: tuple[Exchange, ...] = ()
    sure: bool = True

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return (*(search.exchange for search in self.searches), *self.proof)


NOTHING = Text("Aucune recherche n’est arrivée.", "No search arrived.")


def of_each(id: str, requirement: str, title: Text, look: Callable[[Search], Iterator[Problem | None]]) -> Check:
    """A check of every search that came (evidence: `Searched`)."""

    def judge(searched: Searched) -> Judgement:
        return tally(
            (
                None
                if problem is None
                else Problem(problem.message, problem.path, problem.expected, problem.actual, search.exchange.id)
                for search in searched.searches
                for problem in look(search)
            ),
            NOTHING,
        )

    return Check(id, requirement, title, judge)


def instant_of(value: str) -> datetime | None:
    """The instant of a bound, its prefix taken away; None without an offset."""
    try:
        read = datetime.fromisoformat(value.replace(" ", "+"))  # a bare plus in a query reads as a space
    except ValueError:
        return None
    return read if read.tzinfo is not None else None


def _bounds(search: Search, prefix: str) -> list[str]:
    return [value[2:] for value in search.values("start") if value.startswith(prefix)]


def _one_bound(prefix: str) -> Callable[[Search], Iterator[Problem | None]]:
    def look(search: Search) -> Iterator[Problem | None]:
        found = _bounds(search, prefix)
        message = Text("Attendu exactement une borne start={p}.", "Expected exactly one bound start={p}.")
        held = len(found) == 1 and instant_of(found[0]) is not None
        yield (
            None
            if held
            else Problem(message.format(p=prefix), "start", f"{prefix}<instant>", shown(search.values("start")))
        )

    return look


FROM = of_each(
    "asking.from",
    "SLOT-205",
    Text("Une borne start=ge, et une seule", "One bound start=ge, and only one"),
    _one_bound("ge"),
)
UNTIL = of_each(
    "asking.until",
    "SLOT-206",
    Text("Une borne start=le, et une seule", "One bound start=le, and only one"),
    _one_bound("le"),
)


def _window(search: Search) -> Iterator[Problem | None]:
    instants = [instant_of(value) for prefix in ("ge", "le") for value in _bounds(search, prefix)]
    known = [instant for instant in instants if instant is not None]
    if len(instants) != 2 or len(known) != 2:
        return
    first, last = known
    message = Text("La recherche dépasse les 72 prochaines heures.", "The search goes beyond the next 72 hours.")
    held = first <= last <= search.exchange.sent_at + WINDOW + SLACK and last - first <= WINDOW + SLACK
    yield None if held else Problem(message, "start", "72 h", f"{first.isoformat()} – {last.isoformat()}")


NEXT_DAYS = of_each("asking.window", "SLOT-202", Text("72 heures au plus", "72 hours at most"), _window)


def _lots(search: Search) -> Iterator[Problem | None]:
    found = search.values(WHO)
    count = len(found[0].split(",")) if len(found) == 1 and found[0] else 0
    message = Text("Attendu 1 à 25 identifiants, dans un seul paramètre.", "Expected 1 to 25 ids, in one parameter.")
    held = len(found) == 1 and 1 <= count <= _MOST
    yield None if held else Problem(message, WHO, "1 to 25", f"{len(found)} x {count}")


LOTS = of_each("asking.lots", "SLOT-207", Text("1 à 25 identifiants d’un coup", "1 to 25 ids at a time"), _lots)


def _system(search: Search) -> Iterator[Problem | None]:
    message = Text("Un identifiant n’a pas son système et sa barre.", "An id lacks its system and its bar.")
    for value in search.values(WHO):
        for token in value.split(","):
            system, bar, id = token.rpartition("|")
            held = system == PRACTITIONER_SYSTEM and bool(bar) and bool(id)
            yield None if held else Problem(message, WHO, f"{PRACTITIONER_SYSTEM}|…", shown(token))


SYSTEM = of_each(
    "asking.system", "SLOT-208", Text("Chaque identifiant a son système", "Each id has its system"), _system
)


def says(name: str, wanted: str) -> Callable[[Search], Iterator[Problem | None]]:
    """That a parameter has this value, among others or alone."""

    def look(search: Search) -> Iterator[Problem | None]:
        message = Text("{n}={w} manque à la recherche.", "{n}={w} is missing from the search.").format(n=name, w=wanted)
        held = wanted in search.values(name)
        yield None if held else Problem(message, name, wanted, shown(search.values(name)))

    return look


FREE = of_each("asking.free", "SLOT-209", Text("status=free", "status=free"), says("status", "free"))
SCHEDULES = of_each(
    "asking.include",
    "SLOT-210",
    Text("_include=Slot:schedule", "_include=Slot:schedule"),
    says("_include", "Slot:schedule"),
)
ACTORS = of_each(
    "asking.iterate",
    "SLOT-211",
    Text("_include:iterate=Schedule:actor", "_include:iterate=Schedule:actor"),
    says("_include:iterate", "Schedule:actor"),
)


def _asked(searched: Searched) -> Judgement:
    """Evidence whose `asked` we chose: everyone is asked for, and nobody else."""
    if not searched.sure:
        return Judgement(0, reason=Text("Qui était cherché n’est pas su.", "Who was looked for is not known."))
    found = {
        token.rpartition("|")[2]
        for search in searched.searches
        for value in search.values(WHO)
        for token in value.split(",")
    }
    message = Text("L’éditeur n’est pas interrogé sur tous ceux qui sont cherchés.", "The editor is not asked for all.")
    exchange = searched.exchanges[0].id if searched.exchanges else None
    missing = len(set(searched.asked) - found)
    held = not missing
    return tally(
        [None if held else Problem(message, WHO, f"{len(searched.asked)} ids", f"{missing} missing", exchange)]
    )


EVERYBODY = Check(
    "asking.everybody",
    "SLOT-214",
    Text("L’éditeur est interrogé sur chacun", "The editor is asked for each of them"),
    _asked,
)
QUERY: tuple[Check, ...] = (FROM, UNTIL, NEXT_DAYS, LOTS, SYSTEM, FREE, SCHEDULES, ACTORS)

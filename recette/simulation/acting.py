"""An event of a story becomes what the commands do: the same functions decide and write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from recette.journal.model import Draft, Entry, Party
from recette.journal.repository import Journal
from recette.model import RunReport
from recette.monitoring.model import Standing
from recette.projects import conduct
from recette.projects.book import Book
from recette.projects.model import Particulars
from recette.register import conduct as register
from recette.register import moves
from recette.register.model import Anomaly, RegisterError, Status
from recette.register.moves import Move
from recette.simulation.model import Do, Event
from sas_kernel.text import Text

TOOL = "recette simulate"


class Bench(Protocol):
    """What the harness lends to a simulation."""

    async def run(self, faults: tuple[str, ...], number: int) -> tuple[RunReport, bytes]:
        """A run of the whole catalogue of the project at the present instant, and its file."""
        ...

    def checks_of(self, name: str) -> frozenset[str]:
        """The checks that catch a partner of the museum, or the check of this name; none for another word."""
        ...


async def act(
    event: Event, book: Book, journal: Journal, bench: Bench, standing: Standing | None, *, runs: int
) -> tuple[Entry, ...]:
    """Do what the event says at its instant; the entries written. Raises what the commands raise."""
    if event.do is Do.RUN:
        report, content = await bench.run(tuple(event.values.get("faults", ())), runs + 1)
        who = event.who or TOOL
        return (await register.record_run(journal, book.project.id, report, content, who=who, now=event.at)).entries
    written: tuple[Entry, ...] = ()
    for party in event.parties:
        move = Move(event.at, event.who or _name(book, party), party, event.why)
        make = _MOVES.get(event.do)
        if make is not None:
            ids = named(event, book, bench)
            written += await register.act_on(journal, book.project.id, ids, make(move, event.values), event.at)
        else:
            written += await _decide(event, book.project.id, journal, move, standing)
    return written


async def _decide(
    event: Event, project: str, journal: Journal, move: Move, standing: Standing | None
) -> tuple[Entry, ...]:
    says, now = event.values, event.at
    match event.do:
        case Do.MILESTONE:
            return await conduct.milestone(journal, project, says["name"], move, now=now)
        case Do.CHANGE:
            words = {key: says[key] for key in ("product", "version", "environment") if key in says}
            changed = Particulars(changes=says.get("choices", {}), **words)
            return await conduct.change_project(journal, project, changed, move, now=now)
        case Do.OPEN:
            return await conduct.open_phase(journal, project, says["phase"], move, now=now)
        case Do.CLOSE:
            phase, outcome = says["phase"], says["outcome"]
            return await conduct.close_phase(journal, project, phase, outcome, move, now=now, standing=standing)
        case Do.EXTEND:
            return await conduct.extend_phase(
                journal, project, says["what"], says["until"], says["agreed"], move, now=now
            )
        case Do.SHOW:
            return await conduct.show(journal, project, says["what"], move, now=now)
        case Do.MAINTENANCE:
            return await conduct.maintenance(journal, project, says["from"], says["to"], move, now=now)
        case Do.SUSPEND:
            return await conduct.suspend(journal, project, move, now=now, standing=standing)
        case Do.RESUME:
            return await conduct.resume(journal, project, move, now=now)
        case _:
            raise AssertionError(event.do)


def named(event: Event, book: Book, bench: Bench) -> tuple[str, ...]:
    """The anomalies that an event speaks of: by id, by the fault or check that opened them, or `all` that are open."""
    found: dict[str, None] = {}
    for word in event.values["anomalies"]:
        checks = bench.checks_of(word)
        # What was corrected may be spoken of again once it came back; by its fault, only what is open is meant.
        meant = [
            anomaly.id
            for anomaly in book.register.anomalies.values()
            if (anomaly.is_open and (word == "all" or anomaly.check in checks)) or anomaly.id == word.upper()
        ]
        if word == "all" and event.do is Do.NOTIFY:
            meant = [id for id in meant if book.register.anomalies[id].status is Status.OPEN]
        if not meant:
            raise RegisterError(
                Text(
                    "Aucune anomalie ouverte ne répond à « {w} ». Ouvertes : {known}.",
                    "No open anomaly answers to '{w}'. Open: {known}.",
                ).format(w=word, known=", ".join(f"{a.id} ({a.check})" for a in book.register.open) or "—")
            )
        found.update(dict.fromkeys(meant))
    return tuple(found)


def _name(book: Book, party: Party) -> str:
    contact = book.project.contacts.get(party)
    return contact.name if contact is not None else party.value


_Make = Callable[[Move, Mapping[str, Any]], Callable[[Anomaly], Draft]]

_MOVES: Mapping[Do, _Make] = {
    Do.NOTIFY: lambda move, says: lambda anomaly: moves.notify(anomaly, move),
    Do.ACKNOWLEDGE: lambda move, says: lambda anomaly: moves.acknowledge(anomaly, move),
    Do.QUALIFY: lambda move, says: lambda anomaly: moves.qualify(anomaly, move, says["severity"]),
    Do.WORKAROUND: lambda move, says: lambda anomaly: moves.propose_workaround(anomaly, move),
    Do.VALIDATE_WORKAROUND: lambda move, says: lambda anomaly: moves.validate_workaround(anomaly, move),
    Do.PLAN: lambda move, says: lambda anomaly: moves.propose_plan(anomaly, move, says["due_on"]),
    Do.VALIDATE_PLAN: lambda move, says: lambda anomaly: moves.validate_plan(anomaly, move),
    Do.PAUSE: lambda move, says: lambda anomaly: moves.pause(anomaly, move, says["agreed_with"]),
    Do.RESUME_CLOCK: lambda move, says: lambda anomaly: moves.resume(anomaly, move),
    Do.DELIVER: lambda move, says: lambda anomaly: moves.deliver(anomaly, move, says.get("version", "")),
    Do.WITHDRAW: lambda move, says: lambda anomaly: moves.withdraw(anomaly, move, says["agreed_with"]),
    Do.NOTE: lambda move, says: lambda anomaly: moves.note(anomaly, move),
}

"""What follows of itself as time passes and things happen: due dates, deadlines missed, rights, doors. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from recette.monitoring.model import Standing
from recette.projects import doors, schedule
from recette.projects.book import Book
from recette.projects.model import Door, PhaseId, Right
from recette.projects.words import OUTCOMES, day
from recette.register.model import Due, Matter
from recette.register.words import SEVERITY
from recette.simulation.model import FOLLOWS, TICK, Line
from sas_kernel.text import Text

MATTERS: Mapping[Matter, Text] = {
    Matter.ACKNOWLEDGEMENT: Text("prise en compte", "acknowledgement"),
    Matter.CORRECTION: Text("correction", "correction"),
}
_INDICATIVE = Text(" (à titre indicatif : pas de délai en recette, art. 6)", " (indicative: none in recette, art. 6)")


@dataclass(frozen=True, slots=True)
class State:
    """What held when it was last looked at."""

    dues: Mapping[tuple[str, Matter], datetime] = field(default_factory=dict)
    missed: frozenset[tuple[str, Matter]] = frozenset()
    rights: Mapping[str, Right] = field(default_factory=dict)
    door: tuple[PhaseId, bool] | None = None
    late: PhaseId | None = None
    awaited: tuple[str, ...] = ()


def state(book: Book, now: datetime, standing: Standing | None) -> State:
    """What holds at an instant."""
    pending = [due for due in book.dues(now) if due.met_at is None]
    current = book.project.current
    door = doors.door(book, current.id, now, standing) if current is not None else None
    end = schedule.planned_end(book, current) if current is not None else None
    is_vsr = current is not None and current.id is PhaseId.VSR
    return State(
        dues={(due.anomaly, due.matter): due.date.due_at for due in pending},
        missed=frozenset((due.anomaly, due.matter) for due in pending if due.is_overdue and due.paused is None),
        rights={f"{right.id} {' '.join(right.about)}": right for right in doors.rights(book, now, standing)},
        door=(door.phase, door.can_close) if door is not None else None,
        late=current.id if current is not None and end is not None and now > end and not is_vsr else None,
        awaited=schedule.awaited(book) if is_vsr else (),
    )


def lines(book: Book, now: datetime, before: State, after: State, standing: Standing | None) -> Iterator[Line]:
    """What is new since it was last looked at."""
    found = {(due.anomaly, due.matter): due for due in book.dues(now)}
    for key, due_at in after.dues.items():
        if before.dues.get(key) != due_at and key not in after.missed:
            yield Line(now, FOLLOWS, _due(book, found[key]))
    for key in sorted(after.missed - before.missed):
        yield Line(now, FOLLOWS, _missed(book, found[key]))
    for name, right in after.rights.items():
        if name not in before.rights:
            text = Text("Droit ouvert : {t} (art. {a}{w})", "Right open: {t} (art. {a}{w})")
            about = f" ; {', '.join(right.about)}" if right.about else ""
            yield Line(now, FOLLOWS, text.format(t=right.text, a=right.article, w=about))
    for name, right in before.rights.items():
        if name not in after.rights:
            yield Line(now, FOLLOWS, Text("Droit éteint : {t}", "Right gone: {t}").format(t=right.text))
    yield from _awaited(book, now, before, after)
    if after.late is not None and after.late is not before.late:
        text = Text("La phase « {p} » a dépassé son terme.", "The phase '{p}' is past its end.")
        yield Line(now, FOLLOWS, text.format(p=after.late.value))
    if after.door is not None and after.door != before.door:
        yield from _door(book, now, before, after.door, standing)


def next_instant(book: Book, now: datetime) -> datetime | None:
    """The next instant at which something follows though nobody does anything."""
    instants = [due.date.due_at + TICK for due in book.dues(now) if due.met_at is None and due.paused is None]
    current = book.project.current
    end = schedule.planned_end(book, current) if current is not None else None
    if current is not None and end is not None:
        first = end.replace(hour=0, minute=0, second=0, microsecond=0)
        instants.append(first if current.id is PhaseId.VSR else end + TICK)
    repair = schedule.repair_end(book)
    if repair is not None:
        instants.append(repair + TICK)
    return min((at for at in instants if at > now), default=None)


def shut(door: Door) -> tuple[Text, ...]:
    """What keeps a door shut, a line each."""
    return tuple(Text("{t} (art. {a})", "{t} (art. {a})").format(t=each.text, a=each.article) for each in door.missing)


def _due(book: Book, due: Due) -> Text:
    text = Text("{id}, {m} due le {w}{i}{r}", "{id}, {m} due {w}{i}{r}")
    anomaly = book.register.anomalies[due.anomaly]
    return text.format(
        id=f"{due.anomaly}",
        m=Text("{m} ({s})", "{m} ({s})").format(m=MATTERS[due.matter], s=SEVERITY[anomaly.severity]),
        w=stamp(book, due.date.due_at),
        i=_INDICATIVE if due.indicative else "",
        r=f" (art. {due.date.deadline.article})" if not due.indicative else "",
    )


def _missed(book: Book, due: Due) -> Text:
    text = Text("{id}, {m} : échéance dépassée ({w}){i}", "{id}, {m}: deadline missed ({w}){i}")
    return text.format(
        id=due.anomaly,
        m=MATTERS[due.matter],
        w=stamp(book, due.date.due_at),
        i=_INDICATIVE if due.indicative else "",
    )


def _awaited(book: Book, now: datetime, before: State, after: State) -> Iterator[Line]:
    if after.awaited and after.awaited != before.awaited:
        text = Text(
            "La VSR dure jusqu’à la livraison de la correction de {ids} (art. 8.1).",
            "The VSR lasts until the correction of {ids} is delivered (art. 8.1).",
        )
        yield Line(now, FOLLOWS, text.format(ids=", ".join(after.awaited)))
    elif before.awaited and not after.awaited:
        current = book.project.current
        end = schedule.earliest_end(book, current) if current is not None else None
        if end is not None:
            text = Text("La VSR peut être close à partir du {d}.", "The VSR may be closed from {d} on.")
            yield Line(now, FOLLOWS, text.format(d=day(end)))


def _door(
    book: Book, now: datetime, before: State, door: tuple[PhaseId, bool], standing: Standing | None
) -> Iterator[Line]:
    phase, opens = door
    if opens:
        text = Text("La porte de « {p} » est ouverte : {o}.", "The door of '{p}' is open: {o}.")
        found = doors.door(book, phase, now, standing)
        yield Line(now, FOLLOWS, text.format(p=phase.value, o=OUTCOMES[found.proposal]), found.reasons)
    elif before.door == (phase, True):
        found = doors.door(book, phase, now, standing)
        text = Text("La porte de « {p} » s’est refermée.", "The door of '{p}' has shut again.")
        yield Line(now, FOLLOWS, text.format(p=phase.value), shut(found))


def stamp(book: Book, at: datetime) -> Text:
    """An instant as people read it, in the agreement’s zone."""
    local = schedule.localized(book, at)
    return Text(
        f"{_DAYS_FR[local.weekday()]} {local:%d/%m/%Y %H:%M}", f"{_DAYS_EN[local.weekday()]} {local:%Y-%m-%d %H:%M}"
    )


_DAYS_FR = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

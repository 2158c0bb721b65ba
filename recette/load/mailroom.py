"""One endpoint of ours for the messages of many journeys at once: each gets those about its own appointment.

A message is known by the start of its appointment, which no two journeys share, and from then on by its identifier.
What nobody expects is a stray: told, and held against nobody, for one cannot say whose it should have been.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from recette.checks.answer import instant
from recette.checks.appointment import Message
from recette.model import Exchange, Inbox, Responder

_Identifier = tuple[str | None, str | None]


@dataclass(slots=True)
class Letters:
    """The `recette.model.Inbox` of one journey."""

    room: Mailroom
    _mine: list[Exchange] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.room.inbox.url

    @property
    def arrivals(self) -> tuple[Exchange, ...]:
        self.room.sort()
        return tuple(self._mine)

    def answer_with(self, responder: Responder | None) -> None:
        """The room answers for everybody."""

    def expect(self, start: datetime) -> None:
        """From now on, messages about an appointment that starts then are this journey's."""
        self.room.expected[start] = self

    def take(self, exchange: Exchange) -> None:
        self._mine.append(exchange)


@dataclass(slots=True)
class Mailroom:
    """Sorts what comes in. `base` is the path of our FHIR base."""

    inbox: Inbox
    base: str
    expected: dict[datetime, Letters] = field(default_factory=dict)
    strays: list[Exchange] = field(default_factory=list)
    _known: dict[_Identifier, Letters] = field(default_factory=dict)
    _sorted: int = 0

    def sort(self) -> None:
        """Hand out what has come since the last time."""
        arrivals = self.inbox.arrivals
        for exchange in arrivals[self._sorted :]:
            message = Message(exchange, self.base)
            start = instant(message.root["start"])
            owner = None if start is None else self.expected.get(start)
            if owner is None and message.method != "POST":
                owner = self._known.get(message.identifier)
            if owner is None:
                self.strays.append(exchange)
                continue
            if message.identifier[1]:
                self._known.setdefault(message.identifier, owner)
            owner.take(exchange)
        self._sorted = len(arrivals)

"""How a scenario speaks to an agenda: the platform's own query, byte for byte, and the ways it may be varied."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from recette.checks.answer import Answer, Asked
from recette.checks.exchange import IN_TIME, WHOLE, Journal
from recette.model import Check, Evidence, Exchange, Stage
from sas_kernel.clock import PARIS
from sas_kernel.identifiers import PRACTITIONER_SYSTEM
from sas_kernel.text import Text
from sas_kernel.time_window import Window, window_from

PLATFORM_ACCEPT = ("Accept", "application/json+fhir")
"""What the platform sends (IG SAS 1.2.0, slot search, headers)."""

STRANGER = "800000000000"
"""An id of the right form that nobody bears: no RPPS begins with 0."""

EVERY_SCENARIO: tuple[Check, ...] = (WHOLE, IN_TIME)
"""What is checked of all the exchanges of any scenario."""

_CPTS_INCLUDES = (
    ("_include", "Slot:service-type-reference"),
    ("_include:iterate", "HealthcareService:organization"),
)
_IDENTIFIER = "schedule.actor:Practitioner.identifier"


def wire_instant(at: datetime) -> str:
    """An instant as the platform writes it: Europe/Paris, milliseconds, numeric offset."""
    return at.astimezone(PARIS).isoformat(timespec="milliseconds")


def encoded(value: str) -> str:
    """A query value as the platform encodes it: `|` and `+` only."""
    return value.replace("|", "%7C").replace("+", "%2B")


def to_millisecond(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of one search, in order, names and values already encoded; and what they ask for."""

    pairs: tuple[tuple[str, str], ...]
    asked: Asked
    path: str = "/Slot?"

    @classmethod
    def of(cls, identifiers: Sequence[str], window: Window, *, ge: str | None = None, le: str | None = None) -> Query:
        """The platform's query; `ge` and `le` take the place of the window's bounds as written (not yet encoded)."""
        tokens = ",".join(f"{PRACTITIONER_SYSTEM}|{identifier}" for identifier in identifiers)
        return cls(
            (
                ("_include", "Slot:schedule"),
                ("_include:iterate", "Schedule:actor"),
                ("start", "ge" + encoded(ge if ge is not None else wire_instant(window.start))),
                ("start", "le" + encoded(le if le is not None else wire_instant(window.end))),
                (_IDENTIFIER, encoded(tokens)),
                ("status", "free"),
            ),
            Asked(tuple(identifiers), window),
        )

    @property
    def target(self) -> str:
        return self.path + "&".join(f"{name}={value}" for name, value in self.pairs)

    def without(self, name: str, prefix: str = "") -> Query:
        """Without the parameters of this name whose value begins so."""
        return replace(self, pairs=tuple(p for p in self.pairs if p[0] != name or not p[1].startswith(prefix)))

    def of_cpts(self) -> Query:
        """INT_R04: with the two includes that bring the CPTS, where the platform puts them."""
        pairs = (*self.pairs[:2], *_CPTS_INCLUDES, *self.pairs[2:])
        return replace(self, pairs=pairs, asked=replace(self.asked, cpts=True))

    def plus(self, name: str, value: str) -> Query:
        """With one more parameter at the end."""
        return replace(self, pairs=(*self.pairs, (name, value)))

    def mapped(self, name: str, old: str, new: str) -> Query:
        """With `old` replaced by `new` in the values of this name."""
        return replace(self, pairs=tuple((n, v.replace(old, new) if n == name else v) for n, v in self.pairs))

    def identifiers_mapped(self, old: str, new: str) -> Query:
        return self.mapped(_IDENTIFIER, old, new)

    def without_identifiers(self) -> Query:
        return self.without(_IDENTIFIER)


@dataclass(slots=True)
class Conversation:
    """The exchanges of one scenario. `window` runs from its opening over the horizon, and is the same throughout."""

    stage: Stage
    window: Window
    heard: list[Exchange] = field(default_factory=list)

    async def ask(self, query: Query, *, headers: Sequence[tuple[str, str]] = (PLATFORM_ACCEPT,)) -> Answer:
        exchange = await self.stage.send(query.target, headers=headers)
        self.heard.append(exchange)
        return Answer(exchange, query.asked)

    async def search(self, *identifiers: str) -> Answer:
        """The platform's own search for these practitioners."""
        return await self.ask(self.query(*identifiers))

    def query(self, *identifiers: str) -> Query:
        return Query.of(identifiers, self.window)

    def judge(self, checks: Sequence[Check], evidence: Evidence) -> None:
        for check in checks:
            self.stage.judge(check, evidence)

    def skip(self, checks: Sequence[Check], answer: Answer) -> None:
        """Leave checks out because the usual search, which they vary, is not answered with a Bundle."""
        reason = Text(
            "La recherche ordinaire n’aboutit pas : {why}", "The usual search does not succeed: {why}"
        ).format(why=answer.unusable or "")
        for check in checks:
            self.stage.skip(check, reason)

    def one(self, key: str) -> str:
        """A practitioner of the test data; somebody whom no agenda knows where it names none.

        A scenario that cannot do without says so in its `needs`.
        """
        return next(iter(self.many(key)), STRANGER)

    def many(self, key: str) -> tuple[str, ...]:
        value = self.stage.target.test_data.get(key, ())
        return (value,) if isinstance(value, str) else tuple(value)


@asynccontextmanager
async def conversation(stage: Stage) -> AsyncIterator[Conversation]:
    """Open a conversation; whatever happens in it, its exchanges are judged at the end."""
    horizon = timedelta(hours=stage.levels["slot_search.horizon"].value)
    talk = Conversation(stage, window_from(to_millisecond(stage.now()), horizon))
    try:
        yield talk
    finally:
        if talk.heard:
            talk.judge(EVERY_SCENARIO, Journal(tuple(talk.heard), stage.levels["slot_search.answer_timeout"]))

"""A story: a project, what happens to it and when, and how its service behaves. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from recette.journal.model import Party
from recette.projects.model import Particulars
from sas_kernel.errors import SasError
from sas_kernel.text import Text


class StoryError(SasError):
    """A story that cannot be played. The text names the key and says what to write."""


class UnexpectedError(SasError):
    """An event that ended otherwise than the story says: refused, or accepted where `expect = "refused"`."""


class Do(StrEnum):
    """What happens. The words are those of the commands."""

    MILESTONE = "milestone"
    CHANGE = "change"
    OPEN = "open"
    CLOSE = "close"
    EXTEND = "extend"
    SHOW = "show"
    MAINTENANCE = "maintenance"
    SUSPEND = "suspend"
    RESUME = "resume"
    RUN = "run"
    NOTIFY = "notify"
    ACKNOWLEDGE = "acknowledge"
    QUALIFY = "qualify"
    WORKAROUND = "workaround"
    VALIDATE_WORKAROUND = "validate-workaround"
    PLAN = "plan"
    VALIDATE_PLAN = "validate-plan"
    PAUSE = "pause"
    RESUME_CLOCK = "resume-clock"
    DELIVER = "deliver"
    WITHDRAW = "withdraw"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that people do at an instant. `key` is where the file says it, `values` what it says of `do`.

    `parties` are those on whose behalf it is done, in this order; `who` stands in for the names of their contacts.
    `refused`: the story says that it is not possible then.
    """

    key: str
    at: datetime
    do: Do
    parties: tuple[Party, ...]
    who: str = ""
    why: str = ""
    refused: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when a service is not as usual. `factor` multiplies its response times."""

    start: datetime
    end: datetime
    factor: float = 1.0
    detail: str = ""

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Service:
    """How the service in operation answers its watch: response times are log-normal, `median` and `p95` in seconds."""

    median: float = 0.2
    p95: float = 0.45
    outages: tuple[Span, ...] = ()
    slow: tuple[Span, ...] = ()
    unwatched: tuple[Span, ...] = ()
    probes: tuple[str, ...] = ("slot_search.one_practitioner",)


@dataclass(frozen=True, slots=True)
class Story:
    """`events` in the order of their instants; `ends` is when the clock stops, `seed` that of all that is drawn."""

    project: str
    title: Text
    particulars: Particulars
    starts: datetime
    ends: datetime
    events: tuple[Event, ...]
    service: Service = Service()
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the chronicle. `mark`: `·` what people did, `!` what follows of itself, `×` a refusal."""

    at: datetime
    mark: str
    text: Text
    details: tuple[Text, ...] = ()


DONE, FOLLOWS, REFUSED = "·", "!", "×"

TICK = timedelta(microseconds=1)
"""A deadline is missed one tick after it."""

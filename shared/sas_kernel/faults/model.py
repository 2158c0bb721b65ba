"""A named fault: where it plays, when, and what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from sas_kernel.errors import SasError
from sas_kernel.faults.delays import Delay
from sas_kernel.flows import Flow
from sas_kernel.text import Text


class InvalidFaultError(SasError):
    """A fault, or a file of them, that cannot be played. The text names the key and says what to write."""


class Side(StrEnum):
    """Which of the two services misbehaves."""

    AGENDA = "agenda"
    PLATFORM = "platform"


class Direction(StrEnum):
    """`answer`: to what the service is asked. `send`: to what it sends of itself."""

    ANSWER = "answer"
    SEND = "send"


# Who answers an interface is who the guide says receives it; the other side sends.
INTERFACES: Final[Mapping[tuple[Side, Direction], frozenset[Flow]]] = {
    (Side.AGENDA, Direction.ANSWER): frozenset({Flow.SLOT_SEARCH, Flow.REGULATORS}),
    (Side.AGENDA, Direction.SEND): frozenset({Flow.APPOINTMENTS, Flow.SSO}),
    (Side.PLATFORM, Direction.ANSWER): frozenset({Flow.APPOINTMENTS, Flow.SSO}),
    (Side.PLATFORM, Direction.SEND): frozenset({Flow.SLOT_SEARCH, Flow.REGULATORS}),
}


class Cut(StrEnum):
    """How far a message gets before its connection is reset."""

    BEFORE = "before"
    HEAD = "head"
    HALF = "half"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Status:
    """This status instead of the right one. `body` None: a problem (RFC 9457) that names the fault.

    `processed`: whether the request is acted on all the same, only its right answer being withheld.
    """

    status: int
    retry_after: int | None = None
    body: str | None = None
    content_type: str | None = None
    processed: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset. `processed` counts where nothing of the answer leaves (`Cut.BEFORE`)."""

    cut: Cut
    processed: bool = False


@dataclass(frozen=True, slots=True)
class Truncate:
    """This share of the body, less than 1, then the end of the connection: less than was announced."""

    share: float


@dataclass(frozen=True, slots=True)
class Drip:
    """The body at so many bytes a second."""

    bytes_per_second: float


@dataclass(frozen=True, slots=True)
class ContentType:
    """The right body, said to be this."""

    value: str


@dataclass(frozen=True, slots=True)
class Charset:
    """The right body in another encoding than the one it is said, or known, to be in (UTF-8)."""

    name: str


@dataclass(frozen=True, slots=True)
class Skew:
    """The service's clock, and the `Date` of its answers, so many seconds ahead (behind where negative)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same message once more, `after` seconds (0: at once, before anything else is sent in its place)."""

    after: float


@dataclass(frozen=True, slots=True)
class LostAnswer:
    """The message arrives and is answered; whoever sent it never learns."""


Effect = Delay | Status | Reset | Truncate | Drip | ContentType | Charset | Skew | Duplicate | LostAnswer
SEND_ONLY: Final = (Duplicate, LostAnswer)
ANSWER_ONLY: Final = (Skew,)

Moment = datetime | float  # an instant with its UTC offset, or seconds since the service started


@dataclass(frozen=True, slots=True)
class When:
    """Every condition given must hold; none: always.

    `every`: the n-th, 2n-th … of the requests the fault concerns; `percent` of them, drawn from `seed`; the `first` n;
    `begin` included, `end` excluded. `by_header`: only where a request asks for it.
    """

    every: int | None = None
    percent: float | None = None
    seed: int = 1
    first: int | None = None
    begin: Moment | None = None
    end: Moment | None = None
    by_header: bool = False

    @property
    def counts(self) -> bool:
        """Whether it picks among requests."""
        return self.every is not None or self.percent is not None or self.first is not None


@dataclass(frozen=True, slots=True)
class Fault:
    """`sides`: the services that play it. `interface` and `path` (a prefix) narrow it; neither: every request, but for
    those about the service's own health."""

    name: str
    effect: Effect
    direction: Direction
    sides: frozenset[Side]
    when: When = When()
    interface: Flow | None = None
    path: str | None = None
    text: Text = field(default_factory=lambda: Text("", ""))

    def concerns(self, interface: Flow | None, path: str) -> bool:
        """Whether a request of this interface, to this path, may meet it."""
        if self.path is not None:
            return path.startswith(self.path)
        return self.interface in {None, interface}

"""What went over the wire, in either direction, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is the path and query exactly as written on the request line."""

    method: str
    url: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


class TransportFailure(StrEnum):
    """Why no whole answer came."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    CONNECTION_LOST = "connection_lost"
    TOO_LARGE = "too_large"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds on a monotonic clock, counted from the moment the first byte of the request left.

    `first_byte` is when the answer's head had been read, `total` when its last byte had. No parsing is inside.
    """

    first_byte: float | None
    total: float


RECEIVED = "r"
"""What the ids of exchanges begin with whose request came to us; those we sent begin with another letter."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it: a response, or a failure with a word of detail (never both)."""

    id: str
    sent_at: datetime
    request: Request
    timings: Timings
    response: Response | None = None
    failure: TransportFailure | None = None
    failure_detail: str = ""

    @property
    def received(self) -> bool:
        """Whether the request is the target's, and the response ours."""
        return self.id.startswith(RECEIVED)


class Evidence(Protocol):
    """What a check looks at: anything that can name the exchanges it rests on."""

    @property
    def exchanges(self) -> tuple[Exchange, ...]: ...

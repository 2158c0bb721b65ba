"""Which request is being worked on: the ids that its log lines carry and that it hands on to whoever it asks.

`request`: from `X-Request-ID` where it is well-formed, else ours. `correlation`: the trace-id of W3C Trace Context,
the same all along a chain of services; ours where no `traceparent` came. `run`: from `X-Recette-Run`, where a harness
says which of its runs a request belongs to.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

REQUEST_ID: Final = "X-Request-ID"
TRACE_PARENT: Final = "traceparent"
RUN_ID: Final = "X-Recette-Run"

# With a letter: digits alone could be somebody's number, and what is accepted here is written down.
_ID: Final = re.compile(rb"(?=.{8,64}\Z)(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9._-]+\Z")
# A later version may append to what version 00 says, but not change it.
_PARENT: Final = re.compile(
    rb"(?!ff)(?:00(?=.{53}\Z)|[0-9a-f]{2}(?<!00))-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?\Z"
)
_NO_TRACE: Final = b"0" * 32
_NO_PARENT: Final = b"0" * 16


@dataclass(frozen=True, slots=True)
class Trace:
    """`flags`: two hexadecimal digits, whether who asked records the trace; handed on as they came."""

    request: str
    correlation: str
    run: str | None = None
    flags: str = "00"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace | None:
    return _current.get()


def fresh() -> Trace:
    """A trace that nobody else has begun."""
    made = secrets.token_hex(16)
    return Trace(made, made)


def incoming(headers: Iterable[tuple[bytes, bytes]]) -> Trace:
    """What a request says of itself (names in lower case, as ASGI has them); what is malformed counts as unsaid."""
    request = parent = run = None
    for name, value in headers:
        if name == b"x-request-id":
            request = value
        elif name == b"traceparent":
            parent = value
        elif name == b"x-recette-run":
            run = value
    made = secrets.token_hex(16)
    if request is None and parent is None and run is None:
        return Trace(made, made)
    trace_id, flags = _parent(parent)
    return Trace(_id(request) or made, trace_id or made, _id(run), flags)


def outgoing() -> tuple[tuple[str, str], ...]:
    """The headers of a request that is made while another one is worked on, or for nobody."""
    trace = _current.get() or fresh()
    parent = (TRACE_PARENT, f"00-{trace.correlation}-{secrets.token_hex(8)}-{trace.flags}")
    return (parent,) if trace.run is None else (parent, (RUN_ID, trace.run))


@contextmanager
def working_on(trace: Trace) -> Iterator[None]:
    """Whatever happens inside belongs to this trace."""
    token = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(token)


def _id(value: bytes | None) -> str | None:
    return value.decode("ascii") if value is not None and _ID.match(value) else None


def _parent(value: bytes | None) -> tuple[str | None, str]:
    found = None if value is None else _PARENT.match(value)
    if found is None or found[1] == _NO_TRACE or found[2] == _NO_PARENT:
        return None, "00"
    return found[1].decode("ascii"), found[3].decode("ascii")

"""Log lines, as text for people or one JSON object a line; whoever reads them slowly holds nobody up.

An exception is told by its kinds and where they arose, never by its message: what people typed is in messages, and so
is what a database says of the row that it refused.
"""

from __future__ import annotations

import atexit
import logging
import os
import re
import sys
import threading
import time
from collections import deque
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from traceback import FrameSummary, TracebackException
from typing import Any, Final

import msgspec

from sas_kit.observing import tracing

_MOST_WAITING: Final = 10_000  # lines that nobody has read yet; more are counted, not kept
_EVERY: Final = 0.1  # seconds between two writings
_ATOMIC: Final = 4096  # bytes that workers may write to one pipe without mixing their lines (PIPE_BUF)
_LAST_WORDS: Final = 1.0  # seconds that a process which ends waits for whoever reads
_MOST_FRAMES: Final = 40
_MOST_TOLD: Final = 3000  # characters of an exception: a line longer than `_ATOMIC` could be mixed with another's

_WORDY: Final = "asyncio"  # shows tasks and the arguments of callbacks, hence exceptions with what they say
_SHOWN_BY_IT: Final = re.compile(r"[\n(<]")
_CHATTY: Final = ("httpx2", "alembic")  # a line a request, two a readiness check

_json_stream: StandardError | None = None

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class _AccessLine(msgspec.Struct):
    """What `JsonFormatter` makes of an access line's record."""

    time: str
    level: str
    logger: str
    message: str
    request: str | msgspec.UnsetType
    correlation: str | msgspec.UnsetType
    run: str | msgspec.UnsetType
    method: str
    route: str
    status: int
    duration_ms: float
    bytes: int


def _access_line(name: str, method: str, route: str, status: int, milliseconds: float, size: int) -> str:
    trace = tracing.current()
    unset = msgspec.UNSET
    return _encode(
        _AccessLine(
            _instant(time.time()),
            "info",
            name,
            f"{method} {route} {status} {milliseconds:.0f} ms",
            unset if trace is None else trace.request,
            unset if trace is None else trace.correlation,
            unset if trace is None or trace.run is None else trace.run,
            method,
            route,
            status,
            milliseconds,
            size,
        )
    ).decode()


@lru_cache(maxsize=2)
def _second(whole: int) -> str:
    return datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _instant(at: float) -> str:
    whole, milliseconds = divmod(int(at * 1000), 1000)
    return f"{_second(whole)}.{milliseconds:03d}+00:00"


class AccessLog:
    """One line a request: logger `NAME.access`, level INFO."""

    def __init__(self, name: str) -> None:
        self._log = logging.getLogger(f"{name}.access")

    def tell(self, method: str, route: str, status: int, seconds: float, size: int) -> None:
        """`status` 0: nothing was answered."""
        if not self._log.isEnabledFor(logging.INFO):
            return
        milliseconds = round(seconds * 1000, 2)
        if _json_stream is not None:  # the way of every request: a tenth of what a record costs
            _json_stream.keep(_access_line(self._log.name, method, route, status, milliseconds, size))
            return
        record = logging.LogRecord(  # by hand: nobody asks from which line of this file it comes
            self._log.name, logging.INFO, "", 0, "%s %s %d %.0f ms", (method, route, status, milliseconds), None
        )
        record.fields = {
            "method": method, "route": route, "status": status, "duration_ms": milliseconds, "bytes": size
        }  # fmt: skip
        self._log.handle(record)


def configure(form: LogFormat, descriptor: int | None = None) -> None:
    """Let everything logged in this process from now on leave by its standard error, or another file, in this form."""
    global _json_stream  # noqa: PLW0603  as the root logger is one to a process
    handler = StandardError(descriptor)
    _json_stream = handler if form is LogFormat.JSON else None
    handler.setFormatter(JsonFormatter() if form is LogFormat.JSON else TextFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    if descriptor is None:  # nothing else is to write there
        logging.captureWarnings(True)
        sys.excepthook = _uncaught
        threading.excepthook = _uncaught_in_thread
    hush()


def hush() -> None:
    """Of libraries that tell much: warnings only."""
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _uncaught(kind: type[BaseException], error: BaseException, _traceback: object) -> None:
    """In place of a traceback, which is many lines and says what the exception says."""
    if not issubclass(kind, KeyboardInterrupt):
        _log.critical("the process ends by an exception", exc_info=error)


def _uncaught_in_thread(what: threading.ExceptHookArgs) -> None:
    if what.exc_value is not None and not isinstance(what.exc_value, SystemExit):
        _log.error("a thread ends by an exception", exc_info=what.exc_value)


def write_at_once() -> None:
    """What is logged from now on is written before the process goes on: it may be about to end by a signal."""
    for handler in logging.root.handlers:
        if isinstance(handler, StandardError):
            handler.at_once = True
            handler.flush()


class JsonFormatter(logging.Formatter):
    """time, level, logger, message; request, correlation and run of what is being worked on; an access line's own."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _instant(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        trace = tracing.current()
        if trace is not None:
            line["request"] = trace.request
            line["correlation"] = trace.correlation
            if trace.run is not None:
                line["run"] = trace.run
        fields = getattr(record, "fields", None)
        if fields is not None:
            line.update(fields)
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = told(record.exc_info[1])
        return _encode(line).decode()


class TextFormatter(logging.Formatter):
    """The same for people, on one line as well."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).astimezone().isoformat(sep=" ", timespec="milliseconds")
        line = f"{at} {record.levelname} {record.name} {_message(record)}"
        trace = tracing.current()
        if trace is not None:
            line += f" [{trace.request}]"
        if record.exc_info and record.exc_info[1] is not None:
            line += f" | {told(record.exc_info[1])}"
        return line.replace("\r", "\\r").replace("\n", "\\n")


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    return _SHOWN_BY_IT.split(message, 1)[0].rstrip() if record.name == _WORDY else message


def told(error: BaseException) -> str:
    """Kinds of an exception and of its causes, each with the places it passed, the last one first."""
    # Neither lines of code nor messages: only where.
    parts: list[str] = []
    seen: set[int] = set()
    told_of: BaseException | None = error
    while told_of is not None and id(told_of) not in seen and len(parts) < 5:
        seen.add(id(told_of))
        frames = TracebackException.from_exception(told_of, lookup_lines=False).stack
        places = " < ".join(_place(frame) for frame in [*frames][-_MOST_FRAMES:][::-1])
        kind = type(told_of)
        parts.append(f"{kind.__module__}.{kind.__qualname__} at {places or '?'}")
        told_of = told_of.__cause__ or (None if told_of.__suppress_context__ else told_of.__context__)
    whole = " | caused by ".join(parts)
    return whole if len(whole) <= _MOST_TOLD else whole[:_MOST_TOLD] + " ..."


def _place(frame: FrameSummary) -> str:
    return f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno} {frame.name}"


class StandardError(logging.Handler):
    """Keeps lines for a moment and writes many at once, from a thread of its own.

    So a full pipe stops neither the event loop nor a request. What does not fit is counted, and told as one line. What
    was logged in the last tenth of a second is lost where the process is killed.
    """

    def __init__(self, descriptor: int | None = None, *, most: int = _MOST_WAITING, every: float = _EVERY) -> None:
        super().__init__()
        self._descriptor = sys.stderr.fileno() if descriptor is None else descriptor
        self._most = most
        self._every = every
        self._waiting: deque[str] = deque()
        self._lost = 0
        self.at_once = False
        self._wake = threading.Event()
        self._stopping = False
        self._empty = threading.Event()
        self._empty.set()
        self._thread = threading.Thread(target=self._write_on, name="logs", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001  a line that cannot be made must not end what it tells of
            line = f'{{"level":"error","logger":"{__name__}","message":"a line could not be made"}}'
        self.keep(line)

    def keep(self, line: str) -> None:
        if len(self._waiting) >= self._most:
            self._lost += 1
            return
        self._empty.clear()
        self._waiting.append(line)
        if self.at_once:
            self.flush()

    def flush(self) -> None:
        """Wait until everything is written, not for ever."""
        if not self._empty.is_set():
            self._wake.set()
            self._empty.wait(_LAST_WORDS)

    def close(self) -> None:
        global _json_stream  # noqa: PLW0603  see `configure`
        if _json_stream is self:
            _json_stream = None
        if not self._stopping:
            self._stopping = True
            self.flush()
            self._wake.set()
            atexit.unregister(self.close)
        super().close()

    def _write_on(self) -> None:
        while not self._stopping:
            self._wake.wait(self._every)
            self._wake.clear()
            self._drain()

    def _drain(self) -> None:
        if not self._waiting and not self._lost:
            self._empty.set()
            return
        while self._waiting or self._lost:
            if not self._waiting:
                lost, self._lost = self._lost, 0
                note = logging.LogRecord(__name__, logging.WARNING, "", 0, "%d lines were not kept", (lost,), None)
                self._write(self.format(note).encode() + b"\n")
                continue
            batch = b""
            while self._waiting:
                line = self._waiting[0].encode("utf-8", "backslashreplace") + b"\n"
                if batch and len(batch) + len(line) > _ATOMIC:
                    break
                batch += line
                self._waiting.popleft()
            self._write(batch)
        self._empty.set()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:  # nobody reads any more
                return

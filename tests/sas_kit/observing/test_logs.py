"""One object a line, nobody's words in it, and nobody held up by who reads."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime

import pytest

from sas_kit.observing import logs, tracing
from sas_kit.observing.logs import AccessLog, JsonFormatter, StandardError, TextFormatter


def failing() -> logging.LogRecord:
    try:
        try:
            raise KeyError("Zoé Inventée")
        except KeyError as error:
            raise ValueError("810123400017 is no number of Zoé Inventée") from error
    except ValueError as error:
        return logging.LogRecord("one", logging.ERROR, "", 0, "it %s", ("failed",), (ValueError, error, None))


def test_a_line_of_json_says_when_who_what_and_for_which_request() -> None:
    with tracing.working_on(tracing.Trace("request-one", "c0", "run-one-of-all")):
        line = json.loads(JsonFormatter().format(failing()))
    assert datetime.fromisoformat(line["time"]).utcoffset() is not None
    assert {name: line[name] for name in ("level", "logger", "message", "request", "correlation", "run")} == {
        "level": "error",
        "logger": "one",
        "message": "it failed",
        "request": "request-one",
        "correlation": "c0",
        "run": "run-one-of-all",
    }


@pytest.mark.parametrize("form", [JsonFormatter(), TextFormatter()])
def test_an_exception_is_told_on_the_same_line_without_its_message(form: logging.Formatter) -> None:
    line = form.format(failing())
    assert "\n" not in line
    assert "ValueError at " in line
    assert "caused by builtins.KeyError at " in line
    assert "test_logs.py:" in line
    assert "Zoé" not in line
    assert "810123400017" not in line


def test_text_stays_on_one_line() -> None:
    record = logging.LogRecord("one", logging.INFO, "", 0, "two\r\nlines", (), None)
    assert TextFormatter().format(record).endswith(" INFO one two\\r\\nlines")


def test_an_access_line_has_its_parts_as_fields(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    AccessLog("service").tell("GET", "/fhir/Slot", 200, 0.01234, 99)
    (record,) = caplog.records
    line = json.loads(JsonFormatter().format(record))
    assert (line["logger"], line["message"]) == ("service.access", "GET /fhir/Slot 200 12 ms")
    assert [line[name] for name in ("method", "route", "status", "duration_ms", "bytes")] == [
        "GET",
        "/fhir/Slot",
        200,
        12.34,
        99,
    ]


def test_an_access_line_is_the_same_by_both_ways(
    pipe: tuple[int, int], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    handler = StandardError(pipe[1], every=60)
    with tracing.working_on(tracing.Trace("request-one", "c0", "run-one-of-all")):
        AccessLog("service").tell("GET", "/fhir/Slot", 200, 0.01234, 99)
        by_record = json.loads(JsonFormatter().format(caplog.records[0]))
        monkeypatch.setattr(logs, "_json_stream", handler)
        AccessLog("service").tell("GET", "/fhir/Slot", 200, 0.01234, 99)
    handler.close()
    directly = json.loads(os.read(pipe[0], 1000))
    assert list(directly) == list(by_record)
    assert {**directly, "time": ""} == {**by_record, "time": ""}
    assert logs._json_stream is None
    assert len(caplog.records) == 1


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        os.close(end)


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("one", logging.INFO, "", 0, message, (), None)


def test_lines_leave_in_order_and_at_the_end(pipe: tuple[int, int]) -> None:
    handler = StandardError(pipe[1], every=60)
    for number in range(300):
        handler.emit(record(f"line {number}"))
    handler.close()
    assert os.read(pipe[0], 1 << 16).decode().splitlines() == [f"line {number}" for number in range(300)]


def test_who_reads_slowly_holds_nobody_up_and_what_was_lost_is_told(pipe: tuple[int, int]) -> None:
    handler = StandardError(pipe[1], most=1000, every=0.001)
    long = "x" * 1000
    for _ in range(3000):  # a pipe takes 64 KiB; this returns all the same
        handler.emit(record(long))
    assert len(handler._waiting) <= 1000
    received = bytearray()

    def read() -> None:
        while not received.endswith(b"were not kept\n"):
            received.extend(os.read(pipe[0], 1 << 16))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(5)
    handler.close()
    kept = received.decode().splitlines()
    said = kept[-1].split()
    assert said[1:] == ["lines", "were", "not", "kept"]
    assert kept[:-1] == [long] * (3000 - int(said[0]))


def test_what_ends_waits_for_its_last_lines(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    handler = StandardError(pipe[1], every=60)
    monkeypatch.setattr(logging.root, "handlers", [handler])
    logs.write_at_once()
    handler.emit(record("the last one"))
    assert os.read(pipe[0], 100) == b"the last one\n"
    handler.close()


@pytest.mark.parametrize("form", [JsonFormatter(), TextFormatter()])
async def test_a_task_that_nobody_waits_for_is_told_without_what_it_said(
    form: logging.Formatter, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails() -> None:
        raise ValueError("Zoé Inventée")

    loop = asyncio.get_running_loop()
    task = loop.create_task(fails())
    await asyncio.wait([task])
    del task  # asyncio tells of it now
    gc.collect()
    loop.call_soon(lambda *_: 1 // 0, "Zoé Inventée")
    await asyncio.sleep(0)
    told = [form.format(record) for record in caplog.records if record.name == "asyncio"]
    assert len(told) == 2
    assert "Task exception was never retrieved" in told[0]
    assert "ValueError at " in told[0]
    assert "Exception in callback" in told[1]
    assert "ZeroDivisionError at " in told[1]
    assert "Zoé" not in "".join(told)


def test_whatever_ends_a_process_is_one_line_of_json_without_its_message() -> None:
    program = """
import threading, warnings
from sas_kit.observing import logs
logs.configure(logs.LogFormat.JSON)
def fails():
    raise ValueError("Zoe Inventee")
one = threading.Thread(target=fails)
one.start()
one.join()
warnings.warn("take care")
fails()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.returncode == 1
    assert [line["level"] for line in lines] == ["error", "warning", "critical"]
    assert "ValueError at " in lines[0]["exception"]
    assert "ValueError at " in lines[2]["exception"]
    assert "Zoe" not in done.stderr


def test_an_exception_from_far_below_still_fits_a_line_that_no_other_worker_cuts() -> None:
    def deep(levels: int, cause: Exception | None) -> None:
        if levels == 0:
            raise ValueError from cause
        deep(levels - 1, cause)

    last: Exception | None = None
    for _ in range(5):
        try:
            deep(60, last)
        except ValueError as error:
            last = error
    assert last is not None
    what = (type(last), last, None)
    line = JsonFormatter().format(logging.LogRecord("one", logging.ERROR, "", 0, "failed", None, what))
    assert 3000 < len(line) < 4096

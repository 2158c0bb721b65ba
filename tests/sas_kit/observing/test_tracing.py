"""Ids are taken from a request where they are well-formed, and handed on."""

from __future__ import annotations

import re

import pytest

from sas_kit.observing import tracing

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def incoming(**headers: str) -> tracing.Trace:
    return tracing.incoming([(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()])


def test_a_request_that_says_nothing_gets_ids_of_its_own() -> None:
    one, two = incoming(host="a"), incoming(host="a")
    assert re.fullmatch("[0-9a-f]{32}", one.request)
    assert one.correlation == one.request != two.request
    assert (one.run, one.flags) == (None, "00")


def test_what_a_request_says_is_taken() -> None:
    told = incoming(x_request_id="demo-request_1.2", traceparent=PARENT, x_recette_run="run-2031-03-10")
    assert told == tracing.Trace("demo-request_1.2", TRACE, "run-2031-03-10", "01")


@pytest.mark.parametrize(
    "value",
    ["short", "810123400017", "a" * 65, "has space", "who@example.org", "line\nbreak", 'quote"inside', "é" * 9, ""],
)
def test_a_request_id_that_is_malformed_or_could_be_somebodys_number_is_not_taken(value: str) -> None:
    told = incoming(x_request_id=value, x_recette_run=value)
    assert re.fullmatch("[0-9a-f]{32}", told.request)
    assert told.run is None


@pytest.mark.parametrize(
    ("value", "trace"),
    [
        (PARENT, TRACE),
        (f"01-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"01-{TRACE}-00f067aa0ba902b7-01-more", TRACE),
        (PARENT + "-more", None),
        (PARENT + "0", None),
        (f"01-{TRACE}-00f067aa0ba902b7-01more", None),
        (PARENT.upper(), None),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE}", None),
        ("", None),
    ],
)
def test_a_trace_parent_is_read_as_w3c_writes_it(value: str, trace: str | None) -> None:
    told = incoming(traceparent=value)
    assert told.correlation == (trace or told.request)


def test_what_is_worked_on_is_handed_on_with_a_span_of_its_own() -> None:
    with tracing.working_on(tracing.Trace("request-one", TRACE, "run-one-of-all", "01")):
        (_, first), run = tracing.outgoing()
        (_, second), _ = tracing.outgoing()
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", first)
    assert first != second
    assert run == ("X-Recette-Run", "run-one-of-all")
    assert tracing.current() is None


def test_what_is_asked_for_nobody_has_a_trace_too() -> None:
    ((name, value),) = tracing.outgoing()
    assert name == "traceparent"
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", value)

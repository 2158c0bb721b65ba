"""What a table of a fault file says is to happen."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from typing import Final

from sas_kernel.faults import delays
from sas_kernel.faults.delays import LONGEST, Delay
from sas_kernel.faults.model import (
    Charset,
    ContentType,
    Cut,
    Drip,
    Duplicate,
    Effect,
    LostAnswer,
    Reset,
    Skew,
    Status,
    Truncate,
)
from sas_kernel.faults.rows import Row, is_number
from sas_kernel.text import Text

WITH: Final[Mapping[str, tuple[str, ...]]] = {
    "status": ("retry_after", "body", "content_type", "processed"),
    "reset": ("processed",),
}
"""Keys that belong to a kind of fault."""


def effect(row: Row) -> tuple[str, Effect]:
    """The key that says it, and what it says. Raises `InvalidFaultError`, also when there is none or more than one."""
    given = [kind for kind in _KINDS if kind in row.given]
    if "status" in given:
        given = [kind for kind in given if kind != "content_type"]
    if len(given) != 1:
        form = Text("une panne, et une seule, parmi : {n}", "exactly one fault, of: {n}")
        raise row.wrong(given[1] if given else "…", form.format(n=", ".join(_KINDS)))
    return given[0], _KINDS[given[0]](row)


def _delay(row: Row) -> Delay:
    value = row.given["delay"]
    form = Text(
        "des secondes (2.5), {{ uniform = [0.1, 2] }}, {{ median = 0.2, p99 = 6 }} ou "
        "{{ percentiles = {{ 50 = 0.1, 95 = 1, 99 = 5 }} }}, jusqu’à {m:g}",
        "seconds (2.5), {{ uniform = [0.1, 2] }}, {{ median = 0.2, p99 = 6 }} or "
        "{{ percentiles = {{ 50 = 0.1, 95 = 1, 99 = 5 }} }}, up to {m:g}",
    ).format(m=LONGEST)
    try:
        if is_number(value):
            made = delays.fixed(float(value))
        elif value.keys() == {"uniform"}:
            least, most = map(_seconds, value["uniform"])
            made = delays.uniform(least, most)
        elif value.keys() == {"median", "p99"}:
            median, p99 = _seconds(value["median"]), _seconds(value["p99"])
            if not 0 < median < p99 <= LONGEST:
                raise row.wrong("delay", form)
            made = delays.lognormal(median, p99)
        elif value.keys() == {"percentiles"}:
            given = sorted((float(key), _seconds(seconds)) for key, seconds in value["percentiles"].items())
            if not 0 <= given[0][0] <= given[-1][0] <= 100:
                raise row.wrong("delay", form)
            made = delays.percentiles(given)
        else:
            raise row.wrong("delay", form)
    except (AttributeError, TypeError, ValueError, IndexError, ZeroDivisionError) as error:
        raise row.wrong("delay", form) from error
    drawn = [seconds for _, seconds in made.points]
    if drawn != sorted(drawn) or not 0 <= drawn[0] <= drawn[-1] <= LONGEST:
        raise row.wrong("delay", form)
    return made


def _status(row: Row) -> Status:
    form = Text("un statut HTTP, de 200 à 599", "an HTTP status, from 200 to 599")
    seconds = Text("des secondes entières, à partir de 0", "whole seconds, from 0")
    status = row.whole("status", 200, form)
    if status > 599:
        raise row.wrong("status", form)
    return Status(
        status,
        row.optional("retry_after", lambda: row.whole("retry_after", 0, seconds)),
        row.optional("body", lambda: row.text("body")),
        row.optional("content_type", row.media_type),
        row.flag("processed"),
    )


def _reset(row: Row) -> Reset:
    reset = Reset(Cut(row.one_of("reset", [*Cut])), row.flag("processed"))
    if reset.processed and reset.cut is not Cut.BEFORE:
        raise row.wrong("processed", Text('seulement avec reset = "before"', 'only with reset = "before"'))
    return reset


def _truncate(row: Row) -> Truncate:
    form = Text("une part du corps, de 0 à moins de 1", "a share of the body, from 0 to less than 1")
    value = row.given["truncate"]
    if not is_number(value) or not 0 <= value < 1:
        raise row.wrong("truncate", form)
    return Truncate(float(value))


def _drip(row: Row) -> Drip:
    form = Text("des octets par seconde, plus de 0", "bytes a second, more than 0")
    return Drip(row.number("drip", 0, float("inf"), form))


def _content_type(row: Row) -> ContentType:
    return ContentType(row.media_type())


def _charset(row: Row) -> Charset:
    name = row.text("charset")
    try:
        codecs.lookup(name)
        "é".encode(name)
    except (LookupError, UnicodeEncodeError, TypeError) as error:
        form = Text("un encodage qui écrit « é », par exemple iso-8859-1", "an encoding with 'é', say iso-8859-1")
        raise row.wrong("charset", form) from error
    return Charset(name)


def _clock(row: Row) -> Skew:
    value = row.given["clock"]
    if not is_number(value) or value == 0 or abs(value) > 366 * 86_400:
        form = Text("des secondes d’avance, ou de retard (-90), un an au plus", "seconds ahead, or behind (-90)")
        raise row.wrong("clock", form)
    return Skew(float(value))


def _duplicate(row: Row) -> Duplicate:
    value = row.given["duplicate"]
    if not is_number(value) or not 0 <= value <= LONGEST:
        form = Text("des secondes, 0 pour tout de suite", "seconds, 0 for at once")
        raise row.wrong("duplicate", form)
    return Duplicate(float(value))


def _lost_answer(row: Row) -> LostAnswer:
    if row.given["lost_answer"] is not True:
        raise row.wrong("lost_answer", Text("true", "true"))
    return LostAnswer()


def _seconds(value: object) -> float:
    if not is_number(value):
        raise TypeError
    return float(value)


_KINDS: Final[Mapping[str, Callable[[Row], Effect]]] = {
    "delay": _delay,
    "status": _status,
    "reset": _reset,
    "truncate": _truncate,
    "drip": _drip,
    "content_type": _content_type,
    "charset": _charset,
    "clock": _clock,
    "duplicate": _duplicate,
    "lost_answer": _lost_answer,
}

"""The forms of FHIR's primitive types in JSON (FHIR R4 4.0.1, § Data Types)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

_DAY = r"(?:[0-9](?:[0-9](?:[0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_MONTH = r"(?:0[1-9]|1[0-2])"
_OF_MONTH = r"(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"

_FORMS: Final[dict[str, re.Pattern[str]]] = {
    "code": re.compile(r"[^\s]+(?: [^\s]+)*"),
    "id": re.compile(r"[A-Za-z0-9\-.]{1,64}"),
    "oid": re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+"),
    "uuid": re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    "uri": re.compile(r"\S+"),
    "url": re.compile(r"\S+"),
    "canonical": re.compile(r"\S+"),
    "base64Binary": re.compile(r"(?:\s*(?:[0-9a-zA-Z+/=]){4}\s*)+"),
    "instant": re.compile(rf"{_DAY}-{_MONTH}-{_OF_MONTH}T{_TIME}{_ZONE}"),
    "date": re.compile(rf"{_DAY}(?:-{_MONTH}(?:-{_OF_MONTH})?)?"),
    "dateTime": re.compile(rf"{_DAY}(?:-{_MONTH}(?:-{_OF_MONTH}(?:T{_TIME}{_ZONE})?)?)?"),
    "time": re.compile(_TIME),
}
_BOUNDS: Final = {"integer": (-(2**31), 2**31 - 1), "unsignedInt": (0, 2**31 - 1), "positiveInt": (1, 2**31 - 1)}
_LONGEST: Final = 1024 * 1024


def _text(kind: str) -> Callable[[Any], bool]:
    form = _FORMS.get(kind)

    def fits(value: Any) -> bool:
        if not isinstance(value, str) or not value or len(value) > _LONGEST:
            return False
        if form is not None and not form.fullmatch(value):
            return False
        if kind in {"string", "markdown"} and not value.strip():
            return False
        return kind not in {"instant", "date", "dateTime"} or _is_day(value)

    return fits


def _is_day(value: str) -> bool:
    if len(value) < 10:
        return True
    try:
        date.fromisoformat(value[:10])
    except ValueError:
        return False
    return True


def _whole(kind: str) -> Callable[[Any], bool]:
    low, high = _BOUNDS[kind]
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


_FITS: Final[dict[str, Callable[[Any], bool]]] = {
    "boolean": lambda value: isinstance(value, bool),
    "decimal": lambda value: isinstance(value, int | float | Decimal) and not isinstance(value, bool),
    "xhtml": lambda value: isinstance(value, str) and value.lstrip().startswith("<div"),
    **{kind: _whole(kind) for kind in _BOUNDS},
    **{kind: _text(kind) for kind in (*_FORMS, "string", "markdown")},
}


def fits(kind: str, value: Any) -> bool:
    """Whether a JSON value has the form of a primitive type."""
    return _FITS[kind](value)

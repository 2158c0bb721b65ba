"""The forms of FHIR's primitive types in JSON (FHIR R4 4.0.1, § Data Types)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from math import isfinite
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
    "instant": re.compile(rf"{_DAY}-{_MONTH}-{_OF_MONTH}T{_TIME}{_ZONE}"),
    "date": re.compile(rf"{_DAY}(?:-{_MONTH}(?:-{_OF_MONTH})?)?"),
    "dateTime": re.compile(rf"{_DAY}(?:-{_MONTH}(?:-{_OF_MONTH}(?:T{_TIME}{_ZONE})?)?)?"),
    "time": re.compile(_TIME),
}
_BASE64: Final = re.compile(r"[0-9a-zA-Z+/]*={0,2}")
_SCHEMES: Final = {"urn:oid:": _FORMS["oid"], "urn:uuid:": _FORMS["uuid"]}
"""A uri of these schemes has the form of its scheme, whatever type of uri it is."""
_BOUNDS: Final = {"integer": (-(2**31), 2**31 - 1), "unsignedInt": (0, 2**31 - 1), "positiveInt": (1, 2**31 - 1)}
_LONGEST: Final = 1024 * 1024
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def _text(kind: str) -> Callable[[Any], bool]:
    form = _FORMS.get(kind)

    def fits(value: Any) -> bool:
        if not isinstance(value, str) or not value or len(value) > _LONGEST:
            return False
        if form is not None and not form.fullmatch(value):
            return False
        if kind in {"string", "markdown"}:
            return bool(value.strip()) and _CONTROL.search(value) is None
        if kind in {"uri", "url", "canonical"}:
            scheme = next((name for name in _SCHEMES if value.startswith(name)), None)
            return scheme is None or _SCHEMES[scheme].fullmatch(value) is not None
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


def _base64(value: Any) -> bool:
    """In two steps: one expression with blanks anywhere could be made to search for ever."""
    bare = "".join(value.split()) if isinstance(value, str) else ""
    return bool(bare) and len(bare) % 4 == 0 and _BASE64.fullmatch(bare) is not None


def _decimal(value: Any) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, float | Decimal) and isfinite(value)


def _whole(kind: str) -> Callable[[Any], bool]:
    low, high = _BOUNDS[kind]
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


_FITS: Final[dict[str, Callable[[Any], bool]]] = {
    "boolean": lambda value: isinstance(value, bool),
    "decimal": _decimal,
    "base64Binary": _base64,
    "xhtml": lambda value: isinstance(value, str) and value.lstrip().startswith("<div"),
    **{kind: _whole(kind) for kind in _BOUNDS},
    **{kind: _text(kind) for kind in (*_FORMS, "string", "markdown")},
}


def fits(kind: str, value: Any) -> bool:
    """Whether a JSON value has the form of a primitive type."""
    return _FITS[kind](value)

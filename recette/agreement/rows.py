"""What a row of an agreement’s file holds, checked as it is read: `ValueError` or `TypeError` say what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sas_kernel.text import Text

Row = Mapping[str, Any]


def text(row: Row, name: str) -> Text:
    """`NAME_fr` and `NAME_en`."""
    return Text(string(row[f"{name}_fr"]), string(row[f"{name}_en"]))


def string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string is expected, not {value!r}")
    return value


def whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"a whole number is expected, not {value!r}")
    return value


def decimal(value: object) -> Decimal:
    """Written as a string: a float of TOML is not exact."""
    try:
        return Decimal(string(value))
    except InvalidOperation:
        raise ValueError(f"a decimal number is expected, not {value!r}") from None


def known(id: str, named: Collection[str], there: Collection[str]) -> tuple[str, ...]:
    """The names, all of which stand in the file."""
    if unknown := set(named) - set(there):
        raise ValueError(f"{id} names {', '.join(sorted(unknown))}, which stands nowhere")
    return tuple(named)

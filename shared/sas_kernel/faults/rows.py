"""One table of a fault file: its values, each read in one form, or refused by its key with what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeGuard, TypeVar

from sas_kernel.faults.model import InvalidFaultError
from sas_kernel.text import Text

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(?:\s*;[ -~]*)?", re.ASCII)
_T = TypeVar("_T")


class Row:
    """`label`: what errors call the fault. Everything raises `InvalidFaultError`."""

    def __init__(self, label: str, given: Mapping[str, Any]) -> None:
        self.label = label
        self.given = given

    def optional(self, key: str, read: Callable[[], _T]) -> _T | None:
        return read() if key in self.given else None

    def one_of(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        value = self.given.get(key, default)
        if value not in known:
            names = ", ".join(known)
            raise self.wrong(key, Text(f"une valeur parmi : {names}", f"one of: {names}"))
        return str(value)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.given.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, Text("un texte entre guillemets", "a quoted text"))
        return value

    def flag(self, key: str) -> bool:
        value = self.given.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, Text("true ou false", "true or false"))
        return value

    def whole(self, key: str, least: int, form: Text) -> int:
        value = self.given[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(key, form)
        return value

    def number(self, key: str, above: float, most: float, form: Text) -> float:
        value = self.given[key]
        if not is_number(value) or not above < value <= most:
            raise self.wrong(key, form)
        return float(value)

    def media_type(self) -> str:
        value = self.text("content_type")
        if not _MEDIA_TYPE.fullmatch(value):
            raise self.wrong("content_type", Text("un type de contenu, text/html", "a content type, text/html"))
        return value

    def wrong(self, key: str, expected: Text) -> InvalidFaultError:
        shown = f" = {self.given[key]!r}"[:80] if key in self.given else ""
        return InvalidFaultError(
            Text(
                "panne {n}, clé « {k} »{v} : attendu {e}.",
                "fault {n}, key '{k}'{v}: expected {e}.",
            ).format(n=self.label, k=key, v=shown, e=expected)
        )


def is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)

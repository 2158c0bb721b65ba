"""What a story may say, value by value: each reader gives the value or says what is expected in its place."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from recette.journal.model import Party
from recette.model import Severity
from recette.projects.model import Contact
from sas_kernel.clock import PARIS
from sas_kernel.text import Text

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)
BOTH = (Party.ANS, Party.EDITOR)


class WrongValue(Exception):  # noqa: N818  becomes a StoryError once its key is known
    def __init__(self, fr: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(fr, en)


def instant(value: object) -> datetime:
    """A TOML date-time; without an offset, the wall time of Paris. Of the hour that an autumn night has twice, the
    first; an offset says the second."""
    if not isinstance(value, datetime):
        raise WrongValue(
            "un instant est attendu, par exemple 2026-10-26T09:30:00 (heure de Paris)",
            "an instant is expected, for example 2026-10-26T09:30:00 (Paris time)",
        )
    return value if value.tzinfo is not None else value.replace(tzinfo=PARIS)


def day(value: object) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise WrongValue("une date est attendue, par exemple 2026-11-30", "a date is expected, for example 2026-11-30")
    return value


def words(value: object) -> str:
    if not isinstance(value, str):
        raise WrongValue("un texte entre guillemets est attendu", "a text in quotes is expected")
    return value


def whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongValue("un nombre entier est attendu", "a whole number is expected")
    return value


def number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValue("un nombre est attendu", "a number is expected")
    return float(value)


def one_word(*words: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            known = ", ".join(words)
            near = difflib.get_close_matches(str(value), words, 1)
            hint = (f" ; vouliez-vous dire « {near[0]} » ?", f"; did you mean '{near[0]}'?") if near else ("", "")
            raise WrongValue(f"« {value} » : attendu {known}{hint[0]}", f"'{value}': expected {known}{hint[1]}")
        return value

    return read


def one_of(words: type[_E]) -> Callable[[object], _E]:
    """A member of an enumeration."""
    by_value = {each.value: each for each in words}
    read = one_word(*by_value)
    return lambda value: by_value[read(value)]


def severity(value: object) -> Severity:
    return Severity(one_word("blocking", "major", "minor")(value).upper())


def several(one: Callable[[object], _T]) -> Callable[[object], tuple[_T, ...]]:
    def read(value: object) -> tuple[_T, ...]:
        return tuple(one(each) for each in (value if isinstance(value, list) else [value]))

    return read


def strings(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise WrongValue("une table de textes est attendue", "a table of texts is expected")
    return dict(value)


def parties(value: object) -> tuple[Party, ...]:
    word = one_word("ans", "editor", "both")(value)
    return BOTH if word == "both" else (Party(word),)


def people(value: object) -> dict[Party, Contact]:
    if not isinstance(value, dict):
        raise WrongValue("une table par partie est attendue : ans, editor", "a table a party is expected: ans, editor")
    found = {}
    for party, said in value.items():
        named = Party(one_word("ans", "editor")(party))
        words = strings(said)
        if not words.get("name") or set(words) - {"name", "email", "role"}:
            raise WrongValue("name, email et role sont attendus", "name, email and role are expected")
        found[named] = Contact(**words)
    return found


def agreed(value: object) -> dict[Party, str]:
    words = strings(value)
    return {Party(one_word("ans", "editor")(party)): who for party, who in words.items()}

"""A sentence people read, in the two languages they read it in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Lang(StrEnum):
    FR = "fr"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in French and in English: leaving one out does not type-check."""

    fr: str
    en: str

    def format(self, *args: object, **values: object) -> Text:
        """Fill the placeholders of both sentences; a value that is itself a `Text` is put in its own language."""
        return Text(
            self.fr.format(*(_in(a, Lang.FR) for a in args), **{k: _in(v, Lang.FR) for k, v in values.items()}),
            self.en.format(*(_in(a, Lang.EN) for a in args), **{k: _in(v, Lang.EN) for k, v in values.items()}),
        )

    def to(self, lang: Lang | str) -> str:
        return self.en if lang == Lang.EN else self.fr

    def __str__(self) -> str:
        return self.fr


def _in(value: object, lang: Lang) -> object:
    return value.to(lang) if isinstance(value, Text) else value

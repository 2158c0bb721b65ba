"""What a page of a certificate is made of: sections of paragraphs, facts and tables, in one language. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from recette.certificates import wording as w
from recette.certificates.model import Certificate
from sas_kernel.text import Lang, Text

_NAME_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`tone`: empty, `strong`, `soft`."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they stand for."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption; the first cell of a row names it. `widths` are parts of the whole, one a column."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]

    @property
    def named(self) -> bool:
        """Its first cells are names, not sentences: they are set in bold."""
        return all(len(row[0]) <= _NAME_LENGTH for row in self.rows)


@dataclass(frozen=True, slots=True)
class Item:
    """A part with a heading of its own."""

    title: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Numbered:
    """Notes by their number."""

    notes: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class SignatureBlocks:
    """A block a party: who signs, and the lines to be filled in."""

    blocks: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]


Block = Paragraph | Facts | Table | Item | Numbered | SignatureBlocks


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole page. `watermark` is empty on an issued certificate, `tone` is `pass`, `warn` or `fail`."""

    lang: Lang
    title: str
    number: str
    subject: str
    outcome: str
    outcome_label: str
    tone: str
    watermark: str
    made_on: str
    fingerprint: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """A certificate and the language and zone in which it is told."""

    of: Certificate
    lang: Lang
    zone: ZoneInfo
    fingerprint: str

    def t(self, fr: str, en: str) -> str:
        return en if self.lang is Lang.EN else fr

    def pair(self, label: str, value: str) -> str:
        """`label : value`, with the space that French puts before a colon; the label alone where there is no value."""
        return (label + self.t(" : ", ": ") + value) if value else label

    def at(self, value: object) -> str:
        """An instant, a day, or a dash."""
        if isinstance(value, datetime):
            return w.instant(value, self.zone, self.lang)
        return w.day(value, self.lang) if isinstance(value, date) else "–"

    def say(self, text: Text) -> str:
        return text.to(self.lang)

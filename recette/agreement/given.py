"""What a person gives a term to compute with: written values, read as what the term says they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from recette.agreement.model import AgreementError
from recette.agreement.terms import Input, Measure, Term
from sas_kernel.text import Text

UNITS: Mapping[Measure, Text] = {
    Measure.EURO: Text("euros, par exemple 110 ou 110,50", "euros, for example 110 or 110.50"),
    Measure.COUNT: Text("nombre entier", "whole number"),
    Measure.INDEX: Text("valeur d’indice, par exemple 297,5", "value of an index, for example 297.5"),
    Measure.PERCENT: Text("pour cent", "per cent"),
    Measure.DAY: Text("date, AAAA-MM-JJ", "date, YYYY-MM-DD"),
    Measure.DAYS: Text("dates AAAA-MM-JJ séparées par des virgules", "dates YYYY-MM-DD separated by commas"),
    Measure.YEAR: Text("année, de 1990 à 2200", "year, 1990 to 2200"),
    Measure.OUTAGES: Text(
        "heures (26.5) ou périodes DÉBUT/FIN ISO 8601, séparées par des virgules",
        "hours (26.5) or periods START/END in ISO 8601, separated by commas",
    ),
    Measure.SECONDS: Text("secondes", "seconds"),
    Measure.WORD: Text("mot", "word"),
    Measure.YES_NO: Text("oui ou non", "yes or no"),
}
_AMOUNT = re.compile(r"\d{1,12}([.,]\d{1,6})?", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_SPACES = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(\D|$))")
_FIRST_YEAR, _LAST_YEAR = 1990, 2200
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Outages:
    """When something was down, in UTC, and the seconds told without saying when."""

    spans: tuple[tuple[datetime, datetime], ...] = ()
    seconds: Fraction = Fraction(0)


_Value = Decimal | int | date | str | Outages | tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """The inputs of a term, read. `written` is how they were told, defaults included."""

    written: Mapping[str, str]
    values: Mapping[str, _Value]

    def amount(self, key: str) -> Fraction:
        value = self.values[key]
        assert isinstance(value, Decimal)
        return Fraction(value)

    def count(self, key: str) -> int:
        value = self.values[key]
        assert isinstance(value, int)
        return value

    def day(self, key: str) -> date:
        value = self.values[key]
        assert isinstance(value, date)
        return value

    def days(self, key: str) -> tuple[date, ...]:
        value = self.values[key]
        assert isinstance(value, tuple)
        return value

    def outages(self, key: str) -> Outages:
        value = self.values[key]
        assert isinstance(value, Outages)
        return value

    def word(self, key: str) -> str:
        value = self.values[key]
        assert isinstance(value, str)
        return value


def read(term: Term, written: Mapping[str, str], zone: ZoneInfo) -> Given:
    """What was given for this term; a default may name another input, whose value it then takes.

    `AgreementError` names every input that is missing, with its unit, one that is not known, or cannot be read.
    """
    inputs = {each.key: each for each in term.inputs}
    if unknown := [key for key in written if key not in inputs]:
        raise AgreementError(
            Text(
                "« {term} » ne demande pas « {unknown} ». Données : {known}.",
                "'{term}' does not ask for '{unknown}'. Inputs: {known}.",
            ).format(term=term.id, unknown=", ".join(unknown), known=", ".join(inputs))
        )
    if missing := [each for each in term.inputs if each.default is None and each.key not in written]:
        raise AgreementError(_missing(term, missing))
    told = {key: written.get(key, each.default or "") for key, each in inputs.items()}
    told = {key: told.get(value, value) if inputs[key].default == value else value for key, value in told.items()}
    return Given(told, {key: _value(inputs[key], value, zone) for key, value in told.items()})


def _missing(term: Term, missing: list[Input]) -> Text:
    def listed(lang: str) -> str:
        return " ; ".join(f"{each.key} ({each.text.to(lang)}, {unit(each).to(lang)})" for each in missing)

    example = " ".join(f"--given {each.key}=…" for each in missing)
    return Text(
        f"« {term.id} » : il manque {listed('fr')}. Ajoutez {example}.",
        f"'{term.id}': missing {listed('en')}. Add {example}.",
    )


def unit(asked: Input) -> Text:
    """What an input is written in, for a person who has to write it."""
    if asked.words:
        return Text(" | ".join(asked.words), " | ".join(asked.words))
    return UNITS[asked.measure]


def _value(asked: Input, written: str, zone: ZoneInfo) -> _Value:
    try:
        return _read(asked, written.strip(), zone)
    except (ValueError, OverflowError):
        raise AgreementError(
            Text(
                "« {key} » vaut « {value} » ; attendu : {unit} ({text}).",
                "'{key}' is '{value}'; expected: {unit} ({text}).",
            ).format(key=asked.key, value=written, unit=unit(asked), text=asked.text)
        ) from None


def _read(asked: Input, written: str, zone: ZoneInfo) -> _Value:
    match asked.measure:
        case Measure.EURO | Measure.INDEX | Measure.PERCENT:
            return _decimal(written, _AMOUNT, positive=asked.measure is Measure.INDEX)
        case Measure.COUNT | Measure.YEAR:
            count = int(_decimal(written, _COUNT))
            if asked.measure is Measure.YEAR and not _FIRST_YEAR <= count <= _LAST_YEAR:
                raise ValueError(written)
            return count
        case Measure.DAY:
            return date.fromisoformat(written)
        case Measure.DAYS:
            return tuple(date.fromisoformat(day.strip()) for day in written.split(",") if day.strip())
        case Measure.OUTAGES:
            return _outages(written, zone)
        case _:
            if written not in asked.words:
                raise ValueError(written)
            return written


def _decimal(written: str, pattern: re.Pattern[str], *, positive: bool = False) -> Decimal:
    plain = _SPACES.sub("", written)
    if not pattern.fullmatch(plain):
        raise ValueError(written)
    found = Decimal(plain.replace(",", "."))
    if positive and not found:
        raise ValueError(written)
    return found


def _outages(written: str, zone: ZoneInfo) -> Outages:
    spans: list[tuple[datetime, datetime]] = []
    seconds = Fraction(0)
    for item in filter(None, (part.strip() for part in written.split(","))):
        start, slash, end = item.partition("/")
        if not slash:
            seconds += Fraction(_decimal(item, _AMOUNT)) * _HOUR
            continue
        span = (_instant(start, zone), _instant(end, zone))
        if span[1] < span[0]:
            raise ValueError(item)
        spans.append(span)
    return Outages(tuple(spans), seconds)


def _instant(written: str, zone: ZoneInfo) -> datetime:
    at = datetime.fromisoformat(written.strip())
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    return at.astimezone(UTC)

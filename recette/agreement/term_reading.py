"""Reads the terms that are not dates. `ValueError`, `KeyError` or `TypeError` say what is wrong with the file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal

from recette.agreement.rows import Row, decimal, known, string, text, whole
from recette.agreement.terms import (
    AtLeast,
    Availability,
    Bracket,
    Brackets,
    Case,
    Cases,
    Input,
    Latest,
    Line,
    Majority,
    Measure,
    Method,
    Part,
    ProRata,
    Revision,
    Rounding,
    RoundingMode,
    Split,
    Sum,
    Term,
)

_HUNDRED = Decimal(100)


def term(
    id: str, row: Row, choices: Mapping[str, tuple[str, ...]], consequences: Collection[str], deadlines: Collection[str]
) -> Term:
    """A term; what it names must stand in the file. `choices` are those there are, with their possible values.

    A choice that a method reads has some, else it could be given a value that means nothing.
    """
    inputs = tuple(_input(key, each) for key, each in row["inputs"].items())
    names = {each.key for each in inputs}
    kind = row["kind"]
    if kind not in _METHODS:
        raise ValueError(f"{id}: kind {kind!r}; possible: {', '.join(_METHODS)}")
    used = known(id, row.get("choices", ()), choices)
    found = Term(
        id=id,
        kind=kind,
        text=text(row, "text"),
        article=string(row["article"]),
        inputs=inputs,
        method=_METHODS[kind](row),
        rounding=_rounding(row["rounding"]) if "rounding" in row else None,
        choices=used,
        consequences=known(id, row.get("consequences", ()), consequences),
    )
    known(id, _inputs_of(found.method), names)
    known(id, _choices_of(found), [key for key in used if choices[key]])
    if isinstance(found.method, Latest):
        known(id, found.method.then, deadlines)
    if isinstance(found.method, Cases):
        asked = next(each for each in inputs if each.key == found.method.input)
        if set(asked.words) != {case.id for case in found.method.cases}:
            raise ValueError(f"{id}: the words of {asked.key} are not the cases")
    return found


def _input(key: str, row: Row) -> Input:
    default = row.get("default")
    return Input(
        key=key,
        measure=Measure(row["measure"]),
        text=text(row, "text"),
        default=None if default is None else string(default),
        words=tuple(map(string, row.get("words", ()))),
    )


def _rounding(row: Row) -> Rounding:
    choice = row.get("choice", "")
    mode = RoundingMode.HALF_UP if choice else RoundingMode(row["mode"])
    return Rounding(whole(row["places"]), mode, "" if choice else string(row["article"]), choice)


def _brackets(row: Row) -> Brackets:
    rows = tuple(
        Bracket(None if "upto" not in each else whole(each["upto"]), whole(each["value"])) for each in row["brackets"]
    )
    bounds = [each.upto for each in rows]
    limits = [bound for bound in bounds if bound is not None]
    if bounds[-1] is not None or len(limits) != len(bounds) - 1 or limits != sorted(set(limits)):
        raise ValueError("brackets go up, and the last one alone has no bound")
    return Brackets(row["input"], whole(row["least"]), rows, text(row, "result"))


def _sum(row: Row) -> Sum:
    lines = tuple(
        Line(
            each["input"],
            decimal(each["price"]),
            whole(each.get("included", 0)),
            each.get("less", ""),
            whole(each["at_most"]) if "at_most" in each else None,
        )
        for each in row["lines"]
    )
    return Sum(lines, row.get("limit", ""))


def _pro_rata(row: Row) -> ProRata:
    return ProRata(row["price"], row["start"], row["period_choice"], row["share_choice"])


def _revision(row: Row) -> Revision:
    return Revision(
        fixed=decimal(row["fixed"]),
        indexed=decimal(row["indexed"]),
        cap_percent=decimal(row["cap_percent"]),
        base_price=row["base_price"],
        current_price=row["current_price"],
        base_index=row["base_index"],
        new_index=row["new_index"],
        steps=row["steps_choice"],
        cap_on=row["cap_choice"],
    )


def _availability(row: Row) -> Availability:
    return Availability(
        decimal(row["percent"]), row["year"], row["downtime"], row["maintenance"], row["reading_choice"]
    )


def _split(row: Row) -> Split:
    parts = tuple(
        Part(each["id"], decimal(each["percent"]), text(each, "text"), dict(each.get("conditions", {})))
        for each in row["parts"]
    )
    if sum(part.percent for part in parts) != _HUNDRED:
        raise ValueError("the parts do not make up a hundred per cent")
    return Split(row["input"], parts)


def _cases(row: Row) -> Cases:
    cases = tuple(
        Case(
            each["id"],
            tuple(each["sums"]),
            text(each, "to"),
            string(each["article"]),
            decimal(each["at_most"]) if "at_most" in each else None,
        )
        for each in row["cases"]
    )
    return Cases(row["input"], cases)


def _latest(row: Row) -> Latest:
    return Latest(
        row["first"], row["others"], text(row, "first_text"), text(row, "last_text"), tuple(row.get("then", ()))
    )


def _at_least(row: Row) -> AtLeast:
    return AtLeast(tuple(row["plus"]), tuple(row["minus"]), whole(row["least"]))


def _majority(row: Row) -> Majority:
    return Majority(row["votes"], row["present"])


_METHODS: Mapping[str, Callable[[Row], Method]] = {
    "brackets": _brackets,
    "sum": _sum,
    "pro-rata": _pro_rata,
    "revision": _revision,
    "availability": _availability,
    "split": _split,
    "cases": _cases,
    "latest": _latest,
    "at-least": _at_least,
    "majority": _majority,
}


def _inputs_of(method: Method) -> list[str]:
    """The inputs that a method reads."""
    match method:
        case Brackets():
            return [method.input]
        case Sum():
            named = [method.limit, *(each for line in method.lines for each in (line.input, line.less))]
            return [each for each in named if each]
        case ProRata():
            return [method.price, method.start]
        case Revision():
            return [method.base_price, method.current_price, method.base_index, method.new_index]
        case Availability():
            return [method.year, method.downtime, method.maintenance]
        case Split():
            return [method.input, *(key for part in method.parts for key in part.conditions)]
        case Cases():
            return [method.input, *(key for case in method.cases for key in case.sums)]
        case Latest():
            return [method.first, method.others]
        case AtLeast():
            return [*method.plus, *method.minus]
        case Majority():
            return [method.votes, method.present]


def _choices_of(found: Term) -> list[str]:
    """The choices that a term reads."""
    rounding = [found.rounding.choice] if found.rounding is not None and found.rounding.choice else []
    match found.method:
        case ProRata() as method:
            return [*rounding, method.period, method.share]
        case Revision() as method:
            return [*rounding, method.steps, method.cap_on]
        case Availability() as method:
            return [*rounding, method.reading]
        case _:
            return rounding

"""How each kind of term finds its answer. Pure."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from fractions import Fraction

from recette.agreement import amounts, arithmetic
from recette.agreement.answers import Answer, Question, Result, Verdict, euros
from recette.agreement.availability import year_of_service
from recette.agreement.model import AgreementError
from recette.agreement.terms import (
    AtLeast,
    Availability,
    Brackets,
    Cases,
    Latest,
    Line,
    Majority,
    Measure,
    ProRata,
    Revision,
    RoundingMode,
    Split,
    Sum,
)
from sas_kernel.text import Text

_PERIOD_MONTHS = {"half-year": 6, "quarter": 3}
_THOUSANDTHS = 3
_HALF = Fraction(1, 2)
_NOTHING = Decimal("0.00")


def answer(asked: Question) -> Answer:
    """`AgreementError` for what was given and cannot be, `OverflowError` for a day off the calendar."""
    match asked.term.method:
        case Brackets() as method:
            return _brackets(asked, method)
        case Sum() as method:
            return _sum(asked, method)
        case ProRata() as method:
            return _pro_rata(asked, method)
        case Revision() as method:
            return _revision(asked, method)
        case Availability() as method:
            return _availability(asked, method)
        case Split() as method:
            return _split(asked, method)
        case Cases() as method:
            return _cases(asked, method)
        case Latest() as method:
            return _latest(asked, method)
        case AtLeast() as method:
            return _at_least(asked, method)
        case Majority() as method:
            return _majority(asked, method)


def _brackets(asked: Question, method: Brackets) -> Answer:
    size = asked.given.count(method.input)
    if size < method.least:
        text = Text("« {key} » : au moins {least}.", "'{key}': at least {least}.")
        raise AgreementError(text.format(key=method.input, least=method.least))
    row = next(row for row in method.rows if row.upto is None or size <= row.upto)
    return Answer((Result("value", row.value, Measure.COUNT, method.text),))


def _sum(asked: Question, method: Sum) -> Answer:
    texts = {each.key: each.text for each in asked.term.inputs}
    prices = [(line.input, _charged(asked, line) * line.price) for line in method.lines]
    results = [euros(key, asked.money(Fraction(price)), texts[key]) for key, price in prices]
    total = asked.money(Fraction(sum((price for _, price in prices), Decimal(0))))
    if method.limit:
        within = min(total, asked.money(asked.given.amount(method.limit)))
        results.append(euros("beyond_limit", total - within, Text("Au-delà de la limite", "Beyond the limit")))
        total = within
    return Answer((*results, euros("total", total, Text("Total", "Total"))))


def _charged(asked: Question, line: Line) -> int:
    """How many of them are paid for."""
    count = asked.given.count(line.input)
    if line.at_most is not None:
        _no_more_than(line.input, count, line.at_most)
    beyond = max(0, count - line.included)
    exempt = asked.given.count(line.less) if line.less else 0
    _no_more_than(line.less, exempt, beyond)
    return beyond - exempt


def _pro_rata(asked: Question, method: ProRata) -> Answer:
    by_month = asked.choice(method.share) == "month"
    found = amounts.billed(
        asked.given.amount(method.price),
        asked.given.day(method.start),
        months=_PERIOD_MONTHS[asked.choice(method.period)],
        by_month=by_month,
        places=asked.rounding.places,
        mode=asked.rounding.mode,
    )
    of = Text("mois", "months") if by_month else Text("jours", "days")
    parts = Text("Nombre de {of} de la période", "Number of {of} of the period").format(of=of)
    counted = Text("Nombre de {of} facturés, le premier compris", "Number of {of} billed, the first included")
    return Answer(
        (
            Result("period_start", found.period.first, Measure.DAY, Text("Début de la période", "Period begins")),
            Result("period_end", found.period.last, Measure.DAY, Text("Fin de la période", "Period ends")),
            Result("parts", found.parts, Measure.COUNT, parts),
            Result("parts_billed", found.parts_billed, Measure.COUNT, counted.format(of=of)),
            euros("period_price", found.period_price, Text("Prix de la période entière", "Price of the whole period")),
            euros("not_billed", found.not_billed, Text("Non facturé", "Not billed")),
            euros("billed", found.billed, Text("Facturé", "Billed")),
        )
    )


def _revision(asked: Question, method: Revision) -> Answer:
    given = asked.given
    formula = amounts.Formula(
        fixed=Fraction(method.fixed),
        indexed=Fraction(method.indexed),
        cap_percent=Fraction(method.cap_percent),
        places=asked.rounding.places,
        mode=asked.rounding.mode,
        stepwise=asked.choice(method.steps) == "each",
    )
    base, current = given.amount(method.base_price), given.amount(method.current_price)
    capped_on = current if asked.choice(method.cap_on) == "current" else base
    indices = (given.amount(method.base_index), given.amount(method.new_index))
    found = amounts.revised(formula, base, capped_on, indices)
    return Answer(
        (
            Result("ratio", found.ratio, Measure.INDEX, Text("Indice rapporté à sa base", "Index over its base")),
            Result("coefficient", found.coefficient, Measure.INDEX, Text("Coefficient", "Coefficient")),
            euros("formula_price", found.formula, Text("Prix selon la formule", "Price by the formula")),
            euros("cap_price", found.cap, Text("Prix que la révision ne passe pas", "Price it may not pass")),
            Result("capped", found.is_capped, Measure.YES_NO, Text("Plafonné", "Capped")),
            euros("price", found.price, Text("Prix révisé", "Revised price")),
        )
    )


def _availability(asked: Question, method: Availability) -> Answer:
    given = asked.given
    downtime, maintenance = given.outages(method.downtime), given.outages(method.maintenance)
    found = year_of_service(given.count(method.year), asked.agreement.zone, downtime, maintenance)
    promised = Fraction(method.percent)
    least = promised - _HALF if asked.choice(method.reading) == "about" else promised
    allowed = found.allowed(least)
    seconds = (
        ("year_seconds", found.year, Text("Durée de l’année", "Length of the year")),
        ("service_seconds", found.service, Text("Hors maintenance programmée", "Without planned maintenance")),
        ("allowed_seconds", allowed, Text("Indisponibilité admise", "Downtime allowed")),
        ("down_seconds", found.down, Text("Indisponibilité constatée", "Downtime counted")),
        ("left_seconds", max(Fraction(0), allowed - found.down), Text("Reste admis", "Allowance left")),
    )
    # Rounded down: 97.9999 % is not 98 %.
    percent = amounts.rounded(found.availability, _THOUSANDTHS, RoundingMode.DOWN)
    return Answer(
        (
            *(Result(key, int(value), Measure.SECONDS, text) for key, value, text in seconds),
            Result("availability", percent, Measure.PERCENT, Text("Disponibilité", "Availability")),
        ),
        Verdict.HELD if found.availability >= least else Verdict.BROKEN,
    )


def _split(asked: Question, method: Split) -> Answer:
    percents = [Fraction(part.percent) for part in method.parts]
    total = asked.given.amount(method.input)
    parts = amounts.split(total, percents, asked.rounding.places, asked.rounding.mode)
    paid = [
        amount if all(asked.given.word(key) == wanted for key, wanted in part.conditions.items()) else _NOTHING
        for part, amount in zip(method.parts, parts, strict=True)
    ]
    withheld = sum(parts, _NOTHING) - sum(paid, _NOTHING)
    results = [euros(part.id, amount, part.text) for part, amount in zip(method.parts, paid, strict=True)]
    return Answer((*results, euros("withheld", withheld, Text("Retenu", "Withheld"))))


def _cases(asked: Question, method: Cases) -> Answer:
    case = next(case for case in method.cases if case.id == asked.given.word(method.input))
    owed = asked.money(sum((asked.given.amount(key) for key in case.sums), Fraction(0)))
    if case.at_most is not None:
        owed = min(owed, asked.money(Fraction(case.at_most)))
    return Answer(
        (
            euros("amount", owed, Text("Montant dû", "Amount owed")),
            Result("to", case.to, Measure.WORD, Text("À qui", "To whom")),
            Result("article", case.article, Measure.WORD, Text("Article", "Article")),
        )
    )


def _latest(asked: Question, method: Latest) -> Answer:
    first = asked.given.day(method.first)
    last = max((first, *asked.given.days(method.others)))
    at = datetime.combine(last, time(), asked.agreement.zone)
    then = [arithmetic.due(asked.agreement, event, at) for event in method.then]
    return Answer(
        (
            Result("first", first, Measure.DAY, method.first_text),
            Result("last", last, Measure.DAY, method.last_text),
            *(Result(each.deadline.id, each.due_at, Measure.DAY, each.deadline.text) for each in then),
        )
    )


def _at_least(asked: Question, method: AtLeast) -> Answer:
    left = sum(map(asked.given.count, method.plus)) - sum(map(asked.given.count, method.minus))
    return Answer(
        (
            Result("remaining", left, Measure.COUNT, Text("Restent", "Remaining")),
            Result("least", method.least, Measure.COUNT, Text("Minimum", "Least")),
        ),
        Verdict.ALLOWED if left >= method.least else Verdict.REFUSED,
    )


def _majority(asked: Question, method: Majority) -> Answer:
    votes, present = asked.given.count(method.votes), asked.given.count(method.present)
    _no_more_than(method.votes, votes, present)
    needed = present // 2 + 1
    return Answer(
        (Result("needed", needed, Measure.COUNT, Text("Voix nécessaires", "Votes needed")),),
        Verdict.ALLOWED if votes >= needed else Verdict.REFUSED,
    )


def _no_more_than(key: str, count: int, most: int) -> None:
    if count > most:
        raise AgreementError(Text("« {key} » : au plus {most}.", "'{key}': at most {most}.").format(key=key, most=most))

"""How `recette agreement` tells what it found, to people and to machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sas_kernel.text import Text

if TYPE_CHECKING:
    from recette.agreement.answers import Result
    from recette.agreement.computing import Computed
    from recette.agreement.model import Agreement, Choice, Consequence, Deadline, DueDate
    from recette.agreement.terms import Term
    from sas_kernel.text import Lang

_MINUTE, _HOUR = 60, 3600
_COLON = Text(" : ", ": ")


# --- due dates -------------------------------------------------------------------------------------------------------


def due_document(agreement: Agreement, found: Sequence[DueDate]) -> dict[str, object]:
    """The deadline asked for, with those it opens under `also`."""
    first, *others = found
    return {
        "agreement": agreement.name,
        "reference": agreement.reference,
        **_due(first),
        "also": [_due(each) for each in others],
    }


def _due(found: DueDate) -> dict[str, object]:
    deadline = found.deadline
    return {
        "event": deadline.id,
        "at": found.at.isoformat(),
        "counted_from": found.counted_from.isoformat(),
        "due_at": found.due_at.isoformat(),
        "article": deadline.article,
        "rule": deadline_document(deadline),
        "consequences": consequence_documents(found.consequences),
        "choices": choice_documents(found.footnotes),
    }


def due_sentences(found: Sequence[DueDate], lang: Lang) -> str:
    return "\n\n".join("\n".join(_due_lines(each, lang)) for each in found)


def _due_lines(found: DueDate, lang: Lang) -> Iterator[str]:
    deadline = found.deadline
    label = (
        Text("Au plus tard : ", "At the latest: ").to(lang)
        if deadline.before
        else Text("Échéance : ", "Due: ").to(lang)
    )
    yield label + f"{found.due_at:%Y-%m-%d %H:%M:%S %z}"
    yield f"{deadline.text.to(lang)} ({_source(deadline.article)})"
    yield (
        Text("Compté de : ", "Counted from: ").to(lang)
        + f"{deadline.start.to(lang)}, {found.counted_from:%Y-%m-%d %H:%M %z}"
    )
    yield from _notes(found.consequences, found.footnotes, lang)


def _notes(consequences: Sequence[Consequence], choices: Sequence[Choice], lang: Lang) -> Iterator[str]:
    for consequence in consequences:
        yield f"→ {consequence.text.to(lang)} ({_source(consequence.article)})"
    colon = _COLON.to(lang)
    for number, each in enumerate(choices, 1):
        yield f"[{number}] {each.key} = {each.value or '—'}{colon}{each.reason.to(lang)} ({_source(each.article)})"


# --- what is computed ------------------------------------------------------------------------------------------------


def computed_document(agreement: Agreement, found: Computed) -> dict[str, object]:
    """`values` are the results by their key: amounts as decimal strings, durations in seconds."""
    term, rounding = found.term, found.rounding
    return {
        "agreement": agreement.name,
        "reference": agreement.reference,
        "rule": {"id": term.id, "kind": term.kind, "text": _both(term.text), "article": term.article},
        "article": term.article,
        "given": dict(found.given.written),
        "values": {each.key: _plain(each) for each in found.results},
        "results": [
            {"key": each.key, "value": _plain(each), "unit": each.measure.value, "text": _both(each.text)}
            for each in found.results
        ],
        "verdict": found.verdict.value if found.verdict else None,
        "rounding": {"places": rounding.places, "mode": rounding.mode.value, "article": rounding.article}
        if rounding
        else None,
        "consequences": consequence_documents(found.consequences),
        "choices": choice_documents(found.footnotes),
    }


def computed_sentences(found: Computed, lang: Lang) -> str:
    from recette.agreement.answers import Verdict

    words = {
        Verdict.HELD: Text("Verdict : tenu", "Verdict: held"),
        Verdict.BROKEN: Text("Verdict : non tenu", "Verdict: broken"),
        Verdict.ALLOWED: Text("Verdict : admis", "Verdict: allowed"),
        Verdict.REFUSED: Text("Verdict : refusé", "Verdict: refused"),
    }
    lines = [f"{found.term.text.to(lang)} ({_source(found.term.article)})"]
    colon = _COLON.to(lang)
    lines += [f"{each.text.to(lang)}{colon}{_told(each, lang)}" for each in found.results]
    if found.verdict:
        lines.append(words[found.verdict].to(lang))
    if found.rounding:
        lines.append(_rounding(found, lang))
    return "\n".join([*lines, *_notes(found.consequences, found.footnotes, lang)])


def _rounding(found: Computed, lang: Lang) -> str:
    from recette.agreement.terms import RoundingMode

    rounding = found.rounding
    assert rounding is not None
    modes = {
        RoundingMode.UP: Text("au supérieur", "up"),
        RoundingMode.DOWN: Text("à l’inférieur", "down"),
        RoundingMode.HALF_UP: Text("au plus proche", "to the nearest"),
    }
    text = Text("Arrondi : {places} décimales, {mode} ({article})", "Rounded: {places} decimals, {mode} ({article})")
    return text.format(places=rounding.places, mode=modes[rounding.mode], article=_source(rounding.article)).to(lang)


def _plain(result: Result) -> object:
    match result.value:
        case Decimal() as amount:
            return f"{amount:f}"
        case date() as day:
            return day.isoformat()
        case Text() as text:
            return _both(text)
        case other:
            return other


def _told(result: Result, lang: Lang) -> str:
    from recette.agreement.terms import Measure

    value = result.value
    match value:
        case bool():
            return Text("oui", "yes").to(lang) if value else Text("non", "no").to(lang)
        case Decimal():
            number = f"{value:,f}"
            if lang == "fr":
                number = number.translate({ord(","): "\u202f", ord("."): ","})
            sign = {Measure.EURO: "\u00a0€", Measure.PERCENT: "\u00a0%"}.get(result.measure, "")
            return f"{number}{sign}"
        case int() if result.measure is Measure.SECONDS:
            return f"{value // _HOUR} h {value % _HOUR // _MINUTE:02} min {value % _MINUTE:02} s"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S %z}"
        case Text():
            return value.to(lang)
        case _:
            return str(value)


# --- the agreement itself --------------------------------------------------------------------------------------------


def agreement_document(agreement: Agreement) -> dict[str, object]:
    return {
        "agreement": agreement.name,
        "title": _both(agreement.title),
        "reference": agreement.reference,
        "deadlines": [
            {
                **deadline_document(each),
                "also": list(each.also),
                "then": list(each.then),
                "consequences": list(each.consequences),
                "choices": list(each.choices),
            }
            for each in agreement.deadlines.values()
        ],
        "rules": [_term_document(each) for each in agreement.terms.values()],
        "choices": choice_documents(tuple(agreement.choices.values())),
        "consequences": consequence_documents(tuple(agreement.consequences.values())),
    }


def _term_document(term: Term) -> dict[str, object]:
    return {
        "id": term.id,
        "kind": term.kind,
        "text": _both(term.text),
        "article": term.article,
        "inputs": [
            {
                "key": each.key,
                "unit": each.measure.value,
                "text": _both(each.text),
                "default": each.default,
                "words": list(each.words),
            }
            for each in term.inputs
        ],
        "consequences": list(term.consequences),
        "choices": list(term.choices),
    }


def agreement_sentences(agreement: Agreement, lang: Lang) -> str:
    from recette.agreement.given import unit

    colon = _COLON.to(lang)
    lines = [
        f"{agreement.title.to(lang)} ({agreement.reference})",
        "",
        Text("Échéances (due) :", "Dates (due):").to(lang),
    ]
    lines += [f"{each.id:<24} {each.text.to(lang)} ({_source(each.article)})" for each in agreement.deadlines.values()]
    if agreement.terms:
        lines += ["", Text("Règles qui se calculent (compute) :", "Rules to be computed (compute):").to(lang)]
    for term in agreement.terms.values():
        lines.append(f"{term.id:<24} {term.text.to(lang)} ({_source(term.article)})")
        for asked in term.inputs:
            wanted = "" if asked.default is None else Text(", facultatif", ", optional").to(lang)
            lines.append(f"{'':<24}   {asked.key}{colon}{asked.text.to(lang)} ({unit(asked).to(lang)}{wanted})")
    lines += ["", Text("Choix là où le texte se tait :", "Choices where the text is silent:").to(lang)]
    for choice in agreement.choices.values():
        mark = "" if choice.is_default else Text(" (modifié)", " (changed)").to(lang)
        among = f" [{' | '.join(choice.possible)}]" if choice.possible else ""
        value = f"{choice.value or '—'}{mark}{among}"
        lines.append(f"{choice.key:<22} {value}{colon}{choice.reason.to(lang)} ({_source(choice.article)})")
    return "\n".join(lines)


def deadline_document(deadline: Deadline) -> dict[str, object]:
    return {
        "id": deadline.id,
        "amount": deadline.amount,
        "unit": deadline.unit.value,
        "before": deadline.before,
        "align": deadline.align,
        "starts_at": _both(deadline.start),
        "text": _both(deadline.text),
        "article": deadline.article,
    }


def consequence_documents(consequences: Sequence[Consequence]) -> list[dict[str, object]]:
    return [
        {"id": each.id, "when": each.when.value, "text": _both(each.text), "article": each.article}
        for each in consequences
    ]


def choice_documents(choices: Sequence[Choice]) -> list[dict[str, object]]:
    return [
        {
            "key": each.key,
            "value": each.value,
            "default": each.is_default,
            "possible": list(each.possible),
            "reason": _both(each.reason),
            "article": each.article,
        }
        for each in choices
    ]


def _source(article: str) -> str:
    """Where a rule is written: an article by its number, anything else (an annex, a heading) by its name."""
    return f"art. {article}" if article[:1].isdigit() else article


def _both(text: Text) -> dict[str, str]:
    return {"fr": text.fr, "en": text.en}

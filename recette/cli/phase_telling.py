"""Phases, doors and rights as the command line tells them: lines for people, documents for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from recette.projects.model import Door, Missing, Outcome, Right
from recette.projects.words import OUTCOMES, PARTIES, day
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from recette.agreement.model import Choice, DueDate
    from recette.projects.acts import Act
    from recette.projects.book import Book
    from recette.projects.timeline import Line

_TO_DO = Text("À faire :", "To be done:")
_NOTHING = Text("À faire : rien, le temps doit passer.", "To be done: nothing, time has to pass.")
_RIGHTS = Text("Droits ouverts (montrés, jamais exercés) :", "Open rights (shown, never taken):")
_CHOICES = Text("Choix là où la convention se tait :", "Choices where the agreement is silent:")


def written(document: object) -> str:
    """JSON as commands write it."""
    return json.dumps(document, ensure_ascii=False, indent=2)


def cited(article: str) -> Text:
    """Where a rule stands: `art. 8.2`, or an annex by its name."""
    if article.startswith("annexe"):
        return Text(article, article.replace("annexe", "annex"))
    return Text(f"art. {article}", f"art. {article.replace('annexe', 'annex')}")


def colon(lang: Lang) -> str:
    """A colon and what stands before it."""
    return Text(" :", ":").to(lang)


def when(book: Book, at: datetime, lang: Lang) -> str:
    """An instant as people read it, in the agreement’s zone."""
    from recette.projects.schedule import localized

    local = localized(book, at)
    return f"{day(local.date()).to(lang)} {local:%H:%M}"


def status(
    book: Book, lines: Iterable[Line], acts: tuple[Act, ...], rights: tuple[Right, ...], now: datetime, lang: Lang
) -> str:
    """The timeline, whose turn it is, the rights there are, and the choices that bore on dates."""
    notes: dict[str, Choice] = {}
    told = [f"{book.project.title.to(lang)} ({book.project.id})", ""]
    for line in lines:
        told += _line(book, line, now, lang, notes)
    if book.project.suspended_at is not None:
        text = Text("Transmission des données arrêtée depuis le {at}.", "Transmission of data stopped since {at}.")
        told += ["", text.to(lang).format(at=when(book, book.project.suspended_at, lang))]
    told.append("")
    told += [_TO_DO.to(lang), *(_act(act, lang) for act in acts)] if acts else [_NOTHING.to(lang)]
    told += _rights_told(book, rights, lang)
    if notes:
        told += ["", _CHOICES.to(lang)]
        told += [f"[{n}] {_note(choice, lang)}" for n, choice in enumerate(notes.values(), 1)]
    return "\n".join(told)


def _note(choice: Choice, lang: Lang) -> str:
    value, article = choice.value or "—", cited(choice.article).to(lang)
    return f"{choice.key} = {value}{colon(lang)} {choice.reason.to(lang)} ({article})"


def _line(book: Book, line: Line, now: datetime, lang: Lang, notes: dict[str, Choice]) -> Iterator[str]:
    title = line.phase.title.to(lang)
    if line.state is None:
        yield f"· {title}"
        return
    opened = when(book, line.state.opened_at, lang)
    if line.state.closed_at is not None and line.state.outcome is not None:
        lived = f"{opened} → {when(book, line.state.closed_at, lang)}, {OUTCOMES[line.state.outcome].to(lang)}"
        if line.state.reserves:
            lived += f" ({', '.join(line.state.reserves)})"
        yield f"{'✗' if line.state.outcome is Outcome.REFUSED else '✓'} {title}{colon(lang)} {lived}"
    else:
        yield f"▶ {title}{colon(lang)} {Text('ouverte le', 'opened').to(lang)} {opened}"
    for text in _bounds(line, now, notes):
        yield f"    {text.to(lang)}"


def _bounds(line: Line, now: datetime, notes: dict[str, Choice]) -> Iterator[Text]:
    """Until when, by which rule, and what moved it."""
    if line.due is not None and line.planned_end is not None:
        for choice in line.due.footnotes:
            notes.setdefault(choice.key, choice)
        marks = "".join(f"[{list(notes).index(choice.key) + 1}]" for choice in line.due.footnotes)
        text = Text("Terme : {end}{late}. {rule} ({article}) {marks}", "End: {end}{late}. {rule} ({article}) {marks}")
        late = Text(", dépassé", ", passed") if line.is_late(now) else Text("", "")
        rule = line.due.deadline
        end = day(line.planned_end.date())
        yield text.format(end=end, late=late, rule=rule.text, article=cited(rule.article), marks=marks)
    state = line.state
    if state is not None and state.extended_to is not None and line.due is not None:
        text = Text(
            "Prolongée jusqu’au {until} (au lieu du {end}) par accord des deux parties : {who}.",
            "Extended to {until} (instead of {end}), agreed by both parties: {who}.",
        )
        who = Text(
            ", ".join(f"{name} ({PARTIES[party].fr})" for party, name in state.agreed.items()),
            ", ".join(f"{name} ({PARTIES[party].en})" for party, name in state.agreed.items()),
        )
        yield text.format(until=day(state.extended_to), end=day(line.due.due_at.date()), who=who)
    if line.prolonged_by:
        text = Text(
            "Prolongée tant que les corrections de {ids} ne sont pas livrées (art. 8.1).",
            "Prolonged until the corrections of {ids} are delivered (art. 8.1).",
        )
        yield text.format(ids=", ".join(line.prolonged_by))
    elif line.earliest_end is not None:
        yield Text("Peut être close à partir du {d}.", "May be closed from {d} on.").format(d=day(line.earliest_end))


def _act(act: Act, lang: Lang) -> str:
    about = f" ({', '.join(act.about)})" if act.about else ""
    return f"- {' + '.join(PARTIES[party].to(lang) for party in act.parties)}{colon(lang)} {act.text.to(lang)}{about}"


def _rights_told(book: Book, rights: Iterable[Right], lang: Lang) -> list[str]:
    since = Text("depuis le", "since").to(lang)
    told = [
        f"- {right.text.to(lang)} ({cited(right.article).to(lang)}, {since} {when(book, right.since, lang)})"
        + (f" [{', '.join(right.about)}]" if right.about else "")
        for right in rights
    ]
    return ["", _RIGHTS.to(lang), *told] if told else []


def opening(book: Book, door: Door, rights: tuple[Right, ...], lang: Lang) -> str:
    """Whether a door can be closed, and what is missing or would be written."""
    if door.can_close:
        text = Text(
            "La phase « {phase} » peut être close ; proposition : {outcome}.",
            "The phase '{phase}' can be closed; proposed: {outcome}.",
        )
        told = [text.format(phase=door.phase.value, outcome=OUTCOMES[door.proposal]).to(lang)]
        told += [f"- {reason.to(lang)}" for reason in door.reasons]
    else:
        text = Text(
            "La phase « {phase} » ne peut pas être validée. Il manque :",
            "The phase '{phase}' cannot be validated. Missing:",
        )
        told = [text.format(phase=door.phase.value).to(lang)]
        told += [f"- {missing.text.to(lang)} ({cited(missing.article).to(lang)})" for missing in door.missing]
    return "\n".join(told + _rights_told(book, rights, lang))


def status_document(
    book: Book, lines: Iterable[Line], acts: Iterable[Act], rights: Iterable[Right], now: datetime
) -> dict[str, Any]:
    """What `status` tells."""
    suspended = book.project.suspended_at
    return {
        "project": book.project.id,
        "title": text_document(book.project.title),
        "agreement": book.agreement.name,
        "now": now.isoformat(),
        "phase": book.phase,
        "suspended_at": suspended.isoformat() if suspended else None,
        "timeline": [_line_document(line, now) for line in lines],
        "acts": [
            {
                "parties": [party.value for party in act.parties],
                "text": text_document(act.text),
                "about": list(act.about),
            }
            for act in acts
        ],
        "rights": [right_document(right) for right in rights],
    }


def _line_document(line: Line, now: datetime) -> dict[str, Any]:
    state = line.state
    return {
        "phase": line.phase.id,
        "title": text_document(line.phase.title),
        "opened_at": _iso(state.opened_at) if state else None,
        "closed_at": _iso(state.closed_at) if state else None,
        "outcome": state.outcome.value if state and state.outcome else None,
        "reserves": list(state.reserves) if state else [],
        "certificate": state.certificate if state else "",
        "due": _due_document(line.due) if line.due else None,
        "extended_to": _iso(state.extended_to) if state else None,
        "agreed": {party.value: who for party, who in state.agreed.items()} if state else {},
        "planned_end": _iso(line.planned_end),
        "earliest_end": _iso(line.earliest_end),
        "prolonged_by": list(line.prolonged_by),
        "late": line.is_late(now),
    }


def _due_document(due: DueDate) -> dict[str, Any]:
    return {
        "event": due.deadline.id,
        "counted_from": due.counted_from.isoformat(),
        "due_at": due.due_at.isoformat(),
        "article": due.deadline.article,
        "text": text_document(due.deadline.text),
        "choices": [
            {"key": each.key, "value": each.value, "default": each.is_default, "reason": text_document(each.reason)}
            for each in due.footnotes
        ],
    }


def door_document(book: Book, door: Door, rights: Iterable[Right]) -> dict[str, Any]:
    """What `opening` tells."""
    return {
        "project": book.project.id,
        "phase": door.phase.value,
        "can_close": door.can_close,
        "proposal": door.proposal.value,
        "reasons": [text_document(reason) for reason in door.reasons],
        "missing": [_missing_document(missing) for missing in door.missing],
        "reserves": list(door.reserves),
        "planned_end": _iso(door.planned_end),
        "earliest_end": _iso(door.earliest_end),
        "rights": [right_document(right) for right in rights],
    }


def _missing_document(missing: Missing) -> dict[str, Any]:
    said = {"id": missing.id, "text": text_document(missing.text), "article": missing.article}
    return {**said, "about": list(missing.about)}


def right_document(right: Right) -> dict[str, Any]:
    """A right, as machines read it."""
    return {
        "id": right.id,
        "text": text_document(right.text),
        "article": right.article,
        "since": right.since.isoformat(),
        "about": list(right.about),
    }


def text_document(text: Text) -> dict[str, str]:
    """A sentence in both languages."""
    return {"fr": text.fr, "en": text.en}


def _iso(at: date | datetime | None) -> str | None:
    return at.isoformat() if at is not None else None

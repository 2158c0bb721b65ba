"""What people may decide about a phase, and what has to come first. Each returns the entry to write, or says why not.

Pure. The ANS closes recette, mise en service and VSR by its procès-verbal, both parties agree on an extension, either
says the rest (ANS-CONV-001, art. 6 to 8 and 14, annex 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from recette.journal.model import Draft, Kind, Party
from recette.monitoring.model import Standing
from recette.projects import doors, schedule
from recette.projects.book import Book
from recette.projects.model import BREACH_REPAIR, Door, Outcome, PhaseId, PhaseState, ProjectError, ShutDoorError
from recette.projects.refusals import not_before, only, refused, worded
from recette.projects.words import day
from recette.register.moves import Move
from sas_kernel.text import Text

_BY_CERTIFICATE = frozenset({PhaseId.RECETTE, PhaseId.MISE_EN_SERVICE, PhaseId.VSR})
_SINCE_IRRELEVANT = frozenset({Kind.NOTE, Kind.MAIL_SENT, Kind.MAIL_RECEIVED, Kind.CERTIFICATE, Kind.SERVICE_REPORTED})


def open_phase(book: Book, phase: PhaseId, move: Move) -> Draft:
    """Phases open in their order: the one before is closed by a certificate that validates it (annex 1)."""
    only(move, Party.ANS, Party.EDITOR)
    project = book.project
    known = [each.id for each in book.agreement.phases]
    if phase.value not in known:
        raise refused(
            "« {name} » ne connaît pas la phase « {phase} ».",
            "'{name}' does not know the phase '{phase}'.",
            name=book.agreement.name,
            phase=phase.value,
        )
    if project.current is not None:
        raise refused(
            "La phase « {open} » est ouverte : elle se clôt d’abord (`recette phase close`).",
            "The phase '{open}' is open: it is closed first (`recette phase close`).",
            open=project.current.id.value,
        )
    last = project.phase(phase)
    if last is not None and last.is_validated:
        raise refused("La phase « {phase} » est validée.", "The phase '{phase}' is validated.", phase=phase.value)
    before = project.phase(phase.preceding) if phase.preceding is not None else None
    if phase.preceding is not None and (before is None or not before.is_validated):
        raise refused(
            "La phase « {phase} » s’ouvre quand « {before} » est validée (annexe 1).",
            "The phase '{phase}' opens when '{before}' is validated (annex 1).",
            phase=phase.value,
            before=phase.preceding.value,
        )
    for earlier in (before, last):
        if earlier is not None and earlier.closed_at is not None:
            not_before(move, earlier.closed_at)
    return Draft(Kind.PHASE_OPENED, phase.value, move.at, move.who, move.party, move.why)


def extend(book: Book, what: str, until: date, agreed: Mapping[Party, str], move: Move) -> Draft:
    """Both parties agree on a later date: of the recette (art. 6), or to repair a breach (art. 14)."""
    only(move, Party.ANS, Party.EDITOR)
    planned = _extendable(book, what)
    for party in (Party.ANS, Party.EDITOR):
        if not agreed.get(party, "").strip():
            raise refused(
                "Une prolongation se convient à deux : nommez qui l’accepte pour « {party} » (--agreed).",
                "An extension takes both parties: name who agrees for '{party}' (--agreed).",
                party=party.value,
            )
    if until <= planned.date():
        raise refused(
            "Le {until} n’est pas après le terme actuel, le {planned}.",
            "{until} is not later than the present end, {planned}.",
            until=day(until),
            planned=day(planned.date()),
        )
    said = {"until": until.isoformat(), "agreed": {party.value: agreed[party] for party in (Party.ANS, Party.EDITOR)}}
    return Draft(Kind.PHASE_EXTENDED, what, move.at, move.who, move.party, move.why, said)


def _extendable(book: Book, what: str) -> datetime:
    """The present end of what may be extended."""
    if what == BREACH_REPAIR:
        end = schedule.repair_end(book)
        if end is None:
            raise refused("Aucune mise en demeure n’est notée.", "No formal notice is recorded.")
        return end
    phase = schedule.phase_named(what)
    state = _open(book, phase)
    rule = schedule.rule(book.agreement, phase)
    end = schedule.planned_end(book, state)
    if rule is None or rule.extendable != "both" or end is None:
        raise refused(
            "La convention ne prolonge que la recette (art. 6) et la réparation d’un manquement (art. 14, "
            "breach-repair) ; la VSR l’est d’elle-même (art. 8.1).",
            "The agreement extends only the acceptance phase (art. 6) and the repair of a breach (art. 14, "
            "breach-repair); the VSR is prolonged by itself (art. 8.1).",
        )
    return end


def close_phase(
    book: Book, phase: PhaseId, outcome: Outcome, move: Move, *, standing: Standing | None, certificate: str = ""
) -> Draft:
    """People decide: to refuse takes a reason, to validate takes an open door. `standing` is that of `move.at`."""
    state = _open(book, phase)
    only(move, *((Party.ANS,) if phase in _BY_CERTIFICATE else (Party.ANS, Party.EDITOR)))
    not_before(move, state.opened_at)
    reserves: tuple[str, ...] = ()
    if outcome is Outcome.REFUSED:
        worded(move)
    else:
        _nothing_since(book, move)
        door = doors.door(book, phase, move.at, standing)
        _validates(door, outcome)
        reserves = door.reserves
    said: dict[str, Any] = {"outcome": outcome.value, "reserves": list(reserves)}
    if certificate:
        said["certificate"] = certificate
    return Draft(Kind.PHASE_CLOSED, phase.value, move.at, move.who, move.party, move.why, said)


def _validates(door: Door, outcome: Outcome) -> None:
    if not door.can_close:
        lines = Text(
            "\n".join(f"- {each.text.fr} (art. {each.article})" for each in door.missing),
            "\n".join(f"- {each.text.en} (art. {each.article})" for each in door.missing),
        )
        text = Text(
            "La phase « {phase} » ne peut pas être validée. Il manque :\n{lines}",
            "The phase '{phase}' cannot be validated. Missing:\n{lines}",
        )
        raise ShutDoorError(text.format(phase=door.phase.value, lines=lines), door)
    if outcome is Outcome.VALIDATED and door.reserves:
        raise refused(
            "Des réserves restent ({ids}) : --outcome validated-with-reserves.",
            "Réserves remain ({ids}): --outcome validated-with-reserves.",
            ids=", ".join(door.reserves),
        )
    if outcome is Outcome.VALIDATED_WITH_RESERVES and not door.reserves:
        raise refused("Il n’y a aucune réserve : --outcome validated.", "There is no réserve: --outcome validated.")


def _open(book: Book, phase: PhaseId) -> PhaseState:
    state = book.project.phase(phase)
    if state is None or not state.is_open:
        raise ProjectError(doors.not_open(phase, state).text)
    return state


def _nothing_since(book: Book, move: Move) -> None:
    """A certificate that validates is not dated before something that it would have had to take into account."""
    since = max((entry.at for entry in book.entries if entry.kind not in _SINCE_IRRELEVANT), default=move.at)
    if since > move.at:
        raise refused(
            "Le journal tient quelque chose de plus récent ({since}) : la clôture ne peut être datée d’avant.",
            "The journal holds something later ({since}): the closing cannot be dated before it.",
            since=schedule.localized(book, since).isoformat(timespec="seconds"),
        )

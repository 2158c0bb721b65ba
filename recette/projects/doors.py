"""Whether a phase can be closed, and what its certificate would say (ANS-CONV-001, art. 6 to 8). Pure.

The tool proposes; a door that is shut says exactly what is missing, a right is shown and never taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from recette.model import Severity
from recette.monitoring.model import Standing
from recette.projects import conditions, schedule
from recette.projects.book import Book
from recette.projects.conditions import At
from recette.projects.model import (
    TEST_BOOK,
    TESTS_SUMMARY,
    Door,
    Missing,
    Outcome,
    PhaseId,
    PhaseState,
)
from recette.projects.rights import rights
from recette.projects.schedule import planned_end
from recette.projects.words import day
from sas_kernel.text import Text

__all__ = ["day", "door", "not_open", "planned_end", "rights"]


def door(book: Book, phase: PhaseId, now: datetime, standing: Standing | None) -> Door:
    """Whether this phase can be closed now, and what its certificate would say.

    `standing` is how the service stood since the phase was opened; only the door of the VSR asks for it.
    """
    state = book.project.phase(phase)
    if state is None or not state.is_open:
        shut = not_open(phase, state)
        return Door(phase, (shut,), Outcome.REFUSED, (shut.text,), (), None, None)
    at = At(book, state, now, standing)
    missing = conditions.missing(at)
    reserves = _reserves(at)
    return Door(
        phase=phase,
        missing=missing,
        proposal=_proposal(missing, reserves),
        reasons=tuple(each.text for each in missing) or tuple(_grounds(at, reserves)),
        reserves=reserves,
        planned_end=planned_end(book, state),
        earliest_end=schedule.earliest_end(book, state),
    )


def not_open(phase: PhaseId, state: PhaseState | None) -> Missing:
    """What is missing of a phase that is not open."""
    if state is None:
        text = Text("La phase « {p} » n’est pas ouverte.", "The phase '{p}' is not open.")
    else:
        text = Text("La phase « {p} » est déjà close.", "The phase '{p}' is closed already.")
    return Missing("phase", text.format(p=phase.value), "annexe 1")


def _reserves(at: At) -> tuple[str, ...]:
    """Of the recette: open, with workaround and plan. Of the VSR: every minor one still open (art. 6, 8.1)."""
    register = at.book.register
    if at.phase.id is PhaseId.RECETTE:
        return tuple(anomaly.id for anomaly in register.open if anomaly.is_reserve)
    if at.phase.id is PhaseId.VSR:
        return tuple(anomaly.id for anomaly in register.open if anomaly.severity is Severity.MINOR)
    return ()


def _proposal(missing: tuple[Missing, ...], reserves: tuple[str, ...]) -> Outcome:
    if missing:
        return Outcome.REFUSED
    return Outcome.VALIDATED_WITH_RESERVES if reserves else Outcome.VALIDATED


def _grounds(at: At, reserves: tuple[str, ...]) -> Iterator[Text]:
    yield Text("Toutes les conditions de la phase sont réunies.", "All conditions of the phase hold.")
    if reserves:
        said = Text("Réserves : {ids}.", "Réserves: {ids}.")
        yield said.format(ids=", ".join(reserves))
    end = planned_end(at.book, at.phase)
    bounded = at.phase.id not in {PhaseId.VSR, PhaseId.EXPLOITATION}
    if end is not None and at.now > end and bounded:
        text = Text("La phase dépasse son terme, le {end}.", "The phase is past its end, {end}.")
        yield text.format(end=day(end.date()))
    shown = {shown.what for shown in at.book.project.shown}
    if at.phase.id is PhaseId.CADRAGE and TEST_BOOK not in shown:
        yield Text(
            "Rappel : l’ANS remet le cahier de tests pendant le cadrage (art. 5.2).",
            "Reminder: the ANS hands over the test book during the framing (art. 5.2).",
        )
    if at.phase.id in {PhaseId.RECETTE, PhaseId.MISE_EN_SERVICE} and TESTS_SUMMARY not in shown:
        yield Text(
            "Rappel : la synthèse des tests de l’éditeur est à transmettre avant la mise en production (art. 6).",
            "Reminder: the summary of the editor’s own tests is due before production (art. 6).",
        )
    if at.phase.id is PhaseId.VSR:
        yield from _late_reserves(at)


def _late_reserves(at: At) -> Iterator[Text]:
    """A réserve lifted after the date of its plan: lifted all the same, and for the parties to weigh (art. 8.1)."""
    recette = at.book.project.phase(PhaseId.RECETTE)
    for id in recette.reserves if recette is not None else ():
        anomaly = at.book.register.anomalies.get(id)
        if anomaly is None or anomaly.plan is None or anomaly.delivered_at is None:
            continue
        delivered = schedule.localized(at.book, anomaly.delivered_at).date()
        if delivered > anomaly.plan.due_on:
            text = Text(
                "La réserve {id} a été levée le {day}, après la date de son plan, le {planned}.",
                "The réserve {id} was lifted on {day}, after the date of its plan, {planned}.",
            )
            yield text.format(id=id, day=day(delivered), planned=day(anomaly.plan.due_on))

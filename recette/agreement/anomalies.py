"""The clocks of one anomaly: acknowledgement, correction, their pauses (ANS-CONV-001, art. 8.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from recette.agreement.arithmetic import due, end_of, localized, working_calendar
from recette.agreement.model import Agreement, AgreementError, DueDate, Unit
from recette.model import Severity
from sas_kernel.text import Text

ACKNOWLEDGEMENT = "acknowledgement"


@dataclass(frozen=True, slots=True)
class Pause:
    """From when to when both parties agreed that a clock stands still, and why; without an end it still does."""

    start: datetime
    end: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Clocks:
    """What is due of an anomaly. `correction` is None until it was notified or acknowledged."""

    acknowledgement: DueDate | None
    correction: DueDate | None


def clocks(
    agreement: Agreement,
    severity: Severity,
    *,
    notified_at: datetime | None,
    acknowledged_at: datetime | None,
    pauses: Sequence[Pause] = (),
) -> Clocks:
    """The two deadlines of an anomaly, from what has happened to it so far."""
    acknowledgement = due(agreement, ACKNOWLEDGEMENT, notified_at) if notified_at is not None else None
    start = correction_start(agreement, acknowledgement, acknowledged_at)
    if start is None:
        return Clocks(acknowledgement, None)
    plain = due(agreement, agreement.correction(severity).id, start)
    return Clocks(acknowledgement, prolonged(agreement, plain, pauses))


def correction_start(
    agreement: Agreement, acknowledgement: DueDate | None, acknowledged_at: datetime | None
) -> datetime | None:
    """The instant from which a correction counts: the choice `correction_start`, applied."""
    chosen = _choice(agreement, "correction_start", ("acknowledgement", "notification"))
    if acknowledgement is None:
        return acknowledged_at
    if chosen == "notification":
        return acknowledgement.at
    if acknowledged_at is None:
        return acknowledgement.due_at
    return min(localized(agreement, acknowledged_at), acknowledgement.due_at)


def prolonged(agreement: Agreement, plain: DueDate, pauses: Sequence[Pause]) -> DueDate:
    """A deadline moved by the days of its unit that agreed pauses took; one still open takes none yet.

    A pause counts the days after the one on which it began up to the one on which it ended: begun and ended on the same
    day it takes nothing. What lies before the clock's start, after the (moved) deadline, or twice, does not count.
    """
    if _choice(agreement, "pause", ("agreed", "never")) == "never":
        return plain
    moved = plain
    first, until = plain.counted_from, plain.counted_from
    taken = timedelta()
    for pause in sorted(pauses, key=lambda pause: pause.start):
        if pause.end is None or pause.start > moved.due_at:
            continue
        start, end = max(localized(agreement, pause.start), first, until), localized(agreement, pause.end)
        if end <= start:
            continue
        until = end
        if plain.deadline.unit is Unit.WORKING_DAY:
            days = working_calendar(agreement)
            lost = days.between(start.date(), end.date())
            last = days.plus(moved.due_at.date(), lost)
        else:
            taken = end.date() - start.date()
            last = moved.due_at.date() + taken
        moved = replace(moved, due_at=end_of(agreement, plain.deadline, last))
    return moved


def frozen_at(pauses: Sequence[Pause]) -> Pause | None:
    """The pause that is still open, if one is."""
    return next((pause for pause in pauses if pause.end is None), None)


def time_left(due_at: datetime, now: datetime, pauses: Sequence[Pause] = ()) -> timedelta:
    """What is left until a deadline, negative once overdue; while a pause is open, what was left when it began."""
    pause = frozen_at(pauses)
    return due_at - (now if pause is None else min(pause.start, now))


def regular_service_end(
    agreement: Agreement, started_at: datetime, deliveries: Sequence[datetime], still_open: bool
) -> date | None:
    """The day on which the VSR ends: two months, or the delivery of the last blocking or major correction if later.

    None while such an anomaly is still open (art. 8.1).
    """
    if still_open:
        return None
    planned = due(agreement, "vsr", started_at).due_at
    return max((planned, *(localized(agreement, at) for at in deliveries))).date()


def _choice(agreement: Agreement, key: str, possible: tuple[str, ...]) -> str:
    choice = agreement.choices.get(key)
    if choice is None:
        return possible[0]
    if choice.value not in possible:
        raise AgreementError(
            Text(
                "Le choix « {key} » de « {name} » vaut « {value} » ; possibles : {known}.",
                "The choice '{key}' of '{name}' is '{value}'; possible: {known}.",
            ).format(key=key, name=agreement.name, value=choice.value, known=", ".join(possible))
        )
    return choice.value

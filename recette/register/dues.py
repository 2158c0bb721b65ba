"""What is due of an anomaly at some instant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from recette.agreement import anomalies as clocks
from recette.agreement.anomalies import Pause
from recette.agreement.model import Agreement
from recette.register.model import Anomaly, Due, Matter, Register, Status

_WITHOUT_DEADLINES = frozenset({"", "cadrage", "developpement", "recette"})
"""The phases in which an anomaly has no deadline of its own (art. 6), and before the first: dates tell what article 8.2
would ask."""


def dues(anomaly: Anomaly, agreement: Agreement, now: datetime) -> tuple[Due, ...]:
    """The deadlines of an anomaly alone: none once it is withdrawn, none before anybody was told of it.

    `dues_in` knows besides whether its project is in service.
    """
    if anomaly.status is Status.WITHDRAWN:
        return ()
    met_at = corrected_at(anomaly, agreement)
    pauses = _counted(anomaly.pauses, agreement, met_at)
    found = clocks.clocks(
        agreement,
        anomaly.severity,
        notified_at=anomaly.notified_at,
        acknowledged_at=anomaly.acknowledged_at,
        pauses=pauses,
    )
    indicative = has_no_deadline(anomaly)
    made = []
    if found.acknowledgement is not None:
        left = found.acknowledgement.due_at - (anomaly.acknowledged_at or now)
        made.append(
            Due(
                anomaly.id,
                Matter.ACKNOWLEDGEMENT,
                found.acknowledgement,
                anomaly.acknowledged_at,
                left,
                None,
                indicative,
            )
        )
    if found.correction is not None:
        left = clocks.time_left(found.correction.due_at, met_at or now, pauses)
        paused = clocks.frozen_at(pauses)
        made.append(Due(anomaly.id, Matter.CORRECTION, found.correction, met_at, left, paused, indicative))
    return tuple(made)


def has_no_deadline(anomaly: Anomaly) -> bool:
    """Whether it was opened in a phase in which article 6 sets no deadline: its dates are indicative."""
    return anomaly.phase in _WITHOUT_DEADLINES


def _counted(pauses: Sequence[Pause], agreement: Agreement, met_at: datetime | None) -> tuple[Pause, ...]:
    """The pauses that bear on a correction: none where the choice `pause` rules them out, none after it was made."""
    choice = agreement.choices.get("pause")
    if choice is not None and choice.value == "never":
        return ()
    if met_at is None:
        return tuple(pauses)
    return tuple(
        replace(pause, end=met_at if pause.end is None else min(pause.end, met_at))
        for pause in pauses
        if pause.start < met_at
    )


def corrected_at(anomaly: Anomaly, agreement: Agreement) -> datetime | None:
    """When it counts as corrected, by the choice `correction_end`: at the delivery that stands, or once verified."""
    choice = agreement.choices.get("correction_end")
    if choice is not None and choice.value == "verification":
        return anomaly.verified_at
    return anomaly.delivered_at


def dues_in(register: Register, anomaly: Anomaly, agreement: Agreement, now: datetime) -> tuple[Due, ...]:
    """Those of an anomaly of this register, or of one as it stood before.

    An anomaly of the recette has no deadline there (art. 6); once it comes back in service, it has one.
    """
    return tuple(
        replace(due, indicative=due.indicative and not register.counts_in_service(due.date.at))
        for due in dues(anomaly, agreement, now)
    )


def all_dues(register: Register, agreement: Agreement, now: datetime) -> tuple[Due, ...]:
    """Those of all anomalies, the first to fall first."""
    found = [due for anomaly in register.anomalies.values() for due in dues_in(register, anomaly, agreement, now)]
    return tuple(sorted(found, key=lambda due: (due.date.due_at, due.anomaly, due.matter)))


def pending(found: Iterable[Due]) -> tuple[Due, ...]:
    """Those not met yet."""
    return tuple(due for due in found if due.met_at is None)


def next_due(anomaly: Anomaly, found: Iterable[Due]) -> Due | None:
    """Among the deadlines of an anomaly that is open, the one not met yet of which least is left."""
    return min(pending(found), key=lambda due: due.left, default=None) if anomaly.is_open else None

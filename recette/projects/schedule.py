"""When phases begin and end, by the agreement and what the parties dated (ANS-CONV-001, art. 2, 4 to 8, 14). Pure."""

from __future__ import annotations

from datetime import date, datetime

from recette.agreement import anomalies, arithmetic
from recette.agreement.model import Agreement, AgreementError, Deadline, DueDate
from recette.model import Severity
from recette.monitoring.standing import promised
from recette.projects.book import Book
from recette.projects.model import (
    BREACH_NOTICE,
    BREACH_REPAIR,
    DELIVERY,
    SIGNATURE,
    SPECIFICATIONS,
    TERMINATED,
    TERMINATION_NOTICE,
    PhaseId,
    PhaseState,
    ProjectError,
)
from recette.register.model import Anomaly, Status
from sas_kernel.text import Text

GRAVE = frozenset({Severity.BLOCKING, Severity.MAJOR})
"""The severities that prolong the VSR (art. 8.1)."""

_DEVELOPMENT_START = {"signature": SIGNATURE, "specifications": SPECIFICATIONS}
_CORRECTION_END = frozenset({"delivery", "verification"})


def phase_named(id: str) -> PhaseId:
    """`ProjectError` names the phases there are."""
    try:
        return PhaseId(id)
    except ValueError:
        raise ProjectError(
            Text("Phase inconnue : « {id} ». Possibles : {known}.", "Unknown phase: '{id}'. Possible: {known}.").format(
                id=id, known=", ".join(PhaseId)
            )
        ) from None


def rule(agreement: Agreement, phase: PhaseId) -> Deadline | None:
    """The deadline that bounds a phase; None where the agreement sets none."""
    named = next((each.deadline for each in agreement.phases if each.id == phase.value), "")
    return agreement.deadlines[named] if named else None


def start(book: Book, state: PhaseState) -> datetime | None:
    """The instant from which a phase counts, which its opening here need not be; None while it is not dated.

    Development: the signature, or by choice the acceptance of the specifications. Recette: the delivery (art. 6). Mise
    en service and VSR: the certificate of the phase before (art. 7, 8, 8.1). Operation: the signature (art. 2).
    """
    milestones = book.project.milestones
    match state.id:
        case PhaseId.DEVELOPPEMENT:
            return milestones.get(_DEVELOPMENT_START[_development_start(book.agreement)])
        case PhaseId.RECETTE:
            return milestones.get(DELIVERY, state.opened_at)
        case PhaseId.EXPLOITATION:
            return milestones.get(SIGNATURE)
        case PhaseId.MISE_EN_SERVICE | PhaseId.VSR:
            before = book.project.phase(state.id.preceding) if state.id.preceding is not None else None
            return before.closed_at if before is not None and before.closed_at is not None else state.opened_at
        case PhaseId.CADRAGE:
            return state.opened_at


def planned(book: Book, state: PhaseState) -> DueDate | None:
    """When a phase ends by the rule alone, with the choices that bore on it."""
    bound, since = rule(book.agreement, state.id), start(book, state)
    return None if bound is None or since is None else arithmetic.due(book.agreement, bound.id, since)


def planned_end(book: Book, state: PhaseState) -> datetime | None:
    """When the agreement wants a phase closed, or the date that both parties put in its place; of the VSR, before when
    it may not be."""
    bound = rule(book.agreement, state.id)
    if bound is not None and state.extended_to is not None:
        return arithmetic.end_of(book.agreement, bound, state.extended_to)
    due = planned(book, state)
    end = None if due is None else due.due_at
    return _terminated(book, end) if state.id is PhaseId.EXPLOITATION else end


def _terminated(book: Book, end: datetime | None) -> datetime | None:
    """The end of the agreement: four years, a month after a letter of termination, or its termination for a breach."""
    ends = [] if end is None else [end]
    milestones = book.project.milestones
    if (notice := milestones.get(TERMINATION_NOTICE)) is not None:
        ends.append(arithmetic.due(book.agreement, "notice", notice).due_at)
    if (terminated := milestones.get(TERMINATED)) is not None:
        ends.append(arithmetic.localized(book.agreement, terminated))
    return min(ends, default=None)


def earliest_end(book: Book, state: PhaseState) -> date | None:
    """The day from which a VSR may be closed: its two months, or the last delivery of a blocking or major correction.

    None while such a correction is not delivered, and for other phases (art. 8.1).
    """
    since = start(book, state)
    if state.id is not PhaseId.VSR or since is None:
        return None
    deliveries = [anomaly.delivered_at for anomaly in _grave(book) if anomaly.delivered_at is not None]
    return anomalies.regular_service_end(book.agreement, since, deliveries, bool(awaited(book)))


def awaited(book: Book) -> tuple[str, ...]:
    """The anomalies that prolong a VSR: blocking or major, their correction not delivered (art. 8.1)."""
    return tuple(anomaly.id for anomaly in _grave(book) if anomaly.delivered_at is None)


def _grave(book: Book) -> tuple[Anomaly, ...]:
    return tuple(
        anomaly
        for anomaly in book.register.anomalies.values()
        if anomaly.severity in GRAVE and anomaly.status is not Status.WITHDRAWN
    )


def repair_due(book: Book) -> DueDate | None:
    """When a breach has to be repaired by the rule alone; None without a formal notice (art. 14)."""
    notice = book.project.milestones.get(BREACH_NOTICE)
    return None if notice is None else arithmetic.due(book.agreement, BREACH_REPAIR, notice)


def repair_end(book: Book) -> datetime | None:
    """The same, or the date that both parties agreed on."""
    due = repair_due(book)
    if due is None or book.project.repair_until is None:
        return None if due is None else due.due_at
    return arithmetic.end_of(book.agreement, due.deadline, book.project.repair_until)


def localized(book: Book, at: datetime) -> datetime:
    """An instant in the zone of the agreement."""
    return arithmetic.localized(book.agreement, at)


def check(agreement: Agreement, now: datetime) -> None:
    """`AgreementError` where it has no phases, hence leads no project, or where a choice has a value that cannot be
    read, before a date first depends on it."""
    if not agreement.phases:
        raise AgreementError(
            Text(
                "La convention « {name} » n’a pas de phases : elle ne conduit pas de projet. `recette agreement due` "
                "et `recette agreement compute` en calculent les termes.",
                "The agreement '{name}' has no phases: it leads no project. `recette agreement due` and `recette "
                "agreement compute` work out its terms.",
            ).format(name=agreement.name)
        )
    for id, deadline in agreement.deadlines.items():
        due = arithmetic.due(agreement, id, now)
        if deadline.severity is not None:
            anomalies.correction_start(agreement, due, now)
            anomalies.prolonged(agreement, due, ())
    if "availability" in agreement.choices:
        promised(agreement)
    _development_start(agreement)
    _chosen(agreement, "correction_end", _CORRECTION_END, "delivery")
    _chosen(agreement, "read_receipt", frozenset({"no", "yes"}), "no")
    _chosen(agreement, "acknowledgement_sender", frozenset({"domain", "address"}), "domain")


def _development_start(agreement: Agreement) -> str:
    return _chosen(agreement, "development_start", frozenset(_DEVELOPMENT_START), "signature")


def _chosen(agreement: Agreement, key: str, possible: frozenset[str], default: str) -> str:
    choice = agreement.choices.get(key)
    value = default if choice is None else choice.value
    if value not in possible:
        raise AgreementError(
            Text(
                "Le choix « {key} » de « {name} » vaut « {value} » ; possibles : {known}.",
                "The choice '{key}' of '{name}' is '{value}'; possible: {known}.",
            ).format(key=key, name=agreement.name, value=value, known=", ".join(sorted(possible)))
        )
    return value

"""What may be booked, by whom it may be changed into what, and when the platform is told again. Pure.

Source: interfaces of INT_R03 (statuses; what is retried and what is not); delays between attempts are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from agenda_editor.agendas import rules as agendas
from agenda_editor.agendas.model import AppointmentType, Schedule, Slot
from agenda_editor.appointments.model import (
    Appointment,
    AppointmentStatus,
    ChangeKind,
    DeliveryState,
    InvalidPatientError,
    InvalidPractitionerError,
    PatientDetails,
    TransitionError,
    Verdict,
)
from agenda_editor.associations.model import Site
from sas_kernel.errors import InvalidValueError
from sas_kernel.identifiers import PractitionerIdKind, international_phone, national_practitioner_id
from sas_kernel.text import Text

LONGEST_NAME: Final = 100
LONGEST_REASON: Final = 500

# --- booking ---------------------------------------------------------------------------------------------------------


def is_offered(slot: Slot, holder: Schedule | Site, now: int, horizon: int) -> bool:
    """Whether a regulator may book the slot: shown by a search, by appointment, of the next `horizon` ms."""
    details = slot.details
    return (
        bool(agendas.shown_with_cpts(details))
        and details.appointment_type is AppointmentType.ROUTINE
        and not (isinstance(holder, Schedule) and holder.practitioner.details.opposed)
        and now <= details.start <= now + horizon
    )


def association_of(holder: Schedule | Site) -> str | None:
    """The prefixed SIRET of whose site this is; None at a practitioner's."""
    return holder.association.details.national_id if isinstance(holder, Site) else None


def placed(appointment: Appointment, slot: Slot, holder: Schedule | Site) -> Appointment:
    """The same appointment at this slot. A practitioner has accepted by opening it; an association will say."""
    appointment = replace(
        appointment, schedule_id=holder.id, slot_id=slot.id, start=slot.details.start, end=slot.details.end
    )
    if isinstance(holder, Schedule):
        return replace(
            appointment,
            practitioner_national_id=national_id(holder),
            practitioner_name=practitioner_name(holder),
            place_name=holder.place.details.name,
            status=AppointmentStatus.BOOKED,
            association_national_id=None,
        )
    association = holder.association.details
    return replace(
        appointment,
        practitioner_national_id="",
        practitioner_name=association.name,
        place_name=holder.details.name,
        status=AppointmentStatus.PENDING,
        association_national_id=association.national_id,
    )


def doctor(typed: str) -> str:
    """The national id of who will see the patient, with its prefix; empty when nobody is named.

    Raises `InvalidPractitionerError`.
    """
    if not typed.strip():
        return ""
    for kind in PractitionerIdKind:
        try:
            return national_practitioner_id(typed, kind)
        except InvalidValueError:
            continue
    raise InvalidPractitionerError


_TITLES: Final = {"DR": "Dr", "MME": "Mme", "M": "M."}


def practitioner_name(schedule: Schedule) -> str:
    """As people read it: `Dr Théo VASSELIN`."""
    details = schedule.practitioner.details
    title = _TITLES.get(details.prefix or "", details.prefix or "")
    return " ".join(part for part in (title, details.given.strip(), details.family.strip()) if part)


def national_id(schedule: Schedule) -> str:
    """The practitioner's, with its prefix."""
    details = schedule.practitioner.details
    return national_practitioner_id(details.stored_id, details.kind)


_FROM: Final = {
    ChangeKind.MOVE: frozenset({AppointmentStatus.BOOKED}),
    ChangeKind.CANCEL: frozenset({AppointmentStatus.BOOKED, AppointmentStatus.PENDING}),
    ChangeKind.HONOUR: frozenset({AppointmentStatus.BOOKED, AppointmentStatus.NO_SHOW}),
    ChangeKind.MISS: frozenset({AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED}),
    ChangeKind.ACCEPT: frozenset({AppointmentStatus.PENDING}),
    ChangeKind.REFUSE: frozenset({AppointmentStatus.PENDING}),
}
_TO: Final = {
    ChangeKind.MOVE: AppointmentStatus.BOOKED,
    ChangeKind.CANCEL: AppointmentStatus.CANCELLED,
    ChangeKind.HONOUR: AppointmentStatus.FULFILLED,
    ChangeKind.MISS: AppointmentStatus.NO_SHOW,
    ChangeKind.ACCEPT: AppointmentStatus.BOOKED,
    ChangeKind.REFUSE: AppointmentStatus.CANCELLED,
}


def changed(status: AppointmentStatus, kind: ChangeKind) -> AppointmentStatus:
    """The status after a change. Raises `TransitionError`; cancelled is final, the two outcomes correct each other.

    What is pending waits for an association's answer, and may be withdrawn meanwhile.
    """
    if status not in _FROM[kind]:
        raise TransitionError(status)
    return _TO[kind]


# --- the patient ------------------------------------------------------------------------------------------------------

_UNSPEAKABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_UNSPEAKABLE_LINES: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def checked(patient: PatientDetails, today: date) -> PatientDetails:
    """The details in the form they are kept in. Raises `InvalidPatientError`, whose sentences repeat no value."""
    problems: dict[str, Text] = {}
    family, given = " ".join(patient.family.split()), " ".join(patient.given.split())
    for name, value in (("family", family), ("given", given)):
        if not 1 <= len(value) <= LONGEST_NAME or _UNSPEAKABLE.search(value):
            problems[name] = _NAME_WANTED
    phone = patient.phone
    try:
        phone = international_phone(phone)
    except InvalidValueError:
        problems["phone"] = _PHONE_WANTED
    if patient.birth_date is not None and patient.birth_date > today:
        problems["birth_date"] = _BIRTH_WANTED
    reason = patient.reason.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(reason) > LONGEST_REASON or _UNSPEAKABLE_LINES.search(reason):
        problems["reason"] = _REASON_WANTED
    if problems:
        raise InvalidPatientError(problems)
    return replace(patient, family=family, given=given, phone=phone, reason=reason)


_NAME_WANTED: Final = Text("Attendu : de 1 à {most} caractères.", "Expected: 1 to {most} characters.").format(
    most=LONGEST_NAME
)
_PHONE_WANTED: Final = Text(
    "Attendu : un numéro de téléphone français, de 10 chiffres ou de +33 suivi de 9 chiffres.",
    "Expected: a French phone number, of 10 digits or of +33 followed by 9 digits.",
)
_BIRTH_WANTED: Final = Text("Attendu : une date qui n’est pas à venir.", "Expected: a date that is not to come.")
_REASON_WANTED: Final = Text("Attendu : au plus {most} caractères.", "Expected: at most {most} characters.").format(
    most=LONGEST_REASON
)

# --- telling the platform ---------------------------------------------------------------------------------------------

_FIRST_DELAY: Final = 1_000
_LONGEST_DELAY: Final = 300_000
_LONGEST_WAIT: Final = 3_600_000  # of what the platform may ask for: a mistyped year must not stop a message for ever
_BUSY: Final = frozenset({408, 429})
_ABSENT: Final = frozenset({502, 503, 504})  # a proxy answers in its place


def judged(status: int, codes: Iterable[str], retry_after: str | None, now: int) -> Verdict:
    """What an answer means. `codes`: those of its OperationOutcome, if it was one; `retry_after`: the header."""
    answer = " ".join([str(status), *codes])
    if 200 <= status < 300:
        return Verdict(DeliveryState.ACCEPTED, answer)
    if status in _BUSY or status >= 500:
        wait = _wait(retry_after, now)
        return Verdict(DeliveryState.PENDING, answer, wait, outage=status in _ABSENT and wait is None)
    return Verdict(DeliveryState.REFUSED, answer)


def failed(kind: str) -> Verdict:
    """What it means that no whole answer came, `kind` being the kind of failure."""
    return Verdict(DeliveryState.PENDING, kind, outage=True)


def next_attempt(now: int, attempt: int, verdict: Verdict, chance: float) -> int | None:
    """When to try again after the `attempt`-th attempt, counted from 1; `None` when the message is settled.

    Each delay is twice the one before, up to five minutes, of which `chance` (0 to 1) leaves between a half and the
    whole: so that what failed together does not come back together.
    """
    if verdict.state is not DeliveryState.PENDING:
        return None
    longest = min(_FIRST_DELAY << min(attempt - 1, 20), _LONGEST_DELAY)
    return now + max(int(longest * (1 + chance) / 2), verdict.wait or 0)


def _wait(retry_after: str | None, now: int) -> int | None:
    """Milliseconds of a Retry-After header, which is a number of seconds or a date; `None` when it is neither."""
    value = (retry_after or "").strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:9]) * 1000, _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    wait = (until - datetime.fromtimestamp(now / 1000, UTC)).total_seconds() * 1000
    return min(max(int(wait), 0), _LONGEST_WAIT)

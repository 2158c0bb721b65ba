"""From agendas and appointments to their pages, in the reader's language. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Final

from agenda_editor.agendas import fhir as names
from agenda_editor.agendas import rules as agendas
from agenda_editor.agendas.model import AppointmentType, ConsultationType, Schedule, Slot, SlotStatus
from agenda_editor.appointments import rules as booking
from agenda_editor.appointments.model import (
    Appointment,
    AppointmentStatus,
    Change,
    ChangeKind,
    Delivery,
    InvalidPatientError,
    PatientDetails,
    TransitionError,
)
from agenda_editor.associations import fhir as associations
from agenda_editor.associations.model import Site
from agenda_editor.web.model import (
    AgendaView,
    AppointmentView,
    Day,
    DeliveryView,
    PatientForm,
    PlaceView,
    SlotLine,
    SlotState,
    SlotView,
    Viewer,
)
from sas_fhir import instants
from sas_kernel.text import Lang, Text

_KINDS: Final = {
    ConsultationType.AMB: Text("au cabinet", "at the practice"),
    ConsultationType.VR: Text("téléconsultation", "teleconsultation"),
    ConsultationType.HH: Text("à domicile", "at home"),
}

_WEEKDAYS: Final = (
    Text("lundi", "Monday"),
    Text("mardi", "Tuesday"),
    Text("mercredi", "Wednesday"),
    Text("jeudi", "Thursday"),
    Text("vendredi", "Friday"),
    Text("samedi", "Saturday"),
    Text("dimanche", "Sunday"),
)
_MONTHS: Final = (
    Text("janvier", "January"),
    Text("février", "February"),
    Text("mars", "March"),
    Text("avril", "April"),
    Text("mai", "May"),
    Text("juin", "June"),
    Text("juillet", "July"),
    Text("août", "August"),
    Text("septembre", "September"),
    Text("octobre", "October"),
    Text("novembre", "November"),
    Text("décembre", "December"),
)

_STATUSES: Final = {
    AppointmentStatus.PENDING: (Text("En attente", "Pending"), "warn"),
    AppointmentStatus.BOOKED: (Text("Confirmé", "Booked"), "pass"),
    AppointmentStatus.FULFILLED: (Text("Honoré", "Honoured"), "pass"),
    AppointmentStatus.NO_SHOW: (Text("Patient absent", "No-show"), "warn"),
    AppointmentStatus.CANCELLED: (Text("Annulé", "Cancelled"), "skip"),
}
_CHANGES: Final = {
    ChangeKind.BOOK: Text("Rendez-vous pris", "Booked"),
    ChangeKind.MOVE: Text("Rendez-vous déplacé", "Moved"),
    ChangeKind.CANCEL: Text("Rendez-vous annulé", "Cancelled"),
    ChangeKind.HONOUR: Text("Patient venu", "Patient came"),
    ChangeKind.MISS: Text("Patient absent", "Patient did not come"),
    ChangeKind.ACCEPT: Text("Demande acceptée", "Request accepted"),
    ChangeKind.REFUSE: Text("Demande refusée", "Request refused"),
}

_ASKED: Final = Text("Rendez-vous demandé", "Requested")

_NUMBER: Final = r"([1-9][0-9]{0,17})"
_SCHEDULE: Final = re.compile("ag-" + _NUMBER)
_SITE: Final = re.compile("pfg-" + _NUMBER)
_SLOT: Final = re.compile("cr-" + _NUMBER)
_BIRTH: Final = Text("Attendu : une date (JJ/MM/AAAA).", "Expected: a date.")


def language(asked: str | None) -> Lang:
    """French unless English is asked for by name."""
    return Lang.EN if asked == Lang.EN else Lang.FR


def schedule_number(name: str) -> int | None:
    """The agenda that an address names."""
    return _number(_SCHEDULE, name)


def site_number(name: str) -> int | None:
    """The site that an address names."""
    return _number(_SITE, name)


def slot_number(name: str) -> int | None:
    """The slot that an address or a form names."""
    return _number(_SLOT, name)


def _number(form: re.Pattern[str], name: str) -> int | None:
    match = form.fullmatch(name)
    return None if match is None else int(match.group(1))


# --- agendas ----------------------------------------------------------------------------------------------------------


def state(slot: Slot, holder: Schedule | Site, viewer: Viewer, now: int, horizon: int) -> SlotState | None:
    """What a slot is to who looks at it; `None` when it is not for his eyes."""
    details = slot.details
    walk_in = details.appointment_type is AppointmentType.WALKIN
    if viewer is Viewer.STAFF:
        if details.status is SlotStatus.FREE:
            return SlotState.WALK_IN if walk_in else SlotState.FREE
        return SlotState.TAKEN if details.status is SlotStatus.BUSY else None
    if viewer is Viewer.OTHER:
        if not agendas.is_public(details):
            return None
        return SlotState.WALK_IN if walk_in else SlotState.FREE
    if booking.is_offered(slot, holder, now, horizon):
        return SlotState.BOOKABLE
    if isinstance(holder, Schedule) and holder.practitioner.details.opposed:
        return None
    if agendas.shown_with_cpts(details):
        return SlotState.WALK_IN if walk_in else None
    # A slot that was shown before somebody took it.
    was_shown = details.status is SlotStatus.BUSY and not details.own_patients_only and not walk_in
    return SlotState.TAKEN if was_shown and agendas.regulators_types(details) else None


def place_view(schedule: Schedule) -> PlaceView:
    who, where = schedule.practitioner.details, schedule.place.details
    return PlaceView(
        path=f"/agenda/{names.schedule_name(schedule.id)}",
        practitioner=booking.practitioner_name(schedule),
        specialty=(who.specialty.label or "") if who.specialty else "",
        place=where.name,
        address=f"{where.line}, {where.postal_code} {where.city}",
        phone=where.phone or "",
    )


def place_of_site(site: Site) -> PlaceView:
    where = site.details
    return PlaceView(
        path=associations.site_path(site.id),
        practitioner=site.association.details.name,
        specialty="",
        place=where.name,
        address=f"{where.line}, {where.postal_code} {where.city}",
        phone=where.phone or "",
        is_site=True,
    )


def site_view(
    number: int, pages: Mapping[int, tuple[Site, Sequence[tuple[Slot, SlotState]]]], chosen: str, lang: Lang
) -> AgendaView:
    """One site among all of its association; `pages` by number, slots by start."""
    head, slots = pages[number]
    days = _days(slots, chosen, lang, {})
    return AgendaView(
        head=place_of_site(head),
        days=days,
        chosen=next((line for day in days for line in day.slots if line.chosen), None),
        others=tuple(
            (place_of_site(other), _count_open(found)) for one, (other, found) in pages.items() if one != number
        ),
    )


def _count_open(slots: Sequence[tuple[Slot, SlotState]]) -> int:
    return sum(kind in {SlotState.BOOKABLE, SlotState.FREE} for _, kind in slots)


def communities_of(slots: Sequence[tuple[Slot, SlotState]]) -> set[int]:
    """The CPTS that these slots are shown to."""
    return {number for slot, _ in slots if agendas.is_shared(slot.details) for number in slot.details.communities}


def agenda_view(
    schedule: Schedule,
    pages: Mapping[int, tuple[Schedule, Sequence[tuple[Slot, SlotState]]]],
    chosen: str,
    lang: Lang,
    communities: Mapping[int, str],
) -> AgendaView:
    """One agenda among all of its practitioner; `pages` by number, slots by start, names of CPTS by number."""
    slots = pages[schedule.id][1]
    days = _days(slots, chosen, lang, communities)
    return AgendaView(
        head=place_view(schedule),
        days=days,
        chosen=next((line for day in days for line in day.slots if line.chosen), None),
        others=tuple(
            (place_view(other), _count_open(found)) for number, (other, found) in pages.items() if number != schedule.id
        ),
        communities=tuple(sorted(communities.values())),
    )


def _days(
    slots: Sequence[tuple[Slot, SlotState]], chosen: str, lang: Lang, communities: Mapping[int, str]
) -> tuple[Day, ...]:
    days = groupby(slots, lambda pair: instants.to_datetime(pair[0].details.start).date())
    return tuple(
        Day(day_name(day, lang), tuple(_line(slot, kind, chosen, lang, communities) for slot, kind in group))
        for day, group in days
    )


def slot_view(slot: Slot, kind: SlotState, lang: Lang) -> SlotView:
    day = instants.to_datetime(slot.details.start).date()
    return SlotView(day_name(day, lang), _line(slot, kind, "", lang, {}))


def choices(
    slots: Sequence[tuple[Slot, SlotState]], lang: Lang, most: int | None = None
) -> tuple[tuple[SlotView, int], ...]:
    """Slots to choose from, each with the number of its agenda."""
    found = [(slot_view(slot, kind, lang), slot.schedule_id) for slot, kind in slots if kind is SlotState.BOOKABLE]
    return tuple(found[:most])


def day_name(day: date, lang: Lang) -> str:
    ordinal = "1er" if day.day == 1 and lang is Lang.FR else str(day.day)
    return f"{_WEEKDAYS[day.weekday()].to(lang)} {ordinal} {_MONTHS[day.month - 1].to(lang)}"


def _line(slot: Slot, kind: SlotState, chosen: str, lang: Lang, communities: Mapping[int, str]) -> SlotLine:
    details = slot.details
    start, end = instants.to_datetime(details.start), instants.to_datetime(details.end)
    name = names.slot_name(slot.id)
    return SlotLine(
        name=name,
        state=kind,
        time=f"{start:%H:%M}",
        until=f"{end:%H:%M}",
        instant=instants.formatted(details.start),
        kinds=tuple(_KINDS[kind].to(lang) for kind in details.consultation_types),
        reasons=details.reasons,
        chosen=name == chosen,
        communities=tuple(communities[number] for number in details.communities if number in communities),
    )


# --- appointments -----------------------------------------------------------------------------------------------------


def when(at: int, lang: Lang) -> str:
    """`lundi 10 mars, 09:00`, in Paris."""
    instant = instants.to_datetime(at)
    return f"{day_name(instant.date(), lang)}, {instant:%H:%M}"


def appointment_view(appointment: Appointment, lang: Lang) -> AppointmentView:
    label, tone = _STATUSES[appointment.status]
    end = instants.to_datetime(appointment.end)
    return AppointmentView(
        key=appointment.key,
        status=appointment.status.value,
        label=label.to(lang),
        tone=tone,
        when=f"{when(appointment.start, lang)} – {end:%H:%M}",
        instant=instants.formatted(appointment.start),
        practitioner=appointment.practitioner_name,
        place=appointment.place_name,
        is_sos=appointment.association_national_id is not None,
        doctor=appointment.practitioner_national_id if appointment.association_national_id is not None else "",
    )


def can(appointment: Appointment, kind: ChangeKind) -> bool:
    """Whether the appointment is in a state from which this can be done."""
    try:
        booking.changed(appointment.status, kind)
    except TransitionError:
        return False
    return True


def agenda_path(appointment: Appointment) -> str:
    """The page of the agenda, or of the site, where the appointment is."""
    if appointment.association_national_id is not None:
        return associations.site_path(appointment.schedule_id)
    return f"/agenda/{names.schedule_name(appointment.schedule_id)}"


def history(changes: Sequence[Change], lang: Lang) -> tuple[tuple[str, str], ...]:
    """When and what, oldest first."""
    return tuple((when(change.at, lang), _what(change).to(lang)) for change in changes)


def _what(change: Change) -> Text:
    asked = change.kind is ChangeKind.BOOK and change.after is AppointmentStatus.PENDING
    return _ASKED if asked else _CHANGES[change.kind]


def delivery_view(delivery: Delivery, lang: Lang) -> DeliveryView:
    def at(instant: int | None) -> str:
        return "" if instant is None else when(instant, lang)

    return DeliveryView(
        id=delivery.id,
        key=delivery.appointment_key,
        label=_STATUSES[delivery.status][0].to(lang),
        created=at(delivery.created_at),
        attempts=delivery.attempts,
        last=at(delivery.last_attempt_at),
        next=at(delivery.next_attempt_at),
        answer=delivery.last_answer,
    )


# --- the booking form -------------------------------------------------------------------------------------------------


def patient_form(fields: Mapping[str, str]) -> PatientForm:
    return PatientForm(**{name: fields.get(name, "") for name in ("family", "given", "birth_date", "phone", "reason")})


def patient(form: PatientForm, today: date) -> PatientDetails:
    """Who comes. Raises `InvalidPatientError` with everything that is to be corrected."""
    problems: dict[str, Text] = {}
    born: date | None = None
    if form.birth_date.strip():
        try:
            born = date.fromisoformat(form.birth_date.strip())
        except ValueError:
            problems["birth_date"] = _BIRTH
    details = PatientDetails(form.family, form.given, born, form.phone, form.reason)
    try:
        details = booking.checked(details, today)
    except InvalidPatientError as error:
        problems = {**error.fields, **problems}
    if problems:
        raise InvalidPatientError(problems)
    return details

"""`/reservation/…` and `/rendez-vous/…`: booking, and what becomes of an appointment."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agenda_editor.agendas.model import Schedule, Slot, UnknownScheduleError, UnknownSlotError
from agenda_editor.appointments import rules as booking
from agenda_editor.appointments.model import (
    Appointment,
    ChangeKind,
    InvalidPatientError,
    InvalidPractitionerError,
    SlotTakenError,
    TransitionError,
    UnknownAppointmentError,
)
from agenda_editor.associations.model import Site, UnknownSiteError
from agenda_editor.dependencies import state_of
from agenda_editor.sso.model import SignedIn
from agenda_editor.web import rules
from agenda_editor.web.endpoints import (
    PageRoute,
    hours_ahead,
    language,
    leave,
    localized,
    now_of,
    page,
    posted,
    require,
    seen,
    visitor,
)
from agenda_editor.web.model import PatientForm, PlaceView, SlotState, Viewer
from sas_fhir import instants

_HOUR: Final = 3_600_000
_OFFERED: Final = (
    ChangeKind.MOVE,
    ChangeKind.CANCEL,
    ChangeKind.HONOUR,
    ChangeKind.MISS,
    ChangeKind.ACCEPT,
    ChangeKind.REFUSE,
)
_CHOICES: Final = 12  # slots offered instead of one that was taken
_STAFF_SINCE, _STAFF_UNTIL = 24 * _HOUR, 14 * 24 * _HOUR

_KEY: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

router = APIRouter(route_class=PageRoute, include_in_schema=False)


# --- booking ----------------------------------------------------------------------------------------------------------


@router.get("/reservation/{name}")
async def booking_page(request: Request) -> Response:
    require(await visitor(request), Viewer.REGULATOR)
    return await _booking_page(request, PatientForm())


@router.post("/reservation/{name}")
async def book(request: Request) -> Response:
    person = await visitor(request)
    require(person, Viewer.REGULATOR)
    state = state_of(request)
    now = now_of(state)
    fields = await posted(request)
    form = rules.patient_form(fields)
    slot_id = _slot_number(request.path_params["name"])
    # From the page of a slot that was taken, another one is chosen by name.
    if "slot" in fields:
        slot_id = _slot_number(fields["slot"])
    assert person.regulator_id is not None
    try:
        patient = rules.patient(form, instants.to_datetime(now).date())
        appointment = await state.appointments.book(slot_id, person.regulator_id, patient, now)
    except InvalidPatientError as error:
        return await _booking_page(request, form, error, slot_id)
    except SlotTakenError:
        return await _taken_page(request, form, slot_id)
    return leave(request, localized(request, f"/rendez-vous/{appointment.key}?nouveau=1"))


async def _booking_page(
    request: Request, form: PatientForm, error: InvalidPatientError | None = None, slot_id: int | None = None
) -> Response:
    state, lang = state_of(request), language(request)
    slot_id = _slot_number(request.path_params["name"]) if slot_id is None else slot_id
    slot, holder = await _opening(request, slot_id)
    if not booking.is_offered(slot, holder, now_of(state), hours_ahead() * _HOUR):
        return await _taken_page(request, form, slot_id)
    return page(
        request,
        "booking.html",
        status=200 if error is None else 422,
        view=rules.slot_view(slot, SlotState.BOOKABLE, lang),
        head=rules.place_view(holder) if isinstance(holder, Schedule) else rules.place_of_site(holder),
        form=form,
        errors={name: text.to(lang) for name, text in error.fields.items()} if error else {},
        longest_name=booking.LONGEST_NAME,
        longest_reason=booking.LONGEST_REASON,
    )


async def _taken_page(request: Request, form: PatientForm, slot_id: int) -> Response:
    """Somebody was faster. What was typed is kept, for one of the other slots of the same agenda."""
    state, lang = state_of(request), language(request)
    now = now_of(state)
    until = now + hours_ahead() * _HOUR
    slot, holder = await _opening(request, slot_id)
    places: dict[int, PlaceView] = {}
    others: list[tuple[Slot, SlotState]] = []
    if isinstance(holder, Schedule):
        for found in await state.agendas.pages_of(holder.practitioner.id, now, until):
            places[found.schedule.id] = rules.place_view(found.schedule)
            others += seen(found.schedule, found.slots, Viewer.REGULATOR, now)
    else:
        for one in await state.associations.pages_of(holder.id, now, until):
            places[one.site.id] = rules.place_of_site(one.site)
            others += seen(one.site, one.slots, Viewer.REGULATOR, now)
    return page(
        request,
        "taken.html",
        status=409,
        view=rules.slot_view(slot, SlotState.TAKEN, lang),
        head=places[holder.id],
        places=places,
        choices=rules.choices(sorted(others, key=lambda pair: pair[0].details.start), lang, _CHOICES),
        form=form,
    )


async def _opening(request: Request, slot_id: int) -> tuple[Slot, Schedule | Site]:
    """A slot with the agenda or the site that offers it: its number does not say which. Raises `UnknownSlotError`."""
    state = state_of(request)
    try:
        return await state.agendas.opening(slot_id)
    except UnknownSlotError:
        return await state.associations.opening(slot_id)


def _slot_number(name: str) -> int:
    number = rules.slot_number(name)
    if number is None:
        raise UnknownSlotError(0)
    return number


# --- appointments -----------------------------------------------------------------------------------------------------


@router.get("/rendez-vous")
async def appointments_page(request: Request) -> Response:
    """A regulator's own, newest first; for the staff those of every agenda, by time."""
    person = await visitor(request)
    require(person, Viewer.REGULATOR, Viewer.STAFF)
    state, lang = state_of(request), language(request)
    now = now_of(state)
    if person.regulator_id is None:
        found = await state.appointments.all(now - _STAFF_SINCE, now + _STAFF_UNTIL)
    else:
        found = await state.appointments.of_regulator(person.regulator_id)
    return page(request, "appointments.html", appointments=[rules.appointment_view(one, lang) for one in found])


@router.get("/rendez-vous/{key}")
async def appointment_page(request: Request) -> Response:
    appointment = await _own(request, await visitor(request))
    return await _appointment_page(request, appointment)


async def _appointment_page(request: Request, appointment: Appointment, error: str = "") -> Response:
    state, lang = state_of(request), language(request)
    return page(
        request,
        "appointment.html",
        status=409 if error else 200,
        view=rules.appointment_view(appointment, lang),
        patient=await state.appointments.patient(appointment.key),
        changes=rules.history(await state.appointments.history(appointment.key), lang),
        can={kind.value: rules.can(appointment, kind) for kind in _OFFERED},
        agenda=rules.agenda_path(appointment),
        new="nouveau" in request.query_params,
        error=error,
    )


async def _own(request: Request, person: SignedIn) -> Appointment:
    """The appointment of the address. That of another regulator is unknown to this one."""
    require(person, Viewer.REGULATOR, Viewer.STAFF)
    key = request.path_params["key"]
    if _KEY.fullmatch(key) is None:
        raise UnknownAppointmentError
    appointment = await state_of(request).appointments.get(key)
    if not person.is_staff and appointment.regulator_id != person.regulator_id:
        raise UnknownAppointmentError
    return appointment


@router.post("/rendez-vous/{key}/annulation")
async def cancel(request: Request) -> Response:
    return await _change(request, state_of(request).appointments.cancel)


@router.post("/rendez-vous/{key}/acceptation")
async def accept(request: Request) -> Response:
    """An association's staff take the patient, and may say who will see him."""
    require(await visitor(request, back=f"/rendez-vous/{request.path_params['key']}"), Viewer.STAFF)
    return await _change(request, state_of(request).appointments.accept, "doctor")


@router.post("/rendez-vous/{key}/refus")
async def refuse(request: Request) -> Response:
    require(await visitor(request, back=f"/rendez-vous/{request.path_params['key']}"), Viewer.STAFF)
    return await _change(request, state_of(request).appointments.refuse)


@router.post("/rendez-vous/{key}/honore")
async def honour(request: Request) -> Response:
    return await _change(request, state_of(request).appointments.honour)


@router.post("/rendez-vous/{key}/absence")
async def mark_absent(request: Request) -> Response:
    return await _change(request, state_of(request).appointments.mark_absent)


async def _change(request: Request, change: Callable[..., Awaitable[Appointment]], *names: str) -> Response:
    """`names`: fields of the form that the change is told, after the appointment and the time."""
    back = f"/rendez-vous/{request.path_params['key']}"
    person = await visitor(request, back=back)
    fields = await posted(request)
    appointment = await _own(request, person)
    try:
        await change(appointment.key, now_of(state_of(request)), *(fields.get(name, "") for name in names))
    except (TransitionError, InvalidPractitionerError) as error:
        current = await _own(request, person)
        return await _appointment_page(request, current, error.text.to(language(request)))
    return leave(request, localized(request, back))


@router.get("/rendez-vous/{key}/deplacement")
async def move_page(request: Request) -> Response:
    appointment = await _own(request, await visitor(request))
    return await _move_page(request, appointment)


async def _move_page(request: Request, appointment: Appointment, error: str = "") -> Response:
    """The other slots of the same practitioner, at all his places; of an association, at all its sites."""
    state, lang = state_of(request), language(request)
    now = now_of(state)
    choices = []
    places = {}
    asked_again = appointment.association_national_id is not None
    try:
        if asked_again:
            for one in await state.associations.pages_of(appointment.schedule_id, now, now + hours_ahead() * _HOUR):
                places[one.site.id] = rules.place_of_site(one.site)
                choices += seen(one.site, one.slots, Viewer.REGULATOR, now)
        else:
            practitioner = (await state.agendas.page(appointment.schedule_id, now, now)).schedule.practitioner
            for found in await state.agendas.pages_of(practitioner.id, now, now + hours_ahead() * _HOUR):
                places[found.schedule.id] = rules.place_view(found.schedule)
                choices += seen(found.schedule, found.slots, Viewer.REGULATOR, now)
    except (UnknownScheduleError, UnknownSiteError):
        pass  # the agenda is no longer held here: there is nothing to choose from
    return page(
        request,
        "move.html",
        status=409 if error else 200,
        view=rules.appointment_view(appointment, lang),
        possible=rules.can(appointment, ChangeKind.MOVE),
        choices=rules.choices(sorted(choices, key=lambda pair: pair[0].details.start), lang),
        places=places,
        asked_again=asked_again,
        error=error,
    )


@router.post("/rendez-vous/{key}/deplacement")
async def move(request: Request) -> Response:
    person = await visitor(request)
    fields = await posted(request)
    state, lang = state_of(request), language(request)
    appointment = await _own(request, person)
    try:
        await state.appointments.move(appointment.key, _slot_number(fields.get("slot", "")), now_of(state))
    except (SlotTakenError, TransitionError) as error:
        return await _move_page(request, await _own(request, person), error.text.to(lang))
    return leave(request, localized(request, f"/rendez-vous/{appointment.key}"))

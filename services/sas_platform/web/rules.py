"""From a merged search to what the page prints. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from sas_kernel.clock import PARIS
from sas_kernel.text import Lang, Text
from sas_platform.appointments import rules as appointments
from sas_platform.appointments.model import Category, Change, Content, History, Message, Oddity, Status
from sas_platform.slot_search.fhir import details
from sas_platform.slot_search.model import (
    Booking,
    ConsultationType,
    Cpts,
    Offer,
    Site,
    Slot,
)
from sas_platform.slot_search.places.fhir import folded
from sas_platform.slot_search.rules import Merge
from sas_platform.web.model import (
    AppointmentLine,
    Card,
    CptsLine,
    Day,
    DayColumn,
    Directory,
    DirectoryAssociation,
    DirectoryEntry,
    DirectoryPlace,
    HappeningLine,
    Kind,
    NoSlotLine,
    SearchForm,
    SlotCell,
    StateFilter,
)

DAYS = 3
SHOWN_A_DAY = 8  # more of a day's slots are one key press away


# --- whom to ask -----------------------------------------------------------------------------------------------------


def written_ids(text: str) -> tuple[str, ...]:
    """The ids of a text area: separated by blanks, commas or semicolons."""
    return tuple(value for value in re.split(r"[\s,;]+", text) if value)


def is_siret(written: str) -> bool:
    """Of the ids a regulator writes, those of SOS Médecins associations: 14 digits, or 15 with the prefix."""
    return bool(re.fullmatch(r"3?[0-9]{14}", written))


def found_in(directory: Directory, form: SearchForm) -> tuple[DirectoryEntry, ...]:
    """Entries of the specialty and of the place (a city's name or a postal code, whole or its beginning)."""
    specialty = form.specialty.strip()
    return tuple(
        entry
        for entry in directory.entries.values()
        if (not specialty or specialty == specialty_value(entry)) and _is_there(entry.places, form.where)
    )


_GENERAL_MEDICINE = "SM54"


def associations_in(directory: Directory, form: SearchForm) -> tuple[DirectoryAssociation, ...]:
    """The SOS Médecins associations of the place: their doctors are general practitioners, and found as such."""
    if form.specialty.strip() not in {"", _GENERAL_MEDICINE}:
        return ()
    return tuple(each for each in directory.associations.values() if _is_there(each.places, form.where))


def _is_there(places: Iterable[DirectoryPlace], written: str) -> bool:
    where = folded(written)
    return not where or any(
        folded(place.city).startswith(where) or place.postal_code.startswith(where) for place in places
    )


def specialty_value(entry: DirectoryEntry) -> str:
    return entry.specialty_code or entry.specialty


def end_of_columns(now: datetime, horizon: timedelta) -> datetime:
    """The end of the third day shown, Europe/Paris, never beyond the horizon (a day may last 25 hours)."""
    last_day = now.astimezone(PARIS).date() + timedelta(days=DAYS - 1)
    return min(datetime.combine(last_day, time(23, 59, 59), tzinfo=PARIS), now + horizon)


# --- days and times --------------------------------------------------------------------------------------------------

_WEEKDAYS = (
    Text("lundi", "Monday"),
    Text("mardi", "Tuesday"),
    Text("mercredi", "Wednesday"),
    Text("jeudi", "Thursday"),
    Text("vendredi", "Friday"),
    Text("samedi", "Saturday"),
    Text("dimanche", "Sunday"),
)
_MONTHS = (
    Text("janv.", "Jan"),
    Text("févr.", "Feb"),
    Text("mars", "Mar"),
    Text("avr.", "Apr"),
    Text("mai", "May"),
    Text("juin", "Jun"),
    Text("juil.", "Jul"),
    Text("août", "Aug"),
    Text("sept.", "Sep"),
    Text("oct.", "Oct"),
    Text("nov.", "Nov"),
    Text("déc.", "Dec"),
)
_TODAY, _TOMORROW = Text("Aujourd’hui", "Today"), Text("Demain", "Tomorrow")


def days(now: datetime, lang: Lang) -> tuple[Day, ...]:
    """Today, tomorrow and the day after, as they are in Europe/Paris."""
    today = now.astimezone(PARIS).date()
    return tuple(_day(today + timedelta(days=ahead), ahead, lang) for ahead in range(DAYS))


def _day(day: date, ahead: int, lang: Lang) -> Day:
    weekday, month = _WEEKDAYS[day.weekday()].to(lang), _MONTHS[day.month - 1].to(lang)
    number = "1er" if day.day == 1 and lang is Lang.FR else str(day.day)
    if ahead > 1:
        return Day(day, weekday.capitalize(), f"{number} {month}")
    short = weekday[:3] if lang is Lang.EN else f"{weekday[:3]}."
    return Day(day, (_TOMORROW if ahead else _TODAY).to(lang), f"{short} {number} {month}")


def clock_time(instant: datetime, lang: Lang) -> str:
    return instant.astimezone(PARIS).strftime("%Hh%M" if lang is Lang.FR else "%H:%M")


# --- cards -----------------------------------------------------------------------------------------------------------

_KIND = {
    ConsultationType.AMB: Text("au cabinet", "at the practice"),
    ConsultationType.VR: Text("en téléconsultation", "by teleconsultation"),
    ConsultationType.HH: Text("à domicile", "at home"),
}


def kinds(codes: Iterable[str], lang: Lang) -> tuple[Kind, ...]:
    """C, T, D in that order; codes the platform does not handle are passed over."""
    given = set(codes)
    return tuple(Kind(kind.value, kind.letter, _KIND[kind].to(lang)) for kind in ConsultationType if kind in given)


_ON_DUTY = Text("médecin de garde, confirmé par l’association", "doctor on duty, confirmed by the association")


def card(offer: Offer, directory: Directory, shown: Sequence[Day], names: Mapping[str, str], lang: Lang) -> Card:
    """The card of one practitioner at one place, or of one site. The directory's spelling wins over an editor's."""
    owner, place = offer.key[0], offer.place
    if isinstance(offer, Site):
        association = directory.associations.get(owner)
        name = association.name if association else offer.association.name
        specialty, number = _ON_DUTY.to(lang), place.phone or offer.association.phone
    else:
        who, entry = offer.practitioner, directory.entries.get(owner)
        name = _name(entry.prefix, entry.family, entry.given) if entry else _name(who.prefix, who.family, who.given)
        specialty, number = entry.specialty if entry else "", place.phone
    key = hashlib.sha256(f"{owner}|{place.key}".encode()).hexdigest()[:12]
    by_day: dict[date, list[SlotCell]] = {day.date: [] for day in shown}
    for slot in offer.slots:
        day = slot.start.astimezone(PARIS).date()
        if day in by_day:
            by_day[day].append(_cell(slot, key, names, lang))
    earliest = offer.slots[0].start.timestamp()
    return Card(
        key=key,
        order=f"{earliest:015.3f} {folded(name)} {key}",
        name=name or owner,
        specialty=specialty,
        place=place.name,
        address=_address(place.line, place.postal_code, place.city),
        phone=phone(number),
        phone_href=_phone_href(number),
        columns=tuple(
            DayColumn(day, tuple(by_day[day.date][:SHOWN_A_DAY]), tuple(by_day[day.date][SHOWN_A_DAY:]))
            for day in shown
        ),
        cpts=tuple(
            CptsLine(_cpts_name(each), phone(each.phone), _phone_href(each.phone))
            for each in dict.fromkeys(each for slot in offer.slots for each in slot.cpts)
        ),
        sos=isinstance(offer, Site),
    )


def _cpts_name(cpts: Cpts) -> str:
    """`CPTS des Deux Rives`, whether its name says so or not."""
    if not cpts.name:
        return f"CPTS {cpts.structure_id}"
    return cpts.name if folded(cpts.name).split()[:1] == ["cpts"] else f"CPTS {cpts.name}"


def _cell(slot: Slot, card_key: str, names: Mapping[str, str], lang: Lang) -> SlotCell:
    said = details(slot.resource)
    walkin = said.booking == Booking.WALKIN
    return SlotCell(
        key=hashlib.sha256(f"{card_key}|{slot.editor}|{slot.id}".encode()).hexdigest()[:12],
        time=clock_time(slot.start, lang),
        instant=slot.start.isoformat(timespec="minutes"),
        kinds=kinds(said.consultation_types, lang),
        walkin=walkin,
        href=None if walkin else slot.booking_url,
        editor=names.get(slot.editor, slot.editor),
        note=", ".join(said.reasons[:3]),
        cpts=tuple(_cpts_name(each) for each in slot.cpts) or (("CPTS",) if "CPTS" in said.slot_types else ()),
    )


def without_slots(asked: Iterable[str], merged: Merge, directory: Directory) -> tuple[NoSlotLine, ...]:
    """Whoever was asked and has no card, with the phones to call all the same."""
    return tuple(_no_slot_line(each, directory) for each in asked if not merged.has(each))


def _no_slot_line(national_id: str, directory: Directory) -> NoSlotLine:
    entry, association = directory.entries.get(national_id), directory.associations.get(national_id)
    if association is not None:
        sites = tuple(_where(p, p.name) for p in association.places)
        return NoSlotLine(
            association.name, "", (("", phone(association.phone), _phone_href(association.phone)), *sites)
        )
    if entry is not None:
        name = _name(entry.prefix, entry.family, entry.given)
        return NoSlotLine(name, entry.specialty, tuple(_where(p) for p in entry.places))
    return NoSlotLine(national_id, "", ())


def _where(place: DirectoryPlace, name: str = "") -> tuple[str, str, str]:
    address = _address(place.line, place.postal_code, place.city)
    return ", ".join(filter(None, (name, address))), phone(place.phone), _phone_href(place.phone)


def _name(prefix: str, family: str, given: str) -> str:
    title = {"DR": "Dr", "M": "M.", "MME": "Mme", "PR": "Pr"}.get(prefix.upper(), prefix)
    return " ".join(part for part in (title, family, given) if part)


def _address(line: str, postal_code: str, city: str) -> str:
    return ", ".join(part for part in (line, f"{postal_code} {city}".strip()) if part)


def phone(number: str) -> str:
    """`01 99 00 00 12` from `+33199000012`; overseas and foreign numbers stay as they are."""
    digits = re.sub(r"[\s.\-]", "", number)
    national = re.fullmatch(r"(?:\+33|0)([0-9]{9})", digits)
    if not national:
        return number
    pairs = "0" + national.group(1)
    return " ".join(pairs[at : at + 2] for at in range(0, 10, 2))


def _phone_href(number: str) -> str:
    digits = re.sub(r"[^+0-9]", "", number)
    return f"tel:{digits}" if digits else ""


# --- appointments ----------------------------------------------------------------------------------------------------

_TONE = {
    Status.PENDING: "warn",
    Status.BOOKED: "pass",
    Status.FULFILLED: "skip",
    Status.NO_SHOW: "error",
    Status.CANCELLED: "fail",
}
_ALL = Text("Tous", "All")


def appointment_line(history: History, directory: Directory, now: datetime, lang: Lang) -> AppointmentLine:
    """One appointment as its last change left it, and everything that was told of it, oldest first."""
    content = history.appointment.content
    entry = directory.entries.get(content.practitioner or "")
    changed = [message for message in history.messages if message.changes]
    refused = appointments.is_refused(history.messages)
    return AppointmentLine(
        key=f"rdv-{history.appointment.id}",
        status=content.status.value,
        state=(appointments.REFUSED if refused else appointments.STATUS[content.status]).to(lang),
        tone=_TONE[content.status],
        headline=_headline(content, changed[-1] if changed else None, directory, now, lang),
        day=_date(content.start, now, lang, always=True),
        hours=f"{_hour(content.start)} – {_hour(content.end)}",
        instant=content.start.isoformat(timespec="minutes"),
        practitioner=_practitioner(content, directory, lang),
        specialty=entry.specialty if entry else "",
        happenings=tuple(_happening(message, now, lang) for message in history.messages if _is_told(message)),
    )


def state_filters(counts: Mapping[Status, int], shown: Status | None, lang: Lang) -> tuple[StateFilter, ...]:
    states = [(status.value, appointments.STATUS[status].to(lang).capitalize(), status) for status in Status]
    return (
        StateFilter("", _ALL.to(lang), sum(counts.values()), shown is None),
        *(StateFilter(value, label, counts.get(status, 0), status is shown) for value, label, status in states),
    )


def _is_told(message: Message) -> bool:
    return bool(message.changes or message.oddity)


def _headline(content: Content, last: Message | None, directory: Directory, now: datetime, lang: Lang) -> str:
    what = appointments.happening(last) if last else appointments.STATUS[content.status]
    when = _when(content.start, now, lang)
    if last is not None and what is appointments.MOVED and last.before is not None:
        moved_within_a_day = _day_of(last.before[1]) == _day_of(content.start)
        before = _hour(last.before[1]) if moved_within_a_day else _when(last.before[1], now, lang)
        when += Text(" au lieu de {before}", " instead of {before}").format(before=before).to(lang)
    head = Text("RDV {what}", "Appointment {what}").format(what=what).to(lang)
    return ", ".join((head, when, _practitioner(content, directory, lang)))


def _happening(message: Message, now: datetime, lang: Lang) -> HappeningLine:
    what = appointments.happening(message).to(lang)
    if message.changes & {Change.CREATED, Change.TIME}:
        what = f"{what}, {_when(message.content.start, now, lang)}"
    return HappeningLine(
        when=f"{_date(message.received_at, now, lang, always=True)} {_hour(message.received_at)}",
        instant=message.received_at.isoformat(timespec="seconds"),
        what=what,
        odd="" if message.oddity is None else appointments.ODDITY[Oddity(message.oddity)].to(lang),
    )


_NOBODY = Text("professionnel à confirmer", "practitioner to be confirmed")


def moment(instant: datetime, lang: Lang) -> str:
    """`lundi 10 mars 2031, 08:00`, for paper."""
    local = instant.astimezone(PARIS)
    number = "1er" if local.day == 1 and lang is Lang.FR else str(local.day)
    day = f"{_WEEKDAYS[local.weekday()].to(lang)} {number} {_MONTHS[local.month - 1].to(lang)} {local.year}"
    return f"{day}, {_hour(instant)}"


def _practitioner(content: Content, directory: Directory, lang: Lang) -> str:
    """His name where the directory knows it, else the number that INT_R03 carries; else who is to name him."""
    if content.practitioner is None:
        return _structure(content, directory, lang) or _NOBODY.to(lang)
    entry = directory.entries.get(content.practitioner)
    return _name(entry.prefix, entry.family, entry.given) if entry else content.practitioner


def _structure(content: Content, directory: Directory, lang: Lang) -> str:
    """The association that names the doctor, by its name where the directory knows it."""
    known = directory.associations.get(content.structure or "")
    name = known.name if known else ("SOS Médecins" if content.category is Category.SOS else "")
    return (
        Text("{name}, médecin à confirmer", "{name}, doctor to be confirmed").format(name=name).to(lang) if name else ""
    )


def _hour(instant: datetime) -> str:
    return instant.astimezone(PARIS).strftime("%H:%M")


def _when(instant: datetime, now: datetime, lang: Lang) -> str:
    """`14:20` today, `mar. 11 mars 14:20` on another day."""
    return f"{_date(instant, now, lang)} {_hour(instant)}".strip()


def _day_of(instant: datetime) -> date:
    return instant.astimezone(PARIS).date()


def _date(instant: datetime, now: datetime, lang: Lang, *, always: bool = False) -> str:
    """`mar. 11 mars`, with the year when it is another one; empty for today unless `always`."""
    day, today = _day_of(instant), _day_of(now)
    if day == today:
        return _TODAY.to(lang) if always else ""
    weekday = _WEEKDAYS[day.weekday()].to(lang)[:3] + ("." if lang is Lang.FR else "")
    number = "1er" if day.day == 1 and lang is Lang.FR else str(day.day)
    year = "" if day.year == today.year else f" {day.year}"
    return f"{weekday} {number} {_MONTHS[day.month - 1].to(lang)}{year}"

"""From a merged search to what the page prints. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from sas_kernel.clock import PARIS
from sas_kernel.text import Lang, Text
from sas_platform.appointments import rules as appointments
from sas_platform.appointments.model import Change, Content, History, Message, Oddity, Status
from sas_platform.editors.model import Editor
from sas_platform.slot_search.fhir import details
from sas_platform.slot_search.model import (
    Availability,
    Booking,
    ConsultationType,
    EditorReport,
    EditorStatus,
    Ignored,
    Plan,
    Slot,
)
from sas_platform.slot_search.rules import Merge
from sas_platform.web.model import (
    AppointmentLine,
    Card,
    Day,
    DayColumn,
    Directory,
    DirectoryEntry,
    EditorLine,
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


def found_in(directory: Directory, form: SearchForm) -> tuple[DirectoryEntry, ...]:
    """Entries of the specialty and of the place (a city's name or a postal code, whole or its beginning)."""
    specialty, where = form.specialty.strip(), _folded(form.where)
    return tuple(
        entry
        for entry in directory.entries.values()
        if (not specialty or specialty == specialty_value(entry))
        and (
            not where
            or any(
                _folded(place.city).startswith(where) or place.postal_code.startswith(where) for place in entry.places
            )
        )
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


def card(
    availability: Availability, entry: DirectoryEntry | None, shown: Sequence[Day], names: Mapping[str, str], lang: Lang
) -> Card:
    """The card of one practitioner at one place. The directory's spelling of a name wins over an editor's."""
    who, place = availability.practitioner, availability.place
    name = _name(entry.prefix, entry.family, entry.given) if entry else _name(who.prefix, who.family, who.given)
    key = hashlib.sha256(f"{who.national_id}|{place.key}".encode()).hexdigest()[:12]
    by_day: dict[date, list[SlotCell]] = {day.date: [] for day in shown}
    for slot in availability.slots:
        day = slot.start.astimezone(PARIS).date()
        if day in by_day:
            by_day[day].append(_cell(slot, key, names, lang))
    earliest = availability.slots[0].start.timestamp()
    return Card(
        key=key,
        order=f"{earliest:015.3f} {_folded(name)} {key}",
        name=name or who.national_id,
        specialty=entry.specialty if entry else "",
        place=place.name,
        address=_address(place.line, place.postal_code, place.city),
        phone=phone(place.phone),
        phone_href=_phone_href(place.phone),
        columns=tuple(
            DayColumn(day, tuple(by_day[day.date][:SHOWN_A_DAY]), tuple(by_day[day.date][SHOWN_A_DAY:]))
            for day in shown
        ),
    )


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
    )


def without_slots(asked: Iterable[str], merged: Merge, directory: Directory) -> tuple[NoSlotLine, ...]:
    """Whoever was asked and has no card, with the phones to call all the same."""
    return tuple(_no_slot_line(each, directory.entries.get(each)) for each in asked if not merged.has(each))


def _no_slot_line(national_id: str, entry: DirectoryEntry | None) -> NoSlotLine:
    if entry is None:
        return NoSlotLine(national_id, "", ())
    return NoSlotLine(
        _name(entry.prefix, entry.family, entry.given),
        entry.specialty,
        tuple((_address(p.line, p.postal_code, p.city), phone(p.phone), _phone_href(p.phone)) for p in entry.places),
    )


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


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    return " ".join(re.findall(r"[a-z0-9]+", plain))


# --- editors ---------------------------------------------------------------------------------------------------------

_STATE = {
    EditorStatus.ANSWERED: ("pass", Text("a répondu", "answered")),
    EditorStatus.TIMED_OUT: ("fail", Text("n’a pas répondu à temps", "did not answer in time")),
    EditorStatus.REFUSED: ("fail", Text("a refusé la demande", "refused the request")),
    EditorStatus.INVALID: ("fail", Text("a donné une réponse inutilisable", "gave an unusable answer")),
    EditorStatus.UNREACHABLE: ("fail", Text("est injoignable", "is unreachable")),
    EditorStatus.CONNECTION_LOST: ("fail", Text("a coupé la connexion", "dropped the connection")),
    EditorStatus.TOO_LARGE: ("fail", Text("a envoyé une réponse trop volumineuse", "sent too large an answer")),
    EditorStatus.SATURATED: ("warn", Text("est déjà trop sollicité", "is asked too much already")),
}
_EXPLAINED = frozenset({EditorStatus.REFUSED, EditorStatus.INVALID})  # the others' state says it all
_IGNORED = {
    Ignored.NOT_ASKED: Text("d’un professionnel non demandé", "of a practitioner not asked"),
    Ignored.PAST: Text("déjà passés", "already past"),
    Ignored.OUTSIDE_WINDOW: Text("hors de la période", "outside the period"),
    Ignored.NOT_FREE: Text("non libres", "not free"),
    Ignored.NO_PLACE: Text("sans lieu", "without a place"),
    Ignored.NO_PRACTITIONER: Text("sans professionnel", "without a practitioner"),
    Ignored.NO_OFFSET: Text("sans fuseau horaire", "without a time offset"),
    Ignored.UNREADABLE: Text("illisibles", "unreadable"),
    Ignored.DUPLICATE: Text("en double", "twice"),
}


def editor_lines(plan: Plan, reports: Sequence[EditorReport], lang: Lang) -> tuple[EditorLine, ...]:
    """One line an editor, whoever has not answered yet included."""
    known = {report.id: report for report in reports}
    return tuple(_line(editor, known.get(editor.id), len(plan.lots), lang) for editor in plan.editors)


def _line(editor: Editor, report: EditorReport | None, lots: int, lang: Lang) -> EditorLine:
    if report is None or (len(report.lots) < lots and report.status is EditorStatus.ANSWERED):
        return EditorLine(editor.name, "skip", Text("en attente de réponse…", "waiting for an answer…").to(lang), ())
    tone, state = _STATE[report.status]
    notes = []
    if report.status is EditorStatus.ANSWERED:
        detail = Text("en {s}\N{NO-BREAK SPACE}s, {slots}", "in {s}\N{NO-BREAK SPACE}s, {slots}").format(
            s=_seconds(report.elapsed_ms), slots=slots_text(report.slots)
        )
    else:
        detail = Text("({s}\N{NO-BREAK SPACE}s)", "({s}\N{NO-BREAK SPACE}s)").format(s=_seconds(report.elapsed_ms))
        if report.explanation and report.status in _EXPLAINED:
            notes.append(report.explanation.to(lang))
    if report.issue:
        notes.append(Text("Il dit : « {issue} »", "It says: “{issue}”").format(issue=report.issue).to(lang))
    if report.ignored:
        listed = [
            Text(f"{count} {{why}}", f"{count} {{why}}").format(why=_IGNORED[reason]).to(lang)
            for reason, count in report.ignored.items()
        ]
        notes.append(
            Text("Créneaux écartés : {listed}.", "Slots left out: {listed}.").format(listed=", ".join(listed)).to(lang)
        )
    decimal = detail.to(lang) if lang is Lang.EN else detail.to(lang).replace(".", ",")
    return EditorLine(editor.name, tone, f"{state.to(lang)} {decimal}", tuple(notes))


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.2f}" if milliseconds < 1000 else f"{milliseconds / 1000:.1f}"


def slots_text(count: int) -> Text:
    if count == 0:
        return Text("aucun créneau", "no slot")
    if count == 1:
        return Text("1\N{NO-BREAK SPACE}créneau", "1\N{NO-BREAK SPACE}slot")
    return Text(f"{count}\N{NO-BREAK SPACE}créneaux", f"{count}\N{NO-BREAK SPACE}slots")


def status_line(plan: Plan, reports: Sequence[EditorReport], merged: Merge, lang: Lang) -> str:
    """Where the search has got to, in one sentence that is also read aloud."""
    whole = [report for report in reports if len(report.lots) == len(plan.lots)]
    slots, people = merged.slots, merged.practitioners
    failed = sum(report.status is not EditorStatus.ANSWERED for report in whole)
    pending = len(plan.editors) - len(whole)
    who = (
        Text("1 professionnel", "1 practitioner")
        if people == 1
        else Text(f"{people} professionnels", f"{people} practitioners")
    )
    head = (
        Text("{slots} chez {who}", "{slots} with {who}").format(slots=slots_text(slots), who=who)
        if slots
        else (Text("Aucun créneau pour l’instant", "No slot so far") if pending else Text("Aucun créneau", "No slot"))
    )
    parts = [head.to(lang)]
    if pending:
        parts.append(
            Text("{n} sur {all} réponses attendues", "{n} of {all} answers awaited")
            .format(n=pending, all=len(plan.editors))
            .to(lang)
        )
    if failed:
        parts.append(
            (
                Text("1 éditeur n’a pas donné ses créneaux", "1 editor did not give its slots")
                if failed == 1
                else Text(f"{failed} éditeurs n’ont pas donné leurs créneaux", f"{failed} editors did not give theirs")
            ).to(lang)
        )
    sentence = " · ".join(parts)
    return sentence[:1].upper() + sentence[1:]


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
    return AppointmentLine(
        key=f"rdv-{history.appointment.id}",
        status=content.status.value,
        state=appointments.STATUS[content.status].to(lang),
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
    """His name where the directory knows it, else the number that INT_R03 carries."""
    if content.practitioner is None:
        return _NOBODY.to(lang)
    entry = directory.entries.get(content.practitioner)
    return _name(entry.prefix, entry.family, entry.given) if entry else content.practitioner


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

"""From an agenda to its page, in the reader's language. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Final

from agenda_editor.agendas.model import AppointmentType, ConsultationType, Schedule, Slot
from agenda_editor.web.model import AgendaView, Day, SlotLine
from sas_fhir import instants
from sas_kernel.text import Lang, Text

WORDS: Final = {
    "booking": Text("Prendre rendez-vous", "Book an appointment"),
    "place": Text("Lieu de consultation", "Place of consultation"),
    "phone": Text("Téléphone", "Phone"),
    "free_slots": Text("Créneaux libres des {hours} prochaines heures", "Free slots of the next {hours} hours"),
    "none": Text(
        "Aucun créneau ouvert au public dans les {hours} prochaines heures. Appelez le cabinet.",
        "No slot open to the public in the next {hours} hours. Call the practice.",
    ),
    "walk_in": Text("sans rendez-vous", "no appointment needed"),
    "paris_time": Text("Heures de Paris (Europe/Paris).", "Times are those of Paris (Europe/Paris)."),
    "other_language": Text("English", "Français"),
    "skip": Text("Aller aux créneaux", "Skip to the slots"),
    "unknown": Text("Agenda inconnu", "Unknown agenda"),
    "unknown_why": Text(
        "Cette adresse ne mène à aucun agenda. Vérifiez le lien, ou reprenez la recherche.",
        "This address leads to no agenda. Check the link, or search again.",
    ),
}

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


def language(asked: str | None) -> Lang:
    """French unless English is asked for by name."""
    return Lang.EN if asked == Lang.EN else Lang.FR


def words(lang: Lang, hours: int) -> dict[str, str]:
    """What the pages say, `hours` being how far ahead they look."""
    return {key: text.format(hours=hours).to(lang) for key, text in WORDS.items()}


def agenda_view(schedule: Schedule, slots: Sequence[Slot], lang: Lang) -> AgendaView:
    """`slots`: those to show, by start."""
    who, where = schedule.practitioner.details, schedule.place.details
    days = groupby(slots, lambda slot: instants.to_datetime(slot.details.start).date())
    return AgendaView(
        lang=lang,
        practitioner=" ".join(part for part in (_title(who.prefix), who.given, who.family) if part),
        specialty=(who.specialty.label or "") if who.specialty else "",
        place=where.name,
        address=f"{where.line}, {where.postal_code} {where.city}",
        phone=where.phone or "",
        days=tuple(Day(_day_name(day, lang), tuple(_line(slot, lang) for slot in group)) for day, group in days),
    )


def _title(prefix: str | None) -> str:
    return {"DR": "Dr", "MME": "Mme", "M": "M."}.get(prefix or "", prefix or "")


def _day_name(day: date, lang: Lang) -> str:
    ordinal = "1er" if day.day == 1 and lang is Lang.FR else str(day.day)
    return f"{_WEEKDAYS[day.weekday()].to(lang)} {ordinal} {_MONTHS[day.month - 1].to(lang)}"


def _line(slot: Slot, lang: Lang) -> SlotLine:
    details = slot.details
    start, end = instants.to_datetime(details.start), instants.to_datetime(details.end)
    return SlotLine(
        time=f"{start:%H:%M}",
        until=f"{end:%H:%M}",
        instant=instants.formatted(details.start),
        kinds=tuple(_KINDS[kind].to(lang) for kind in details.consultation_types),
        reasons=details.reasons,
        walk_in=details.appointment_type is AppointmentType.WALKIN,
    )

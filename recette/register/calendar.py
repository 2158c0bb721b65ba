"""The deadlines of a project as a calendar (RFC 5545), for Outlook, Thunderbird and Apple’s Calendar alike. Pure.

Events and not tasks: Outlook and Apple’s Calendar leave out the VTODOs of a file or subscription. A deadline is the end
of a half-hour that occupies nobody, since an event without a length is drawn as nothing by some. Instants are in UTC,
which needs no time zone of its own and means the same everywhere; the description says them in the agreement’s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

from icalendar import Alarm, Calendar, Event

from recette.agreement.model import Agreement
from recette.journal.model import Entry, Kind
from recette.model import Severity
from recette.register.dues import dues_in
from recette.register.model import Anomaly, Due, Matter, Register, Status
from sas_kernel.text import Lang, Text

MEDIA_TYPE = "text/calendar"

_LENGTH, _WARNING = timedelta(minutes=30), timedelta(days=1)
_PRIORITY = {Severity.BLOCKING: 1, Severity.MAJOR: 5, Severity.MINOR: 9}
_MATTER = {
    Matter.ACKNOWLEDGEMENT: Text("Prise en compte", "Acknowledgement"),
    Matter.CORRECTION: Text("Correction", "Correction"),
}
_PUBLISHED = "PUBLISH"
_CHOICES = Text("Choix : {c}", "Choices: {c}")


@dataclass(frozen=True, slots=True)
class PlannedEnd:
    """When a phase is to end, or ended; `key` names it within the project, once for each time it was opened."""

    key: str
    phase: str
    title: Text
    at: datetime
    article: str
    is_over: bool


def calendar(
    title: Text,
    agreement: Agreement,
    register: Register,
    entries: Sequence[Entry],
    ends: Iterable[PlannedEnd],
    now: datetime,
    lang: Lang,
) -> bytes:
    """The calendar as it stands at `now`. `entries` are the project’s, from its first on.

    The same entries give the same identifiers. SEQUENCE grows and LAST-MODIFIED moves with each entry about a matter.
    Pending is CONFIRMED with an alarm a day before, indicative or paused is TENTATIVE, met or withdrawn is CANCELLED.
    """
    made = Calendar()
    made.add("prodid", "-//recette//register//FR" if lang is Lang.FR else "-//recette//register//EN")
    made.add("version", "2.0")
    made.add("method", _PUBLISHED)
    made.add("x-wr-calname", title.to(lang))
    for anomaly in register.anomalies.values():
        # A withdrawn anomaly has no dates of its own any more; whoever has them in a calendar has to be told.
        standing = replace(anomaly, status=Status.OPEN) if anomaly.status is Status.WITHDRAWN else anomaly
        for due in dues_in(register, standing, agreement, now):
            made.add_component(_deadline(due, anomaly, agreement, entries, now, lang))
    for end in ends:
        made.add_component(_end(end, agreement, entries, lang))
    written: bytes = made.to_ical()
    return written


def _deadline(
    due: Due, anomaly: Anomaly, agreement: Agreement, entries: Sequence[Entry], now: datetime, lang: Lang
) -> Event:
    is_over = due.met_at is not None or not anomaly.is_open
    event = _event(entries, f"{anomaly.id}/{due.matter}", anomaly.id, due.date.due_at)
    term = agreement.severities.get(anomaly.severity)
    severity = term.title.to(lang) if term is not None else anomaly.severity.value
    event.add("summary", f"{anomaly.id} · {_MATTER[due.matter].to(lang)} · {severity} · {anomaly.title.to(lang)}")
    rule = due.date.deadline
    lines = [
        Text("Échéance : {at}", "Due: {at}").format(at=_local(agreement, due.date.due_at)).to(lang),
        f"{rule.text.to(lang)} (art. {rule.article})",
        Text("Exigence : {r}", "Requirement: {r}").format(r=anomaly.requirement).to(lang),
        _state(due, anomaly, agreement, now).to(lang),
        _CHOICES.format(c=", ".join(f"{each.key} = {each.value or '—'}" for each in due.date.footnotes)).to(lang),
    ]
    event.add("description", "\n".join(lines))
    event.add("priority", _PRIORITY[anomaly.severity])
    event.add("categories", [anomaly.severity.value, due.matter.value])
    event.add("status", "CANCELLED" if is_over else "TENTATIVE" if due.indicative or due.paused else "CONFIRMED")
    if not is_over and due.paused is None:
        _warn(event)
    return event


def _end(end: PlannedEnd, agreement: Agreement, entries: Sequence[Entry], lang: Lang) -> Event:
    event = _event(entries, end.key, end.phase, end.at)
    event.add("summary", Text("Fin prévue : {t}", "Planned end: {t}").format(t=end.title).to(lang))
    said = Text("Terme : {at} (art. {a})", "End: {at} (art. {a})").format(at=_local(agreement, end.at), a=end.article)
    event.add("description", said.to(lang))
    event.add("categories", ["PHASE"])
    event.add("status", "CANCELLED" if end.is_over else "CONFIRMED")
    if not end.is_over:
        _warn(event)
    return event


def _event(entries: Sequence[Entry], key: str, subject: str, at: datetime) -> Event:
    """What every event has. Choices and milestones move dates of any matter, so they count for all."""
    general = {Kind.PROJECT_OPENED, Kind.PROJECT_CHANGED, Kind.MILESTONE}
    about = [entry for entry in entries if entry.subject == subject or entry.kind in general]
    event = Event()
    event.add("uid", str(uuid5(NAMESPACE_OID, f"{entries[0].hash}/{key}")))
    event.add("dtstamp", about[-1].recorded_at.astimezone(UTC))
    event.add("last-modified", about[-1].recorded_at.astimezone(UTC))
    event.add("sequence", len(about) - 1)
    event.add("dtstart", (at - _LENGTH).astimezone(UTC))
    event.add("dtend", at.astimezone(UTC))
    event.add("transp", "TRANSPARENT")
    return event


def _warn(event: Event) -> None:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", event["summary"])
    alarm.add("trigger", -_WARNING, parameters={"related": "END"})
    event.add_component(alarm)


def _state(due: Due, anomaly: Anomaly, agreement: Agreement, now: datetime) -> Text:
    if due.met_at is not None:
        return Text("Tenue le {at}", "Met on {at}").format(at=_local(agreement, due.met_at))
    if not anomaly.is_open:
        return Text("Sans objet : anomalie close", "Void: the anomaly is closed")
    if due.paused is not None:
        return Text("Délai suspendu : {why}", "Paused: {why}").format(why=due.paused.why)
    if due.indicative:
        return Text(
            "À titre indicatif : l’article 6 ne fixe pas de délai pendant la recette",
            "Indicative: article 6 sets no deadline during acceptance",
        )
    return Text("Échéance dépassée", "Overdue") if due.date.due_at < now else Text("À tenir", "To be met")


def _local(agreement: Agreement, at: datetime) -> str:
    return f"{at.astimezone(agreement.zone):%Y-%m-%d %H:%M} ({agreement.zone.key})"

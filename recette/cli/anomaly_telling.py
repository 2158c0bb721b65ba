"""Anomalies as the command line tells them: a table, a life, documents for machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from recette.cli.phase_telling import cited, colon, text_document, when, written
from recette.journal.model import Entry, Kind
from recette.projects.words import PARTIES
from recette.register import dues
from recette.register.model import Anomaly, Due, Matter, Statement
from recette.register.words import SEVERITY, STATUS, left
from recette.reports import words
from sas_kernel.clock import PARIS
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from recette.agreement.model import Choice
    from recette.model import Finding
    from recette.projects.book import Book

MATTERS: Mapping[Matter, Text] = {
    Matter.ACKNOWLEDGEMENT: Text("prise en compte", "acknowledgement"),
    Matter.CORRECTION: Text("correction", "correction"),
}
KINDS: Mapping[Kind, Text] = {
    Kind.ANOMALY_OPENED: Text("ouverte par une exécution", "opened by a run"),
    Kind.ANOMALY_SEEN: Text("vue encore", "seen again"),
    Kind.ANOMALY_NOTIFIED: Text("notifiée", "notified"),
    Kind.ANOMALY_ACKNOWLEDGED: Text("prise en compte", "acknowledged"),
    Kind.ANOMALY_QUALIFIED: Text("qualifiée", "qualified"),
    Kind.WORKAROUND_PROPOSED: Text("contournement proposé", "workaround proposed"),
    Kind.WORKAROUND_VALIDATED: Text("contournement validé", "workaround validated"),
    Kind.PLAN_PROPOSED: Text("plan proposé", "plan proposed"),
    Kind.PLAN_VALIDATED: Text("plan validé", "plan validated"),
    Kind.CLOCK_PAUSED: Text("délai suspendu", "deadline paused"),
    Kind.CLOCK_RESUMED: Text("délai repris", "deadline resumed"),
    Kind.CORRECTION_DELIVERED: Text("correction livrée", "correction delivered"),
    Kind.CORRECTION_VERIFIED: Text("correction vérifiée par une exécution", "correction verified by a run"),
    Kind.ANOMALY_REOPENED: Text("rouverte par une exécution", "re-opened by a run"),
    Kind.ANOMALY_WITHDRAWN: Text("écartée", "withdrawn"),
    Kind.NOTE: Text("note", "note"),
}
_INDICATIVE = Text("indicatif, art. 6", "indicative, art. 6")


@dataclass(frozen=True, slots=True)
class Sight:
    """What a run saw of an anomaly: its finding in the report that was kept, and the request that shows it."""

    run: str
    at: datetime
    finding: Finding | None
    curl: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An anomaly and what is due of it; `next` is what falls first among what is not met yet."""

    anomaly: Anomaly
    dues: tuple[Due, ...]

    @property
    def next(self) -> Due | None:
        return dues.next_due(self.anomaly, self.dues)

    @property
    def is_overdue(self) -> bool:
        return self.next is not None and self.next.is_overdue


def lines(book: Book, now: datetime) -> tuple[Line, ...]:
    """The least time left first, then what is not due, then what is closed."""
    found = [Line(each, book.dues_of(each, now)) for each in book.register.anomalies.values()]

    def order(line: Line) -> tuple[bool, bool, timedelta, int, str]:
        left = line.next.left if line.next else timedelta()
        return not line.anomaly.is_open, line.next is None, left, -line.anomaly.severity.rank, line.anomaly.id

    return tuple(sorted(found, key=order))


def table(book: Book, found: Sequence[Line], lang: Lang) -> str:
    """One line an anomaly, and one below for what holds its deadline."""
    if not found:
        return Text("Aucune anomalie.", "No anomaly.").to(lang)
    told = []
    for line in found:
        anomaly, due = line.anomaly, line.next
        told.append(
            f"{anomaly.id}  {SEVERITY[anomaly.severity].to(lang):<9} {anomaly.requirement:<10} "
            f"{STATUS[anomaly.status].to(lang)}{colon(lang)} {anomaly.title.to(lang)}"
        )
        if due is not None:
            told.append(f"        {_due(book, due, lang)}")
    return words.visible_lines("\n".join(told))


def _due(book: Book, due: Due, lang: Lang) -> str:
    told = f"{MATTERS[due.matter].to(lang)} {Text('due le', 'due').to(lang)} {when(book, due.date.due_at, lang)}"
    told += f" ({cited(due.date.deadline.article).to(lang)})"
    if due.met_at is not None:
        met = Text("faite le", "made").to(lang) + f" {when(book, due.met_at, lang)}"
        told += f", {met}" + (f", {left(due.left).to(lang)}" if due.is_overdue else "")
    else:
        told += f", {left(due.left).to(lang)}"
    if due.paused is not None:
        text = Text("suspendu depuis le {at} : {why}", "paused since {at}: {why}")
        told += ", " + text.to(lang).format(at=when(book, due.paused.start, lang), why=due.paused.why)
    return told + (f" [{_INDICATIVE.to(lang)}]" if due.indicative else "")


def life(book: Book, line: Line, seen: Sequence[Sight], lang: Lang) -> str:
    """What it is, what is due, what everybody did, what shows it."""
    return words.visible_lines("\n".join(_life(book, line, seen, lang)))


def _life(book: Book, line: Line, seen: Sequence[Sight], lang: Lang) -> Iterator[str]:
    anomaly = line.anomaly
    yield f"{anomaly.id}  {anomaly.title.to(lang)}"
    for label, value in (
        (Text("État", "Status"), STATUS[anomaly.status].to(lang)),
        (Text("Gravité", "Severity"), _severity(anomaly, lang)),
        (Text("Exigence", "Requirement"), f"{anomaly.requirement} ({anomaly.source})"),
        (Text("Contrôle", "Check"), f"{anomaly.check} {anomaly.path}".strip()),
        (Text("Constat", "Finding"), anomaly.identity),
        (Text("Vue", "Seen"), _seen(book, anomaly, lang)),
        (Text("Contournement", "Workaround"), _workaround(book, anomaly, lang)),
        (Text("Plan", "Plan"), _plan(book, anomaly, lang)),
    ):
        if value:
            yield f"{label.to(lang):<14} {value}"
    notes: dict[str, Choice] = {}
    if line.dues:
        yield "\n" + Text("Échéances", "Deadlines").to(lang)
    for due in line.dues:
        for choice in due.date.footnotes:
            notes.setdefault(choice.key, choice)
        marks = "".join(f"[{list(notes).index(choice.key) + 1}]" for choice in due.date.footnotes)
        yield f"  {_due(book, due, lang)} {marks}"
        if due.is_overdue and due.met_at is None:
            for each in due.date.consequences:
                yield f"    → {each.text.to(lang)} ({cited(each.article).to(lang)})"
    yield "\n" + Text("Vie", "Life").to(lang)
    for entry in book.entries:
        if entry.subject == anomaly.id and entry.kind in KINDS:
            yield f"  {_entry(book, entry, lang)}"
    yield "\n" + Text("Preuves", "Evidence").to(lang)
    for sight in seen:
        yield from _sight(book, sight, lang)
    if notes:
        yield "\n" + Text("Choix là où la convention se tait", "Choices where the agreement is silent").to(lang)
    for number, choice in enumerate(notes.values(), 1):
        reason = f"{choice.reason.to(lang)} ({cited(choice.article).to(lang)})"
        yield f"  [{number}] {choice.key} = {choice.value or '—'}{colon(lang)} {reason}"


def _severity(anomaly: Anomaly, lang: Lang) -> str:
    told = [Text("{s} proposée par l’exigence", "{s} proposed by the requirement")]
    values = [anomaly.proposed]
    for party, severity in anomaly.said.items():
        told.append(Text("{s} selon " + PARTIES[party].fr, "{s} says the " + PARTIES[party].en))
        values.append(severity)
    parts = [text.to(lang).format(s=SEVERITY[value].to(lang)) for text, value in zip(told, values, strict=True)]
    return f"{SEVERITY[anomaly.severity].to(lang)} ({', '.join(parts)})"


def _seen(book: Book, anomaly: Anomaly, lang: Lang) -> str:
    text = Text("{n} fois par {r} exécution(s), en dernier le {at}", "{n} times by {r} run(s), last {at}")
    last = when(book, anomaly.last_seen_at or anomaly.opened_at, lang)
    return text.to(lang).format(n=anomaly.occurrences, r=len(anomaly.runs), at=last)


def _workaround(book: Book, anomaly: Anomaly, lang: Lang) -> str:
    if anomaly.workaround is None:
        return ""
    validated = anomaly.workaround.validated
    state = Text("à valider par l’ANS", "to be validated by the ANS").to(lang)
    return f"{anomaly.workaround.proposed.text} ({_by(book, validated, lang) if validated else state})"


def _plan(book: Book, anomaly: Anomaly, lang: Lang) -> str:
    plan = anomaly.plan
    if plan is None:
        return ""
    until = Text("pour le {d}", "by {d}").to(lang).format(d=Text(f"{plan.due_on:%d/%m/%Y}", f"{plan.due_on}").to(lang))
    state = Text("à valider par les deux parties", "to be validated by both parties").to(lang)
    said = [_by(book, each, lang) for each in plan.validated.values()]
    return f"{plan.proposed.text}, {until} ({', '.join(said) or state})"


def _by(book: Book, statement: Statement, lang: Lang) -> str:
    text = Text("validé le {at} par {who} ({party})", "validated {at} by {who} ({party})")
    party = PARTIES[statement.party].to(lang)
    return text.to(lang).format(at=when(book, statement.at, lang), who=statement.who, party=party)


def _entry(book: Book, entry: Entry, lang: Lang) -> str:
    told = f"{when(book, entry.at, lang)}  {KINDS[entry.kind].to(lang)}, {entry.who} ({PARTIES[entry.party].to(lang)})"
    details = [str(entry.payload[key]) for key in _DETAILS if entry.payload.get(key)]
    if details:
        told += f" — {', '.join(details)}"
    return told + (f"{colon(lang)} {entry.why}" if entry.why else "")


_DETAILS = ("severity", "due_on", "version", "agreed_with", "run")


def _sight(book: Book, sight: Sight, lang: Lang) -> Iterator[str]:
    yield f"  {when(book, sight.at, lang)}  {Text('exécution', 'run').to(lang)} {sight.run}"
    if sight.finding is None:
        return
    found = sight.finding
    yield f"    {found.scenario}{colon(lang)} {found.message.to(lang)}"
    for label, value in (
        (Text("attendu", "expected"), found.expected),
        (Text("reçu", "got"), found.actual),
    ):
        if value is not None:
            yield f"    {label.to(lang)}{colon(lang)} {value}"
    if sight.curl:
        yield f"    {sight.curl}"


# --- For machines ----------------------------------------------------------------------------------------------------


def listed_document(found: Sequence[Line], now: datetime) -> str:
    """All of them, with what is due."""
    return written({"now": _instant(now), "anomalies": [document(line) for line in found]})


def life_document(book: Book, line: Line, seen: Sequence[Sight], now: datetime) -> str:
    """One with its life and its evidence."""
    entries = [
        {
            "number": entry.number,
            "kind": entry.kind.value,
            "at": _instant(entry.at),
            "recorded_at": _instant(entry.recorded_at),
            "who": entry.who,
            "party": entry.party.value,
            "why": entry.why,
            "payload": dict(entry.payload),
        }
        for entry in book.entries
        if entry.subject == line.anomaly.id and entry.kind in KINDS
    ]
    evidence = [
        {
            "run": sight.run,
            "at": _instant(sight.at),
            "scenario": sight.finding.scenario if sight.finding else None,
            "message": text_document(sight.finding.message) if sight.finding else None,
            "expected": sight.finding.expected if sight.finding else None,
            "actual": sight.finding.actual if sight.finding else None,
            "curl": sight.curl or None,
        }
        for sight in seen
    ]
    return written({"now": _instant(now), **document(line), "entries": entries, "evidence": evidence})


def document(line: Line) -> dict[str, Any]:
    """An anomaly as plain values."""
    anomaly, plan, workaround = line.anomaly, line.anomaly.plan, line.anomaly.workaround
    return {
        "id": anomaly.id,
        "identity": anomaly.identity,
        "requirement": anomaly.requirement,
        "check": anomaly.check,
        "title": text_document(anomaly.title),
        "path": anomaly.path,
        "source": anomaly.source,
        "phase": anomaly.phase,
        "status": anomaly.status.value,
        "severity": anomaly.severity.value,
        "proposed": anomaly.proposed.value,
        "said": {party.value: severity.value for party, severity in anomaly.said.items()},
        "occurrences": anomaly.occurrences,
        "runs": list(anomaly.runs),
        "reopened": anomaly.reopened,
        "opened_at": _instant(anomaly.opened_at),
        "last_seen_at": _instant(anomaly.last_seen_at),
        "notified_at": _instant(anomaly.notified_at),
        "acknowledged_at": _instant(anomaly.acknowledged_at),
        "delivered_at": _instant(anomaly.delivered_at),
        "delivered_as": anomaly.delivered_as,
        "verified_at": _instant(anomaly.verified_at),
        "verified_by": anomaly.verified_by,
        "reserve": anomaly.is_reserve,
        "workaround": {
            "text": workaround.proposed.text,
            "validated_at": _instant(workaround.validated.at) if workaround.validated else None,
        }
        if workaround
        else None,
        "plan": {
            "text": plan.proposed.text,
            "due_on": plan.due_on.isoformat(),
            "validated_by": [party.value for party in plan.validated],
        }
        if plan
        else None,
        "dues": [due_document(due) for due in line.dues],
    }


def due_document(due: Due) -> dict[str, Any]:
    """A deadline as plain values; `left_seconds` is negative once overdue."""
    return {
        "matter": due.matter.value,
        "due_at": _instant(due.date.due_at),
        "counted_from": _instant(due.date.counted_from),
        "met_at": _instant(due.met_at),
        "left_seconds": int(due.left.total_seconds()),
        "overdue": due.is_overdue,
        "paused": {"since": _instant(due.paused.start), "why": due.paused.why} if due.paused else None,
        "indicative": due.indicative,
        "rule": due.date.deadline.id,
        "article": due.date.deadline.article,
        "choices": [
            {"key": each.key, "value": each.value, "reason": text_document(each.reason), "article": each.article}
            for each in due.date.footnotes
        ],
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(PARIS).isoformat()

"""What is written to an editor about anomalies: sentences, dates and their rules. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from recette.agreement import anomalies as clocks
from recette.agreement.model import Agreement, Choice, DueDate
from recette.projects.book import Book
from recette.register.dues import has_no_deadline
from recette.register.model import Anomaly, Due, Matter
from sas_kernel.text import Lang, Text


@dataclass(frozen=True, slots=True)
class Item:
    """An anomaly in a letter: its heading, and what is said of it, by label."""

    heading: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in one language. Its subject lacks the token, which is not the letter’s affair."""

    lang: Lang
    subject: str
    opening: tuple[str, ...]
    items: tuple[Item, ...]
    closing: tuple[str, ...]
    footnotes: tuple[str, ...]


def notification(book: Book, found: Sequence[Anomaly], now: datetime, lang: Lang) -> Letter:
    """The letter that notifies anomalies; dates are those that follow if it is received at `now`."""
    choices: dict[str, Choice] = {}
    items = []
    for anomaly in found:
        dates = clocks.clocks(book.agreement, anomaly.severity, notified_at=now, acknowledged_at=None)
        indicative = has_no_deadline(anomaly) and not book.register.counts_in_service(now)
        rows = [*_what(book, anomaly, lang)]
        for label, date in ((_ACKNOWLEDGEMENT, dates.acknowledgement), (_CORRECTION, dates.correction)):
            if date is not None:
                choices |= {choice.key: choice for choice in date.footnotes}
                rows.append((label.to(lang), _due(book.agreement, date, indicative, lang)))
        items.append(Item(_heading(book, anomaly, lang), tuple(rows)))
    count = len(found)
    subject = Text(
        f"{count} anomalies à prendre en compte" if count > 1 else "Anomalie à prendre en compte",
        f"{count} anomalies to acknowledge" if count > 1 else "Anomaly to acknowledge",
    )
    opening = (
        Text("Bonjour,", "Hello,"),
        Text(
            "L’ANS vous notifie {what} de l’interface suivante (convention {ref}, art. 8.2) : {title}.",
            "The ANS notifies you of {what} of the following interface (agreement {ref}, art. 8.2): {title}.",
        ).format(
            what=Text(f"{count} anomalies", f"{count} anomalies") if count > 1 else Text("une anomalie", "an anomaly"),
            ref=book.agreement.reference,
            title=book.project.title,
        ),
    )
    closing = (
        Text(
            "Répondez à ce courriel pour en accuser réception : votre réponse vaut prise en compte de chaque anomalie "
            "qu’il nomme. Une prise en compte avant son échéance peut avancer la date de correction.",
            "Reply to this e-mail to acknowledge it: your reply counts for each anomaly that it names. An earlier "
            "acknowledgement may bring the date of correction forward.",
        ),
        _NO_MACHINE,
    )
    return _letter(lang, subject, opening, items, closing, choices.values())


def reminder(book: Book, found: Sequence[Due], lang: Lang) -> Letter:
    """The letter that reminds of deadlines: those that passed unmet, then those that come."""
    choices: dict[str, Choice] = {}
    items = []
    late = [due for due in found if due.is_overdue]
    for due in (*late, *(due for due in found if not due.is_overdue)):
        anomaly = book.register.find(due.anomaly)
        choices |= {choice.key: choice for choice in due.date.footnotes}
        label = _ACKNOWLEDGEMENT if due.matter is Matter.ACKNOWLEDGEMENT else _CORRECTION
        rows = [(label.to(lang), _due(book.agreement, due.date, due.indicative, lang))]
        if due.is_overdue:
            rows.append((_STATE.to(lang), _LATE.to(lang)))
            rows += [
                (_CONSEQUENCE.to(lang), f"{each.text.to(lang)} (art. {each.article})") for each in due.date.consequences
            ]
        items.append(Item(_heading(book, anomaly, lang), (*_what(book, anomaly, lang), *rows)))
    subject = (
        Text("Échéances dépassées", "Deadlines overdue") if late else Text("Échéances proches", "Deadlines approaching")
    )
    opening = (
        Text("Bonjour,", "Hello,"),
        Text(
            "Rappel des échéances d’anomalies de l’interface suivante (convention {ref}, art. 8.2) : {title}.",
            "A reminder of deadlines of anomalies of the following interface (agreement {ref}, art. 8.2): {title}.",
        ).format(ref=book.agreement.reference, title=book.project.title),
    )
    return _letter(lang, subject, opening, items, (_NO_MACHINE,), choices.values())


_ACKNOWLEDGEMENT = Text("Prise en compte", "Acknowledgement")
_CORRECTION = Text("Correction", "Correction")
_STATE, _LATE = Text("État", "State"), Text("échéance dépassée", "overdue")
_CONSEQUENCE = Text("Conséquence", "Consequence")
_FOOTNOTE = Text("{k} = {v} : {r}", "{k} = {v}: {r}")
_NO_MACHINE = Text(
    "Une réponse automatique ou un avis de remise n’est pas un accusé de réception de votre part.",
    "An automatic reply or a delivery notice is no acknowledgement from you.",
)


def _letter(
    lang: Lang,
    subject: Text,
    opening: Sequence[Text],
    items: Sequence[Item],
    closing: Sequence[Text],
    choices: Iterable[Choice],
) -> Letter:
    return Letter(
        lang=lang,
        subject=subject.to(lang),
        opening=tuple(text.to(lang) for text in opening),
        items=tuple(items),
        closing=tuple(text.to(lang) for text in closing),
        footnotes=tuple(_FOOTNOTE.format(k=each.key, v=each.value or "—", r=each.reason).to(lang) for each in choices),
    )


def _heading(book: Book, anomaly: Anomaly, lang: Lang) -> str:
    term = book.agreement.severities.get(anomaly.severity)
    severity = term.title.to(lang) if term is not None else anomaly.severity.value
    return f"{anomaly.id} · {severity} · {anomaly.title.to(lang)}"


def _what(book: Book, anomaly: Anomaly, lang: Lang) -> Iterator[tuple[str, str]]:
    yield Text("Exigence", "Requirement").to(lang), f"{anomaly.requirement} ({anomaly.source})"
    seen = Text("{n} fois, en {path}", "{n} times, at {path}") if anomaly.path else Text("{n} fois", "{n} times")
    yield Text("Constat", "Seen").to(lang), seen.format(n=anomaly.occurrences, path=anomaly.path).to(lang)
    if anomaly.runs:
        last = anomaly.runs[-1]
        run = next((run for run in reversed(book.runs) if run.id == last), None)
        evidence = Text("exécution {id}", "run {id}").format(id=last)
        if run is not None:
            evidence = Text("exécution {id} du {at}, rapport {h}", "run {id} of {at}, report {h}").format(
                id=last, at=_instant(book.agreement, run.finished_at, lang), h=run.sha256[:12]
            )
        yield Text("Preuve", "Evidence").to(lang), evidence.to(lang)


def _due(agreement: Agreement, date: DueDate, indicative: bool, lang: Lang) -> str:
    by = Text("au plus tard le {at}", "by {at}").format(at=_instant(agreement, date.due_at, lang)).to(lang)
    aside = Text(
        " À titre indicatif : l’article 6 ne fixe pas de délai pendant la recette.",
        " Indicative: article 6 sets no deadline during acceptance.",
    )
    return f"{by}. {date.deadline.text.to(lang)} (art. {date.deadline.article}){aside.to(lang) if indicative else ''}"


def _instant(agreement: Agreement, at: datetime, lang: Lang) -> str:
    local = at.astimezone(agreement.zone)
    written = f"{local:%d/%m/%Y à %H h %M}" if lang is Lang.FR else f"{local:%Y-%m-%d %H:%M}"
    return f"{written} ({agreement.zone.key})"

"""What a message that came means for the register: which anomalies it acknowledges, if it does (art. 8.2). Pure.

Any reply that a person of the editor wrote shows that the notification was received; whether they agree with it is for
people to say. A machine’s answer shows nothing of the kind, and what a machine says of a message that did not arrive is
noted, so that it can be sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from recette.agreement.model import Agreement, AgreementError
from recette.journal.model import Draft, Kind, Party
from recette.mail import sent as sending
from recette.mail.model import Basis, Disposition, Incoming, Nature, Outcome, Sent
from recette.projects.book import Book
from recette.register import moves
from recette.register.model import Anomaly
from recette.register.moves import Move
from sas_kernel.text import Text

READ_RECEIPT, SENDER = "read_receipt", "acknowledgement_sender"
"""The choices of the agreement that say what counts as an acknowledgement, and from whom."""

_SKEW = timedelta(minutes=5)
_OPEN_TO_ALL = frozenset(
    {"gmail.com", "outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr", "live.fr", "yahoo.com", "yahoo.fr"}
    | {"orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "bbox.fr", "laposte.net", "icloud.com", "proton.me"}
)
"""Domains at which anybody has an address: there, only the contact’s own stands for the editor."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of a message, and what is to be written; nothing where it is not recorded."""

    outcome: Outcome
    drafts: tuple[Draft, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answered:
    """What a message answers: the message that was sent, if it is known, and its anomalies."""

    sent: Sent | None
    anomalies: tuple[Anomaly, ...]


def judge(incoming: Incoming, book: Book, sha256: str, now: datetime) -> Judged:
    """What a message means for this project. `sha256` names the document that holds it."""
    if _is_known(incoming, book):
        return _left(Disposition.KNOWN, "Message déjà lu : rien à écrire.", "Message read before: nothing to write.")
    answered = _answered(incoming, book)
    if answered is None:
        return _left(
            Disposition.UNRELATED,
            "Ce message ne répond à aucune notification de ce projet : ni In-Reply-To, ni [recette {p} A-…].",
            "This message answers no notification of this project: neither In-Reply-To nor [recette {p} A-…].",
            p=book.project.id,
        )
    unknown = _unknown(incoming, book) if answered.sent is None else ()
    if unknown:
        return _left(
            Disposition.REFUSED,
            "Ce message nomme des anomalies que le registre ne connaît pas : {ids}.",
            "This message names anomalies that the register does not know: {ids}.",
            ids=", ".join(unknown),
        )
    is_report = incoming.nature in {Nature.UNDELIVERED, Nature.DELIVERY_NOTICE} and answered.sent is not None
    if not is_report and (refusal := _stranger(incoming, book)) is not None:
        return Judged(Outcome(Disposition.REFUSED, refusal))
    at, basis = _reception(incoming, answered, now)
    received = _received(incoming, answered, sha256, at, basis)
    if incoming.nature is Nature.PERSON or (incoming.nature is Nature.READ_RECEIPT and _receipts_count(book.agreement)):
        return _acknowledged(incoming, answered, received, book, at, basis)
    if incoming.nature is Nature.UNDELIVERED:
        return _undelivered(incoming, answered, received, at)
    return Judged(Outcome(Disposition.NOTED, _NOTED[incoming.nature], _ids(answered), at), (received,))


_NOTED = {
    Nature.READ_RECEIPT: Text(
        "Accusé de lecture : le message a été affiché, personne ne le prend en compte (choix « read_receipt »).",
        "Read receipt: the message was shown, nobody acknowledges it (choice 'read_receipt').",
    ),
    Nature.AUTOMATIC: Text(
        "Réponse automatique : gardée, ce n’est pas une prise en compte.",
        "Automatic reply: kept, it is no acknowledgement.",
    ),
    Nature.DELIVERY_NOTICE: Text(
        "Avis de remise d’un serveur : gardé, ce n’est pas une prise en compte.",
        "Delivery notice of a server: kept, it is no acknowledgement.",
    ),
}


def _acknowledged(
    incoming: Incoming, answered: _Answered, received: Draft, book: Book, at: datetime, basis: Basis
) -> Judged:
    who = f"{incoming.sender_name} <{incoming.sender}>" if incoming.sender_name else incoming.sender
    why = incoming.text or incoming.subject
    awaited = [anomaly for anomaly in answered.anomalies if _awaits(anomaly, answered.sent, book)]
    drafts = []
    for anomaly in awaited:
        told_at = max(at, anomaly.notified_at or anomaly.opened_at)
        drafts.append(moves.acknowledge(anomaly, Move(told_at, who[:200], Party.EDITOR, why)))
    if not drafts:
        text = Text(
            "Message gardé ; rien n’attendait de prise en compte parmi {ids}.",
            "Message kept; nothing waited for an acknowledgement among {ids}.",
        ).format(ids=", ".join(_ids(answered)))
        return Judged(Outcome(Disposition.NOTED, text, _ids(answered), at), (received,))
    ids = tuple(anomaly.id for anomaly in awaited)
    text = Text(
        "{ids} : prise en compte par {who}, le {at} ({basis}).", "{ids}: acknowledged by {who}, {at} ({basis})."
    ).format(ids=", ".join(ids), who=who, at=at.astimezone(book.agreement.zone).isoformat(), basis=_BASIS[basis])
    return Judged(Outcome(Disposition.ACKNOWLEDGED, text, ids, at), (received, *drafts))


_BASIS = {
    Basis.RECEIVED: Text("réception par le serveur", "receipt by the server"),
    Basis.DATE: Text("date écrite par l’expéditeur, faute de trace", "date written by its author, for want of a trace"),
    Basis.INGESTED: Text("instant de sa lecture, faute de date sûre", "when it was read, for want of a sound date"),
}


def _undelivered(incoming: Incoming, answered: _Answered, received: Draft, at: datetime) -> Judged:
    text = Text(
        "Message non remis{whom} : {ids}. Vérifiez l’adresse, puis `recette mail notify` de nouveau.",
        "Message not delivered{whom}: {ids}. Check the address, then `recette mail notify` again.",
    ).format(
        whom=Text(" à {a}", " to {a}").format(a=", ".join(incoming.failed)) if incoming.failed else "",
        ids=", ".join(_ids(answered)),
    )
    notes = [
        moves.note(anomaly, Move(max(at, anomaly.opened_at), "recette", Party.TOOL, text.fr))
        for anomaly in answered.anomalies
    ]
    return Judged(Outcome(Disposition.NOTED, text, _ids(answered), at), (received, *notes))


def _is_known(incoming: Incoming, book: Book) -> bool:
    return any(
        entry.kind is Kind.MAIL_RECEIVED and entry.payload["fingerprint"] == incoming.fingerprint
        for entry in book.entries
    )


def _answered(incoming: Incoming, book: Book) -> _Answered | None:
    """By the thread; else by the token of the subject, as a message that was sent had it, or by the ids it names."""
    sent = sending.told(book.entries)
    for id in incoming.answers:
        for each in sent:
            if each.message_id == id:
                return _Answered(each, _found(each.anomalies, book))
    token = incoming.token
    if token is None or token.project.lower() != book.project.id.lower():
        return None
    for each in reversed(sent):
        if each.token.lower() == token.text.lower():
            return _Answered(each, _found(each.anomalies, book))
    return _Answered(None, _found(token.anomalies, book))


def _found(ids: tuple[str, ...], book: Book) -> tuple[Anomaly, ...]:
    return tuple(book.register.anomalies[id] for id in dict.fromkeys(ids) if id in book.register.anomalies)


def _unknown(incoming: Incoming, book: Book) -> tuple[str, ...]:
    """What a token names and the register does not hold; `—` where it names nothing."""
    named = incoming.token.anomalies if incoming.token is not None else ()
    return tuple(id for id in named if id not in book.register.anomalies) if named else ("—",)


def _stranger(incoming: Incoming, book: Book) -> Text | None:
    """Why a message does not speak for the editor; None where it does."""
    if incoming.forged:
        return Text(
            "Refusé : le serveur qui l’a reçu dit que {a} n’en est pas l’auteur (DMARC).",
            "Refused: the server that received it says that {a} did not write it (DMARC).",
        ).format(a=incoming.sender or "—")
    contact = book.project.contacts.get(Party.EDITOR)
    known = contact.email.lower() if contact is not None else ""
    if not known:
        return Text(
            "Refusé : le projet n’a pas d’adresse de l’éditeur à laquelle comparer {a}.",
            "Refused: the project has no address of the editor to compare {a} with.",
        ).format(a=incoming.sender or "—")
    domain = known.rpartition("@")[2]
    by_domain = _choice(book.agreement, SENDER, ("domain", "address")) == "domain" and domain not in _OPEN_TO_ALL
    if incoming.sender and (incoming.sender == known or (by_domain and incoming.sender.rpartition("@")[2] == domain)):
        return None
    return Text(
        "Refusé : {a} n’est pas l’éditeur ({known}). Un message transféré se relit depuis l’original (.eml).",
        "Refused: {a} is not the editor ({known}). Of a forwarded message, read the original (.eml).",
    ).format(a=incoming.sender or Text("un auteur illisible", "an unreadable author"), known=known)


def _awaits(anomaly: Anomaly, sent: Sent | None, book: Book) -> bool:
    """A reply to what was written before an anomaly was re-opened does not acknowledge that it came back."""
    if not anomaly.is_open or anomaly.acknowledged_at is not None:
        return False
    numbers = (
        entry.number for entry in book.entries if entry.kind is Kind.ANOMALY_REOPENED and entry.subject == anomaly.id
    )
    return sent is None or sent.number > max(numbers, default=0)


def _reception(incoming: Incoming, answered: _Answered, now: datetime) -> tuple[datetime, Basis]:
    """When a message counts as received: the trace of the last server, which its author cannot write; else the date
    its author wrote; else now. A date that lies ahead, or before what it answers, is not believed; clocks that differ
    by minutes are.
    """
    since = [anomaly.notified_at or anomaly.opened_at for anomaly in answered.anomalies]
    earliest = answered.sent.at if answered.sent is not None else max(since, default=now)
    for told, basis in ((incoming.received_at, Basis.RECEIVED), (incoming.dated_at, Basis.DATE)):
        if told is not None and earliest - _SKEW <= told <= now + _SKEW:
            return min(max(told, earliest), now), basis
    return now, Basis.INGESTED


def _received(incoming: Incoming, answered: _Answered, sha256: str, at: datetime, basis: Basis) -> Draft:
    party = Party.TOOL if incoming.nature in {Nature.UNDELIVERED, Nature.DELIVERY_NOTICE} else Party.EDITOR
    payload = {
        "message_id": incoming.message_id,
        "fingerprint": incoming.fingerprint,
        "nature": incoming.nature.value,
        "from": incoming.sender,
        "answers": answered.sent.message_id if answered.sent is not None else "",
        "anomalies": list(_ids(answered)),
        "failed": list(incoming.failed),
        "basis": basis.value,
        "sha256": sha256,
    }
    return Draft(Kind.MAIL_RECEIVED, sha256, at, (incoming.sender or "—")[:200], party, incoming.subject, payload)


def _receipts_count(agreement: Agreement) -> bool:
    return _choice(agreement, READ_RECEIPT, ("no", "yes")) == "yes"


def _choice(agreement: Agreement, key: str, possible: tuple[str, ...]) -> str:
    choice = agreement.choices.get(key)
    if choice is None:
        return possible[0]
    if choice.value not in possible:
        raise AgreementError(
            Text(
                "Le choix « {key} » de « {name} » vaut « {value} » ; possibles : {known}.",
                "The choice '{key}' of '{name}' is '{value}'; possible: {known}.",
            ).format(key=key, name=agreement.name, value=choice.value, known=", ".join(possible))
        )
    return choice.value


def _ids(answered: _Answered) -> tuple[str, ...]:
    return tuple(anomaly.id for anomaly in answered.anomalies)


def _left(disposition: Disposition, fr: str, en: str, **values: object) -> Judged:
    return Judged(Outcome(disposition, Text(fr, en).format(**values)))

"""From a letter to the message that carries it (RFC 5322): plain text with an HTML twin. Pure.

Nothing that is written into a header can begin another: control characters become blanks before the header is made,
and addresses are checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from html import escape

from recette.journal.model import Party
from recette.mail.letters import Item, Letter
from recette.mail.model import MailError
from recette.projects.model import Project
from sas_kernel.text import Text

# Written by us, read by any server: lines end in CRLF, headers are folded and in ASCII.
_POLICY = policy.SMTP
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_REFERENCES = 8


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom, with copies for whom, and where the message stands in its thread."""

    sender: Address
    recipient: Address
    copies: tuple[Address, ...]
    message_id: str
    token: str
    answers: tuple[str, ...] = ()


def correspondents(project: Project, copies: Sequence[str] = ()) -> tuple[Address, Address, tuple[Address, ...]]:
    """The ANS’s contact, the editor’s, and who gets a copy; `MailError` where one has no address that can be used."""
    return _contact(project, Party.ANS), _contact(project, Party.EDITOR), tuple(address("", each) for each in copies)


def address(name: str, written: str) -> Address:
    """`MailError` for what no mail server would take."""
    local, at, domain = written.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii") if at else ""
    except UnicodeError:
        ascii_domain = ""
    spec = f"{local}@{ascii_domain}"
    if _ADDRESS.fullmatch(spec) is None or ".." in spec or local.startswith(".") or local.endswith("."):
        raise MailError(
            Text("« {a} » n’est pas une adresse de courriel utilisable.", "'{a}' is no e-mail address to use.").format(
                a=_line(written)
            )
        )
    return Address(display_name=_line(name), addr_spec=spec)


def message(letter: Letter, envelope: Envelope, now: datetime) -> EmailMessage:
    """The message, dated `now`."""
    made = EmailMessage(policy=_POLICY)
    made["From"] = envelope.sender
    made["To"] = envelope.recipient
    if envelope.copies:
        made["Cc"] = envelope.copies
    made["Subject"] = _line(f"{envelope.token} {letter.subject}")
    made["Date"] = now
    made["Message-ID"] = envelope.message_id
    if envelope.answers:
        made["In-Reply-To"] = envelope.answers[-1]
        made["References"] = " ".join(envelope.answers[-_REFERENCES:])
    # A machine sends it on a person’s order: out-of-office replies are to stay away (RFC 3834, section 5).
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    made.set_content("\n".join(_plain(letter)) + "\n", cte="quoted-printable")
    made.add_alternative("\n".join(_html(letter)) + "\n", subtype="html", cte="quoted-printable")
    # The body comes with its own Content- headers, and takes others away.
    made["Content-Language"] = letter.lang.value
    # Chosen from the message’s own identifier, so that the same message is the same bytes.
    made.set_boundary(f"=_{re.sub(r'[^A-Za-z0-9]', '_', envelope.message_id)[:60]}")
    return made


def _contact(project: Project, party: Party) -> Address:
    contact = project.contacts.get(party)
    if contact is None or not contact.email:
        raise MailError(
            Text(
                "Le projet « {p} » n’a pas d’adresse de courriel pour « {party} » : "
                '`recette project change {p} --contact "{party}=Nom <adresse>"`.',
                "Project '{p}' has no e-mail address for '{party}': "
                '`recette project change {p} --contact "{party}=Name <address>"`.',
            ).format(p=project.id, party=party.value)
        )
    return address(contact.name, contact.email)


def _line(written: str) -> str:
    return " ".join(_CONTROL.sub(" ", written).split())


def _text(written: str) -> str:
    """A line of the body: what came from elsewhere neither breaks it nor hides in it."""
    return _CONTROL.sub(" ", written)


def _plain(letter: Letter) -> Iterator[str]:
    for paragraph in letter.opening:
        yield from (_text(paragraph), "")
    for item in letter.items:
        yield _text(item.heading)
        yield from (_text(f"  {label}{_colon(letter)}{value}") for label, value in item.rows)
        yield ""
    for paragraph in letter.closing:
        yield from (_text(paragraph), "")
    if letter.footnotes:
        yield _settings(letter)
        yield from (_text(f"  [{number}] {note}") for number, note in enumerate(letter.footnotes, 1))


def _html(letter: Letter) -> Iterator[str]:
    yield f'<!DOCTYPE html><html lang="{letter.lang.value}"><head><meta charset="utf-8">'
    yield f"<title>{_safe(letter.subject)}</title></head><body>"
    yield from (f"<p>{_safe(paragraph)}</p>" for paragraph in letter.opening)
    for item in letter.items:
        yield from _table(item)
    yield from (f"<p>{_safe(paragraph)}</p>" for paragraph in letter.closing)
    if letter.footnotes:
        yield f"<p>{_safe(_settings(letter))}</p><ol>"
        yield from (f"<li>{_safe(note)}</li>" for note in letter.footnotes)
        yield "</ol>"
    yield "</body></html>"


def _table(item: Item) -> Iterator[str]:
    yield f"<h2>{_safe(item.heading)}</h2><table>"
    for label, value in item.rows:
        yield f'<tr><th scope="row" align="left" valign="top">{_safe(label)}</th><td>{_safe(value)}</td></tr>'
    yield "</table>"


def _safe(written: str) -> str:
    return escape(_text(written))


def _settings(letter: Letter) -> str:
    return Text("Choix retenus là où la convention se tait :", "Choices made where the agreement is silent:").to(
        letter.lang
    )


def _colon(letter: Letter) -> str:
    return Text(" : ", ": ").to(letter.lang)

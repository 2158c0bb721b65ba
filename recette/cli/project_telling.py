"""Projects and their journals as the command line tells them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from recette.cli.phase_telling import colon, text_document, when, written
from recette.cli.project_options import Layout
from recette.journal.model import Entry, JournalError, Kind, Party, first_broken, instant
from recette.projects.model import Contact, ProjectError
from recette.projects.words import PARTIES
from sas_kernel.clock import PARIS
from sas_kernel.errors import SasError
from sas_kernel.text import Lang, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recette.journal.repository import Journal
    from recette.projects.book import Book

_DOCUMENTS = ("sha256", "certificate")
"""The keys under which entries name documents."""


async def read_all(journal: Journal) -> list[tuple[str, Book | SasError]]:
    """Every project with its book, or what keeps it from being read: one altered journal hides no other."""
    from recette.projects import book

    found: list[tuple[str, Book | SasError]] = []
    for project in await journal.projects():
        try:
            found.append((project, await book.read(journal, project)))
        except SasError as error:
            found.append((project, error))
    return found


def listed(books: Sequence[tuple[str, Book | SasError]], layout: Layout, lang: Lang) -> str:
    """One line a project: its phase, how many anomalies are open, what it is."""
    if layout is Layout.JSON:
        return written(
            [
                {"id": id, "error": text_document(book.text)} if isinstance(book, SasError) else _document(book)
                for id, book in books
            ]
        )
    lines = [
        f"{id:<32} {book.text.to(lang)}"
        if isinstance(book, SasError)
        else f"{id:<32} {book.phase or '—':<16} {len(book.register.open):>3}  {book.project.title.to(lang)}"
        for id, book in books
    ]
    none = Text("Aucun projet. `recette project open` en ouvre un.", "No project. `recette project open` opens one.")
    return "\n".join(lines) or none.to(lang)


def shown(book: Book, layout: Layout, lang: Lang) -> str:
    """Who, what, under which agreement with which choices."""
    if layout is Layout.JSON:
        return written(_document(book))
    return "\n".join(_lines(book, lang))


def _lines(book: Book, lang: Lang) -> Iterator[str]:
    project = book.project
    yield f"{project.title.to(lang)} ({project.id})"
    for label, value in (
        (Text("Convention", "Agreement"), f"{book.agreement.title.to(lang)} ({book.agreement.reference})"),
        (Text("Cas d’usage", "Use case"), _use_case(book, lang)),
        (Text("Flux", "Flows"), ", ".join(project.flows)),
        (Text("Logiciel", "Product"), f"{project.product} {project.version}".strip()),
        (Text("Phase", "Phase"), book.phase),
    ):
        yield f"{label.to(lang):<14} {value or '—'}"
    for label, people in (
        (Text("Contact", "Contact"), project.contacts),
        (Text("Signataire", "Signatory"), project.signatories),
    ):
        for party, contact in people.items():
            yield f"{label.to(lang):<14} {PARTIES[party].to(lang)}{colon(lang)} {_person(contact)}"
    for name, at in project.milestones.items():
        yield f"{name:<22} {when(book, at, lang)}"
    for key, value in project.changes.items():
        yield f"{key} = {value} {Text('(modifié)', '(changed)').to(lang)}"
    for each in project.maintenance:
        text = Text("Maintenance du {start} au {end} : {why}", "Maintenance from {start} to {end}: {why}")
        start, end = when(book, each.start, lang), when(book, each.end, lang)
        yield text.to(lang).format(start=start, end=end, why=each.why)
    if project.suspended_at is not None:
        text = Text("Transmission arrêtée depuis le {at}", "Transmission stopped since {at}")
        yield text.to(lang).format(at=when(book, project.suspended_at, lang))


def _use_case(book: Book, lang: Lang) -> str:
    use_case = book.project.use_case
    return "" if use_case is None else f"{use_case.label.to(lang)} (art. {use_case.article})"


def _person(contact: Contact) -> str:
    email = f" <{contact.email}>" if contact.email else ""
    return contact.name + email + (f", {contact.role}" if contact.role else "")


def _document(book: Book) -> dict[str, Any]:
    project = book.project
    return {
        "id": project.id,
        "title": text_document(project.title),
        "editor": project.editor,
        "interface": project.interface,
        "environment": project.environment,
        "agreement": project.agreement,
        "use_case": project.use_case.value if project.use_case else None,
        "flows": [flow.value for flow in project.flows],
        "product": project.product,
        "version": project.version,
        "changes": dict(project.changes),
        "contacts": _people(project.contacts),
        "signatories": _people(project.signatories),
        "milestones": {name: at.isoformat() for name, at in project.milestones.items()},
        "phase": book.phase,
        "open_anomalies": [anomaly.id for anomaly in book.register.open],
        "suspended_at": project.suspended_at.isoformat() if project.suspended_at else None,
        "maintenance": [
            {"start": each.start.isoformat(), "end": each.end.isoformat(), "why": each.why}
            for each in project.maintenance
        ],
        "entries": len(book.entries),
    }


def _people(people: Mapping[Party, Contact]) -> dict[str, dict[str, str]]:
    return {party.value: {"name": each.name, "email": each.email, "role": each.role} for party, each in people.items()}


def history(entries: Sequence[Entry], layout: Layout, lang: Lang) -> str:
    """Every entry: number, when, what, about what, by whom for whom, why, the beginning of its hash."""
    if layout is Layout.JSON:
        return written([_entry(entry) for entry in entries])
    return "\n".join(_told(entry, lang) for entry in entries)


def _told(entry: Entry, lang: Lang) -> str:
    at, party = entry.at.astimezone(PARIS), PARTIES[entry.party].to(lang)
    words = f"  {entry.why}" if entry.why else ""
    return (
        f"{entry.number:>4}  {at:%Y-%m-%d %H:%M:%S}  {entry.kind.value:<28} {entry.subject:<24} "
        f"{entry.who} ({party})  {entry.hash[:12]}{words}"
    )


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "kind": entry.kind.value,
        "subject": entry.subject,
        "at": instant(entry.at),
        "recorded_at": instant(entry.recorded_at),
        "who": entry.who,
        "party": entry.party.value,
        "why": entry.why,
        "payload": entry.payload,
        "previous": entry.previous,
        "hash": entry.hash,
    }


async def verified(journal: Journal, project: str) -> tuple[Text, bool]:
    """Whether every entry is what was written after the one before it, and every document what entries name."""
    entries = await journal.read(project)
    if not entries:
        raise unknown(project)
    broken = first_broken(entries)
    if broken is not None:
        text = Text(
            "Journal altéré à partir de l’écriture {n} ({kind}).", "The journal is altered from entry {n} ({kind}) on."
        )
        return text.format(n=broken.number, kind=broken.kind.value), False
    named = {entry.payload[key]: entry for entry in entries for key in _DOCUMENTS if entry.payload.get(key)}
    issued = (entry for entry in entries if entry.kind is Kind.CERTIFICATE)
    named |= {sha256: entry for entry in issued for sha256 in entry.payload["documents"].values()}
    for sha256, entry in named.items():
        try:
            kept = await journal.document(sha256)
        except JournalError as error:
            return error.text, False
        if kept is None:
            text = Text("Le document {h} (écriture {n}) manque.", "The document {h} (entry {n}) is missing.")
            return text.format(h=sha256, n=entry.number), False
    text = Text(
        "Journal intact : {n} écritures, {d} documents, dernière empreinte {h}.",
        "The journal is intact: {n} entries, {d} documents, last hash {h}.",
    )
    return text.format(n=len(entries), d=len(named), h=entries[-1].hash), True


def unknown(project: str) -> ProjectError:
    """No journal has this project."""
    return ProjectError(
        Text(
            "Le projet « {id} » n’existe pas. `recette project list` les montre.",
            "There is no project '{id}'. `recette project list` shows them.",
        ).format(id=project)
    )

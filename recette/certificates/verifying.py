"""Whether a certificate is what was issued: its content, its files, the journal it rests on, its signature. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from recette.certificates import document
from recette.certificates.document import Document
from recette.journal.model import Entry, Kind, first_broken
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at; `holds` is None where it could not be, and `text` says what is lacking."""

    id: str
    holds: bool | None
    text: Text


def of_content(content: bytes) -> tuple[Document, tuple[Found, ...]]:
    """The document in these bytes, and whether it says what its hashes say."""
    made, raw = document.read(content)
    return made, (
        _found(
            "content",
            document.content_holds(raw),
            Text("Le contenu a l’empreinte {h}.", "The content has the hash {h}."),
            Text("Le contenu a changé : il n’a pas l’empreinte {h}.", "The content has changed: its hash is not {h}."),
            made.content_sha256,
        ),
        _found(
            "document",
            document.whole_holds(content, raw),
            Text("Le document JSON a l’empreinte {h}.", "The JSON document has the hash {h}."),
            Text("Le document JSON a changé : il n’a pas l’empreinte {h}.", "The JSON document has changed: not {h}."),
            made.sha256,
        ),
    )


def of_files(made: Document, contents: Mapping[str, bytes | None]) -> Iterator[Found]:
    """Each page named by the document: `contents` by name, None where the file is not there."""
    for file in made.files:
        content = contents.get(file.name)
        if content is None:
            text = Text("{n} n’est pas là : non vérifié.", "{n} is not there: not verified.").format(n=file.name)
            yield Found(f"file:{file.name}", None, text)
            continue
        yield _found(
            f"file:{file.name}",
            hashlib.sha256(content).hexdigest() == file.sha256,
            Text(f"{_literal(file.name)} a l’empreinte {{h}}.", f"{_literal(file.name)} has the hash {{h}}."),
            Text(
                f"{_literal(file.name)} a changé : il n’a pas l’empreinte {{h}}.",
                f"{_literal(file.name)} has changed: its hash is not {{h}}.",
            ),
            file.sha256,
        )


def of_journal(content: bytes, made: Document, entries: Sequence[Entry]) -> Iterator[Found]:
    """The journal of the project: unbroken, with the head and runs that the certificate names, and its own entry."""
    chain = made.certificate.chain
    if not entries:
        text = Text("Le projet « {p} » n’est pas dans cette base.", "The project '{p}' is not in this database.")
        yield Found("journal", False, text.format(p=chain.project))
        return
    broken = first_broken(entries)
    yield _found(
        "journal",
        broken is None,
        Text("Le journal du projet est entier : {h} entrées.", "The project’s journal is whole: {h} entries."),
        Text("Le journal a été altéré à partir de l’entrée {h}.", "The journal has been altered from entry {h} on."),
        str(len(entries) if broken is None else broken.number),
    )
    by_number = {entry.number: entry for entry in entries}
    head = by_number.get(chain.entries)
    yield _found(
        "head",
        head is not None and head.hash == chain.head,
        Text("L’entrée {h} est celle sur laquelle il repose.", "Entry {h} is the one it rests on."),
        Text("L’entrée {h} n’est pas celle sur laquelle il repose.", "Entry {h} is not the one it rests on."),
        str(chain.entries),
    )
    for run in chain.runs:
        entry = by_number.get(run.entry)
        yield _found(
            f"run:{run.id}",
            entry is not None
            and entry.kind is Kind.RUN
            and (entry.subject, entry.hash, entry.payload["sha256"]) == (run.id, run.entry_hash, run.sha256),
            Text("L’exécution {h} est au journal.", "The run {h} is in the journal."),
            Text("L’exécution {h} n’est pas au journal telle qu’il la nomme.", "The run {h} is not in the journal so."),
            run.id,
        )
    recorded = {entry.hash for entry in entries if entry.kind is Kind.RUN and entry.number <= chain.entries}
    yield _found(
        "runs",
        recorded == {run.entry_hash for run in chain.runs},
        Text("Il nomme toutes les exécutions ({h}).", "It names all runs ({h})."),
        Text("Il ne nomme pas toutes les exécutions ({h}).", "It does not name all runs ({h})."),
        str(len(recorded)),
    )
    yield _issued(content, made, entries)


def _issued(content: bytes, made: Document, entries: Sequence[Entry]) -> Found:
    number = made.certificate.number
    if made.draft or not number:
        text = Text("C’est un projet : aucun journal ne le porte.", "It is a draft: no journal bears it.")
        return Found("issued", None, text)
    own = [entry for entry in entries if entry.kind is Kind.CERTIFICATE and entry.subject == number]
    sha256 = hashlib.sha256(content).hexdigest()
    held = any(
        entry.payload.get("documents", {}).get("json") == sha256 and entry.number > made.certificate.chain.entries
        for entry in own
    )
    return _found(
        "issued",
        held,
        Text("Le journal porte son émission sous le n° {h}.", "The journal bears its issue as no. {h}."),
        Text("Le journal ne porte pas ce document sous le n° {h}.", "The journal does not bear this document as {h}."),
        number,
    )


def of_reports(made: Document, contents: Mapping[str, bytes | None]) -> Iterator[Found]:
    """Each run’s report as the journal keeps it: `contents` by SHA-256, None where it is not kept."""
    for run in made.certificate.chain.runs:
        content = contents.get(run.sha256)
        if content is None:
            text = Text("Le rapport de {id} n’est pas conservé.", "The report of {id} is not kept.").format(id=run.id)
            yield Found(f"report:{run.id}", False, text)
            continue
        yield _found(
            f"report:{run.id}",
            hashlib.sha256(content).hexdigest() == run.sha256,
            Text("Le rapport de {h} est celui qu’il nomme.", "The report of {h} is the one it names."),
            Text("Le rapport de {h} a changé.", "The report of {h} has changed."),
            run.id,
        )


def of_signature(holds: bool | None) -> Found:
    """`None` where no signature was given."""
    texts = {
        None: Text("Aucune signature donnée : non vérifiée.", "No signature given: not verified."),
        True: Text("La signature est celle de cette clé.", "The signature is this key’s."),
        False: Text(
            "La signature n’est pas celle de cette clé sur ce document.",
            "The signature is not this key’s on this document.",
        ),
    }
    return Found("signature", holds, texts[holds])


def _found(id: str, holds: bool, yes: Text, no: Text, named: str) -> Found:
    return Found(id, holds, (yes if holds else no).format(h=named))


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")

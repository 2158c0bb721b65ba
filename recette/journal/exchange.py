"""A project’s journal as one JSON document, to be moved to another database: entries, their hashes, documents. Pure.

{"format": "recette-journal", "version": 1, "project", "entries": [...], "documents": [{sha256, media_type, base64}]}.
Each entry has the fields of `model.Entry`; instants as `model.instant` writes them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recette.journal.model import Document, Entry, JournalError, Kind, Party, first_broken, instant
from sas_kernel.text import Text

FORMAT, VERSION = "recette-journal", 1
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A journal on its way."""

    project: str
    entries: tuple[Entry, ...]
    documents: tuple[Document, ...] = ()


def named(entries: Sequence[Entry]) -> tuple[str, ...]:
    """What entries name by SHA-256, each once: documents, and what only looks like one."""
    return tuple(dict.fromkeys(each for entry in entries for each in _hashes(entry.payload)))


def _hashes(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if _SHA256.match(value):
            yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _hashes(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _hashes(each)


def dumps(bundle: Bundle) -> str:
    """The document as text."""
    written = {
        "format": FORMAT,
        "version": VERSION,
        "project": bundle.project,
        "entries": [_entry_document(entry) for entry in bundle.entries],
        "documents": [
            {
                "sha256": each.sha256,
                "media_type": each.media_type,
                "base64": base64.b64encode(each.content).decode("ascii"),
            }
            for each in bundle.documents
        ],
    }
    return json.dumps(written, ensure_ascii=False, indent=1) + "\n"


def loads(content: bytes) -> Bundle:
    """The journal in a document, its chain and documents verified; `JournalError` says where it is not one."""
    try:
        written = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _malformed(f"JSON: {error}") from error
    if not isinstance(written, dict) or written.get("format") != FORMAT:
        raise _malformed(f"format: {FORMAT}")
    if written.get("version") != VERSION:
        raise _malformed(f"version: {VERSION}")
    where = "project"
    try:
        project = str(written["project"])
        entries = []
        for number, each in enumerate(written["entries"], 1):
            where = f"entries[{number}]"
            entries.append(_entry(project, each))
        documents = []
        for number, each in enumerate(written.get("documents", ()), 1):
            where = f"documents[{number}]"
            documents.append(_document(each))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _malformed(f"{where}: {type(error).__name__} {error}") from error
    broken = first_broken(entries)
    if broken is not None or not entries:
        raise _malformed(f"entries[{broken.number if broken else 1}]: hash")
    return Bundle(project, tuple(entries), tuple(documents))


def missing(there: Sequence[Entry], coming: Sequence[Entry]) -> tuple[Entry, ...]:
    """Those that come after what is there; `JournalError` where both tell the same number otherwise."""
    for one, other in zip(there, coming, strict=False):
        if one != other:
            raise JournalError(
                Text(
                    "Le projet « {p} » a déjà une autre entrée {n} : ce sont deux histoires différentes, rien n’a été "
                    "importé.",
                    "Project '{p}' has another entry {n} already: these are two histories, nothing was imported.",
                ).format(p=one.project, n=one.number)
            )
    return tuple(coming[len(there) :])


def _entry_document(entry: Entry) -> dict[str, Any]:
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


def _entry(project: str, said: Mapping[str, Any]) -> Entry:
    if not isinstance(said["payload"], dict):
        raise TypeError("payload")
    return Entry(
        project=project,
        number=int(said["number"]),
        kind=Kind(said["kind"]),
        subject=str(said["subject"]),
        at=_instant(said["at"]),
        recorded_at=_instant(said["recorded_at"]),
        who=str(said["who"]),
        party=Party(said["party"]),
        why=str(said["why"]),
        payload=said["payload"],
        previous=str(said["previous"]),
        hash=str(said["hash"]),
    )


def _instant(written: str) -> datetime:
    read = datetime.fromisoformat(written)
    if read.tzinfo is None:
        raise ValueError(written)
    return read


def _document(said: Mapping[str, Any]) -> Document:
    content = base64.b64decode(said["base64"], validate=True)
    if hashlib.sha256(content).hexdigest() != said["sha256"]:
        raise ValueError("sha256")
    return Document(said["sha256"], str(said["media_type"]), content)


def _malformed(where: str) -> JournalError:
    return JournalError(
        Text(
            "Ce fichier n’est pas le journal intact d’un projet ({where}). Donnez celui qu’a écrit "
            "« recette anomaly export PROJET --format json ».",
            "This file is not the intact journal of a project ({where}). Give the one that "
            "`recette anomaly export PROJECT --format json` wrote.",
        ).format(where=where)
    )

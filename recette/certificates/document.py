"""The JSON twin of a certificate: all that its pages show, the chain to journal and runs, the hashes of its files.

`content_sha256` covers the certificate and its chain and is printed on every page; `sha256` covers the whole document
but itself. Both are taken over `recette.journal.model.canonical`. `certificate.schema.json` is the published schema.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from recette.certificates import model
from recette.certificates.model import Certificate, CertificateError
from recette.journal.model import canonical
from sas_kernel.text import Lang, Text

FORMAT = "recette-certificate/1"
MEDIA_TYPE = "application/json"
PDF, HTML = "application/pdf", "text/html"


@dataclass(frozen=True, slots=True)
class File:
    """A page made of the certificate, named by its content."""

    name: str
    media_type: str
    lang: Lang
    sha256: str


@dataclass(frozen=True, slots=True)
class Document:
    """The twin as it is written. `draft` is true of one that is in no journal."""

    format: str
    draft: bool
    certificate: Certificate
    content_sha256: str
    files: tuple[File, ...]
    sha256: str


def content_sha256(certificate: Certificate) -> str:
    """What the pages bear: the hash of everything the certificate says, its chain included."""
    return _hash(msgspec.to_builtins(certificate))


def document(certificate: Certificate, files: Iterable[File]) -> Document:
    """The twin of a certificate and of the pages made of it."""
    made = Document(FORMAT, certificate.is_draft, certificate, content_sha256(certificate), tuple(files), "")
    return replace(made, sha256=_own_hash(msgspec.to_builtins(made)))


def written(made: Document) -> bytes:
    """The bytes of the file: sorted keys, indented, UTF-8."""
    return _dumped(msgspec.to_builtins(made))


def _dumped(raw: object) -> bytes:
    return (json.dumps(raw, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()


def read(content: bytes) -> tuple[Document, Mapping[str, Any]]:
    """The twin in these bytes, and its raw JSON: hashes are taken over what stands there, unknown keys included."""
    try:
        raw = json.loads(content)
        made = msgspec.convert(raw, Document)
    except (ValueError, msgspec.ValidationError, RecursionError) as error:
        raise _unreadable(str(error)) from error
    if made.format != FORMAT:
        raise _unreadable(made.format)
    return made, raw


def content_holds(raw: Mapping[str, Any]) -> bool:
    """Whether the certificate in a raw document is what its `content_sha256` says."""
    return bool(raw["content_sha256"] == _hash(raw["certificate"]))


def whole_holds(content: bytes, raw: Mapping[str, Any]) -> bool:
    """Whether the whole document is what its `sha256` says, written as it is written: no byte of it may differ."""
    return bool(raw["sha256"] == _own_hash(raw)) and _dumped(raw) == content


def schema() -> dict[str, Any]:
    """The JSON schema of the twin, as `certificate.schema.json` publishes it; described where we word it."""
    made = msgspec.json.schema(Document)
    for name, definition in made["$defs"].items():
        if getattr(getattr(model, name, None), "__module__", "") != model.__name__:
            definition.pop("description", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Certificate (procès-verbal) of recette",
        **made,
    }


def written_schema() -> str:
    """The text of `certificate.schema.json`."""
    return json.dumps(schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _own_hash(raw: Mapping[str, Any]) -> str:
    return _hash({key: value for key, value in raw.items() if key != "sha256"})


def _hash(value: object) -> str:
    try:
        return hashlib.sha256(canonical(value).encode()).hexdigest()
    except (ValueError, RecursionError) as error:
        raise _unreadable(str(error)) from error


def _unreadable(why: str) -> CertificateError:
    return CertificateError(
        Text("Ce n’est pas un procès-verbal de recette : {why}.", "This is no certificate of recette: {why}.").format(
            why=why[:300]
        )
    )

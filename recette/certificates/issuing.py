"""Makes a certificate’s files, keeps them and writes its issue to the journal; a draft is written nowhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from recette.certificates import document, html, page, pdf
from recette.certificates.document import HTML, MEDIA_TYPE, PDF, File
from recette.certificates.model import PREFIXES, Certificate, CertificateError
from recette.certificates.proposing import propose
from recette.journal.model import Draft, Entry, Kind, Party
from recette.model import Requirement
from recette.monitoring.model import Standing
from recette.projects import book as books
from recette.projects.book import Book
from recette.projects.model import Contact, Outcome, PhaseId
from sas_kernel.text import Lang, Text


class Keeping(Protocol):
    """What an issue needs of a `Journal`."""

    async def read(self, project: str) -> tuple[Entry, ...]: ...

    async def append(
        self, project: str, drafts: Sequence[Draft], recorded_at: datetime, *, expecting: int | None = None
    ) -> tuple[Entry, ...]: ...

    async def keep(self, content: bytes, media_type: str, recorded_at: datetime) -> str: ...


@dataclass(frozen=True, slots=True)
class Files:
    """A certificate and its three files, by format (`html`, `pdf`, `json`); `name` is theirs without the ending."""

    certificate: Certificate
    name: str
    content: Mapping[str, bytes]

    def sha256(self, format_: str) -> str:
        return hashlib.sha256(self.content[format_]).hexdigest()


def files(certificate: Certificate, lang: Lang) -> Files:
    """The files of a certificate: the same certificate, the same bytes."""
    name = file_name(certificate.project, certificate.number or f"PROJET-{PREFIXES[certificate.kind]}", lang)
    laid_out = page.lay_out(certificate, lang, document.content_sha256(certificate))
    content = {
        "html": html.render(laid_out).encode(),
        "pdf": pdf.render(laid_out, certificate.made_at),
    }
    named = [
        File(f"{name}.{ending}", media_type, lang, hashlib.sha256(content[ending]).hexdigest())
        for ending, media_type in (("html", HTML), ("pdf", PDF))
    ]
    content["json"] = document.written(document.document(certificate, named))
    return Files(certificate, name, content)


def file_name(project: str, number: str, lang: Lang) -> str:
    """What the files of a certificate are called, without the ending: those of two projects do not meet."""
    return f"{project}-{number}.{lang.value}"


def next_number(book: Book, kind: PhaseId, now: datetime) -> str:
    """`PV-R-2026-0001`: counted by project and kind, without a gap, from one year into the next."""
    issued = [entry for entry in book.entries if entry.kind is Kind.CERTIFICATE and entry.payload["kind"] == kind.value]
    return f"PV-{PREFIXES[kind]}-{now.astimezone(book.agreement.zone).year}-{len(issued) + 1:04d}"


async def issue(
    journal: Keeping,
    project: str,
    kind: PhaseId,
    *,
    decision: Outcome | None,
    who: str,
    now: datetime,
    why: str = "",
    standing: Standing | None = None,
    signatories: Mapping[Party, Contact] | None = None,
    requirements: Iterable[Requirement] = (),
    lang: Lang = Lang.FR,
) -> Files:
    """Issue the certificate of a phase for the ANS, which emits it (art. 6, 7, 8.1).

    Without `decision` the phase has to be closed: people decided then. `CertificateError` where nobody decided;
    `JournalMovedError` where somebody wrote meanwhile: nothing is written, since what they wrote may bear on it.
    """
    book = await books.read(journal, project)
    number = next_number(book, kind, now) if kind in PREFIXES else ""
    certificate = propose(
        book,
        kind,
        now,
        standing,
        decision=decision,
        decided_by=who,
        signatories=signatories,
        requirements=requirements,
        number=number,
    )
    if certificate.decision is None:
        raise CertificateError(
            Text(
                "Un procès-verbal émis porte une décision : --decision validated, validated-with-reserves ou refused. "
                "L’outil propose : {proposal}.",
                "A certificate that is issued bears a decision: --decision validated, validated-with-reserves or "
                "refused. The tool proposes: {proposal}.",
            ).format(proposal=certificate.proposal.value)
        )
    made = files(certificate, lang)
    kept = {
        ending: await journal.keep(made.content[ending], media_type, now)
        for ending, media_type in (("html", HTML), ("pdf", PDF), ("json", MEDIA_TYPE))
    }
    payload = {
        "kind": kind.value,
        "number": number,
        "decision": certificate.decision.value,
        "proposal": certificate.proposal.value,
        "reserves": [reserve.anomaly for reserve in certificate.reserves],
        "lang": lang.value,
        "content_sha256": document.content_sha256(certificate),
        "documents": kept,
    }
    draft = Draft(Kind.CERTIFICATE, number, now, who, Party.ANS, why, payload)
    await journal.append(project, (draft,), now, expecting=book.entries[-1].number)
    return made

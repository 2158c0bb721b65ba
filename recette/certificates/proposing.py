"""From a project’s book to its certificate (ANS-CONV-001, art. 6 to 8.1). Pure: it proposes, people decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from recette import __version__
from recette.certificates import follow_up, results
from recette.certificates.model import PREFIXES, Certificate, CertificateError, Signatory
from recette.journal.model import Entry, Kind, Party
from recette.model import Requirement
from recette.monitoring.model import Standing
from recette.projects import book as books
from recette.projects import doors, schedule
from recette.projects.book import Book
from recette.projects.model import DELIVERY, SIGNATURE, TESTS_SUMMARY, Contact, Outcome, PhaseId, PhaseState, Shown
from sas_kernel.text import Text

ANS = "Agence du numérique en santé (ANS)"


def propose(
    book: Book,
    kind: PhaseId,
    now: datetime,
    standing: Standing | None,
    *,
    decision: Outcome | None = None,
    decided_by: str = "",
    signatories: Mapping[Party, Contact] | None = None,
    requirements: Iterable[Requirement] = (),
    number: str = "",
) -> Certificate:
    """The certificate of a phase as it stands at `now`; of one that is closed, as it stood when people closed it.

    `standing` is how the service stood since the phase was opened (VSR). Without `decision` it is a proposal; that of a
    closed phase is what people decided then. `signatories` stand in for those of the project. `CertificateError` where
    the phase was never opened, or its closing says otherwise than `decision`.
    """
    _agree(book, _opened(book, kind), decision)
    book, judged_at, closing = as_judged(book, kind, now)
    state = _opened(book, kind)
    if closing is not None:
        decision, decided_by = Outcome(closing.payload["outcome"]), closing.who
    door = doors.door(book, kind, judged_at, standing)
    found = book.dues(judged_at)
    counted = results.runs_of(book, state)
    bound = schedule.planned(book, state)
    rules, notes = follow_up.rules(book, found, [bound] if bound is not None else [])
    is_vsr = kind is PhaseId.VSR
    project = book.project
    return Certificate(
        kind=kind,
        number=number,
        project=project.id,
        tool_version=__version__,
        made_at=now,
        judged_at=judged_at,
        agreement=book.agreement.name,
        agreement_title=book.agreement.title,
        agreement_reference=book.agreement.reference,
        time_zone=book.agreement.zone.key,
        editor=project.editor,
        interface=project.interface,
        environment=project.environment,
        flows=project.flows,
        product=project.product,
        version=project.version,
        signed_at=project.milestones.get(SIGNATURE),
        delivered_at=project.milestones.get(DELIVERY),
        opened_at=state.opened_at,
        planned_end=door.planned_end,
        extended_to=state.extended_to,
        earliest_end=door.earliest_end,
        decision=decision,
        decided_by=decided_by if decision is not None else "",
        proposal=door.proposal,
        reasons=door.reasons,
        missing=door.missing,
        shown=_shown(book, state),
        requirements=results.requirement_lines(book, counted, requirements),
        scenarios=results.scenario_lines(counted, door),
        runs=results.run_lines(book, counted),
        anomalies=follow_up.anomaly_lines(book, found),
        reserves=follow_up.reserves(book, door.reserves, found),
        earlier_reserves=follow_up.earlier_reserves(book) if is_vsr else (),
        service=standing if is_vsr else None,
        prolonging=follow_up.prolonging(book, door.planned_end) if is_vsr else (),
        rights=follow_up.past_rights(book, state, judged_at, standing) if kind is not PhaseId.RECETTE else (),
        interruptions=follow_up.interruptions(book, state) if kind is not PhaseId.RECETTE else (),
        rules=rules,
        notes=notes,
        signatories=_signatories(book, signatories),
        chain=results.chain(book),
    )


def _opened(book: Book, kind: PhaseId) -> PhaseState:
    if kind not in PREFIXES:
        raise CertificateError(
            Text(
                "La phase « {kind} » n’a pas de procès-verbal. Possibles : {known}.",
                "The phase '{kind}' has no certificate. Possible: {known}.",
            ).format(kind=kind.value, known=", ".join(PREFIXES))
        )
    state = book.project.phase(kind)
    if state is None:
        raise CertificateError(
            Text(
                "La phase « {kind} » de « {p} » n’est pas ouverte : `recette phase open` d’abord.",
                "The phase '{kind}' of '{p}' is not open: `recette phase open` first.",
            ).format(kind=kind.value, p=book.project.id)
        )
    return state


def as_judged(book: Book, kind: PhaseId, now: datetime) -> tuple[Book, datetime, Entry | None]:
    """The book and the instant by which a phase is judged: of one that is closed, those just before its closing, and
    the entry that closed it."""
    if _opened(book, kind).is_open:
        return book, now, None
    closings = [
        index
        for index, entry in enumerate(book.entries)
        if entry.kind is Kind.PHASE_CLOSED and entry.subject == kind.value
    ]
    closing = book.entries[closings[-1]]
    return books.of(book.project.id, book.entries[: closings[-1]]), closing.at, closing


def _agree(book: Book, state: PhaseState, decision: Outcome | None) -> None:
    if decision is None or state.outcome is None or state.closed_at is None or decision is state.outcome:
        return
    raise CertificateError(
        Text(
            "La phase « {kind} » a été close « {was} » le {day} : un procès-verbal ne peut pas dire « {said} ».",
            "The phase '{kind}' was closed '{was}' on {day}: a certificate cannot say '{said}'.",
        ).format(
            kind=state.id.value,
            was=state.outcome.value,
            day=state.closed_at.astimezone(book.agreement.zone).date().isoformat(),
            said=decision.value,
        )
    )


def _shown(book: Book, state: PhaseState) -> tuple[Shown, ...]:
    """What was shown in this phase, and the editor’s own tests whenever they were."""
    return tuple(shown for shown in book.project.shown if shown.at >= state.opened_at or shown.what == TESTS_SUMMARY)


def _signatories(book: Book, named: Mapping[Party, Contact] | None) -> tuple[Signatory, ...]:
    people = {**book.project.contacts, **book.project.signatories, **(named or {})}
    organisations = {Party.ANS: ANS, Party.EDITOR: book.project.editor}
    nobody = Contact("")
    return tuple(
        Signatory(party, organisation, people.get(party, nobody).name, people.get(party, nobody).role)
        for party, organisation in organisations.items()
    )

"""The chronicle’s sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from recette.certificates.issuing import Files
from recette.certificates.model import Certificate
from recette.certificates.wording import OUTCOMES as OUTCOMES_OF
from recette.journal.model import Entry, Kind
from recette.projects import schedule
from recette.projects.book import Book
from recette.projects.model import PhaseId
from recette.projects.words import OUTCOMES, day
from recette.register.runs import RunRecord
from recette.register.words import SEVERITY, STATUS
from recette.simulation.model import DONE, FOLLOWS, REFUSED, Do, Event, Line
from sas_kernel.text import Text

_DID: Mapping[Do, Text] = {
    Do.MILESTONE: Text("Jalon", "Milestone"),
    Do.CHANGE: Text("Le projet change", "The project changes"),
    Do.OPEN: Text("Phase ouverte", "Phase opened"),
    Do.CLOSE: Text("Phase close", "Phase closed"),
    Do.EXTEND: Text("Prolongation convenue", "Extension agreed"),
    Do.SHOW: Text("Montré", "Shown"),
    Do.MAINTENANCE: Text("Maintenance annoncée", "Maintenance announced"),
    Do.SUSPEND: Text("L’ANS arrête la transmission des données", "The ANS stops the transmission of data"),
    Do.RESUME: Text("La transmission reprend", "Transmission resumes"),
    Do.RUN: Text("Exécution du cahier de tests", "Run of the test book"),
    Do.NOTIFY: Text("L’ANS notifie", "The ANS notifies"),
    Do.ACKNOWLEDGE: Text("L’éditeur prend en compte", "The editor acknowledges"),
    Do.QUALIFY: Text("Qualifiée", "Qualified"),
    Do.WORKAROUND: Text("Contournement proposé", "Workaround proposed"),
    Do.VALIDATE_WORKAROUND: Text("Contournement validé", "Workaround validated"),
    Do.PLAN: Text("Plan de remédiation proposé", "Remediation plan proposed"),
    Do.VALIDATE_PLAN: Text("Plan de remédiation validé", "Remediation plan validated"),
    Do.PAUSE: Text("Délai suspendu", "Deadline paused"),
    Do.RESUME_CLOCK: Text("Délai repris", "Deadline resumed"),
    Do.DELIVER: Text("Correction livrée", "Correction delivered"),
    Do.WITHDRAW: Text("Écartée par les deux parties", "Withdrawn by both parties"),
    Do.NOTE: Text("Note", "Note"),
}
_OF_RUN: Mapping[Kind, Text] = {
    Kind.ANOMALY_OPENED: Text("ouverte", "opened"),
    Kind.ANOMALY_SEEN: Text("revue", "seen again"),
    Kind.ANOMALY_REOPENED: Text("rouverte", "re-opened"),
    Kind.CORRECTION_VERIFIED: Text("correction vérifiée", "correction verified"),
}


def done(event: Event, entries: Sequence[Entry], book: Book) -> Line:
    """What people did, and on what."""
    if event.do is Do.RUN:
        run = book.runs[-1]
        found = tuple(line for entry in entries if (line := _of_run(entry, book)) is not None)
        return Line(event.at, DONE, _run(run), found)
    subjects = dict.fromkeys(entry.subject for entry in entries if entry.subject in book.register.anomalies)
    what = Text(", ".join(subjects), ", ".join(subjects)) if subjects else about(event)
    why = Text(" : {w}", ": {w}").format(w=event.why) if event.why else ""
    text = Text("{d}{a}{w}", "{d}{a}{w}").format(
        d=_DID[event.do], a=Text(" · {w}", " · {w}").format(w=what) if what.fr else "", w=why
    )
    details = _ends(event.values["phase"], book) if event.do is Do.OPEN else ()
    return Line(event.at, DONE, text, details)


def refused(event: Event, why: tuple[Text, ...]) -> Line:
    """What was refused, as the story says."""
    what = about(event)
    return Line(
        event.at,
        REFUSED,
        Text("{d}{a} : refusé, comme prévu.", "{d}{a}: refused, as the story says.").format(
            d=_DID[event.do], a=Text(" · {w}", " · {w}").format(w=what) if what.fr else ""
        ),
        why,
    )


def _run(run: RunRecord) -> Text:
    return Text(
        "Exécution du cahier de tests ({n} scénarios) : {v}.", "Run of the test book ({n} scenarios): {v}."
    ).format(n=len(run.scenarios), v=run.verdict.value)


def _of_run(entry: Entry, book: Book) -> Text | None:
    said = _OF_RUN.get(entry.kind)
    if said is None:
        return None
    anomaly = book.register.anomalies[entry.subject]
    return Text("{id} ({s}) {d} : {t}", "{id} ({s}) {d}: {t}").format(
        id=anomaly.id, s=SEVERITY[anomaly.severity], d=said, t=anomaly.title
    )


def _ends(phase: PhaseId, book: Book) -> tuple[Text, ...]:
    state = book.project.phase(phase)
    end = schedule.planned_end(book, state) if state is not None else None
    if end is None:
        return ()
    if phase is PhaseId.VSR:
        return (Text("Au plus tôt jusqu’au {d}.", "Until {d} at the earliest.").format(d=day(end.date())),)
    return (Text("Terme : {d}.", "End: {d}.").format(d=day(end.date())),)


def about(event: Event) -> Text:
    """What an event is about; empty where it says it all."""
    says = event.values
    if event.do is Do.MAINTENANCE:
        span = f"{says['from']:%Y-%m-%d %H:%M} → {says['to']:%Y-%m-%d %H:%M}"
        return Text(span, span)
    words = [str(says[key]) for key in ("name", "phase", "what", "until") if key in says]
    words += [str(word) for word in says.get("anomalies", ())]
    return Text("{w}{o}", "{w}{o}").format(
        w=" ".join(words), o=Text(", {o}", ", {o}").format(o=OUTCOMES[says["outcome"]]) if "outcome" in says else ""
    )


def watched(touched: Sequence[str], book: Book, now: datetime) -> Line:
    """What the watch wrote to the journal."""
    details = []
    for id in touched:
        anomaly = book.register.anomalies[id]
        details.append(
            Text("{id} ({s}, {w}) : {t}", "{id} ({s}, {w}): {t}").format(
                id=id, s=SEVERITY[anomaly.severity], w=STATUS[anomaly.status], t=anomaly.title
            )
        )
    return Line(
        now, FOLLOWS, Text("La surveillance écrit au journal.", "The watch writes to the journal."), tuple(details)
    )


def issued(made: Files, now: datetime) -> Line:
    """A certificate that was issued."""
    certificate = made.certificate
    text = Text("Procès-verbal {n} : {d}.", "Certificate {n}: {d}.")
    decision = OUTCOMES_OF[certificate.kind][certificate.decision] if certificate.decision is not None else ""
    return Line(now, DONE, text.format(n=certificate.number, d=decision), certificate.reasons)


def proposed(certificate: Certificate, now: datetime) -> Line:
    """What the certificate of an open phase would say."""
    text = Text("Procès-verbal proposé pour « {p} » : {o}.", "Certificate proposed for '{p}': {o}.")
    return Line(
        now,
        FOLLOWS,
        text.format(p=certificate.kind.value, o=OUTCOMES_OF[certificate.kind][certificate.proposal]),
        certificate.reasons,
    )

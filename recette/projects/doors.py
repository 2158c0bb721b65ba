"""What has to hold before a phase is closed, and what a party may do meanwhile (ANS-CONV-001, art. 6 to 8). Pure.

The tool proposes; a door that is shut says exactly what is missing, a right is shown and never taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from recette.agreement import arithmetic
from recette.agreement.anomalies import regular_service_end
from recette.model import Severity, Verdict
from recette.monitoring.model import Standing
from recette.projects.book import Book
from recette.projects.model import Door, Missing, Outcome, PhaseId, PhaseState, Right
from recette.register.model import Anomaly, Matter, Status
from recette.register.runs import RunRecord
from sas_kernel.text import Text

CONNECTIVITY, EXCHANGES, TESTS_SUMMARY = "connectivity", "exchanges", "tests-summary"
"""What is shown besides runs (art. 6 and 7)."""

SIGNATURE, DELIVERY = "signature", "delivery"
BREACH_NOTICE, BREACH_REPAIRED = "breach-notice", "breach-repaired"
"""Milestones that bear on a date."""

_VALIDATED = frozenset({Verdict.PASS, Verdict.WARN, Verdict.OMIT})
_GRAVE = frozenset({Severity.BLOCKING, Severity.MAJOR})


@dataclass(frozen=True, slots=True)
class _At:
    """What a door is judged from."""

    book: Book
    phase: PhaseState
    now: datetime
    standing: Standing | None


def door(book: Book, phase: PhaseId, now: datetime, standing: Standing | None) -> Door:
    """Whether this phase can be closed now, and what its certificate would say.

    `standing` is how the service stood since the phase was opened; only the door of the VSR asks for it.
    """
    state = book.project.phase(phase)
    if state is None or not state.is_open:
        shut = _not_open(phase, state)
        return Door(phase, (shut,), Outcome.REFUSED, (shut.text,), (), None, None)
    at = _At(book, state, now, standing)
    missing = tuple(_CONDITIONS[phase](at))
    reserves = _reserves(at)
    return Door(
        phase=phase,
        missing=missing,
        proposal=_proposal(missing, reserves),
        reasons=tuple(each.text for each in missing) or tuple(_grounds(at, reserves)),
        reserves=reserves,
        planned_end=planned_end(book, state),
        earliest_end=_earliest_end(at),
    )


def rights(book: Book, now: datetime, standing: Standing | None) -> tuple[Right, ...]:
    """What a party may do now (art. 8.2, 8.4, 14). Shown, never taken."""
    return tuple(_rights(book, now, standing))


def planned_end(book: Book, phase: PhaseState) -> datetime | None:
    """When the agreement wants this phase closed, or the date that both parties put in its place."""
    if phase.extended_to is not None:
        return arithmetic.end_of(book.agreement, book.agreement.deadlines[_DEADLINE[phase.id]], phase.extended_to)
    deadline = _DEADLINE.get(phase.id)
    if deadline is None:
        return None
    milestones = book.project.milestones
    start = milestones.get(SIGNATURE) if deadline in {"development", "end"} else phase.opened_at
    if phase.id is PhaseId.RECETTE:
        start = milestones.get(DELIVERY, phase.opened_at)
    return None if start is None else arithmetic.due(book.agreement, deadline, start).due_at


_DEADLINE: Mapping[PhaseId, str] = {
    PhaseId.DEVELOPPEMENT: "development",
    PhaseId.RECETTE: "recette",
    PhaseId.MISE_EN_SERVICE: "mise-en-service",
    PhaseId.VSR: "vsr",
    PhaseId.EXPLOITATION: "end",
}


# --- conditions, by phase --------------------------------------------------------------------------------------------


def _framing(at: _At) -> Iterator[Missing]:
    yield from _milestone(at, SIGNATURE, Text("La convention n’est pas signée.", "The agreement is not signed."), "2")


def _development(at: _At) -> Iterator[Missing]:
    text = Text("L’ensemble des développements n’est pas livré.", "The developments have not all been delivered.")
    yield from _milestone(at, DELIVERY, text, "6")


def _acceptance(at: _At) -> Iterator[Missing]:
    yield from _scenarios(at)
    yield from _blocking(at, "6")
    for anomaly in at.book.register.open:
        if anomaly.severity is not Severity.BLOCKING and not anomaly.is_reserve:
            yield _not_a_reserve(anomaly)


def _go_live(at: _At) -> Iterator[Missing]:
    for what, text in (
        (CONNECTIVITY, Text("La connectivité n’a pas été montrée.", "Connectivity has not been shown.")),
        (EXCHANGES, Text("Les échanges de données n’ont pas été montrés.", "Exchanges have not been shown.")),
    ):
        if not any(shown.what == what and shown.at >= at.phase.opened_at for shown in at.book.project.shown):
            yield Missing(what, text, "7")
    yield from _blocking(at, "7")
    for anomaly in at.book.register.open:
        if anomaly.phase == PhaseId.MISE_EN_SERVICE.value and anomaly.severity is not Severity.BLOCKING:
            yield _uncorrected(anomaly, "7")


def _regular_service(at: _At) -> Iterator[Missing]:
    end = planned_end(at.book, at.phase)
    if end is not None and at.now.astimezone(end.tzinfo).date() < end.date():
        text = Text("La VSR dure jusqu’au {end}.", "The regular-service verification lasts until {end}.")
        yield Missing("duration", text.format(end=_day(end.date())), "8.1")
    yield from _service(at)
    recette = at.book.project.phase(PhaseId.RECETTE)
    for id in recette.reserves if recette else ():
        anomaly = at.book.register.find(id)
        if anomaly.is_open:
            text = Text("La réserve {id} n’est pas levée ({status}).", "The réserve {id} is not lifted ({status}).")
            yield Missing("reserve", text.format(id=id, status=_STATUS[anomaly.status]), "8.1", (id,))
    for anomaly in at.book.register.open:
        if anomaly.severity in _GRAVE:
            yield _uncorrected(anomaly, "8.1")


def _operation(at: _At) -> Iterator[Missing]:
    end = planned_end(at.book, at.phase)
    if end is None or at.now <= end:
        text = Text("La convention court jusqu’au {end}.", "The agreement runs until {end}.")
        yield Missing("duration", text.format(end=_day(end.date()) if end else "—"), "2")


_CONDITIONS: Mapping[PhaseId, Callable[[_At], Iterator[Missing]]] = {
    PhaseId.CADRAGE: _framing,
    PhaseId.DEVELOPPEMENT: _development,
    PhaseId.RECETTE: _acceptance,
    PhaseId.MISE_EN_SERVICE: _go_live,
    PhaseId.VSR: _regular_service,
    PhaseId.EXPLOITATION: _operation,
}


def _milestone(at: _At, name: str, text: Text, article: str) -> Iterator[Missing]:
    if name not in at.book.project.milestones:
        yield Missing(name, text, article)


def _scenarios(at: _At) -> Iterator[Missing]:
    """Each scenario of the test book, by the last run of this phase that played it with the rules in force now.

    One that fails on nothing but réserves is validated with them, else no réserve could ever stand (art. 6).
    """
    runs = [run for run in at.book.runs if run.finished_at >= at.phase.opened_at]
    runs = [run for run in runs if run.rule_set == runs[-1].rule_set]
    if not any(not run.partial for run in runs):
        text = Text("Aucune exécution entière du cahier de tests dans cette phase.", "No whole run in this phase.")
        yield Missing("run", text, "6")
        return
    last: dict[str, RunRecord] = {scenario: run for run in runs for scenario in run.scenarios}
    reserves = {anomaly.identity for anomaly in at.book.register.open if anomaly.is_reserve}
    for scenario, run in last.items():
        verdict = run.scenarios[scenario]
        if verdict in _VALIDATED or (verdict is Verdict.FAIL and _only_reserves(run, scenario, reserves)):
            continue
        text = Text("Le scénario {id} n’est pas validé : {verdict}.", "Scenario {id} is not validated: {verdict}.")
        yield Missing("scenario", text.format(id=scenario, verdict=verdict.value), "6", (scenario, run.id))


def _only_reserves(run: RunRecord, scenario: str, reserves: set[str]) -> bool:
    failed = {finding.identity for finding in run.findings if scenario in finding.scenarios}
    return bool(failed) and failed <= reserves


def _blocking(at: _At, article: str) -> Iterator[Missing]:
    for anomaly in at.book.register.open:
        if anomaly.severity is Severity.BLOCKING:
            yield _uncorrected(anomaly, article)


def _uncorrected(anomaly: Anomaly, article: str) -> Missing:
    text = Text("{id} ({severity}) n’est pas corrigée : {status}.", "{id} ({severity}) is not corrected: {status}.")
    said = text.format(id=anomaly.id, severity=_SEVERITY[anomaly.severity], status=_STATUS[anomaly.status])
    return Missing("anomaly", said, article, (anomaly.id,))


def _not_a_reserve(anomaly: Anomaly) -> Missing:
    lacking = []
    if anomaly.workaround is None or anomaly.workaround.validated is None:
        lacking.append(Text("contournement validé par l’ANS", "workaround validated by the ANS"))
    if anomaly.plan is None or not anomaly.plan.is_validated:
        lacking.append(Text("plan de remédiation validé par les deux parties", "plan validated by both parties"))
    what = Text(", ".join(text.fr for text in lacking), ", ".join(text.en for text in lacking))
    text = Text("{id} ({severity}) reste ouverte sans {what}.", "{id} ({severity}) stays open without {what}.")
    said = text.format(id=anomaly.id, severity=_SEVERITY[anomaly.severity], what=what)
    return Missing("anomaly", said, "6", (anomaly.id,))


def _service(at: _At) -> Iterator[Missing]:
    conforms = at.standing.conforms if at.standing is not None else None
    if conforms is None:
        text = Text(
            "Rien ne montre que disponibilité et temps de réponse sont tenus (`recette monitor`).",
            "Nothing shows that availability and response times are held (`recette monitor`).",
        )
        yield Missing("service", text, "8.1")
    elif not conforms:
        text = Text("Disponibilité ou temps de réponse non tenus.", "Availability or response times not held.")
        yield Missing("service", text, "8.1, 8.4")


def _not_open(phase: PhaseId, state: PhaseState | None) -> Missing:
    if state is None:
        text = Text("La phase « {p} » n’est pas ouverte.", "The phase '{p}' is not open.")
    else:
        text = Text("La phase « {p} » est déjà close.", "The phase '{p}' is closed already.")
    return Missing("phase", text.format(p=phase.value), "annexe 1")


# --- what a certificate would say ------------------------------------------------------------------------------------


def _reserves(at: _At) -> tuple[str, ...]:
    """Of the recette: open, with workaround and plan. Of the VSR: every minor one still open (art. 6, 8.1)."""
    register = at.book.register
    if at.phase.id is PhaseId.RECETTE:
        return tuple(anomaly.id for anomaly in register.open if anomaly.is_reserve)
    if at.phase.id is PhaseId.VSR:
        return tuple(anomaly.id for anomaly in register.open if anomaly.severity is Severity.MINOR)
    return ()


def _proposal(missing: tuple[Missing, ...], reserves: tuple[str, ...]) -> Outcome:
    if missing:
        return Outcome.REFUSED
    return Outcome.VALIDATED_WITH_RESERVES if reserves else Outcome.VALIDATED


def _grounds(at: _At, reserves: tuple[str, ...]) -> Iterator[Text]:
    yield Text("Toutes les conditions de la phase sont réunies.", "All conditions of the phase hold.")
    if reserves:
        said = Text("Réserves : {ids}.", "Réserves: {ids}.")
        yield said.format(ids=", ".join(reserves))
    end = planned_end(at.book, at.phase)
    if end is not None and at.now > end and at.phase.id is not PhaseId.VSR:
        text = Text("La phase dépasse son terme, le {end}.", "The phase is past its end, {end}.")
        yield text.format(end=_day(end.date()))
    if at.phase.id is PhaseId.MISE_EN_SERVICE and not any(
        shown.what == TESTS_SUMMARY for shown in at.book.project.shown
    ):
        yield Text(
            "Rappel : la synthèse des tests de l’éditeur est à transmettre avant la mise en production (art. 6).",
            "Reminder: the summary of the editor’s own tests is due before production (art. 6).",
        )


def _earliest_end(at: _At) -> date | None:
    if at.phase.id is not PhaseId.VSR:
        return None
    grave = [anomaly for anomaly in at.book.register.anomalies.values() if anomaly.severity in _GRAVE]
    delivered = [
        anomaly.delivered_at for anomaly in grave if anomaly.delivered_at and anomaly.status is not Status.OPEN
    ]
    since = [instant for instant in delivered if instant >= at.phase.opened_at]
    still_open = any(anomaly.is_open and anomaly.status is not Status.DELIVERED for anomaly in grave)
    return regular_service_end(at.book.agreement, at.phase.opened_at, since, still_open)


def _rights(book: Book, now: datetime, standing: Standing | None) -> Iterator[Right]:
    consequences = book.agreement.consequences
    late = [
        due
        for due in book.dues(now)
        if due.matter is Matter.CORRECTION and due.met_at is None and due.is_overdue and not due.indicative
    ]
    for due in late:
        for consequence in due.date.consequences:
            if consequence.id == "suspension-blocking":
                yield Right(consequence.id, consequence.text, consequence.article, due.date.due_at, (due.anomaly,))
    in_service = {PhaseId.VSR, PhaseId.EXPLOITATION}
    current = book.project.current
    if standing is not None and standing.conforms is False and current is not None and current.id in in_service:
        broken = consequences["suspension-service-levels"]
        levels = tuple(level.level for level in standing.levels if level.holds is False)
        about = (*(("availability",) if standing.availability_holds is False else ()), *levels)
        yield Right(broken.id, broken.text, broken.article, standing.end, about)
    notice = book.project.milestones.get(BREACH_NOTICE)
    repaired = book.project.milestones.get(BREACH_REPAIRED)
    if notice is not None and (repaired is None or repaired < notice):
        breach = arithmetic.due(book.agreement, "breach-repair", notice)
        if now > breach.due_at:
            right = consequences["termination-right"]
            yield Right(right.id, right.text, right.article, breach.due_at)


_SEVERITY: Mapping[Severity, Text] = {
    Severity.BLOCKING: Text("bloquante", "blocking"),
    Severity.MAJOR: Text("majeure", "major"),
    Severity.MINOR: Text("mineure", "minor"),
}
_STATUS: Mapping[Status, Text] = {
    Status.OPEN: Text("à notifier", "to be notified"),
    Status.NOTIFIED: Text("notifiée", "notified"),
    Status.ACKNOWLEDGED: Text("prise en compte", "acknowledged"),
    Status.DELIVERED: Text("correction livrée, à vérifier", "correction delivered, to be verified"),
    Status.CORRECTED: Text("corrigée", "corrected"),
    Status.WITHDRAWN: Text("écartée", "withdrawn"),
}


def _day(day: date) -> Text:
    return Text(f"{day:%d/%m/%Y}", day.isoformat())

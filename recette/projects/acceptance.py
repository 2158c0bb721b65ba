"""Whether the test book is validated: its scenarios, by the runs of the recette (ANS-CONV-001, art. 6). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from recette.model import Verdict
from recette.projects.book import Book
from recette.projects.model import REVIEW, Missing, PhaseState
from recette.register.model import Status
from recette.register.runs import RunRecord
from sas_kernel.text import Text

_VALIDATED = frozenset({Verdict.PASS, Verdict.WARN, Verdict.OMIT})
_ARTICLE = "6"
_SAID: Mapping[Verdict, Text] = {
    Verdict.SKIP: Text("non joué", "not played"),
    Verdict.REVIEW: Text("à examiner par une personne", "for a person to look at"),
    Verdict.FAIL: Text("en échec", "failed"),
    Verdict.ERROR: Text("l’outil a échoué", "the tool failed"),
}


def missing(book: Book, phase: PhaseState) -> Iterator[Missing]:
    """What keeps the scenarios from being validated, by the last run of this phase that played each.

    Only runs under the rules of the last one count. A correction starts a new cycle: a whole run after the last one
    delivered. A scenario that fails on nothing but réserves is validated with them, else no réserve could ever stand.
    """
    runs = _runs(book, phase)
    whole = [run for run in runs if not run.partial]
    if not whole:
        text = Text(
            "Aucune exécution entière du cahier de tests dans cette phase.",
            "No whole run of the test book in this phase.",
        )
        yield Missing("run", text, _ARTICLE)
        return
    yield from _cycle(book, whole[-1])
    last: dict[str, RunRecord] = {scenario: run for run in runs for scenario in run.scenarios}
    flows = [flow.value for flow in book.project.flows]
    for flow in flows:
        if not any(_flow(scenario) == flow for scenario in last):
            text = Text(
                "Aucun scénario du flux « {flow} » n’a été joué.", "No scenario of the flow '{flow}' was played."
            )
            yield Missing("flow", text.format(flow=flow), _ARTICLE, (flow,))
    for scenario, run in last.items():
        if not flows or _flow(scenario) in flows:
            yield from _scenario(book, scenario, run)


def _runs(book: Book, phase: PhaseState) -> Sequence[RunRecord]:
    """Those of this phase, in the order in which they were made, under the rules of the last."""
    made = [run for run in book.runs if run.started_at >= phase.opened_at]
    made.sort(key=lambda run: (run.finished_at, run.id))
    return [run for run in made if run.rule_set == made[-1].rule_set]


def _cycle(book: Book, whole: RunRecord) -> Iterator[Missing]:
    late = tuple(
        anomaly.id
        for anomaly in book.register.anomalies.values()
        if anomaly.status is not Status.WITHDRAWN
        and anomaly.delivered_at is not None
        and anomaly.delivered_at > whole.started_at
    )
    if late:
        text = Text(
            "Un correctif livré ouvre un nouveau cycle : aucune exécution entière depuis la livraison de {ids}.",
            "A delivered correction starts a new cycle: no whole run since the delivery of {ids}.",
        )
        yield Missing("cycle", text.format(ids=", ".join(late)), _ARTICLE, late)


def _scenario(book: Book, scenario: str, run: RunRecord) -> Iterator[Missing]:
    verdict = run.scenarios[scenario]
    if verdict in _VALIDATED or (verdict is Verdict.REVIEW and _reviewed(book, scenario, run)):
        return
    failing = _failing(book, run, scenario)
    if verdict is Verdict.FAIL and failing == ():
        return
    ids = f" ({', '.join(failing)})" if failing else ""
    text = Text(
        "Le scénario {scenario} n’est pas validé : {verdict}{ids}, exécution {run}.",
        "Scenario {scenario} is not validated: {verdict}{ids}, run {run}.",
    ).format(scenario=scenario, verdict=_SAID[verdict], ids=ids, run=run.id)
    yield Missing("scenario", text, _ARTICLE, (scenario, run.id, *(failing or ())))


def _failing(book: Book, run: RunRecord, scenario: str) -> tuple[str, ...] | None:
    """What a scenario fails on besides réserves and what both parties withdrew; None where the run does not say.

    A deviation that a run was told to excuse is excused there only: a certificate knows réserves and nothing else.
    """
    anomalies = {anomaly.identity: anomaly for anomaly in book.register.anomalies.values()}
    found = [finding for finding in (*run.findings, *run.excused) if scenario in finding.scenarios]
    if not found:
        return None
    known = [(finding.requirement, anomalies.get(finding.identity)) for finding in found]
    return tuple(
        requirement if anomaly is None else anomaly.id
        for requirement, anomaly in known
        if anomaly is None or not (anomaly.is_reserve or anomaly.status is Status.WITHDRAWN)
    )


def _reviewed(book: Book, scenario: str, run: RunRecord) -> bool:
    """A person of the ANS looked at what this run could not judge."""
    return any(shown.what == REVIEW + scenario and shown.at >= run.finished_at for shown in book.project.shown)


def _flow(scenario: str) -> str:
    return scenario.partition(".")[0]

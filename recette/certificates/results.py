"""What the runs of a phase show of scenarios and requirements, as a certificate lists them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from recette.certificates.model import (
    Chain,
    ChainedRun,
    RequirementLine,
    RequirementStanding,
    RunLine,
    ScenarioLine,
)
from recette.journal.model import GENESIS, Kind
from recette.model import Actor, Requirement, Verdict
from recette.projects.book import Book
from recette.projects.model import Door, PhaseState
from recette.register.model import Anomaly, Status
from recette.register.runs import RunRecord
from sas_kernel.text import Text

_NOT_NAMED = Text("Aucune exécution de la phase ne l’a jugée.", "No run of the phase judged it.")
_WHY_NOT: Mapping[Verdict, Text] = {
    Verdict.ERROR: Text("L’outil n’a pas pu la juger.", "The tool could not judge it."),
    Verdict.REVIEW: Text("Une personne doit l’examiner.", "A person has to look at it."),
    Verdict.SKIP: Text("Une condition préalable manquait.", "A precondition was missing."),
}


def runs_of(book: Book, phase: PhaseState) -> tuple[RunRecord, ...]:
    """Those begun in this phase, in the order of their end, under the rules of the last: the ones that count."""
    made = sorted(
        (run for run in book.runs if run.started_at >= phase.opened_at), key=lambda run: (run.finished_at, run.id)
    )
    return tuple(run for run in made if run.rule_set == made[-1].rule_set)


def run_lines(book: Book, counted: Sequence[RunRecord]) -> tuple[RunLine, ...]:
    """Every run of the project."""
    ids = {run.id for run in counted}
    return tuple(
        RunLine(
            id=run.id,
            started_at=run.started_at,
            finished_at=run.finished_at,
            target=run.target,
            base_url=run.base_url,
            tool_version=run.tool_version,
            rule_set=run.rule_set,
            guide=run.guide,
            verdict=run.verdict,
            partial=run.partial,
            in_phase=run.id in ids,
        )
        for run in book.runs
    )


def chain(book: Book) -> Chain:
    """The hash chain of what the book was read from."""
    last = book.entries[-1] if book.entries else None
    return Chain(
        project=book.project.id,
        entries=last.number if last else 0,
        head=last.hash if last else GENESIS,
        runs=tuple(
            ChainedRun(entry.subject, entry.payload["sha256"], entry.number, entry.hash)
            for entry in book.entries
            if entry.kind is Kind.RUN
        ),
    )


def scenario_lines(counted: Sequence[RunRecord], door: Door) -> tuple[ScenarioLine, ...]:
    """Each scenario by the last run that played it; validated where the door does not miss it."""
    missed = {about for missing in door.missing for about in missing.about}
    last = {scenario: run for run in counted for scenario in run.scenarios}
    return tuple(ScenarioLine(id, run.scenarios[id], id not in missed, run.id) for id, run in sorted(last.items()))


def requirement_lines(
    book: Book, counted: Sequence[RunRecord], requirements: Iterable[Requirement]
) -> tuple[RequirementLine, ...]:
    """The requirements of the project’s flows in the order of the catalogue, then those that only runs know.

    None without a run: nothing was judged.
    """
    if not counted:
        return ()
    last = {id: run for run in counted for id in run.requirements}
    actor, flows = Actor(counted[-1].actor), set(book.project.flows)
    anomalies: dict[str, list[Anomaly]] = defaultdict(list)
    for anomaly in book.register.anomalies.values():
        anomalies[anomaly.requirement].append(anomaly)
    catalogue = {requirement.id: requirement for requirement in requirements}
    asked = [each for each in catalogue.values() if each.actor is actor and (not flows or each.flow in flows)]
    lines = [_line(each.id, each, last.get(each.id), anomalies[each.id]) for each in asked]
    lines += [_line(id, None, run, anomalies[id]) for id, run in last.items() if id not in catalogue]
    return tuple(lines)


def _line(
    id: str, requirement: Requirement | None, run: RunRecord | None, anomalies: Sequence[Anomaly]
) -> RequirementLine:
    verdicts = frozenset(run.requirements[id]) if run is not None else frozenset()
    standing, reason = _standing(verdicts, anomalies)
    if standing is RequirementStanding.NOT_VALIDATED and run is not None:
        reason = _deviation(id, run)
    if run is None and standing is RequirementStanding.NOT_JUDGED:
        reason = requirement.untested_reason if requirement and requirement.untested_reason else _NOT_NAMED
    return RequirementLine(
        id=id,
        flow=requirement.flow if requirement else None,
        severity=requirement.severity if requirement else None,
        text=requirement.text if requirement else None,
        standing=standing,
        reason=reason,
        anomalies=tuple(anomaly.id for anomaly in anomalies),
        run=run.id if run is not None else "",
    )


def _deviation(requirement: str, run: RunRecord) -> Text | None:
    """The known deviation that excused it in a run: shown, for it validates nothing (art. 6)."""
    excuse = next((finding.excuse for finding in run.excused if finding.requirement == requirement), "")
    return Text("Écart connu : {e}", "Known deviation: {e}").format(e=excuse) if excuse else None


def _standing(verdicts: frozenset[Verdict], anomalies: Sequence[Anomaly]) -> tuple[RequirementStanding, Text | None]:
    """An open anomaly outweighs a run that passed: its correction is not shown yet, or a partial run did not look."""
    still_open = [anomaly for anomaly in anomalies if anomaly.is_open]
    if still_open:
        reserves = all(anomaly.is_reserve for anomaly in still_open)
        return (RequirementStanding.WITH_RESERVES if reserves else RequirementStanding.NOT_VALIDATED), None
    if Verdict.FAIL in verdicts:
        withdrawn = bool(anomalies) and all(anomaly.status is Status.WITHDRAWN for anomaly in anomalies)
        return (RequirementStanding.SET_ASIDE if withdrawn else RequirementStanding.NOT_VALIDATED), None
    for verdict in (Verdict.ERROR, Verdict.REVIEW):
        if verdict in verdicts:
            return RequirementStanding.NOT_JUDGED, _WHY_NOT[verdict]
    if verdicts & {Verdict.PASS, Verdict.WARN}:
        return RequirementStanding.VALIDATED, None
    if Verdict.SKIP in verdicts:
        return RequirementStanding.NOT_JUDGED, _WHY_NOT[Verdict.SKIP]
    standing = RequirementStanding.NOT_APPLICABLE if verdicts else RequirementStanding.NOT_JUDGED
    return standing, None

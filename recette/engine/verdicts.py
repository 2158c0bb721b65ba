"""How judgements add up: of a check, of a requirement, of a scenario, of a run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from recette.model import (
    Check,
    CheckResult,
    DeviationResult,
    DeviationState,
    Evidence,
    ExitCode,
    Finding,
    Judgement,
    Level,
    Problem,
    Requirement,
    ScenarioResult,
    Severity,
    Verdict,
    identity_of,
    worst,
)
from sas_kernel.text import Text

_RAN = (Verdict.PASS, Verdict.WARN, Verdict.FAIL)


def check_result(
    check: Check, requirement: Requirement, scenario: str, evidence: Evidence, judgement: Judgement
) -> CheckResult:
    """A problem is FAIL where the requirement obliges (SHALL) and WARN elsewhere; nothing examined is SKIP."""
    if judgement.problems:
        verdict = Verdict.FAIL if requirement.level is Level.SHALL else Verdict.WARN
    elif judgement.review is not None:
        verdict = Verdict.REVIEW
    elif judgement.examined:
        verdict = Verdict.PASS
    else:
        verdict = Verdict.SKIP
    exchanges = tuple(exchange.id for exchange in evidence.exchanges)
    reason = judgement.review if verdict is Verdict.REVIEW else judgement.reason
    if verdict is Verdict.SKIP and reason is None:
        reason = Text("Rien à examiner dans la réponse.", "Nothing to examine in the answer.")
    return CheckResult(
        check=check.id,
        title=check.title,
        requirement=requirement.id,
        scenario=scenario,
        verdict=verdict,
        level=requirement.level,
        severity=requirement.severity,
        source=requirement.source,
        examined=judgement.examined,
        findings=_findings(check, requirement, scenario, verdict, judgement.problems, exchanges),
        reason=reason if verdict in {Verdict.SKIP, Verdict.REVIEW} else None,
        exchanges=exchanges,
        service_level=check.service_level,
    )


def _findings(
    check: Check,
    requirement: Requirement,
    scenario: str,
    verdict: Verdict,
    problems: Sequence[Problem],
    exchanges: tuple[str, ...],
) -> tuple[Finding, ...]:
    """One finding an identity: a thousand slots without milliseconds are one finding seen a thousand times."""
    found: dict[str, tuple[Problem, int]] = {}
    for problem in problems:
        identity = identity_of(requirement.id, check.id, problem.path)
        first, count = found.get(identity, (problem, 0))
        found[identity] = (first, count + 1)
    return tuple(
        Finding(
            identity=identity,
            check=check.id,
            requirement=requirement.id,
            scenario=scenario,
            verdict=verdict,
            level=requirement.level,
            severity=requirement.severity,
            source=requirement.source,
            message=problem.message,
            path=problem.path,
            expected=problem.expected,
            actual=problem.actual,
            exchange=problem.exchange or (exchanges[0] if exchanges else None),
            occurrences=count,
        )
        for identity, (problem, count) in found.items()
    )


def unjudged(
    check: Check, requirement: Requirement | None, scenario: str, verdict: Verdict, reason: Text
) -> CheckResult:
    """The result of a check that could not be made."""
    return CheckResult(
        check=check.id,
        title=check.title,
        requirement=check.requirement,
        scenario=scenario,
        verdict=verdict,
        level=requirement.level if requirement else Level.SHALL,
        severity=requirement.severity if requirement else Severity.MINOR,
        source=requirement.source if requirement else "",
        examined=0,
        findings=(),
        reason=reason,
        exchanges=(),
        service_level=check.service_level,
    )


def scenario_verdict(checks: Iterable[CheckResult]) -> Verdict:
    """The worst of what was judged. A SKIP among judged checks of an optional requirement does not weigh."""
    results = tuple(checks)
    weighing = [
        result.verdict for result in results if result.verdict is not Verdict.SKIP or result.level is Level.SHALL
    ]
    return worst(weighing) if weighing else worst(result.verdict for result in results)


def requirement_verdict(results: Iterable[CheckResult]) -> Verdict:
    """The worst judgement made on it anywhere; it is only SKIP when no scenario could judge it at all."""
    verdicts = [result.verdict for result in results]
    judged = [verdict for verdict in verdicts if verdict in _RAN or verdict in {Verdict.ERROR, Verdict.REVIEW}]
    return worst(judged or verdicts)


def conclude(
    scenarios: Sequence[ScenarioResult],
    requirements: Mapping[str, Requirement],
    *,
    fail_on: Severity,
    unreachable: bool,
    deviations: Sequence[DeviationResult] = (),
    partial: bool = False,
) -> tuple[Verdict, ExitCode, Text]:
    """Verdict, exit code and the sentence that explains them. Refusal needs a proof; acceptance needs everything.

    What is a known deviation does not refuse; an entry of their list that is over or of no use does. A `partial` run
    accepts nothing: when nothing stands against it, it says so of what was selected.
    """
    checks = [check for scenario in scenarios for check in scenario.checks]
    by_requirement: dict[str, list[CheckResult]] = {}
    for check in checks:
        by_requirement.setdefault(check.requirement, []).append(check)
    verdicts = {key: requirement_verdict(results) for key, results in by_requirement.items()}

    failed = [check for check in checks if check.verdict is Verdict.FAIL and not check.known]
    excused = [check for check in checks if check.verdict is Verdict.FAIL and check.known]
    stale = [each for each in deviations if each.state.fails]
    refusing = [c for c in failed if c.service_level is None and c.severity.rank >= fail_on.rank]
    tolerated = [c for c in failed if c.service_level is None and c.severity.rank < fail_on.rank]
    slow = [c for c in failed if c.service_level is not None]
    broken = [c for c in checks if c.verdict is Verdict.ERROR]
    crashed = [s for s in scenarios if s.verdict is Verdict.ERROR and not any(c in broken for c in s.checks)]
    unknown = [
        key
        for key, verdict in verdicts.items()
        if verdict in {Verdict.SKIP, Verdict.REVIEW} and key in requirements and requirements[key].level is Level.SHALL
    ]

    if unreachable:
        return (
            Verdict.ERROR,
            ExitCode.UNREACHABLE,
            Text(
                "La cible n’a pas pu être jointe : rien n’a été jugé.",
                "The target could not be reached: nothing was judged.",
            ),
        )
    if refusing or stale:
        broken_ids = sorted({check.requirement for check in refusing})
        told = []
        if refusing:
            told.append(
                Text("{n} exigence(s) non tenue(s) ({ids})", "{n} requirement(s) not met ({ids})").format(
                    n=len(broken_ids), ids=_listed(broken_ids)
                )
            )
        told += _stale(stale)
        both = Text(" ; ".join(each.fr for each in told), "; ".join(each.en for each in told))
        return Verdict.FAIL, ExitCode.REFUSED, Text("Refusé : {w}.", "Refused: {w}.").format(w=both)
    if broken or crashed:
        return (
            Verdict.ERROR,
            ExitCode.HARNESS_FAILED,
            Text(
                "L’outil a échoué sur {n} contrôle(s) : ce n’est pas une anomalie de la cible.",
                "The tool failed on {n} check(s): this is not an anomaly of the target.",
            ).format(n=len(broken) + len(crashed)),
        )
    if slow:
        levels = sorted({check.service_level or "" for check in slow})
        seen = any(check.service_level is None and check.verdict in _RAN for check in checks)
        told_of_functions = (
            Text(
                "Les fonctions sont conformes, mais un niveau de service n’est pas tenu ({ids}).",
                "The functions hold, but a service level is broken ({ids}).",
            )
            if seen
            else Text(
                "Un niveau de service n’est pas tenu ({ids}) ; des fonctions, rien n’a pu être jugé.",
                "A service level is broken ({ids}); of the functions nothing could be judged.",
            )
        )
        return Verdict.FAIL, ExitCode.SERVICE_LEVEL_BROKEN, told_of_functions.format(ids=_listed(levels))
    if not any(check.verdict in _RAN for check in checks):
        return (
            Verdict.SKIP,
            ExitCode.INCONCLUSIVE,
            Text("Rien n’a pu être jugé.", "Nothing could be judged."),
        )
    if unknown:
        return (
            Verdict.SKIP,
            ExitCode.INCONCLUSIVE,
            Text(
                "Non concluant : {n} exigence(s) obligatoire(s) n’ont pas pu être jugées ({ids}).",
                "Inconclusive: {n} mandatory requirement(s) could not be judged ({ids}).",
            ).format(n=len(unknown), ids=_listed(sorted(unknown))),
        )
    warned = any(check.verdict is Verdict.WARN for check in checks)
    if excused:
        return Verdict.WARN, ExitCode.ACCEPTED, _with_deviations(excused, tolerated, partial)
    if tolerated:
        kept = sorted({check.requirement for check in tolerated})
        return (
            Verdict.WARN,
            ExitCode.ACCEPTED,
            (
                Text(
                    "Exécution partielle : {n} exigence(s) non tenue(s) sous le seuil de refus ({ids}).",
                    "Partial run: {n} requirement(s) not met below the refusal threshold ({ids}).",
                )
                if partial
                else Text(
                    "Accepté avec réserves : {n} exigence(s) non tenue(s) sous le seuil de refus ({ids}).",
                    "Accepted with reservations: {n} requirement(s) not met below the refusal threshold ({ids}).",
                )
            ).format(n=len(kept), ids=_listed(kept)),
        )
    judged = sum(verdict in _RAN for verdict in verdicts.values())
    return Verdict.WARN if warned else Verdict.PASS, ExitCode.ACCEPTED, _accepted(judged, warned, partial)


def _accepted(judged: int, warned: bool, partial: bool) -> Text:
    if partial:
        text = (
            Text(
                "Exécution partielle : {n} exigence(s) jugée(s), des recommandations ne sont pas suivies.",
                "Partial run: {n} requirement(s) judged, recommendations are not followed.",
            )
            if warned
            else Text(
                "Exécution partielle : {n} exigence(s) jugée(s), toutes tenues.",
                "Partial run: {n} requirement(s) judged, all of them met.",
            )
        )
    elif warned:
        text = Text(
            "Accepté, avec des recommandations non suivies.", "Accepted, with recommendations that are not followed."
        )
    else:
        text = Text(
            "Accepté : {n} exigences jugées, toutes tenues.", "Accepted: {n} requirements judged, all of them met."
        )
    return text.format(n=judged)


def _with_deviations(excused: Sequence[CheckResult], tolerated: Sequence[CheckResult], partial: bool) -> Text:
    ids = sorted({check.requirement for check in excused})
    blocking = sorted({check.requirement for check in excused if check.severity is Severity.BLOCKING})
    begin = Text("Exécution partielle", "Partial run") if partial else Text("Accepté", "Accepted")
    prominent = Text(", DONT {n} BLOQUANTE(S) ({ids})", ", {n} OF THEM BLOCKING ({ids})").format(
        n=len(blocking), ids=_listed(blocking)
    )
    rest = Text(
        " ; {n} autre(s) non tenue(s) sous le seuil de refus ({ids})",
        "; {n} more not met below the refusal threshold ({ids})",
    ).format(n=len({c.requirement for c in tolerated}), ids=_listed(sorted({c.requirement for c in tolerated})))
    return Text(
        "{a} avec des déviations connues : {n} exigence(s) non tenue(s) ({ids}){b}{t}.",
        "{a} with known deviations: {n} requirement(s) not met ({ids}){b}{t}.",
    ).format(
        a=begin,
        n=len(ids),
        ids=_listed(ids),
        b=prominent if blocking else "",
        t=rest if tolerated else "",
    )


def _stale(stale: Sequence[DeviationResult]) -> list[Text]:
    """What is wrong with the list of known deviations itself."""
    told = []
    for state, text in (
        (DeviationState.EXPIRED, Text("{n} déviation(s) expirée(s) ({ids})", "{n} deviation(s) expired ({ids})")),
        (
            DeviationState.UNUSED,
            Text("{n} déviation(s) que plus rien ne montre ({ids})", "{n} deviation(s) that nothing shows ({ids})"),
        ),
    ):
        names = [each.deviation.subject for each in stale if each.state is state]
        if names:
            told.append(text.format(n=len(names), ids=_listed(names)))
    return told


def _listed(ids: Sequence[str], most: int = 5) -> str:
    return ", ".join(ids[:most]) + (", …" if len(ids) > most else "")

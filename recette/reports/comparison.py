"""What changed between two runs. Pure.

A finding is *fixed* only when every check that saw it ran to its end again and did not see it; when one of them did not
run, it is *not re-tested*: nobody knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from recette.model import CheckResult, ExitCode, Finding, Measurement, RunReport, Severity, Verdict
from recette.reports.coverage import JUDGED, requirement_results
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class RunHead:
    """What identifies one of the two runs."""

    id: str
    started_at: datetime
    target: str
    rule_set: str
    tool_version: str
    verdict: Verdict
    exit_code: ExitCode
    fail_on: Severity
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Persisting:
    """A finding both runs have, as each of them saw it."""

    before: Finding
    after: Finding

    @property
    def changed(self) -> bool:
        """Whether the rules now weigh it otherwise."""
        return (self.before.verdict, self.before.severity) != (self.after.verdict, self.after.severity) or self.lapsed

    @property
    def lapsed(self) -> bool:
        """Whether a known deviation excused it and no longer does."""
        return self.before.deviation is not None and self.after.deviation is None


@dataclass(frozen=True, slots=True)
class MeasurementChange:
    """A measurement in both runs; None in the one that lacks it."""

    id: str
    before: Measurement | None
    after: Measurement | None

    @property
    def newly_broken(self) -> bool:
        was_broken = self.before is not None and self.before.verdict is Verdict.FAIL
        return self.after is not None and self.after.verdict is Verdict.FAIL and not was_broken


@dataclass(frozen=True, slots=True)
class Comparison:
    """`regressions` are those of `new` whose check ran in the first run and did not see them; the others were never
    looked for before. `lost_*` were tested in the first run and no longer are; `gained_*` the other way round.
    """

    before: RunHead
    after: RunHead
    new: tuple[Finding, ...]
    regressions: tuple[Finding, ...]
    fixed: tuple[Finding, ...]
    unchanged: tuple[Persisting, ...]
    not_retested: tuple[Finding, ...]
    lost_requirements: tuple[str, ...]
    gained_requirements: tuple[str, ...]
    lost_scenarios: tuple[str, ...]
    gained_scenarios: tuple[str, ...]
    measurements: tuple[MeasurementChange, ...]
    warnings: tuple[Text, ...]

    @property
    def verdict_changed(self) -> bool:
        return (self.before.verdict, self.before.exit_code) != (self.after.verdict, self.after.exit_code)

    @property
    def exit_code(self) -> ExitCode:
        """Whether it got worse: `REFUSED` when something newly fails at or above the second run's threshold, or is no
        longer excused by a known deviation, `SERVICE_LEVEL_BROKEN` when a level newly breaks, `INCONCLUSIVE` when
        something that was tested no longer is, `ACCEPTED` otherwise.
        """
        threshold = self.after.fail_on.rank
        lapsed = (each.after for each in self.unchanged if each.lapsed)
        if any(
            finding.verdict is Verdict.FAIL and finding.severity.rank >= threshold and finding.deviation is None
            for finding in (*self.new, *lapsed)
        ):
            return ExitCode.REFUSED
        if any(change.newly_broken for change in self.measurements):
            return ExitCode.SERVICE_LEVEL_BROKEN
        if self.not_retested or self.lost_requirements or self.lost_scenarios:
            return ExitCode.INCONCLUSIVE
        return ExitCode.ACCEPTED


def compare(before: RunReport, after: RunReport) -> Comparison:
    """What `after` shows that `before` did not, and the other way round; findings are matched by their identity."""
    old = {finding.identity: finding for finding in before.findings}
    new = {finding.identity: finding for finding in after.findings}
    appeared = tuple(finding for identity, finding in new.items() if identity not in old)
    gone = tuple(finding for identity, finding in old.items() if identity not in new)
    seen_in_old, seen_in_new = _sightings(before), _sightings(after)
    judged_in_old, retested = _judged(before), _retested(before, after)
    fixed = tuple(f for f in gone if seen_in_old[f.identity] <= retested)
    tested_before, tested_after = _tested(before), _tested(after)
    ran_before, ran_after = _ran(before), _ran(after)
    return Comparison(
        before=_head(before),
        after=_head(after),
        new=appeared,
        regressions=tuple(f for f in appeared if seen_in_new[f.identity] & judged_in_old.keys()),
        fixed=fixed,
        unchanged=tuple(Persisting(old[identity], new[identity]) for identity in old if identity in new),
        not_retested=tuple(f for f in gone if f not in fixed),
        lost_requirements=_missing(tested_before, tested_after),
        gained_requirements=_missing(tested_after, tested_before),
        lost_scenarios=_missing(ran_before, ran_after),
        gained_scenarios=_missing(ran_after, ran_before),
        measurements=_measurements(before.measurements, after.measurements),
        warnings=tuple(_warnings(before, after)),
    )


def part_of(report: RunReport, scenarios: Iterable[str], again: RunReport) -> RunReport:
    """What a run said in some of its scenarios, to be compared with the run that played these again."""
    wanted = set(scenarios)
    kept = tuple(each for each in report.scenarios if each.scenario in wanted)
    checks = {check.check for each in kept for check in each.checks}
    about = {check.requirement for each in kept for check in each.checks}
    return replace(
        report,
        scenarios=kept,
        extent=again.extent,
        requirements=tuple(each for each in report.requirements if each.id in about),
        measurements=tuple(each for each in report.measurements if each.id in checks),
    )


_Sighting = tuple[str, str]
"""A check in a scenario: the same check may see something in one scenario and not be made in another."""


def _key(check: CheckResult) -> _Sighting:
    return check.scenario, check.check


def _sightings(report: RunReport) -> Mapping[str, set[_Sighting]]:
    seen: dict[str, set[_Sighting]] = {}
    for check in report.checks:
        for finding in check.findings:
            seen.setdefault(finding.identity, set()).add(_key(check))
    return seen


def _judged(report: RunReport) -> Counter[_Sighting]:
    return Counter(_key(check) for check in report.checks if check.verdict in JUDGED)


def _retested(before: RunReport, after: RunReport) -> set[_Sighting]:
    """What ran to its end in `after` as often as in `before`, and never failed to: a scenario may make a check on
    several answers, and which of them showed the finding is not known.
    """
    unjudged = {_key(check) for check in after.checks if check.verdict not in JUDGED}
    known = _judged(before)
    return {key for key, number in _judged(after).items() if key not in unjudged and number >= known[key]}


def _tested(report: RunReport) -> list[str]:
    return [result.requirement.id for result in requirement_results(report) if result.standing.tested]


def _ran(report: RunReport) -> list[str]:
    return [s.scenario for s in report.scenarios if any(check.verdict in JUDGED for check in s.checks)]


def _missing(wanted: Iterable[str], present: Iterable[str]) -> tuple[str, ...]:
    known = set(present)
    return tuple(item for item in wanted if item not in known)


def _measurements(before: Iterable[Measurement], after: Iterable[Measurement]) -> tuple[MeasurementChange, ...]:
    old, new = {each.id: each for each in before}, {each.id: each for each in after}
    return tuple(MeasurementChange(key, old.get(key), new.get(key)) for key in dict.fromkeys([*old, *new]))


def _head(report: RunReport) -> RunHead:
    return RunHead(
        id=report.id,
        started_at=report.started_at,
        target=report.target.base_url,
        rule_set=report.rule_set,
        tool_version=report.tool_version,
        verdict=report.verdict,
        exit_code=report.exit_code,
        fail_on=report.fail_on,
        partial=report.partial,
    )


def _warnings(before: RunReport, after: RunReport) -> Iterable[Text]:
    if before.target.base_url != after.target.base_url:
        yield Text(
            "Les cibles diffèrent ({a} puis {b}) : ce qui change peut venir de là.",
            "The targets differ ({a}, then {b}): what changed may come from that.",
        ).format(a=before.target.base_url, b=after.target.base_url)
    if before.rule_set != after.rule_set:
        yield Text(
            "Les règles diffèrent ({a} puis {b}) : un constat peut apparaître ou disparaître sans que la cible change.",
            "The rule sets differ ({a}, then {b}): a finding may come or go while the target did not change.",
        ).format(a=before.rule_set[:16], b=after.rule_set[:16])
    if before.tool_version != after.tool_version:
        yield Text(
            "Les versions de recette diffèrent ({a} puis {b}).", "The versions of recette differ ({a}, then {b})."
        ).format(a=before.tool_version, b=after.tool_version)
    if before.extent != after.extent:
        yield Text(
            "L’une des exécutions est partielle, ou les deux de parts différentes : ce que l’une n’a pas joué n’est "
            "pas comparé.",
            "One of the runs is partial, or each of another part: what one did not play is not compared.",
        )
    if after.started_at < before.started_at:
        yield Text(
            "La seconde exécution est antérieure à la première : les deux fichiers sont peut-être intervertis.",
            "The second run is older than the first: the two files may be swapped.",
        )

"""Holds the requirements, the catalogue and the museum against each other, and says what is missing. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from recette.model import (
    Counterpart,
    Coverage,
    CoverageLine,
    Exemption,
    Exhibit,
    Hole,
    Requirement,
    Scenario,
)
from sas_kernel.flows import Flow
from sas_kernel.text import Text

_Index = Mapping[str, Sequence[str]]


def cover(
    requirements: Mapping[str, Requirement],
    scenarios: Sequence[Scenario],
    exhibits: Sequence[Exhibit],
    exemptions: Sequence[Exemption] = (),
    crosswalk: Sequence[Counterpart] = (),
) -> Coverage:
    """One line a requirement, in the catalogue's order, and every hole.

    A check counts as shown to fail only by a row of the museum that names it; an exemption is refused as soon as it is
    not needed.
    """
    judging, checks = _by_requirement(scenarios)
    caught: dict[str, list[str]] = defaultdict(list)
    for exhibit in exhibits:
        for check in exhibit.checks:
            caught[check].append(exhibit.name)
    lines = tuple(
        CoverageLine(
            requirement,
            tuple(judging.get(id, ())),
            tuple(checks.get(id, ())),
            _once(name for check in checks.get(id, ()) for name in caught.get(check, ())),
        )
        for id, requirement in requirements.items()
    )
    holes = (
        *_of_requirements(lines),
        *_of_scenarios(scenarios, requirements),
        *_of_checks(scenarios, caught, exemptions),
        *_of_exhibits(exhibits, requirements, checks),
        *_of_crosswalk(crosswalk, requirements),
    )
    return Coverage(lines, frozenset(caught), tuple(exemptions), holes)


def _by_requirement(scenarios: Sequence[Scenario]) -> tuple[_Index, _Index]:
    judging: dict[str, dict[str, None]] = defaultdict(dict)
    checks: dict[str, dict[str, None]] = defaultdict(dict)
    for scenario in scenarios:
        for check in scenario.checks:
            judging[check.requirement][scenario.id] = None
            checks[check.requirement][check.id] = None
    return {id: tuple(names) for id, names in judging.items()}, {id: tuple(names) for id, names in checks.items()}


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _of_requirements(lines: Sequence[CoverageLine]) -> Iterator[Hole]:
    for line in lines:
        row = line.requirement
        named, judged = set(row.scenarios), set(line.scenarios)
        if not named and not judged and row.untested_reason is None:
            yield _hole("{id} n’a ni scénario ni raison.", "{id} has neither scenario nor reason.", row.flow, id=row.id)
        for id in sorted(named - judged):
            yield _hole(
                "{id} nomme le scénario {s}, qui ne la juge pas.",
                "{id} names the scenario {s}, which does not judge it.",
                row.flow,
                id=row.id,
                s=id,
            )
        for id in sorted(judged - named):
            yield _hole(
                "{id} ne nomme pas le scénario {s}, qui la juge.",
                "{id} does not name the scenario {s}, which judges it.",
                row.flow,
                id=row.id,
                s=id,
            )


def _of_scenarios(scenarios: Sequence[Scenario], requirements: Mapping[str, Requirement]) -> Iterator[Hole]:
    for scenario in scenarios:
        if not any(check.requirement in requirements for check in scenario.checks):
            yield _hole(
                "Le scénario {s} ne juge aucune exigence.",
                "The scenario {s} has no requirement.",
                scenario.flow,
                s=scenario.id,
            )
        for check in scenario.checks:
            if check.requirement not in requirements:
                yield _hole(
                    "Le contrôle {c} ({s}) juge {id}, qui n’est pas au catalogue.",
                    "The check {c} ({s}) judges {id}, which is not in the catalogue.",
                    scenario.flow,
                    c=check.id,
                    s=scenario.id,
                    id=check.requirement,
                )


def _of_checks(
    scenarios: Sequence[Scenario], caught: Mapping[str, Sequence[str]], exemptions: Sequence[Exemption]
) -> Iterator[Hole]:
    excused = {row.check for row in exemptions}
    flows = {check.id: scenario.flow for scenario in scenarios for check in scenario.checks}
    for id, flow in flows.items():
        if id not in caught and id not in excused:
            yield _hole(
                "Le contrôle {c} n’attrape aucun partenaire fautif du musée.",
                "The check {c} catches no faulty partner of the museum.",
                flow,
                c=id,
            )
    for id in sorted(excused - flows.keys()):
        yield _hole(
            "Le contrôle {c} est excusé et n’existe pas.", "The check {c} is excused and does not exist.", None, c=id
        )
    for id in sorted(excused & caught.keys() & flows.keys()):
        yield _hole(
            "Le contrôle {c} est excusé et attrape pourtant {n}.",
            "The check {c} is excused and yet catches {n}.",
            flows[id],
            c=id,
            n=", ".join(caught[id]),
        )


def _of_exhibits(
    exhibits: Sequence[Exhibit], requirements: Mapping[str, Requirement], checks: _Index
) -> Iterator[Hole]:
    for exhibit in exhibits:
        broken = (exhibit.requirement, *exhibit.also)
        for id in broken:
            if id not in requirements:
                yield _hole(
                    "Le partenaire fautif {n} enfreint {id}, qui n’est pas au catalogue.",
                    "The faulty partner {n} breaks {id}, which is not in the catalogue.",
                    exhibit.flow,
                    n=exhibit.name,
                    id=id,
                )
        possible = {check for id in broken for check in checks.get(id, ())}
        for check in exhibit.checks:
            if check not in possible:
                yield _hole(
                    "Le partenaire fautif {n} serait attrapé par {c}, qui ne juge pas ce qu’il enfreint.",
                    "The faulty partner {n} is said to be caught by {c}, which does not judge what it breaks.",
                    exhibit.flow,
                    n=exhibit.name,
                    c=check,
                )


def _of_crosswalk(crosswalk: Sequence[Counterpart], requirements: Mapping[str, Requirement]) -> Iterator[Hole]:
    for row in crosswalk:
        for id in row.requirements:
            if id not in requirements:
                yield _hole(
                    "Le test {t} du kit de l’ANS renvoie à {id}, qui n’est pas au catalogue.",
                    "The ANS kit's test {t} leads to {id}, which is not in the catalogue.",
                    None,
                    t=row.id,
                    id=id,
                )


def _hole(fr: str, en: str, flow: Flow | None, **values: str) -> Hole:
    return Hole(Text(fr, en).format(**values), flow)

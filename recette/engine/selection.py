"""Takes from the catalogue the part that was asked for. Pure.

What is named must exist and be within reach of the target: a misspelt name that selected less than was meant would make
a run green by having judged nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from recette.model import Actor, Check, Extent, Requirement, Scenario, Selection, SelectionError
from sas_kernel.text import Text

_PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Selected:
    """The scenarios to play, narrowed to the checks to make; `extent` when that is not all that the target declares,
    and then `missed` are the checks that were left out."""

    scenarios: tuple[Scenario, ...]
    extent: Extent | None = None
    missed: tuple[Check, ...] = ()


def select(
    catalogue: Sequence[Scenario],
    requirements: Mapping[str, Requirement],
    selection: Selection,
    actor: Actor | None = None,
    declared: Iterable[str] = (),
) -> Selected:
    """The part of `catalogue` (both sides, every flow) that `selection` asks for.

    In scope are the scenarios that judge `actor` in the selection's flows or, without any, in those `declared` (None,
    nothing: all). Raises `SelectionError` for a name that is unknown or out of scope, and when nothing is left.
    """
    mine = [each for each in catalogue if actor is None or each.actor is actor]
    flows = {str(flow) for flow in declared}
    whole = [each for each in mine if not flows or each.flow.value in flows]
    asked = {flow.value for flow in selection.flows}
    scope = [each for each in mine if each.flow.value in asked] if asked else whole
    _refuse_unknown(catalogue, scope, requirements, selection)
    kept = [narrowed for each in scope if (narrowed := _narrowed(each, requirements, selection)) is not None]
    if not kept and (scope or selection != Selection(flows=selection.flows)):
        raise SelectionError(
            Text(
                "La sélection ne retient aucun scénario : chaque option retire ce que les autres gardent. "
                "« recette list » avec les mêmes options montre ce qui reste.",
                "The selection keeps no scenario: each option takes away what the others keep. "
                "`recette list` with the same options shows what is left.",
            )
        )
    every = {each.id: each for each in (*whole, *scope)}
    if len(kept) == len(every) and not any(each.left_out for each in kept):
        return Selected(tuple(kept))
    made = {(each.id, check.id) for each in kept for check in each.checks}
    return Selected(
        tuple(kept),
        Extent(selection, len(kept), len(every), len(judged_by(kept)), len(judged_by(every.values()))),
        tuple(check for each in every.values() for check in each.checks if (each.id, check.id) not in made),
    )


def judged_by(scenarios: Iterable[Scenario]) -> set[str]:
    """The requirements the scenarios' checks are about."""
    return {check.requirement for each in scenarios for check in each.checks}


def reported(
    requirements: Mapping[str, Requirement], scenarios: Sequence[Scenario], extent: Extent | None
) -> tuple[Requirement, ...]:
    """What a report speaks of: the catalogue of the flows and sides played, or what a partial run is about."""
    if extent is not None:
        about = judged_by(scenarios)
        return tuple(each for each in requirements.values() if each.id in about)
    sides = {(each.flow, each.actor) for each in scenarios}
    return tuple(each for each in requirements.values() if (each.flow, each.actor) in sides)


def _narrowed(scenario: Scenario, known: Mapping[str, Requirement], selection: Selection) -> Scenario | None:
    """The scenario with the checks that were asked for, None when it is not played."""
    if selection.scenarios and not _matches(scenario.id, selection.scenarios):
        return None
    if selection.tags and not set(selection.tags) & set(scenario.tags):
        return None
    if _matches(scenario.id, selection.exclude):
        return None
    checks = tuple(check for check in scenario.checks if _wanted(check.requirement, known, selection))
    if not checks:
        return None
    if len(checks) == len(scenario.checks):
        return scenario
    return replace(scenario, checks=checks, left_out=tuple(check for check in scenario.checks if check not in checks))


def _wanted(name: str, known: Mapping[str, Requirement], selection: Selection) -> bool:
    requirement = known.get(name)
    if selection.severity is not None and requirement and requirement.severity.rank < selection.severity.rank:
        return False
    if selection.requirements and not _matches(name, selection.requirements):
        return False
    return not _matches(name, selection.exclude)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)


def _refuse_unknown(
    catalogue: Sequence[Scenario], scope: Sequence[Scenario], known: Mapping[str, Requirement], selection: Selection
) -> None:
    ids = [each.id for each in catalogue]
    judged = judged_by(catalogue)
    in_scope = [each.id for each in scope]
    judged_in_scope = judged_by(scope)
    for pattern in selection.scenarios:
        _refuse("--scenario", pattern, ids, in_scope)
    for pattern in selection.requirements:
        if pattern in known and pattern not in judged:
            reason = known[pattern].untested_reason or Text("sans raison connue", "no known reason")
            raise SelectionError(
                Text(
                    "--requirement : aucun scénario ne juge « {p} » ({r})",
                    "--requirement: no scenario judges '{p}' ({r})",
                ).format(p=pattern, r=reason)
            )
        _refuse("--requirement", pattern, sorted(judged), judged_in_scope)
    for tag in selection.tags:
        _refuse(
            "--tag",
            tag,
            sorted({tag for each in catalogue for tag in each.tags}),
            {tag for each in scope for tag in each.tags},
        )
    for pattern in selection.exclude:
        # A list of exclusions may serve several targets: what is out of scope is left out already.
        _refuse("--exclude", pattern, [*ids, *known], [*ids, *known])


def _refuse(option: str, pattern: str, names: Sequence[str], in_scope: Iterable[str]) -> None:
    if any(_matches(name, (pattern,)) for name in in_scope):
        return
    if any(_matches(name, (pattern,)) for name in names):
        raise SelectionError(
            Text(
                "{o} : « {p} » existe, mais pas pour cette cible et ces flux (voir « flows » et « actor » du fichier "
                "de cible, et --flow).",
                "{o}: '{p}' exists, but not for this target and these flows (see `flows` and `actor` in the target "
                "file, and --flow).",
            ).format(o=option, p=pattern)
        )
    near = near_matches(pattern, names)
    hint = Text("", "")
    if near:
        hint = Text(" Vouliez-vous dire {n} ?", " Did you mean {n}?").format(n=", ".join(near))
    raise SelectionError(
        Text(
            "{o} : rien ne s’appelle « {p} ».{h} « recette list » montre tout, « recette list --tags » les étiquettes.",
            "{o}: nothing is called '{p}'.{h} `recette list` shows everything, `recette list --tags` the tags.",
        ).format(o=option, p=pattern, h=hint)
    )


def near_matches(name: str, names: Sequence[str]) -> list[str]:
    """Up to three names that were perhaps meant."""
    bare = "".join(character for character in name if character not in _PATTERN)
    by_case = {each.casefold(): each for each in names}
    found = difflib.get_close_matches(bare.casefold(), list(by_case), 3, cutoff=0.6)
    within = [each for each in names if bare and bare.casefold() in each.casefold()]
    return list(dict.fromkeys([*(by_case[each] for each in found), *within]))[:3]

"""The catalogue judges by the newest version of the guide: a test fails where the release before says otherwise."""

from __future__ import annotations

import pytest

from recette.profiles import facts
from recette.profiles.model import ElementFact, Facts
from recette.profiles.use_cases import UseCase

JUDGED = {case: facts.load().use_cases[case] for case in (UseCase.PRACTITIONERS, UseCase.REGULATORS)}


def _said(guide: Facts, case: UseCase, kind: str) -> dict[str, tuple[object, ...]]:
    """What a profile says of each element, and the codes it allows there."""
    profile = guide.definitions[guide.use_cases[case][kind]]
    return {element.id: _of(guide, element) for element in profile.elements}


def _of(guide: Facts, element: ElementFact) -> tuple[object, ...]:
    """1.2.0 names the version of FHIR's own types: that alone is no difference."""
    types = [(type.code, [url.partition("|")[0] for url in type.targets]) for type in element.types]
    codes = guide.value_sets.get(element.binding[1]) if element.binding else None
    rest = (element.lower, element.upper, element.fixed, element.pattern, element.slicing, element.constraints)
    return (*rest, types, element.binding, codes)


def _differing(case: UseCase, kind: str) -> set[str]:
    newest, release = (_said(facts.load(version), case, kind) for version in ("1.2.0", "1.1.0"))
    return {id for id in newest.keys() | release.keys() if newest.get(id) != release.get(id)}


@pytest.mark.parametrize(("case", "kind"), [(case, kind) for case, kinds in JUDGED.items() for kind in kinds])
def test_both_versions_of_the_guide_say_the_same(case: UseCase, kind: str) -> None:
    assert _differing(case, kind) == set()


def test_of_an_appointment_they_differ_where_another_check_speaks() -> None:
    assert _differing(UseCase.APPOINTMENTS, "Appointment") == {"Appointment.participant.status"}

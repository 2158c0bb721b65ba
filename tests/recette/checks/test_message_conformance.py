"""One verdict on accounts and appointments holds for both versions of the guide."""

from __future__ import annotations

from recette.profiles import facts
from recette.profiles.model import ElementFact
from recette.profiles.use_cases import UseCase


def _said(version: str, case: UseCase, kind: str) -> dict[str, ElementFact]:
    """What a profile says of each element, but for the version of the types that a reference may lead to."""
    guide = facts.load(version)
    profile = guide.definitions[guide.use_cases[case][kind]]
    return {element.id: element for element in profile.elements if not _names_versions(element)}


def _names_versions(element: ElementFact) -> bool:
    return any(target.startswith("http://hl7.org/fhir/") for type in element.types for target in type.targets)


def _differing(case: UseCase, kind: str) -> set[str]:
    newest, release = (_said(version, case, kind) for version in ("1.2.0", "1.1.0"))
    return {id for id in newest.keys() | release.keys() if newest.get(id) != release.get(id)}


def test_the_two_versions_of_the_regulator_s_profile_are_one() -> None:
    assert _differing(UseCase.REGULATORS, "Practitioner") == set()


def test_the_two_versions_of_the_appointment_s_profile_differ_where_another_check_speaks() -> None:
    assert _differing(UseCase.APPOINTMENTS, "Appointment") == {"Appointment.participant.status"}

"""Checks of what an answer to INT_R04 says of each CPTS: who it is, its name, its phone.

Source: IG SAS 1.2.0, profile sas-cpts-organization-aggregator, and the ANS test kit 0.3.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from recette.checks import facts
from recette.checks.answer import Answer
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from sas_kernel.identifiers import STRUCTURE_SYSTEM
from sas_kernel.text import Text


def _identifiers(answer: Answer) -> Iterator[Problem | None]:
    for organization in answer.of("Organization"):
        found = organization["identifier"]
        right = len(found.elements) == 1 and found.elements[0]["system"].string == STRUCTURE_SYSTEM
        yield (
            None
            if right
            else Problem(
                Text(
                    "Une CPTS a exactement un identifiant, du système national des structures.",
                    "A CPTS has exactly one identifier, of the national system of structures.",
                ),
                path=found.path,
                expected=f"1, {STRUCTURE_SYSTEM}",
                actual=shown([one["system"].string for one in found.elements]),
            )
        )


ONE_IDENTIFIER = content_check(
    "cpts.organization.identifier",
    "CPTS-020",
    Text("Chaque CPTS a un identifiant national", "Each CPTS has one national identifier"),
    _identifiers,
)


def _finess(answer: Answer) -> Iterator[Problem | None]:
    for organization in answer.of("Organization"):
        for one in organization["identifier"].elements:
            value = one["value"]
            if value.string is not None and not value.string.strip():
                continue
            yield (
                None
                if value.string is not None and facts.FINESS.fullmatch(value.string)
                else Problem(
                    Text(
                        "L’identifiant d’une CPTS est son FINESS : le préfixe 1 et neuf chiffres.",
                        "The identifier of a CPTS is its FINESS: the prefix 1 and nine digits.",
                    ),
                    path=value.path,
                    expected=facts.FINESS.pattern,
                    actual=shown(value.value) if value.present else None,
                )
            )


FINESS = content_check(
    "cpts.organization.finess",
    "CPTS-021",
    Text("FINESS de la CPTS avec son préfixe", "FINESS of the CPTS with its prefix"),
    _finess,
)


def _identifier_type(answer: Answer) -> Iterator[Problem | None]:
    for organization in answer.of("Organization"):
        for one in organization["identifier"].elements:
            found = {(c["system"].string, c["code"].string) for c in one["type"]["coding"].elements}
            yield (
                None
                if any((system, facts.STRUCTURE_IDENTIFIER_TYPE) in found for system in facts.CPTS_TYPE_SYSTEMS)
                else Problem(
                    Text("L’identifiant d’une CPTS est de type IDNST.", "The identifier of a CPTS is of type IDNST."),
                    path=one["type"].path,
                    expected=f"{facts.CPTS_TYPE_SYSTEMS[0]}|IDNST",
                    actual=shown(", ".join(f"{s}|{c}" for s, c in found)) if found else None,
                )
            )


IDENTIFIER_TYPE = content_check(
    "cpts.organization.identifier_type",
    "CPTS-022",
    Text("Identifiant de CPTS de type IDNST", "CPTS identifier of type IDNST"),
    _identifier_type,
)


def _name(answer: Answer) -> Iterator[Problem | None]:
    for organization in answer.of("Organization"):
        name = organization["name"]
        yield (
            None
            if name.present
            else Problem(
                Text("La CPTS n’a pas de nom.", "The CPTS has no name."), path=name.path, expected="Organization.name"
            )
        )


NAME = content_check("cpts.organization.name", "CPTS-023", Text("Chaque CPTS a un nom", "Each CPTS has a name"), _name)


def _phone(answer: Answer) -> Iterator[Problem | None]:
    for organization in answer.of("Organization"):
        telecom = organization["telecom"]
        told = any(one["value"].present for one in telecom.elements if one["system"].string in {None, "phone"})
        yield (
            None
            if told or telecom.value == []
            else Problem(
                Text("La CPTS n’a pas de téléphone.", "The CPTS has no phone."),
                path=telecom.path,
                expected=facts.PHONE.pattern,
            )
        )


PHONE = content_check(
    "cpts.organization.phone", "CPTS-024", Text("Chaque CPTS a un téléphone", "Each CPTS has a phone"), _phone
)


def _phone_form(answer: Answer) -> Iterator[Problem | None]:
    for organization in answer.of("Organization"):
        for one in organization["telecom"].elements:
            value = one["value"]
            if one["system"].string == "phone" and value.string is not None and value.string.strip():
                yield (
                    None
                    if facts.PHONE.fullmatch(value.string)
                    else Problem(
                        Text(
                            "Un téléphone s’écrit +33 (ou +262, +590, +594, +596) suivi de 9 chiffres.",
                            "A phone is written +33 (or +262, +590, +594, +596) followed by 9 digits.",
                        ),
                        path=value.path,
                        expected=facts.PHONE.pattern,
                        actual=shown(value.string),
                    )
                )


PHONE_FORM = content_check(
    "cpts.organization.phone_form",
    "CPTS-025",
    Text("Téléphone de CPTS au format international", "CPTS phone in international form"),
    _phone_form,
)

FULL: tuple[Check, ...] = (ONE_IDENTIFIER, FINESS, IDENTIFIER_TYPE, NAME, PHONE, PHONE_FORM)
"""What is checked of the organizations of an answer."""

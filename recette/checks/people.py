"""Checks of practitioners, of their schedules and of their roles.

Source: IG SAS 1.2.0 (FAQ; FrPractitionerAgregateur, FrScheduleAgregateur, FrPractitionerRoleExerciceAgregateur)
and the ANS test kit 0.3.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from recette.checks import facts
from recette.checks.answer import Answer
from recette.checks.json_document import Node
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from sas_kernel.identifiers import PRACTITIONER_SYSTEM, STRUCTURE_SYSTEM
from sas_kernel.text import Text


def _identified(answer: Answer) -> Iterator[Problem | None]:
    for practitioner in answer.of("Practitioner"):
        identifier = practitioner["identifier"]
        if identifier.present and not isinstance(identifier.value, list):
            continue
        some = any(one["value"].present for one in identifier.elements)
        yield (
            None
            if some or identifier.value == []
            else Problem(
                Text(
                    "Le professionnel n’a pas d’identifiant national.", "The practitioner has no national identifier."
                ),
                path=identifier.path,
                expected="RPPS | ADELI",
            )
        )


IDENTIFIED = content_check(
    "practitioner.identifier.present",
    "SLOT-130",
    Text("Chaque professionnel a un identifiant", "Each practitioner has an identifier"),
    _identified,
)


def _has_type(identifier: Node, code: str) -> bool:
    return any(
        coding["system"].string == facts.IDENTIFIER_TYPE_SYSTEM and coding["code"].string == code
        for coding in identifier["type"]["coding"].elements
    )


def _identifier_kind(answer: Answer) -> Iterator[Problem | None]:
    for practitioner in answer.of("Practitioner"):
        for identifier in practitioner["identifier"].elements:
            system = identifier["system"].string
            right = _has_type(identifier, facts.PRACTITIONER_IDENTIFIER_TYPE) and system == PRACTITIONER_SYSTEM
            yield (
                None
                if right
                else Problem(
                    Text(
                        "Tout identifiant d’un professionnel est de type IDNPS et du système national.",
                        "Every identifier of a practitioner is of type IDNPS and of the national system.",
                    ),
                    path=identifier.path,
                    expected=f"IDNPS, {PRACTITIONER_SYSTEM}",
                    actual=shown(f"{identifier['type']['coding'].value}, {system}"),
                )
            )


IDENTIFIER_KIND = content_check(
    "practitioner.identifier.kind",
    "SLOT-131",
    Text("Identifiant de type IDNPS, système national", "Identifier of type IDNPS, national system"),
    _identifier_kind,
)


def _identifier_prefix(answer: Answer) -> Iterator[Problem | None]:
    for practitioner in answer.of("Practitioner"):
        for identifier in practitioner["identifier"].elements:
            value = identifier["value"]
            if value.string is None or not value.string.strip():
                continue
            yield (
                None
                if facts.PRACTITIONER_ID.fullmatch(value.string)
                else Problem(
                    Text(
                        "L’identifiant porte son préfixe : 8 + 11 chiffres (RPPS) ou 0 + 9 caractères (ADELI).",
                        "The identifier has its prefix: 8 + 11 digits (RPPS) or 0 + 9 characters (ADELI).",
                    ),
                    path=value.path,
                    expected=facts.PRACTITIONER_ID.pattern,
                    actual=shown(value.string),
                )
            )


IDENTIFIER_PREFIX = content_check(
    "practitioner.identifier.prefix",
    "SLOT-132",
    Text("RPPS ou ADELI avec son préfixe", "RPPS or ADELI with its prefix"),
    _identifier_prefix,
)


def _only_asked(answer: Answer) -> Iterator[Problem | None]:
    if answer.asked is None:
        return
    for practitioner in answer.of("Practitioner"):
        values = [one["value"].string for one in practitioner["identifier"].elements]
        known = [value for value in values if value is not None and facts.PRACTITIONER_ID.fullmatch(value)]
        if known:
            yield (
                None
                if answer.asked_identity(practitioner) is not None
                else Problem(
                    Text(
                        "Un professionnel qui n’était pas demandé est dans la réponse.",
                        "A practitioner who was not asked for is in the answer.",
                    ),
                    path=practitioner["identifier"].path,
                    expected=shown(" | ".join(answer.asked.identifiers)),
                    actual=shown(", ".join(known)),
                )
            )


ONLY_ASKED = content_check(
    "practitioner.asked",
    "SLOT-133",
    Text("Seulement les professionnels demandés", "Only the practitioners asked for"),
    _only_asked,
)


def _named(answer: Answer) -> Iterator[Problem | None]:
    for practitioner in answer.of("Practitioner"):
        name = practitioner["name"]
        for key in ("family", "given"):
            yield (
                None
                if any(one[key].present for one in name.elements)
                else Problem(
                    Text("Le professionnel n’a pas de {k}.", "The practitioner has no {k}.").format(
                        k=Text("nom", "family name") if key == "family" else Text("prénom", "given name")
                    ),
                    path=f"{name.path}.{key}",
                    expected="1..*",
                )
            )


NAMED = content_check(
    "practitioner.name",
    "SLOT-134",
    Text("Nom et prénom de chaque professionnel", "Family and given name of each practitioner"),
    _named,
)


def _no_service_type(answer: Answer) -> Iterator[Problem | None]:
    for schedule in answer.of("Schedule"):
        place = schedule["serviceType"]
        yield (
            None
            if not place.present
            else Problem(
                Text("Schedule.serviceType est interdit par le profil.", "Schedule.serviceType is forbidden."),
                path=place.path,
                expected="0..0",
                actual=shown(place.value),
            )
        )


NO_SERVICE_TYPE = content_check(
    "schedule.no_service_type",
    "SLOT-089",
    Text("Un agenda n’a pas de serviceType", "A schedule has no serviceType"),
    _no_service_type,
)


def _structure_present(answer: Answer) -> Iterator[Problem | None]:
    for role in answer.of("PractitionerRole"):
        value = role["organization"]["identifier"]["value"]
        yield (
            None
            if value.present
            else Problem(
                Text(
                    "Le rôle ne porte pas l’identifiant national de la structure.",
                    "The role does not hold the structure's national identifier.",
                ),
                path=value.path,
                expected=facts.STRUCTURE_ID.pattern,
            )
        )


STRUCTURE_PRESENT = content_check(
    "role.structure.present",
    "SLOT-140",
    Text("Chaque rôle porte l’identifiant de sa structure", "Each role holds its structure's identifier"),
    _structure_present,
)


def _structure_form(answer: Answer) -> Iterator[Problem | None]:
    for role in answer.of("PractitionerRole"):
        value = role["organization"]["identifier"]["value"]
        if value.string is None or not value.string.strip():
            continue
        yield (
            None
            if facts.STRUCTURE_ID.fullmatch(value.string)
            else Problem(
                Text(
                    "Identifiant de structure : 1 + FINESS (9), 3 + SIRET (14), 4 + RPPS rang (14) ou 0 + ADELI rang.",
                    "Structure identifier: 1 + FINESS (9), 3 + SIRET (14), 4 + RPPS rank (14) or 0 + ADELI rank.",
                ),
                path=value.path,
                expected=facts.STRUCTURE_ID.pattern,
                actual=shown(value.string),
            )
        )


STRUCTURE_FORM = content_check(
    "role.structure.form",
    "SLOT-141",
    Text("Identifiant de structure préfixé et bien formé", "Structure identifier prefixed and well-formed"),
    _structure_form,
)


def _structure_kind(answer: Answer) -> Iterator[Problem | None]:
    for role in answer.of("PractitionerRole"):
        identifier = role["organization"]["identifier"]
        wrong = (identifier["type"].present and not _has_type(identifier, facts.STRUCTURE_IDENTIFIER_TYPE)) or (
            identifier["system"].present and identifier["system"].value != STRUCTURE_SYSTEM
        )
        yield (
            None
            if not wrong
            else Problem(
                Text(
                    "L’identifiant de structure est de type IDNST et du système national.",
                    "The structure identifier is of type IDNST and of the national system.",
                ),
                path=identifier.path,
                expected=f"IDNST, {STRUCTURE_SYSTEM}",
                actual=shown(f"{identifier['type']['coding'].value}, {identifier['system'].value}"),
            )
        )


STRUCTURE_KIND = content_check(
    "role.structure.kind",
    "SLOT-142",
    Text("Identifiant de structure de type IDNST", "Structure identifier of type IDNST"),
    _structure_kind,
)


def _structure_said(answer: Answer) -> Iterator[Problem | None]:
    for role in answer.of("PractitionerRole"):
        identifier = role["organization"]["identifier"]
        if not identifier["value"].present:
            continue
        missing = [key for key in ("type", "system") if not identifier[key].present]
        yield (
            None
            if not missing
            else Problem(
                Text(
                    "L’identifiant de structure devrait dire son type et son système.",
                    "The structure identifier should say its type and its system.",
                ),
                path=identifier[missing[0]].path,
                expected=f"IDNST, {STRUCTURE_SYSTEM}",
            )
        )


STRUCTURE_SAID = content_check(
    "role.structure.said",
    "SLOT-143",
    Text("L’identifiant de structure dit type et système", "The structure identifier says type and system"),
    _structure_said,
)


def _phone_present(answer: Answer) -> Iterator[Problem | None]:
    for role in answer.of("PractitionerRole"):
        some = any(one["value"].present for one in role["telecom"].elements)
        yield (
            None
            if some or role["telecom"].value == []
            else Problem(
                Text(
                    "Le rôle n’a pas de téléphone : c’est là que la plateforme le lit.",
                    "The role has no phone: this is where the platform reads it.",
                ),
                path=role["telecom"].path,
                expected="+33XXXXXXXXX",
            )
        )


PHONE_PRESENT = content_check(
    "role.phone.present",
    "SLOT-144",
    Text("Chaque rôle porte un téléphone", "Each role holds a phone"),
    _phone_present,
)


def _phone_form(answer: Answer) -> Iterator[Problem | None]:
    for name in ("PractitionerRole", "Location"):
        for node in answer.of(name):
            yield None
            for telecom in node["telecom"].elements:
                value = telecom["value"]
                if telecom["system"].string != "phone" or value.string is None or not value.string.strip():
                    continue
                if not facts.PHONE.fullmatch(value.string):
                    yield Problem(
                        Text(
                            "Un téléphone s’écrit +33 (ou +262, +590, +594, +596) suivi de 9 chiffres.",
                            "A phone is written +33 (or +262, +590, +594, +596) followed by 9 digits.",
                        ),
                        path=value.path,
                        expected=facts.PHONE.pattern,
                        actual=shown(value.string),
                    )


PHONE_FORM = content_check(
    "telecom.phone.form",
    "SLOT-145",
    Text("Téléphones au format international", "Phones in international form"),
    _phone_form,
)


PRACTITIONER: tuple[Check, ...] = (IDENTIFIED, IDENTIFIER_KIND, IDENTIFIER_PREFIX, NAMED)
"""What can be checked of practitioners on their own."""

SCHEDULE: tuple[Check, ...] = (NO_SERVICE_TYPE,)
"""What can be checked of schedules on their own."""

ROLE: tuple[Check, ...] = (STRUCTURE_PRESENT, STRUCTURE_FORM, STRUCTURE_KIND, PHONE_FORM)
"""What can be checked of roles on their own."""

FULL: tuple[Check, ...] = (
    *PRACTITIONER,
    ONLY_ASKED,
    *SCHEDULE,
    *ROLE,
    STRUCTURE_SAID,
    PHONE_PRESENT,
)
"""What is checked of the people of an answer."""

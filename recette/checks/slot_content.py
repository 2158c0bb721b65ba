"""Checks of what a slot says: who may see it, which consultation, which specialty."""

from __future__ import annotations

from collections.abc import Iterator

from recette.checks import facts
from recette.checks.answer import Answer, codes
from recette.checks.json_document import Node
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from sas_kernel.text import Text


def _type_codes(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        for coding in slot["meta"]["security"].elements:
            code = coding["code"]
            if code.string is not None and code.string.strip():
                yield (
                    None
                    if code.string in facts.SLOT_TYPES
                    else Problem(
                        Text(
                            "Ce créneau n’est pas de ceux que voit un régulateur : il ne doit pas être transmis.",
                            "This slot is not one that a regulator sees: it must not be transmitted.",
                        ),
                        path=code.path,
                        expected=" | ".join(sorted(facts.SLOT_TYPES)),
                        actual=shown(code.string),
                    )
                )


TYPE_CODES = content_check(
    "slot.type.code",
    "SLOT-107",
    Text("Seulement des types de créneaux ouverts aux régulateurs", "Only slot types open to regulators"),
    _type_codes,
)


def _type_present(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        security = slot["meta"]["security"]
        yield (
            None
            if security.present
            else Problem(
                Text(
                    "Le créneau ne dit pas son type (qui peut le voir).",
                    "The slot does not say its type (who may see it).",
                ),
                path=security.path,
                expected=" | ".join(sorted(facts.SLOT_TYPES)),
            )
        )


TYPE_PRESENT = content_check(
    "slot.type.present",
    "SLOT-108",
    Text("Chaque créneau dit son type", "Each slot says its type"),
    _type_present,
)


def _type_system(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        for coding in slot["meta"]["security"].elements:
            if coding["code"].string in facts.SLOT_TYPES and (
                coding["system"].string is not None or not coding["system"].present
            ):
                yield (
                    None
                    if coding["system"].string == facts.SLOT_TYPE_SYSTEM
                    else Problem(
                        Text("Le type de créneau est un code de TRE_R314.", "The slot type is a code of TRE_R314."),
                        path=coding["system"].path,
                        expected=facts.SLOT_TYPE_SYSTEM,
                        actual=coding["system"].string,
                    )
                )


TYPE_SYSTEM = content_check(
    "slot.type.system",
    "SLOT-109",
    Text("Les types de créneaux sont codés en TRE_R314", "Slot types are coded in TRE_R314"),
    _type_system,
)


def _tells_of_cpts(concept: Node) -> bool:
    return any(
        coding["code"].string == facts.CPTS_CATEGORY or coding["system"].string == facts.ESTABLISHMENT_SYSTEM
        for coding in concept["coding"].elements
    )


def _consultation_codes(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        yield None
        for concept in slot["serviceType"].elements:
            if answer.of_cpts and _tells_of_cpts(concept):  # requirements of its own
                continue
            for coding in concept["coding"].elements:
                system, code = coding["system"].string, coding["code"].string
                if system == facts.ESTABLISHMENT_SYSTEM:
                    continue
                if system != facts.CONSULTATION_SYSTEM or code not in facts.CONSULTATION_TYPES:
                    yield Problem(
                        Text(
                            "Un type de consultation est AMB, HH ou VR de v3-ActCode ; un motif est un texte.",
                            "A consultation type is AMB, HH or VR of v3-ActCode; a reason is a text.",
                        ),
                        path=coding.path,
                        expected=f"{facts.CONSULTATION_SYSTEM} AMB | HH | VR",
                        actual=shown(f"{system} {code}"),
                    )


CONSULTATION_CODES = content_check(
    "slot.consultation.code",
    "SLOT-110",
    Text("Types de consultation : AMB, HH ou VR de v3-ActCode", "Consultation types: AMB, HH or VR of v3-ActCode"),
    _consultation_codes,
)


def _consultation_present(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        coded = any(
            concept["coding"].present and not _tells_of_cpts(concept) for concept in slot["serviceType"].elements
        )
        yield (
            None
            if coded
            else Problem(
                Text("Le créneau ne dit pas son type de consultation.", "The slot does not say its consultation type."),
                path=slot["serviceType"].path,
                expected="AMB | HH | VR",
            )
        )


CONSULTATION_PRESENT = content_check(
    "slot.consultation.present",
    "SLOT-111",
    Text("Chaque créneau dit son type de consultation", "Each slot says its consultation type"),
    _consultation_present,
)


def _reasons_apart(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        yield None
        for concept in slot["serviceType"].elements:
            if concept["text"].present and any(codes(concept, facts.CONSULTATION_SYSTEM)):
                yield Problem(
                    Text(
                        "Un motif est le texte de son propre serviceType, pas celui d’un type de consultation.",
                        "A reason is the text of its own serviceType, not that of a consultation type.",
                    ),
                    path=concept["text"].path,
                    expected="a serviceType of its own",
                    actual=shown(concept["text"].value),
                )


REASONS_APART = content_check(
    "slot.reason.apart",
    "SLOT-112",
    Text("Chaque motif est le texte de son propre serviceType", "Each reason is the text of its own serviceType"),
    _reasons_apart,
)


def _specialties(answer: Answer) -> Iterator[Problem | None]:
    for name in ("Slot", "Schedule", "PractitionerRole"):
        for node in answer.of(name):
            yield None
            for concept in node["specialty"].elements:
                for coding in concept["coding"].elements:
                    code = coding["code"].string
                    if code is None or not facts.ORDINAL_SPECIALTY.fullmatch(code):
                        continue
                    if coding["system"].string != facts.SPECIALTY_SYSTEM:
                        yield Problem(
                            Text(
                                "Une spécialité ordinale (SM…) est un code de TRE_R38.",
                                "An ordinal specialty (SM…) is a code of TRE_R38.",
                            ),
                            path=coding["system"].path,
                            expected=facts.SPECIALTY_SYSTEM,
                            actual=shown(coding["system"].value) if coding["system"].present else None,
                        )


SPECIALTY_SYSTEM = content_check(
    "specialty.system",
    "SLOT-113",
    Text("Les spécialités ordinales sont codées en TRE_R38", "Ordinal specialties are coded in TRE_R38"),
    _specialties,
)


def _specialty_said(answer: Answer) -> Iterator[Problem | None]:
    for name in ("Slot", "Schedule", "PractitionerRole"):
        for node in answer.of(name):
            yield None
            for concept in node["specialty"].elements:
                coded = any(coding["code"].present for coding in concept["coding"].elements)
                if isinstance(concept.value, dict) and concept.value and not coded and not concept["text"].present:
                    yield Problem(
                        Text(
                            "Une spécialité est un code, ou à défaut un texte.",
                            "A specialty is a code, or else a text.",
                        ),
                        path=concept.path,
                        expected="coding.code | text",
                        actual=shown(concept.value),
                    )


SPECIALTY_SAID = content_check(
    "specialty.said",
    "SLOT-114",
    Text("Chaque spécialité a un code ou un texte", "Each specialty has a code or a text"),
    _specialty_said,
)


SAVED: tuple[Check, ...] = (
    TYPE_CODES,
    TYPE_PRESENT,
    TYPE_SYSTEM,
    CONSULTATION_CODES,
    REASONS_APART,
)
"""What can be checked of slots on their own."""

SPECIALTIES: tuple[Check, ...] = (SPECIALTY_SYSTEM, SPECIALTY_SAID)
"""What is checked of specialties, wherever they stand."""

FULL: tuple[Check, ...] = (
    *SAVED,
    *SPECIALTIES,
    CONSULTATION_PRESENT,
)
"""What is checked of the slots of an answer."""

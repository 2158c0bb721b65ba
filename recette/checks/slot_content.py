"""Checks of what a slot says: who may see it, which consultation, which specialty, where it is booked."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from recette.checks import facts
from recette.checks.answer import Answer, codes
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


def _consultation_codes(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        yield None
        for concept in slot["serviceType"].elements:
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
        coded = any(concept["coding"].present for concept in slot["serviceType"].elements)
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


def _appointment_present(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        place = slot["appointmentType"]
        yield (
            None
            if place.present
            else Problem(
                Text("Le créneau ne dit pas s’il se réserve.", "The slot does not say whether it is booked."),
                path=place.path,
                expected="ROUTINE | WALKIN",
            )
        )


APPOINTMENT_PRESENT = content_check(
    "slot.appointment_type.present",
    "SLOT-115",
    Text("Chaque créneau dit s’il se réserve", "Each slot says whether it is booked"),
    _appointment_present,
)


def _appointment_codes(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        place = slot["appointmentType"]
        if not isinstance(place.value, dict) or not place.value:
            continue
        found = list(codes(place, facts.APPOINTMENT_SYSTEM))
        right = len(place["coding"].elements) == 1 and len(found) == 1 and found[0][1] in facts.APPOINTMENT_TYPES
        yield (
            None
            if right
            else Problem(
                Text(
                    "appointmentType porte un code, ROUTINE (avec réservation) ou WALKIN (sans), de v2-0276.",
                    "appointmentType holds one code, ROUTINE (booked) or WALKIN (not), of v2-0276.",
                ),
                path=place["coding"].path,
                expected=f"{facts.APPOINTMENT_SYSTEM} ROUTINE | WALKIN",
                actual=shown(place["coding"].value) if place["coding"].present else None,
            )
        )


APPOINTMENT_CODES = content_check(
    "slot.appointment_type.code",
    "SLOT-116",
    Text("appointmentType : ROUTINE ou WALKIN", "appointmentType: ROUTINE or WALKIN"),
    _appointment_codes,
)


def _comment(answer: Answer, *, walk_in: bool) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        types = [code for _, code in codes(slot["appointmentType"], facts.APPOINTMENT_SYSTEM)]
        if ("WALKIN" in types) is not walk_in:
            yield None
            continue
        comment = slot["comment"]
        blank = not comment.present or (comment.string is not None and not comment.string.strip())
        yield (
            None
            if not blank
            else Problem(
                Text(
                    "Le créneau n’a pas d’adresse vers l’agenda : le régulateur ne peut pas réserver.",
                    "The slot has no address to the agenda: the regulator cannot book.",
                ),
                path=comment.path,
                expected="https://…",
                actual=repr(comment.value) if comment.present else None,
            )
        )


COMMENT = content_check(
    "slot.comment.bookable",
    "SLOT-117",
    Text("Un créneau réservable porte l’adresse de l’agenda", "A bookable slot has the agenda's address"),
    lambda answer: _comment(answer, walk_in=False),
)
COMMENT_WALK_IN = content_check(
    "slot.comment.walk_in",
    "SLOT-118",
    Text("Un créneau sans réservation la porte aussi", "A walk-in slot has it too"),
    lambda answer: _comment(answer, walk_in=True),
)


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and not any(c.isspace() for c in url)


def _comment_url(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        comment = slot["comment"]
        if comment.string is None or not comment.string.strip():
            continue
        yield (
            None
            if _is_web(comment.string)
            else Problem(
                Text("comment est l’URL absolue de l’agenda.", "comment is the agenda's absolute URL."),
                path=comment.path,
                expected="https://…",
                actual=shown(comment.string),
            )
        )


COMMENT_URL = content_check(
    "slot.comment.url",
    "SLOT-119",
    Text("comment est une URL absolue", "comment is an absolute URL"),
    _comment_url,
)


def _comment_query(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        comment = slot["comment"]
        if comment.string is not None and _is_web(comment.string):
            yield (
                None
                if "?" in comment.string
                else Problem(
                    Text(
                        "Le kit de l’ANS ajoute « &origin=… » à cette URL : elle devrait déjà contenir un « ? ».",
                        "The ANS kit appends '&origin=…' to this URL: it should already contain a '?'.",
                    ),
                    path=comment.path,
                    expected="https://…?…",
                    actual=shown(comment.string),
                )
            )


COMMENT_QUERY = content_check(
    "slot.comment.query",
    "SLOT-120",
    Text("L’URL de l’agenda contient déjà une requête (?)", "The agenda's URL already has a query (?)"),
    _comment_query,
)


def _comment_of_agenda(answer: Answer) -> Iterator[Problem | None]:
    first: dict[str, str] = {}
    for slot in answer.of("Slot"):
        comment, schedule = slot["comment"].string, slot["schedule"]["reference"].string
        if comment is None or schedule is None or not _is_web(comment):
            continue
        known = first.setdefault(schedule, comment)
        yield (
            None
            if known == comment
            else Problem(
                Text(
                    "Les créneaux d’un agenda portent la même adresse : celle de l’agenda, pas du créneau.",
                    "The slots of one agenda have the same address: that of the agenda, not of the slot.",
                ),
                path=slot["comment"].path,
                expected=shown(known),
                actual=shown(comment),
            )
        )


COMMENT_OF_AGENDA = content_check(
    "slot.comment.agenda",
    "SLOT-121",
    Text("Une adresse par agenda", "One address an agenda"),
    _comment_of_agenda,
)

SAVED: tuple[Check, ...] = (
    TYPE_CODES,
    TYPE_PRESENT,
    TYPE_SYSTEM,
    CONSULTATION_CODES,
    REASONS_APART,
    APPOINTMENT_CODES,
    COMMENT,
    COMMENT_URL,
)
"""What can be checked of slots on their own."""

SPECIALTIES: tuple[Check, ...] = (SPECIALTY_SYSTEM, SPECIALTY_SAID)
"""What is checked of specialties, wherever they stand."""

FULL: tuple[Check, ...] = (
    *SAVED,
    *SPECIALTIES,
    CONSULTATION_PRESENT,
    APPOINTMENT_PRESENT,
    COMMENT_WALK_IN,
    COMMENT_QUERY,
    COMMENT_OF_AGENDA,
)
"""What is checked of the slots of an answer."""

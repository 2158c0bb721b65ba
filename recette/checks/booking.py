"""Checks of how a slot is booked: with or without appointment, and at which address.

Source: IG SAS 1.2.0 (profile FrSlotAgregateur; FAQ) and the ANS test kit 0.3.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from recette.checks import facts
from recette.checks.answer import Answer, codes
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from sas_kernel.text import Text


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


def _page(url: str) -> tuple[str, ...]:
    """The address without its query, which may say on which slot the page of the agenda opens."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc, parts.path


def _comment_of_agenda(answer: Answer) -> Iterator[Problem | None]:
    first: dict[str, str] = {}
    for slot in answer.of("Slot"):
        comment, schedule = slot["comment"].string, slot["schedule"]["reference"].string
        if comment is None or schedule is None or not _is_web(comment):
            continue
        known = first.setdefault(schedule, comment)
        yield (
            None
            if _page(known) == _page(comment)
            else Problem(
                Text(
                    "Les créneaux d’un agenda mènent à la même page : celle de l’agenda, pas du créneau.",
                    "The slots of one agenda lead to the same page: that of the agenda, not of the slot.",
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

SAVED: tuple[Check, ...] = (APPOINTMENT_CODES, COMMENT, COMMENT_URL)
"""What can be checked of a slot on its own."""

FULL: tuple[Check, ...] = (*SAVED, APPOINTMENT_PRESENT, COMMENT_WALK_IN, COMMENT_QUERY, COMMENT_OF_AGENDA)
"""What is checked of the slots of an answer."""

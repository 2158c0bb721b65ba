"""Checks of when slots are and whether they are free. Source: IG SAS 1.2.0, FrSlotAgregateur; ANS test kit 0.3.0."""

from __future__ import annotations

from collections.abc import Iterator

from recette.checks import facts
from recette.checks.answer import Answer, instant
from recette.checks.judging import content_check, shown
from recette.model import Check, Problem
from sas_kernel.text import Text


def _some(answer: Answer) -> Iterator[Problem | None]:
    yield (
        None
        if answer.of("Slot")
        else Problem(
            Text(
                "Aucun créneau : le jeu de test doit en porter de libres dans la fenêtre demandée.",
                "No slot: the test data must hold free ones in the window asked for.",
            ),
            path="Bundle.entry",
            expected="≥ 1 Slot",
            actual="0",
        )
    )


SOME = content_check(
    "slot.some",
    "SLOT-100",
    Text("Des créneaux libres sont rendus", "Free slots are returned"),
    _some,
)


def _elements(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        for key in ("schedule", "status", "start", "end"):
            yield (
                None
                if slot[key].present
                else Problem(
                    Text("Il manque {k} au créneau.", "The slot has no {k}.").format(k=key),
                    path=slot[key].path,
                    expected="1..1",
                    actual="0",
                )
            )


ELEMENTS = content_check(
    "slot.elements",
    "SLOT-101",
    Text("Agenda, statut, début et fin sur chaque créneau", "Schedule, status, start and end on each slot"),
    _elements,
)


def _free(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        status = slot["status"]
        if status.string is not None and status.string.strip():
            yield (
                None
                if status.string == "free"
                else Problem(
                    Text("Un créneau qui n’est pas libre est transmis.", "A slot that is not free is transmitted."),
                    path=status.path,
                    expected="free",
                    actual=shown(status.string),
                )
            )


FREE = content_check("slot.status", "SLOT-102", Text("Tous les créneaux sont libres", "All slots are free"), _free)


def _instants(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        for key in ("start", "end"):
            place = slot[key]
            if place.string is None or not place.string.strip():
                continue
            right = facts.INSTANT.fullmatch(place.string) and instant(place) is not None
            yield (
                None
                if right
                else Problem(
                    Text(
                        "Un instant porte les millisecondes et un décalage en chiffres (pas de Z).",
                        "An instant has milliseconds and a numeric offset (no Z).",
                    ),
                    path=place.path,
                    expected="YYYY-MM-DDThh:mm:ss.sss±hh:mm",
                    actual=shown(place.string),
                )
            )


INSTANTS = content_check(
    "slot.instants",
    "SLOT-103",
    Text("Début et fin avec millisecondes et décalage", "Start and end with milliseconds and offset"),
    _instants,
)


def _start_before_end(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        start, end = instant(slot["start"]), instant(slot["end"])
        if start is not None and end is not None:
            yield (
                None
                if start < end
                else Problem(
                    Text("Le créneau finit avant d’avoir commencé.", "The slot ends before it starts."),
                    path=slot["end"].path,
                    expected=f"> {slot['start'].string}",
                    actual=slot["end"].string,
                )
            )


START_BEFORE_END = content_check(
    "slot.start_before_end",
    "SLOT-104",
    Text("Le début précède la fin", "The start comes before the end"),
    _start_before_end,
)


def _not_past(answer: Answer) -> Iterator[Problem | None]:
    for slot in answer.of("Slot"):
        start = instant(slot["start"])
        if start is not None:
            yield (
                None
                if start >= answer.not_before
                else Problem(
                    Text("Un créneau déjà commencé est transmis.", "A slot that has already started is transmitted."),
                    path=slot["start"].path,
                    expected=f">= {answer.not_before.isoformat(timespec='seconds')}",
                    actual=slot["start"].string,
                )
            )


NOT_PAST = content_check("slot.not_past", "SLOT-105", Text("Aucun créneau n’est passé", "No slot is past"), _not_past)


def _in_window(answer: Answer) -> Iterator[Problem | None]:
    if answer.asked is None:
        return
    for slot in answer.of("Slot"):
        start = instant(slot["start"])
        if start is not None and start >= answer.not_before:
            yield (
                None
                if start in answer.asked.window
                else Problem(
                    Text(
                        "Un créneau commence hors de la fenêtre demandée.",
                        "A slot starts outside the window asked for.",
                    ),
                    path=slot["start"].path,
                    expected=f"{answer.asked.window.start.isoformat()} … {answer.asked.window.end.isoformat()}",
                    actual=slot["start"].string,
                )
            )


IN_WINDOW = content_check(
    "slot.in_window",
    "SLOT-106",
    Text("Chaque créneau commence dans la fenêtre demandée", "Each slot starts in the window asked for"),
    _in_window,
)


SAVED: tuple[Check, ...] = (ELEMENTS, FREE, INSTANTS, START_BEFORE_END)
"""What can be checked of slots on their own."""

FULL: tuple[Check, ...] = (SOME, *SAVED, NOT_PAST, IN_WINDOW)
"""What is checked of the slots of an answer."""

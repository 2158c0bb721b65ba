"""Checks of what a booking does to the search: the slot taken leaves it, the slot given back returns.

Source: IG SAS 1.2.0, slot search: only free slots are shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from recette.checks.answer import Answer
from recette.checks.appointment import Offered, offered
from recette.model import Check, Exchange, Judgement, Problem
from sas_kernel.text import Text


@dataclass(frozen=True)
class After:
    """The answer to a search made after something was done to `slot`."""

    answer: Answer
    slot: Offered

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return self.answer.exchanges

    @property
    def shown(self) -> bool:
        """Whether the slot is offered: by what it is, for ids may change."""
        return any(
            (slot.start, slot.end, slot.practitioner) == (self.slot.start, self.slot.end, self.slot.practitioner)
            for slot in offered(self.answer)
        )


def _taken(after: After) -> Judgement:
    if after.answer.unusable is not None:
        return Judgement(0, reason=after.answer.unusable)
    if not after.shown:
        return Judgement(1)
    problem = Problem(
        Text("Le créneau réservé est toujours proposé.", "The slot that was booked is still offered."),
        path="Bundle.entry.resource.start",
        expected="absent",
        actual=after.slot.start.isoformat(),
    )
    return Judgement(1, (problem,))


TAKEN = Check(
    "slot.leaves",
    "APPT-080",
    Text("Le créneau réservé quitte la recherche", "The slot booked leaves the search"),
    _taken,
)


def _given_back(after: After) -> Judgement:
    if after.answer.unusable is not None:
        return Judgement(0, reason=after.answer.unusable)
    if after.shown:
        return Judgement(1)
    problem = Problem(
        Text("Le créneau libéré n’est plus proposé.", "The slot given back is not offered again."),
        path="Bundle.entry.resource.start",
        expected=after.slot.start.isoformat(),
        actual="absent",
    )
    return Judgement(1, (problem,))


GIVEN_BACK = Check(
    "slot.returns", "APPT-081", Text("Le créneau libéré y revient", "The slot given back returns"), _given_back
)

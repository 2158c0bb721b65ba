"""What an editor does when the platform is down, silent, busy, or refuses."""

from __future__ import annotations

from recette.catalogue.appointments.bookers import AWAITED
from recette.catalogue.appointments.life import BOOKED, NEEDS
from recette.catalogue.appointments.opening import visiting
from recette.catalogue.appointments.platform import in_turn, once, refusing, throttling, unavailable
from recette.catalogue.appointments.visit import EVERY_SCENARIO, Appointment, Visit
from recette.catalogue.tags import Tag
from recette.checks.appointment_delivery import FINAL, ORDERED
from recette.checks.appointment_retries import (
    AFTER_OUTAGE,
    AFTER_SILENCE,
    AFTER_THROTTLING,
    NO_SECOND_POST,
    NOT_BLOCKED,
    REFUSED_FOR_GOOD,
    RETRY_AFTER,
    SAME_IDENTIFIER,
    SPACED,
    Recovery,
)
from recette.model import Check, Dropped, Scenario
from sas_kernel.flows import Flow
from sas_kernel.text import Text


def _recovery(talk: Visit, appointment: Appointment, asked: float | None = None) -> Recovery:
    """The appointment's first message, which failed, and all that came after it."""
    first, *later = talk.course(appointment).messages
    return Recovery(first, tuple(later), talk.stage.levels["appointments.retry_spacing"].value, asked)


_OUTAGE: tuple[Check, ...] = (
    *(BOOKED, AFTER_OUTAGE, SAME_IDENTIFIER, SPACED, ORDERED, FINAL),
    *EVERY_SCENARIO,
)


async def _outage(talk: Visit) -> None:
    talk.platform.mood = unavailable
    appointment = await talk.book(talk.national)
    await talk.cancel_while_down(appointment)
    first, *later = talk.course(appointment).messages
    if first.status not in {told.status for told in later}:
        await talk.watch("appointments.long_watch")  # the booking may still come, after its cancellation
    talk.judge((AFTER_OUTAGE, SAME_IDENTIFIER, SPACED), _recovery(talk, appointment))
    talk.judge((ORDERED, FINAL), talk.course(appointment))


OUTAGE = Scenario(
    "appointments.outage",
    Flow.APPOINTMENTS,
    Text(
        "La plateforme est en panne pendant la réservation et l’annulation",
        "The platform is down during booking and cancellation",
    ),
    _OUTAGE,
    visiting(_OUTAGE, _outage),
    needs=NEEDS,
    tags=(Tag.RESILIENCE,),
)

_REFUSED: tuple[Check, ...] = (
    *(BOOKED, NOT_BLOCKED, REFUSED_FOR_GOOD, AFTER_THROTTLING, RETRY_AFTER, AFTER_SILENCE, NO_SECOND_POST),
    *(SAME_IDENTIFIER, SPACED),
    *EVERY_SCENARIO,
)


async def _refused(talk: Visit) -> None:
    """Three appointments: while the second has to wait and the third comes again, the first is watched."""
    asked = talk.stage.levels["appointments.retry_after"].value
    talk.platform.mood = in_turn(refusing, throttling(asked), once(Dropped))
    refused = await talk.book(talk.national)
    throttled = await talk.book(talk.national, check=NOT_BLOCKED)
    lost = await talk.book(talk.national, enough=lambda messages: len(messages) > 1)
    recovery = _recovery(talk, lost)
    if recovery.failed.status_of_answer == 0:
        talk.judge((AFTER_SILENCE, NO_SECOND_POST, SAME_IDENTIFIER, SPACED), recovery)
    await talk.until(AWAITED, lambda: len(talk.course(throttled).messages) > 1)
    recovery = _recovery(talk, throttled, asked)
    if recovery.failed.status_of_answer == 429:
        talk.judge((AFTER_THROTTLING, RETRY_AFTER, SAME_IDENTIFIER), recovery)
    await talk.watch("appointments.long_watch", since=talk.course(refused).messages[0].at)
    talk.judge((REFUSED_FOR_GOOD,), _recovery(talk, refused))


REFUSED = Scenario(
    "appointments.refused",
    Flow.APPOINTMENTS,
    Text(
        "La plateforme refuse un message (422), en fait attendre un autre (429), en perd un troisième",
        "The platform refuses a message (422), makes another wait (429), loses a third",
    ),
    _REFUSED,
    visiting(_REFUSED, _refused),
    needs=NEEDS,
    tags=(Tag.RESILIENCE,),
)

SCENARIOS: tuple[Scenario, ...] = (OUTAGE, REFUSED)

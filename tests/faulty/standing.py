"""A piece of the museum as `recette faulty serve` stands it up, without its sockets."""

from __future__ import annotations

from recette.model import Response
from recette.museum.pieces import AnyFault, Stand, piece
from recette.museum.stands import PLATFORM, Places, Standing, stand
from recette.museum.wire import Agenda, Asked, Deliver, Reply
from sas_kernel.clock import Clock

ELSEWHERE = "http://127.0.0.1:21999"
"""Not where the partners usually are."""


async def nobody(_asked: Asked) -> Reply:
    raise AssertionError("this piece needs nobody behind it")


async def nowhere(*_sent: object) -> Response | None:
    raise AssertionError("this piece tells nobody anything")


def standing(
    fault: AnyFault,
    where: Stand,
    clock: Clock,
    *,
    partner: str = ELSEWHERE,
    provider: str = PLATFORM,
    reference: Agenda = nobody,
    other_side: Deliver = nowhere,
) -> Standing:
    places = Places(partner, provider)
    return stand(piece(fault, where), places, reference=reference, other_side=other_side, clock=clock)

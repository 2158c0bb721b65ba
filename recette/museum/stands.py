"""Builds the partner that a piece of the museum is, for the addresses it will be served at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from recette.museum import appointment_partner, platform_associations, sso_partner, sso_provider
from recette.museum.addresses import Addresses
from recette.museum.appointment_ways import AppointmentFault
from recette.museum.association_partner import AssociationPartner
from recette.museum.bending import Fault, faulty
from recette.museum.pieces import Piece, Stand
from recette.museum.platform_accounts import AccountFault, LittlePlatform
from recette.museum.platform_associations import AssociationSearchFault
from recette.museum.platform_searches import SearchFault, little_platform
from recette.museum.serving import Speak, serving, well
from recette.museum.sso_faults import SsoFault
from recette.museum.street import Party, Street
from recette.museum.transport import TransportFault
from recette.museum.wire import Agenda, Deliver
from sas_kernel.clock import Clock

AGENDA, PLATFORM = "http://127.0.0.1:8081", "http://127.0.0.1:8080"
"""Where the partners of the museum usually are, as the faults write it."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a piece is served, as those who call it write it: the partner itself, and the provider it may bring."""

    partner: str
    provider: str = PLATFORM


async def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Standing:
    """Who answers at each address, how the partner writes its replies, and what ends what it left undone."""

    partner: Party
    provider: Party | None = None
    speak: Speak = well
    close: Callable[[], Awaitable[None]] = _nothing


def stand(piece: Piece, places: Places, *, reference: Agenda, other_side: Deliver, clock: Clock) -> Standing:
    """The partner with its fault.

    `reference` is the right agenda or platform, which has the served address for its own (`Stand.bends`); `other_side`
    is whom the partner tells of appointments and regulators, or asks for slots.
    """
    usual = PLATFORM if piece.stand.is_platform else AGENDA
    provider = {PLATFORM: places.provider} if piece.stand.has_provider else {}
    addresses = Addresses({usual: places.partner, **provider})
    match piece.fault:
        case Fault():
            return Standing(addresses.around(faulty(piece.fault, addresses.beneath(reference))))
        case TransportFault():
            return Standing(addresses.around(addresses.beneath(reference)), speak=piece.fault.speak)
        case SsoFault():
            return _relying_party(piece.fault, places, clock)
        case AppointmentFault():
            kind = AssociationPartner if piece.stand is Stand.ASSOCIATION_AGENDA else appointment_partner.Partner
            partner = kind(clock, other_side, piece.fault.ways)
            return Standing(addresses.around(partner), addresses.around(partner.provider), close=partner.close)
        case SearchFault():
            return Standing(little_platform(other_side, piece.fault.bend, piece.fault.lot))
        case AssociationSearchFault(bend=bend, lot=lot, choice=choice):
            return Standing(platform_associations.little_platform(other_side, bend, lot, choice))
        case AccountFault():
            return Standing(LittlePlatform(other_side, piece.fault.name))


def _relying_party(fault: SsoFault, places: Places, clock: Clock) -> Standing:
    """The partner and its provider write their own addresses: a token is signed with them."""
    callback = places.partner + sso_partner.CALLBACK
    known = sso_provider.Client(sso_partner.SECRET, (callback, callback.replace("https", "http")))
    clients = {sso_partner.CLIENT: known, sso_partner.OTHER_CLIENT: known}
    provider = sso_provider.Provider(clock, clients, home=places.provider)
    street = Street({places.provider: provider})
    partner = sso_partner.Partner(street, clock, fault.wrong, address=places.partner, home=places.provider)
    return Standing(partner, provider)


async def serve(
    standing: Standing, clock: Clock, stack: AsyncExitStack, *, host: str, port: int, provider_port: int
) -> None:
    """Serve both addresses until the stack is closed. Raises `recette.museum.serving.AddressError`."""
    stack.push_async_callback(standing.close)
    await stack.enter_async_context(serving(standing.partner, clock, standing.speak, host=host, port=port))
    if standing.provider is not None:
        await stack.enter_async_context(serving(standing.provider, clock, host=host, port=provider_port))

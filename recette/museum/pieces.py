"""The whole museum: every fault under one name for the command line, and what is needed to serve it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from recette.museum import (
    appointment_faults,
    association_appointment_faults,
    associations,
    communities,
    platform_accounts,
    platform_appointment_faults,
    platform_associations,
    platform_communities,
    platform_searches,
    platform_sso_faults,
    transport,
)
from recette.museum.appointment_ways import AppointmentFault
from recette.museum.bending import Fault
from recette.museum.editors import ACCOUNT_FAULTS, SLOT_FAULTS
from recette.museum.platform_accounts import AccountFault
from recette.museum.platform_associations import AssociationSearchFault
from recette.museum.platform_searches import SearchFault
from recette.museum.sso_faults import SSO_FAULTS, SsoFault
from recette.museum.transport import TransportFault
from sas_kernel.text import Text

AnyFault = Fault | AppointmentFault | SsoFault | TransportFault | AccountFault | SearchFault | AssociationSearchFault


class Stand(StrEnum):
    """What a fault stands on: the right agenda or platform, bent; or a small partner of the museum's own."""

    AGENDA = "agenda"
    RELYING_PARTY = "relying_party"
    BOOKING_AGENDA = "booking_agenda"
    ASSOCIATION_AGENDA = "association_agenda"
    SEARCHING_PLATFORM = "searching_platform"
    ASSOCIATION_PLATFORM = "association_platform"
    TELLING_PLATFORM = "telling_platform"
    PLATFORM = "platform"

    @property
    def bends(self) -> bool:
        """Whether it needs the right partner behind it."""
        return self in {Stand.AGENDA, Stand.PLATFORM}

    @property
    def has_provider(self) -> bool:
        """Whether it brings the provider that signs people on, at an address of its own."""
        return self in {Stand.RELYING_PARTY, Stand.BOOKING_AGENDA, Stand.ASSOCIATION_AGENDA}

    @property
    def tag(self) -> str:
        """The tag of the scenarios that it can be judged by, where it plays no part in the others of its flow."""
        return "sos" if self in {Stand.ASSOCIATION_AGENDA, Stand.ASSOCIATION_PLATFORM} else ""

    @property
    def is_platform(self) -> bool:
        return self.value.endswith("platform")


ROOMS: Mapping[Stand, tuple[AnyFault, ...]] = {
    Stand.AGENDA: (
        *SLOT_FAULTS,
        *communities.FAULTS,
        *associations.FAULTS,
        *transport.FAULTS,
        *ACCOUNT_FAULTS,
    ),
    Stand.RELYING_PARTY: SSO_FAULTS,
    Stand.BOOKING_AGENDA: appointment_faults.FAULTS,
    Stand.ASSOCIATION_AGENDA: association_appointment_faults.FAULTS,
    Stand.SEARCHING_PLATFORM: (*platform_searches.FAULTS, *platform_communities.FAULTS),
    Stand.ASSOCIATION_PLATFORM: platform_associations.FAULTS,
    Stand.TELLING_PLATFORM: platform_accounts.FAULTS,
    Stand.PLATFORM: (*platform_appointment_faults.FAULTS, *platform_sso_faults.FAULTS),
}

_WITHOUT_TLS = Text(
    "Ne se voit qu’en https, et le musée sert en http : derrière un proxy TLS, donnez --public-url https://….",
    "Shows over https only, and the museum serves http: behind a TLS proxy, give --public-url https://….",
)
HIDDEN: Mapping[str, Text] = {"secure": _WITHOUT_TLS, "returns-over-http": _WITHOUT_TLS}
"""Those that a run against the served partner does not show, by name, and why."""


@dataclass(frozen=True, slots=True)
class Said:
    """What any kind of fault says of itself: the fields of `recette.museum.bending.Fault`, the name as a slug."""

    name: str
    requirement: str
    also: tuple[str, ...]
    text: str
    check: str


@dataclass(frozen=True, slots=True)
class Piece(Said):
    """One fault as the command line knows it. `hidden`: why a run against it as served over http cannot show it."""

    stand: Stand
    fault: AnyFault

    @property
    def hidden(self) -> Text | None:
        return HIDDEN.get(self.name)


def slug(name: str) -> str:
    """A name in small letters, digits and hyphens."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "").replace("’", "")).strip("-")


def said(fault: AnyFault) -> Said:
    """What it says of itself; where it has no text, its name is one."""
    match fault:
        case Fault() | AppointmentFault():
            return Said(slug(fault.name), fault.requirement, fault.also, fault.text, fault.check)
        case TransportFault():
            return Said(slug(fault.name), fault.requirement, (), fault.text, fault.check)
        case SsoFault():
            first, *others = fault.requirements
            return Said(slug(fault.wrong), first, tuple(others), fault.text or fault.wrong, fault.check)
        case AccountFault():
            return Said(slug(fault.name), fault.requirement, fault.also, fault.name.replace("-", " "), fault.check)
        case SearchFault() | AssociationSearchFault():
            return Said(slug(fault.name), fault.requirement, (), fault.name, "")


def piece(fault: AnyFault, stand: Stand) -> Piece:
    told = said(fault)
    return Piece(told.name, told.requirement, told.also, told.text, told.check, stand, fault)


@cache
def pieces() -> Mapping[str, Piece]:
    """All of them by name."""
    made = [piece(fault, stand) for stand, faults in ROOMS.items() for fault in faults]
    return {each.name: each for each in made}

"""Associations and their sites. Instants are whole milliseconds since the epoch, ids are the editor's own numbers."""

from __future__ import annotations

from dataclasses import dataclass

from agenda_editor.agendas.model import AgendaError, Slot, SlotDetails
from sas_kernel.text import Text


@dataclass(frozen=True, slots=True)
class AssociationDetails:
    """`siret` without national prefix, `phone` as somebody typed it."""

    name: str
    siret: str
    phone: str | None = None

    @property
    def national_id(self) -> str:
        return "3" + self.siret


@dataclass(frozen=True, slots=True)
class Association:
    id: int
    details: AssociationDetails


@dataclass(frozen=True, slots=True)
class SiteDetails:
    """A fixed place of consultation (PFG, LFC)."""

    name: str
    line: str
    city: str
    postal_code: str
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """Its id is that of its one agenda, and no practitioner's agenda has the same."""

    id: int
    association: Association
    details: SiteDetails


@dataclass(frozen=True, slots=True)
class SiteDraft:
    """A site to be, with what it offers."""

    site: SiteDetails
    slots: tuple[SlotDetails, ...]


@dataclass(frozen=True, slots=True)
class SitePage:
    """A site with some of its slots, by start; `schedule_id` of a slot is the site's."""

    site: Site
    slots: list[Slot]


@dataclass(frozen=True, slots=True)
class PublishedSites:
    """What may leave of some associations, rendered: slots by start, then what they lean on, each once."""

    slots: list[bytes]
    schedules: list[bytes]
    locations: list[bytes]
    organizations: list[bytes]


# --- errors ----------------------------------------------------------------------------------------------------------


class UnknownSiteError(AgendaError):
    def __init__(self, site_id: int) -> None:
        super().__init__(
            Text("Point de consultation {id} inconnu.", "Place of consultation {id} is unknown.").format(id=site_id)
        )


class InvalidAssociationError(AgendaError):
    """The profile of an answer has no room for an association without its SIRET number."""

    def __init__(self, siret: str) -> None:
        super().__init__(
            Text(
                "« {siret} » n’est pas le numéro SIRET d’une association : attendu 14 chiffres.",
                "'{siret}' is not the SIRET number of an association: expected 14 digits.",
            ).format(siret=siret)
        )


class InvalidSiteSlotError(AgendaError):
    """Guide, FAQ of the SOS search (3): an association's slots are PUBLIC, SNP, or both."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Un créneau d’une association n’est visible que du public et des régulateurs (PUBLIC, SNP).",
                "A slot of an association is visible to the public and to regulators only (PUBLIC, SNP).",
            )
        )

"""What an invented territory is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from sas_kernel.errors import ContractError
from sas_kernel.identifiers import (
    PractitionerIdKind,
    StructureIds,
    national_practitioner_id,
)
from sas_kernel.text import Text

FIRST_DAY: Final = -1
LAST_DAY: Final = 6

SLOT_TYPES: Final = frozenset({"PUBLIC", "PRO", "SNP", "CPTS"})
SITE_SLOT_TYPES: Final = frozenset({"PUBLIC", "SNP"})
CONSULTATION_TYPES: Final = frozenset({"AMB", "VR", "HH"})
APPOINTMENT_TYPES: Final = frozenset({"ROUTINE", "WALKIN"})
STATUSES: Final = frozenset({"free", "busy", "busy-unavailable"})
REGULATOR_KINDS: Final = frozenset({"IDNPS", "INTRN"})


class InvalidDatasetError(ContractError):
    """The file of a data set is missing, malformed, or contradicts itself."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A daily pattern: one slot every `every` from `first` until `last` (not included; midnight is the end of the day).

    The tuples of tuples are cycles: the n-th slot of the day takes the n-th element, and starts over at the end.
    """

    first: time
    last: time
    every: timedelta
    duration: timedelta
    slot_types: tuple[tuple[str, ...], ...]
    consultation_types: tuple[tuple[str, ...], ...]
    appointment_types: tuple[str, ...] = ("ROUTINE",)
    reasons: tuple[tuple[str, ...], ...] = ((),)
    specialties: tuple[tuple[str | None, str | None], ...] = ()
    status: str = "free"
    own_patients_only: bool = False
    communities: tuple[tuple[str, ...], ...] = ()  # a cycle of keys; none: every CPTS of whoever offers


@dataclass(frozen=True, slots=True)
class Place:
    """A practitioner's place; two practitioners who share the walls have two values with the same `key`.

    `booking_path` is what the booking URL of the place adds to the page of its agenda; it holds a query.
    """

    key: str
    name: str
    line: str
    city: str
    postal_code: str
    phone: str
    structure: StructureIds
    offers: tuple[Offer, ...]
    booking_path: str = "?vue=semaine"


@dataclass(frozen=True, slots=True)
class DatasetPractitioner:
    """A practitioner as an editor may hold him: `stored_id` is with or without its national prefix."""

    key: str
    kind: PractitionerIdKind
    stored_id: str
    family: str
    given: str
    prefix: str | None
    specialty_code: str | None
    specialty_label: str
    opposed: bool
    places: tuple[Place, ...]
    communities: tuple[str, ...] = ()  # keys of the CPTS he is a member of

    @property
    def national_id(self) -> str:
        return national_practitioner_id(self.stored_id, self.kind)


@dataclass(frozen=True, slots=True)
class DatasetCommunity:
    """A CPTS (communauté professionnelle territoriale de santé); `finess` without national prefix."""

    key: str
    name: str
    finess: str
    phone: str

    @property
    def national_id(self) -> str:
        return "1" + self.finess


@dataclass(frozen=True, slots=True)
class DatasetSite:
    """A fixed place where a SOS Médecins association consults."""

    key: str
    name: str
    line: str
    city: str
    postal_code: str
    phone: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class DatasetAssociation:
    """A SOS Médecins association; `siret` without national prefix. Who sees the patient is not known beforehand."""

    key: str
    name: str
    siret: str
    phone: str
    sites: tuple[DatasetSite, ...]

    @property
    def national_id(self) -> str:
        return "3" + self.siret


@dataclass(frozen=True, slots=True)
class DatasetRegulator:
    """A regulator as the platform knows him; his e-mail is his login there. `kind` is a type code, IDNPS or INTRN."""

    kind: str
    value: str
    family: str
    given: str
    prefix: str | None
    email: str
    password: str
    territory: str
    active: bool


@dataclass(frozen=True, slots=True)
class DatasetStaff:
    """Somebody of the practices, as the editor knows him: he logs in on the editor's own page."""

    login: str
    password: str
    name: str


@dataclass(frozen=True, slots=True)
class Dataset:
    """`test_data` holds, under the keys of a target file, national ids of people or associations: one or several."""

    name: str
    title: Text
    territory: str
    practitioners: tuple[DatasetPractitioner, ...]
    test_data: Mapping[str, str | tuple[str, ...]]
    regulators: tuple[DatasetRegulator, ...] = ()
    staff: tuple[DatasetStaff, ...] = ()
    communities: tuple[DatasetCommunity, ...] = ()
    associations: tuple[DatasetAssociation, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetSlot:
    """`communities`: keys of the CPTS that a slot of type CPTS is shown to."""

    practitioner: DatasetPractitioner
    place: Place
    start: datetime
    end: datetime
    slot_types: tuple[str, ...]
    consultation_types: tuple[str, ...]
    appointment_type: str
    reasons: tuple[str, ...]
    specialties: tuple[tuple[str | None, str | None], ...]
    status: str
    own_patients_only: bool
    communities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetSiteSlot:
    start: datetime
    end: datetime
    slot_types: tuple[str, ...]
    consultation_types: tuple[str, ...]
    appointment_type: str
    status: str

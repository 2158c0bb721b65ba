"""Where a slot is, and who shows it: PractitionerRole with its contained Location, Location and Organization of a SOS
Médecins site, HealthcareService and Organization of a CPTS.

Lenient on what shows nothing: only what the platform uses is typed, the rest of a resource may be anything.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec

from sas_kernel.errors import InvalidValueError
from sas_kernel.identifiers import STRUCTURE_SYSTEM, international_phone
from sas_platform.slot_search.model import Association, Cpts, Place, Reference

MAX_TEXT: Final = 200

# Depth beyond the decoder's own bound is a RecursionError, bytes that are not UTF-8 a UnicodeDecodeError.
UNREADABLE: Final = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, OverflowError)


class Identifier(msgspec.Struct, gc=False):
    system: str = ""
    value: str = ""


class ContactPoint(msgspec.Struct, gc=False):
    system: str = ""
    value: str = ""


class _Address(msgspec.Struct, gc=False, rename="camel"):
    line: list[str] = []
    postal_code: str = ""
    city: str = ""


class LogicalReference(msgspec.Struct, gc=False):
    """A reference that may name its target by an identifier instead."""

    reference: str = ""
    identifier: Identifier | None = None


class Location(msgspec.Struct, gc=False, rename="camel"):
    resource_type: str = ""
    id: str = ""
    name: str = ""
    identifier: list[Identifier] = []
    address: _Address | None = None
    telecom: list[ContactPoint] = []
    managing_organization: LogicalReference | None = None


class Organization(msgspec.Struct, gc=False):
    identifier: list[Identifier] = []
    name: str = ""
    telecom: list[ContactPoint] = []


class HealthcareService(msgspec.Struct, gc=False, rename="camel"):
    provided_by: LogicalReference | None = None


class Role(msgspec.Struct, gc=False):
    practitioner: Reference | None = None
    organization: LogicalReference | None = None
    location: list[Reference] = []
    contained: list[msgspec.Raw] = []
    telecom: list[ContactPoint] = []


_location = msgspec.json.Decoder(Location)
_WORDS = re.compile(r"[a-z0-9]+")


def place_of(role: Role) -> Place | None:
    """Where a practitioner consults: the Location that the role contains and names."""
    wanted = role.location[0].reference if len(role.location) == 1 else ""
    for raw in role.contained:
        try:
            location = _location.decode(raw)
        except UNREADABLE:
            continue
        if location.resource_type == "Location" and wanted == f"#{location.id}":
            organization = role.organization.identifier if role.organization else None
            structure = organization.value if organization and organization.system == STRUCTURE_SYSTEM else ""
            return _place(location, structure, [*role.telecom, *location.telecom])
    return None


def site_of(location: Location) -> Place | None:
    """A SOS Médecins site: two of one association may share an address, so that its name tells it apart as well."""
    place = _place(location, _national(location.identifier), location.telecom)
    return place and msgspec.structs.replace(place, key=f"{place.key}|{folded(place.name)}")


def association_of(organization: Organization) -> Association | None:
    siret = _national(organization.identifier)
    return Association(siret, clean(organization.name), _phone_of(organization.telecom)) if siret else None


def cpts_of(organization: Organization) -> Cpts | None:
    """A CPTS that has neither name nor national id says nothing to anybody."""
    finess, name = _national(organization.identifier), clean(organization.name)
    return Cpts(finess or None, name, _phone_of(organization.telecom)) if finess or name else None


def named(reference: LogicalReference) -> Organization | None:
    """The organization that a reference only identifies: all that is known of it is its number."""
    return Organization([reference.identifier]) if reference.identifier and not reference.reference else None


def id_of(reference: str, kind: str) -> str:
    """`abc` of `Schedule/abc` or of an absolute `https://…/Schedule/abc`; empty for another kind."""
    head, _, resource_id = reference.partition("/_history/")[0].rpartition("/")
    return resource_id if head == kind or head.endswith(f"/{kind}") else ""


def _place(location: Location, structure: str, telecom: list[ContactPoint]) -> Place | None:
    address = location.address
    if address is None:
        return None
    line, city = clean(" ".join(address.line)), clean(address.city)
    postal_code = clean(address.postal_code, 10)
    # A structure may have several addresses and two editors may spell one address differently: a place is told apart
    # by both, for a card that shows one address for two would send a patient to the wrong door.
    key = "|".join((structure, postal_code, folded(line), folded(city)))
    return Place(key, structure or None, clean(location.name), line, postal_code, city, _phone_of(telecom))


def _national(identifiers: list[Identifier]) -> str:
    return next((clean(i.value, 64) for i in identifiers if i.system == STRUCTURE_SYSTEM), "")


def _phone_of(telecom: list[ContactPoint]) -> str:
    value = next((t.value for t in telecom if t.system == "phone" and t.value), "")
    try:
        return international_phone(value)
    except InvalidValueError:
        return clean(value, 30) if re.fullmatch(r"[+0-9 ().\-/]{4,30}", value) else ""


def clean(text: str, most: int = MAX_TEXT) -> str:
    """One line of printable characters: what an editor sends is shown to people and must not play tricks on them."""
    if text.isprintable():  # no white space but blanks, no control or format character
        if "  " not in text and len(text) <= most:
            return text.strip(" ")
        flat = text
    else:
        # Control and format characters include the marks that turn the direction of the text that follows.
        flat = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    flat = " ".join(flat.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def folded(text: str) -> str:
    plain = text if text.isascii() else unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(_WORDS.findall(plain.lower()))

"""The one mapping from associations to FHIR: total, pure, and used when something is written, never when it is read.

Source: SAS implementation guide, profiles of the SOS search (sections B.13 to B.16 of our reference) and its FAQ.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from agenda_editor.agendas import rules
from agenda_editor.agendas.fhir import slot_name
from agenda_editor.agendas.model import AppointmentType, ConsultationType, Slot, SlotDetails, SlotType
from agenda_editor.associations.model import Association, AssociationDetails, Site, SiteDetails
from sas_fhir import canonicals, instants
from sas_fhir.bundle import SearchMode, fragment
from sas_kernel.identifiers import STRUCTURE_SYSTEM, international_phone


def site_name(site_id: int) -> str:
    """The FHIR id of a site's Location, which its page bears too."""
    return f"pfg-{site_id}"


def site_path(site_id: int) -> str:
    """The page of a site."""
    return f"/sos/{site_name(site_id)}"


def _schedule_name(site_id: int) -> str:
    return f"ags-{site_id}"


def association_fragment(association: Association) -> bytes:
    details = association.details
    organization: dict[str, Any] = {
        "resourceType": "Organization",
        "id": f"asso-{association.id}",
        "meta": {"profile": [canonicals.SOS_ORGANIZATION]},
        "identifier": [
            {
                "type": _coded(canonicals.LOCATION_IDENTIFIER_TYPE, "IDNST"),
                "system": STRUCTURE_SYSTEM,
                "value": details.national_id,
            }
        ],
        "name": details.name.strip(),
    }
    return fragment(organization | _telecom(details.phone), SearchMode.INCLUDE)


def schedule_fragment(site: Site) -> bytes:
    """Of the SOS search the Schedule is the match, though `total` counts slots."""
    return fragment(
        {
            "resourceType": "Schedule",
            "id": _schedule_name(site.id),
            "meta": {"profile": [canonicals.SOS_SCHEDULE]},
            "actor": [{"reference": f"Location/{site_name(site.id)}"}],
        },
        SearchMode.MATCH,
    )


def location_fragment(site: Site, public_url: str) -> bytes:
    details = site.details
    location: dict[str, Any] = {
        "resourceType": "Location",
        "id": site_name(site.id),
        "meta": {"profile": [canonicals.SOS_LOCATION]},
        # The pattern allows the editor's own id only, whatever the text says of a national one.
        "identifier": [
            {
                "type": _coded(canonicals.LOCATION_IDENTIFIER_TYPE, "INTRN"),
                "system": f"{public_url}/ns/lieu",
                "value": site_name(site.id),  # told apart from the practitioners' places, which bear plain numbers
            }
        ],
        "name": details.name.strip(),
        **_telecom(details.phone),
        "address": {
            "line": [" ".join(details.line.split())],
            "city": details.city.strip(),
            "postalCode": details.postal_code,
        },
        "managingOrganization": {"reference": f"Organization/asso-{site.association.id}"},
    }
    return fragment(location, SearchMode.INCLUDE)


def slot_fragment(slot: Slot, public_url: str) -> bytes | None:
    """The slot as the answer shows it, or `None` when it must not leave."""
    details = slot.details
    types = rules.shown_types(details)
    if not types:
        return None
    name = slot_name(slot.id)
    return fragment(
        {
            "resourceType": "Slot",
            "id": name,
            "meta": {
                "profile": [canonicals.SOS_SLOT],
                "security": [{"system": canonicals.SLOT_TYPE, "code": kind.value} for kind in types],
            },
            "serviceType": [_coded(canonicals.CONSULTATION_TYPE, kind.value) for kind in details.consultation_types],
            "appointmentType": _coded(canonicals.APPOINTMENT_TYPE, details.appointment_type.value),
            "schedule": {"reference": f"Schedule/{_schedule_name(slot.schedule_id)}"},
            "status": "free",
            "start": instants.formatted(details.start),
            "end": instants.formatted(details.end),
            "comment": f"{public_url}{site_path(slot.schedule_id)}?vue=semaine&creneau={name}",
        },
        SearchMode.INCLUDE,
    )


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _telecom(phone: str | None) -> dict[str, Any]:
    if not phone or not phone.strip():
        return {}
    return {"telecom": [{"system": "phone", "value": international_phone(phone)}]}


# --- is what is stored still what would be rendered? ------------------------------------------------------------------

_SAMPLES: Final = (
    (
        AssociationDetails("A", "99000000000306", "01 99 00 00 51"),
        SiteDetails("B", "1  rue\nC", "D", "99100", "0199000052"),
    ),
    (AssociationDetails("A", "99000000000306"), SiteDetails("B", "1 rue C", "D", "99100")),
)


def rendering_stamp(public_url: str) -> str:
    """Changes when anything stored would be rendered otherwise: the digest of a sample that takes every branch."""
    digest = hashlib.sha256()
    for number, (association_details, site_details) in enumerate(_SAMPLES, start=1):
        association = Association(number, association_details)
        site = Site(number, association, site_details)
        digest.update(association_fragment(association) + schedule_fragment(site) + location_fragment(site, public_url))
        start = 1_925_000_000_000 + 15_000_000_000 * number
        for types in ((SlotType.PUBLIC,), (SlotType.PUBLIC, SlotType.SNP)):
            for kind in AppointmentType:
                details = SlotDetails(start, start + 1, types, tuple(ConsultationType), kind)
                digest.update(slot_fragment(Slot(1, number, details), public_url) or b"-")
    return digest.hexdigest()

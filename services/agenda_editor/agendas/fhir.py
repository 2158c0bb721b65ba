"""The one mapping from the agenda to FHIR: total, pure, and used when something is written, never when it is read.

Source: SAS implementation guide, profiles of the aggregator (sections B.2 to B.6 of our reference) and its FAQ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from agenda_editor.agendas import rules
from agenda_editor.agendas.model import (
    AppointmentType,
    ConsultationType,
    Place,
    PlaceDetails,
    Practitioner,
    PractitionerDetails,
    Schedule,
    Slot,
    SlotDetails,
    SlotType,
    Specialty,
)
from sas_fhir import canonicals, instants
from sas_fhir.bundle import SearchMode, fragment
from sas_kernel.identifiers import (
    PRACTITIONER_SYSTEM,
    STRUCTURE_SYSTEM,
    PractitionerIdKind,
    StructureIds,
    international_phone,
    national_practitioner_id,
)


def schedule_name(schedule_id: int) -> str:
    """The FHIR id of an agenda, which its booking page bears too."""
    return f"ag-{schedule_id}"


def slot_name(slot_id: int) -> str:
    """The FHIR id of a slot, which its booking page bears too."""
    return f"cr-{slot_id}"


def cpts_service_name(community_id: int) -> str:
    """The FHIR id of the HealthcareService by which slots name a CPTS."""
    return f"hs-{community_id}"


def booking_url(public_url: str, schedule: Schedule) -> str:
    """The absolute page of an agenda. It has a query already: the platform must add its `origin` with `&`, as a slot
    adds its own name."""
    return f"{public_url}/agenda/{schedule_name(schedule.id)}{schedule.booking_query}"


def practitioner_fragment(practitioner: Practitioner) -> bytes:
    details = practitioner.details
    name: dict[str, Any] = {"family": details.family.strip()}
    if details.given.strip():
        name["given"] = [details.given.strip()]
    if details.prefix and details.prefix.strip():
        name["prefix"] = [details.prefix.strip()]
    return fragment(
        {
            "resourceType": "Practitioner",
            "id": f"ps-{practitioner.id}",
            "meta": {"profile": [canonicals.PRACTITIONER]},
            "identifier": [
                {
                    "type": _coded(canonicals.IDENTIFIER_TYPE, "IDNPS"),
                    "system": PRACTITIONER_SYSTEM,
                    "value": national_practitioner_id(details.stored_id, details.kind),
                }
            ],
            "name": [name],
        },
        SearchMode.INCLUDE,
    )


def schedule_fragment(schedule: Schedule) -> bytes:
    return fragment(
        {
            "resourceType": "Schedule",
            "id": schedule_name(schedule.id),
            "meta": {"profile": [canonicals.SCHEDULE]},
            "actor": [
                {"reference": f"Practitioner/ps-{schedule.practitioner.id}"},
                {"reference": f"PractitionerRole/role-{schedule.id}"},
            ],
        },
        SearchMode.INCLUDE,
    )


def role_fragment(schedule: Schedule, public_url: str) -> bytes:
    """The role a practitioner has at a place, which it contains. The structure's national id stands in `organization`,
    the contained place bears the editor's own id (as every example of the guide)."""
    place = schedule.place.details
    role: dict[str, Any] = {
        "resourceType": "PractitionerRole",
        "id": f"role-{schedule.id}",
        "meta": {"profile": [canonicals.PRACTITIONER_ROLE]},
        "contained": [_location(schedule.place, public_url)],
        "practitioner": {"reference": f"Practitioner/ps-{schedule.practitioner.id}"},
    }
    structure = place.structure.national()
    if structure is not None:
        role["organization"] = {
            "identifier": {
                "type": _coded(canonicals.IDENTIFIER_TYPE, "IDNST"),
                "system": STRUCTURE_SYSTEM,
                "value": structure,
            }
        }
    specialties = _specialties([schedule.practitioner.details.specialty])
    if specialties:
        role["specialty"] = specialties
    role["location"] = [{"reference": f"#lieu-{schedule.place.id}"}]
    if place.phone and place.phone.strip():
        role["telecom"] = [{"system": "phone", "value": international_phone(place.phone)}]
    return fragment(role, SearchMode.INCLUDE)


def _location(place: Place, public_url: str) -> dict[str, Any]:
    details = place.details
    location: dict[str, Any] = {
        "resourceType": "Location",
        "id": f"lieu-{place.id}",
        "meta": {"profile": [canonicals.LOCATION]},
        "identifier": [
            {
                "type": _coded(canonicals.LOCATION_IDENTIFIER_TYPE, "INTRN"),
                "system": f"{public_url}/ns/lieu",
                "value": str(place.id),
            }
        ],
    }
    if details.name.strip():
        location["name"] = details.name.strip()
    location["address"] = {
        "line": [" ".join(details.line.split())],  # the profile has room for one line
        "city": details.city.strip(),
        "postalCode": details.postal_code,
    }
    return location


def slot_fragment(slot: Slot, url: str) -> bytes | None:
    """The slot as an INT_R01 answer shows it, or `None` when it must not leave: there is then nothing that could.

    `url`: the page of its agenda, which opens on the slot.
    """
    types = rules.shown_types(slot.details)
    return fragment(_slot(slot, url, types, canonicals.SLOT), SearchMode.MATCH) if types else None


def cpts_fragment(slot: Slot, url: str) -> bytes | None:
    """The slot as an INT_R04 answer shows it when a CPTS sees it, else `None`."""
    if not rules.is_shared(slot.details):
        return None
    types = rules.shown_with_cpts(slot.details)
    if not types:
        return None
    resource = _slot(slot, url, types, canonicals.CPTS_SLOT)
    resource["serviceType"] = resource["serviceType"] + [
        {
            "extension": [
                {
                    "url": canonicals.SLOT_SERVICE,
                    "valueReference": {"reference": f"HealthcareService/{cpts_service_name(community)}"},
                }
            ],
            "coding": [{"system": canonicals.ESTABLISHMENT_CATEGORY, "code": "604"}],
        }
        for community in slot.details.communities
    ]
    return fragment(resource, SearchMode.MATCH)


_SLOT_PROFILE: Final = canonicals.SLOT.encode()
_CPTS_SLOT_PROFILE: Final = canonicals.CPTS_SLOT.encode()


def with_cpts_profile(fragment: bytes) -> bytes:
    """A slot that no CPTS sees, among those of an INT_R04 answer: only the profile differs, and it comes first."""
    return fragment.replace(_SLOT_PROFILE, _CPTS_SLOT_PROFILE, 1)


def _slot(slot: Slot, url: str, types: Iterable[SlotType], profile: str) -> dict[str, Any]:
    details, name = slot.details, slot_name(slot.id)
    resource: dict[str, Any] = {
        "resourceType": "Slot",
        "id": name,
        "meta": {"profile": [profile], "security": [_SLOT_TYPES[kind] for kind in types]},
        "serviceType": _service_types(details.consultation_types, details.reasons),
    }
    specialties = _slot_specialties(details.specialties)
    if specialties:
        resource["specialty"] = specialties
    resource["appointmentType"] = _APPOINTMENT_TYPES[details.appointment_type]
    resource["schedule"] = {"reference": f"Schedule/{schedule_name(slot.schedule_id)}"}
    resource["status"] = "free"
    resource["start"] = _formatted(details.start)
    resource["end"] = _formatted(details.end)
    resource["comment"] = f"{url}&creneau={name}"
    return resource


@lru_cache(maxsize=4096)
def _service_types(consultations: tuple[ConsultationType, ...], reasons: tuple[str, ...]) -> list[dict[str, Any]]:
    """Not to be changed by who gets it: millions of slots have one of a few."""
    return [
        *(_CONSULTATION_TYPES[kind] for kind in consultations),
        *({"text": reason.strip()} for reason in reasons if reason.strip()),
    ]


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


_SLOT_TYPES: Final = {kind: {"system": canonicals.SLOT_TYPE, "code": kind.value} for kind in SlotType}
_CONSULTATION_TYPES: Final = {kind: _coded(canonicals.CONSULTATION_TYPE, kind.value) for kind in ConsultationType}
_APPOINTMENT_TYPES: Final = {kind: _coded(canonicals.APPOINTMENT_TYPE, kind.value) for kind in AppointmentType}


def _specialties(specialties: Iterable[Specialty | None]) -> list[dict[str, Any]]:
    """Coded when there is a code, else the plain name, which the guide allows against its own binding."""
    return [
        _coded(canonicals.SPECIALTY, s.code) if s.code else {"text": (s.label or "").strip()}
        for s in specialties
        if s is not None and (s.code or (s.label and s.label.strip()))
    ]


_formatted = lru_cache(maxsize=16_384)(instants.formatted)  # agendas of a country begin their slots together
_slot_specialties = lru_cache(maxsize=4096)(_specialties)  # neither is what this gives


# --- is what is stored still what would be rendered? ------------------------------------------------------------------


def rendering_stamp(public_url: str) -> str:
    """Changes when anything stored would be rendered otherwise: the digest of a sample that takes every branch."""
    digest = hashlib.sha256()
    for schedule in _samples():
        digest.update(practitioner_fragment(schedule.practitioner))
        digest.update(schedule_fragment(schedule))
        digest.update(role_fragment(schedule, public_url))
        for details in _sample_slots():
            slot, url = Slot(1, schedule.id, details), booking_url(public_url, schedule)
            digest.update(slot_fragment(slot, url) or b"-")
            digest.update(cpts_fragment(slot, url) or b"-")
    return digest.hexdigest()


def _samples() -> Iterable[Schedule]:
    full = Practitioner(
        1, PractitionerDetails(PractitionerIdKind.RPPS, "10123400017", "A", "B", "DR", Specialty("SM54", "C"))
    )
    bare = Practitioner(2, PractitionerDetails(PractitionerIdKind.ADELI, "0991234567", " A ", "", None, None))
    structures = (
        StructureIds("990000017", "99000000000017", "10123400017001", "99123456701"),
        StructureIds("2A9900017", "99000000000017"),
        StructureIds(rpps_rang="10123400017001"),
        StructureIds(adeli_rang="99123456701"),
        StructureIds(),
    )
    for number, structure in enumerate(structures, start=1):
        place = PlaceDetails("D", "1  rue\nE", "F", "99100", "01 99 00 00 12" if number % 2 else None, structure)
        yield Schedule(number, full if number % 2 else bare, Place(number, place), "?vue=semaine")


def _sample_slots() -> Iterable[SlotDetails]:
    everything = tuple(ConsultationType)
    winter, summer = 1_925_000_000_000, 1_940_000_000_000
    specialties = (Specialty("SM54", None), Specialty(None, "G"), Specialty(None, " "))
    for kind in SlotType:
        yield SlotDetails(winter, winter + 1, (kind,), everything)
    yield SlotDetails(summer, summer + 1, tuple(SlotType), everything, AppointmentType.WALKIN, ("H", " "), specialties)
    yield SlotDetails(summer, summer + 1, tuple(SlotType), everything, own_patients_only=True)
    yield SlotDetails(summer, summer + 1, tuple(SlotType), everything, communities=(1, 2))
    yield SlotDetails(summer, summer + 1, (SlotType.CPTS,), everything, communities=(3,))

"""What a platform that searches can get wrong when it asks for the slots of CPTS."""

from __future__ import annotations

from recette.museum.platform_searches import SearchFault, replacing

_SERVICES = "&_include=Slot:service-type-reference"
_ITERATED = "&_include:iterate=Slot:service-type-reference"
_ORGANIZATIONS = "&_include:iterate=HealthcareService:organization"

FAULTS: tuple[SearchFault, ...] = (
    SearchFault("no CPTS asked for", "CPTS-060", replacing(f"{_SERVICES}{_ORGANIZATIONS}", "")),
    SearchFault("services iterated", "CPTS-060", replacing(_SERVICES, _ITERATED)),
    SearchFault("no organization of CPTS", "CPTS-061", replacing(_ORGANIZATIONS, "")),
    SearchFault(
        "organizations not iterated", "CPTS-061", replacing(_ORGANIZATIONS, _ORGANIZATIONS.replace(":iterate", ""))
    ),
)

"""A CPTS as INT_R04 shows it: one HealthcareService, to which slots refer, provided by one Organization. Pure.

Source: SAS implementation guide, profiles sas-cpts-healthcareservice-aggregator and sas-cpts-organization-aggregator.
"""

from __future__ import annotations

from typing import Any

from agenda_editor.agendas.fhir import cpts_service_name
from agenda_editor.communities.model import Community
from sas_fhir import canonicals
from sas_fhir.bundle import SearchMode, fragment
from sas_kernel.identifiers import STRUCTURE_SYSTEM, international_phone


def service_fragment(community: Community) -> bytes:
    return fragment(
        {
            "resourceType": "HealthcareService",
            "id": cpts_service_name(community.id),
            "meta": {"profile": [canonicals.CPTS_SERVICE]},
            "active": True,
            "providedBy": {"reference": f"Organization/cpts-{community.id}"},
            "name": "Soins non programmés",
        },
        SearchMode.INCLUDE,
    )


def organization_fragment(community: Community) -> bytes:
    details = community.details
    organization: dict[str, Any] = {
        "resourceType": "Organization",
        "id": f"cpts-{community.id}",
        "meta": {"profile": [canonicals.CPTS_ORGANIZATION]},
        "identifier": [
            {
                # Two codings: 1.1.0 and 1.2.0 want another system each, and a pattern is met by one of them.
                "type": {
                    "coding": [
                        {"system": canonicals.CORE_IDENTIFIER_TYPE, "code": "IDNST"},
                        {"system": canonicals.LOCATION_IDENTIFIER_TYPE, "code": "IDNST"},
                    ]
                },
                "system": STRUCTURE_SYSTEM,
                "value": "1" + details.finess,
            }
        ],
        "name": details.name.strip(),
    }
    if details.phone and details.phone.strip():
        organization["telecom"] = [{"system": "phone", "value": international_phone(details.phone)}]
    return fragment(organization, SearchMode.INCLUDE)

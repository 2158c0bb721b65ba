"""The facts of the profiles that the checks compare with: canonicals, code systems, codes, expressions.

Source: IG SAS 1.2.0 (snapshots of the PS profiles, terminology pages) and, for the expressions, the ANS test kit 0.3.0.
"""

from __future__ import annotations

import re
from typing import Final

_SAS: Final = "http://sas.fr/fhir/StructureDefinition/"

PROFILES: Final = {
    "Bundle": f"{_SAS}BundleAgregateur",
    "Slot": f"{_SAS}FrSlotAgregateur",
    "Schedule": f"{_SAS}FrScheduleAgregateur",
    "Practitioner": f"{_SAS}FrPractitionerAgregateur",
    "PractitionerRole": f"{_SAS}FrPractitionerRoleExerciceAgregateur",
    "Location": f"{_SAS}FrLocationAgregateur",
}

_CPTS: Final = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-cpts-"
CPTS_PROFILES: Final = {
    "Bundle": f"{_CPTS}bundle-aggregator",
    "Slot": f"{_CPTS}slot-aggregator",
    "HealthcareService": f"{_CPTS}healthcareservice-aggregator",
    "Organization": f"{_CPTS}organization-aggregator",
}
"""The profiles of INT_R04 that INT_R01 does not have; the other resources are the same in both."""

SLOT_TYPE_SYSTEM: Final = "https://mos.esante.gouv.fr/NOS/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
SLOT_TYPES: Final = frozenset({"PUBLIC", "PRO", "SNP", "CPTS"})

CONSULTATION_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONSULTATION_TYPES: Final = frozenset({"AMB", "HH", "VR"})
ESTABLISHMENT_SYSTEM: Final = (
    "https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement"
)
CPTS_CATEGORY: Final = "604"

APPOINTMENT_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v2-0276"
APPOINTMENT_TYPES: Final = frozenset({"ROUTINE", "WALKIN"})

SPECIALTY_SYSTEM: Final = "https://mos.esante.gouv.fr/NOS/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale"
ORDINAL_SPECIALTY: Final = re.compile(r"SM[0-9]{2}")

IDENTIFIER_TYPE_SYSTEM: Final = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"
PRACTITIONER_IDENTIFIER_TYPE: Final = "IDNPS"
STRUCTURE_IDENTIFIER_TYPE: Final = "IDNST"
CPTS_TYPE_SYSTEMS: Final = (
    "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203",
    "http://interopsante.org/fhir/CodeSystem/fr-location-identifier-type",
)
"""Where the type of a CPTS's identifier is coded: packages 1.2.0 and 1.1.0 differ."""

FHIR_VERSION: Final = "4.0.1"
MEDIA_TYPE: Final = "application/fhir+json"

INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{2}:\d{2}", re.ASCII)
FHIR_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
PRACTITIONER_ID: Final = re.compile(r"8[0-9]{11}|0[0-9A-Z]{9}")
STRUCTURE_ID: Final = re.compile(r"1[0-9]{9}|3[0-9]{14}|4[0-9]{14}|0[0-9A-Z]{9,14}")
FINESS: Final = re.compile(r"1[0-9]{9}")
PHONE: Final = re.compile(r"\+(33|262|590|594|596)[0-9]{9}")
POSTAL_CODE: Final = re.compile(r"[0-9]{5}")

REQUIRED_CODES: Final = {
    "Practitioner": {
        "gender": frozenset({"male", "female", "other", "unknown"}),
        "name[].use": frozenset({"usual", "official", "temp", "nickname", "anonymous", "old", "maiden"}),
        "telecom[].system": frozenset({"phone", "fax", "email", "pager", "url", "sms", "other"}),
        "telecom[].use": frozenset({"home", "work", "temp", "old", "mobile"}),
    },
    "PractitionerRole": {
        "telecom[].system": frozenset({"phone", "fax", "email", "pager", "url", "sms", "other"}),
        "telecom[].use": frozenset({"home", "work", "temp", "old", "mobile"}),
        "availableTime[].daysOfWeek[]": frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"}),
    },
    "Location": {
        "status": frozenset({"active", "suspended", "inactive"}),
        "mode": frozenset({"instance", "kind"}),
        "telecom[].system": frozenset({"phone", "fax", "email", "pager", "url", "sms", "other"}),
        "telecom[].use": frozenset({"home", "work", "temp", "old", "mobile"}),
        "address.use": frozenset({"home", "work", "temp", "old", "billing"}),
        "address.type": frozenset({"postal", "physical", "both"}),
        "hoursOfOperation[].daysOfWeek[]": frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"}),
    },
}
"""Codes that base FHIR R4 binds as required, by resource and path."""

ISSUE_SEVERITIES: Final = frozenset({"fatal", "error", "warning", "information"})
ISSUE_CODES: Final = frozenset(
    [
        "invalid",
        "structure",
        "required",
        "value",
        "invariant",
        "security",
        "login",
        "unknown",
        "expired",
        "forbidden",
        "suppressed",
        "processing",
        "not-supported",
        "duplicate",
        "multiple-matches",
        "not-found",
        "deleted",
        "too-long",
        "code-invalid",
        "extension",
        "too-costly",
        "business-rule",
        "conflict",
        "transient",
        "lock-error",
        "no-store",
        "exception",
        "timeout",
        "incomplete",
        "throttled",
        "informational",
    ]
)

SHAPES: Final = {
    "Bundle": {
        "id": "string",
        "meta": "object",
        "meta.profile[]": "string",
        "type": "string",
        "total": "count",
        "link[]": "object",
        "link[].relation": "string",
        "link[].url": "string",
        "entry[]": "object",
        "entry[].fullUrl": "string",
        "entry[].resource": "object",
        "entry[].search": "object",
        "entry[].search.mode": "string",
    },
    "Slot": {
        "id": "string",
        "meta": "object",
        "meta.profile[]": "string",
        "meta.security[]": "object",
        "meta.security[].system": "string",
        "meta.security[].code": "string",
        "serviceType[]": "object",
        "serviceType[].coding[]": "object",
        "serviceType[].coding[].system": "string",
        "serviceType[].coding[].code": "string",
        "serviceType[].text": "string",
        "specialty[]": "object",
        "specialty[].coding[]": "object",
        "specialty[].coding[].system": "string",
        "specialty[].coding[].code": "string",
        "specialty[].text": "string",
        "appointmentType": "object",
        "appointmentType.coding[]": "object",
        "appointmentType.coding[].system": "string",
        "appointmentType.coding[].code": "string",
        "schedule": "object",
        "schedule.reference": "string",
        "status": "string",
        "start": "string",
        "end": "string",
        "overbooked": "boolean",
        "comment": "string",
    },
    "Schedule": {
        "id": "string",
        "meta": "object",
        "meta.profile[]": "string",
        "active": "boolean",
        "specialty[]": "object",
        "actor[]": "object",
        "actor[].reference": "string",
        "comment": "string",
    },
    "Practitioner": {
        "id": "string",
        "meta": "object",
        "meta.profile[]": "string",
        "identifier[]": "object",
        "identifier[].type": "object",
        "identifier[].type.coding[]": "object",
        "identifier[].system": "string",
        "identifier[].value": "string",
        "active": "boolean",
        "name[]": "object",
        "name[].family": "string",
        "name[].given[]": "string",
        "name[].prefix[]": "string",
        "telecom[]": "object",
        "telecom[].value": "string",
        "gender": "string",
    },
    "PractitionerRole": {
        "id": "string",
        "meta": "object",
        "meta.profile[]": "string",
        "contained[]": "object",
        "active": "boolean",
        "practitioner": "object",
        "practitioner.reference": "string",
        "organization": "object",
        "organization.identifier": "object",
        "organization.identifier.type": "object",
        "organization.identifier.system": "string",
        "organization.identifier.value": "string",
        "specialty[]": "object",
        "location[]": "object",
        "location[].reference": "string",
        "telecom[]": "object",
        "telecom[].system": "string",
        "telecom[].value": "string",
    },
    "Location": {
        "id": "string",
        "meta": "object",
        "meta.profile[]": "string",
        "identifier[]": "object",
        "identifier[].type": "object",
        "identifier[].system": "string",
        "identifier[].value": "string",
        "name": "string",
        "telecom[]": "object",
        "telecom[].value": "string",
        "address": "object",
        "address.line[]": "string",
        "address.city": "string",
        "address.postalCode": "string",
        "position": "object",
        "position.longitude": "number",
        "position.latitude": "number",
        "hoursOfOperation[]": "object",
        "hoursOfOperation[].daysOfWeek[]": "string",
    },
}
"""The JSON form of the elements this flow uses: `[]` marks an array, `count` a whole number from 0."""

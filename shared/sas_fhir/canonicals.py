"""Exact strings of the wire: profile canonicals, code systems, search-parameter definitions.

Source: SAS implementation guide 1.2.0, snapshots of the profiles and value sets. The canonicals mix several roots and
even misspellings; they are compared as they stand, so nothing here may be "tidied".
"""

from __future__ import annotations

from typing import Final

_SAS: Final = "http://sas.fr/fhir/StructureDefinition/"
_INTEROP: Final = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/"

BUNDLE: Final = _SAS + "BundleAgregateur"
SLOT: Final = _SAS + "FrSlotAgregateur"
SCHEDULE: Final = _SAS + "FrScheduleAgregateur"
PRACTITIONER: Final = _SAS + "FrPractitionerAgregateur"
PRACTITIONER_ROLE: Final = _SAS + "FrPractitionerRoleExerciceAgregateur"
LOCATION: Final = _SAS + "FrLocationAgregateur"

CPTS_BUNDLE: Final = _INTEROP + "sas-cpts-bundle-aggregator"
CPTS_SLOT: Final = _INTEROP + "sas-cpts-slot-aggregator"
CPTS_SERVICE: Final = _INTEROP + "sas-cpts-healthcareservice-aggregator"
CPTS_ORGANIZATION: Final = _INTEROP + "sas-cpts-organization-aggregator"
SLOT_SERVICE: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Slot.serviceType"

SOS_BUNDLE: Final = _INTEROP + "sas-sos-bundle-aggregator"
SOS_SLOT: Final = _INTEROP + "sas-sos-slot-aggregator"
SOS_SCHEDULE: Final = _INTEROP + "sas-sos-schedule-aggregator"
SOS_LOCATION: Final = _INTEROP + "sas-sos-location-aggregator"
SOS_ORGANIZATION: Final = _INTEROP + "sas-sos-organization-aggregator"

REGULATOR: Final = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/FrPractitionerRegul"

APPOINTMENT: Final = _SAS + "FrAppointmentSAS"
SOS_APPOINTMENT: Final = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-sos-appointment"
APPOINTMENT_OPERATOR: Final = "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator"
ORIENTATION: Final = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-categorie-orientation"

SAS_SOURCE: Final = "urn:oid:1.2.250.1.213.3.6"  # `meta.source` of what the platform sends

SLOT_TYPE: Final = "https://mos.esante.gouv.fr/NOS/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
CONSULTATION_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
APPOINTMENT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v2-0276"
SPECIALTY: Final = "https://mos.esante.gouv.fr/NOS/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale"
ORIENTATION_CATEGORY: Final = (
    "https://interop.esante.gouv.fr/ig/fhir/sas/CodeSystem/categorie-orientation-sas-codesystem"
)
STRUCTURE_CATEGORY: Final = "https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement"  # begins all its spellings
ESTABLISHMENT_CATEGORY: Final = STRUCTURE_CATEGORY + "/FHIR/TRE-R66-CategorieEtablissement"  # the one slots bear
SLOT_STATUS: Final = "http://hl7.org/fhir/slotstatus"
IDENTIFIER_TYPE: Final = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"
LOCATION_IDENTIFIER_TYPE: Final = "http://interopsante.org/fhir/CodeSystem/fr-location-identifier-type"
CORE_IDENTIFIER_TYPE: Final = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"

SLOT_START_PARAMETER: Final = "https://interop.esante.gouv.fr/ig/fhir/sas/SearchParameter/slot-sp-start"
SLOT_STATUS_PARAMETER: Final = "http://hl7.org/fhir/SearchParameter/Slot-status"
SLOT_SCHEDULE_PARAMETER: Final = "http://hl7.org/fhir/SearchParameter/Slot-schedule"
SLOT_SERVICE_PARAMETER: Final = "https://interop.esante.gouv.fr/ig/fhir/sas/SearchParameter/cptsslot-sp-servicetype"
SCHEDULE_ACTOR_PARAMETER: Final = "http://hl7.org/fhir/SearchParameter/Schedule-actor"
PRACTITIONER_IDENTIFIER_PARAMETER: Final = "http://hl7.org/fhir/SearchParameter/Practitioner-identifier"
APPOINTMENT_IDENTIFIER_PARAMETER: Final = "http://hl7.org/fhir/SearchParameter/Appointment-identifier"

FHIR_VERSION: Final = "4.0.1"

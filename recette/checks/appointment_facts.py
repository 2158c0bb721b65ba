"""The facts of the profile of appointments that the checks compare with.

Source: IG SAS 1.1.0 and 1.2.0 (profile FrAppointmentSAS, gestion des rendez-vous, nomenclatures); FHIR R4 4.0.1
(Appointment).
"""

from __future__ import annotations

import re
from typing import Final

from sas_kernel.identifiers import PRACTITIONER_SYSTEM, REGULATOR_SYSTEM, STRUCTURE_SYSTEM

PROFILE: Final = "http://sas.fr/fhir/StructureDefinition/FrAppointmentSAS"
OPERATOR: Final = "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator"
CATEGORY: Final = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/sas-categorie-orientation"
CATEGORY_CODES: Final = {
    "https://interop.esante.gouv.fr/ig/fhir/sas/CodeSystem/categorie-orientation-sas-codesystem": ("001", "002", "003"),
    "https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement": (
        "604",
        "603",
        "124",
    ),
}
STATUSES: Final = ("pending", "booked", "fulfilled", "noshow", "cancelled")
PARTICIPANT_STATUSES: Final = ("accepted", "needs-action")
OPERATOR_PAIRS: Final = {"IDNPS": PRACTITIONER_SYSTEM, "INTRN": REGULATOR_SYSTEM}

NOT_AN_EDITOR_S: Final = frozenset(
    {PRACTITIONER_SYSTEM, REGULATOR_SYSTEM, STRUCTURE_SYSTEM, "urn:oid:1.2.250.1.213.3.6.2"}
)
"""Systems of people, of structures, and that of an abandoned draft: none is an editor's own."""

OID: Final = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
INSTANT: Final = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
    r"(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)",
    re.ASCII,
)

FREE_TEXT: Final = ("description", "comment", "patientInstruction", "text")
ELEMENTS: Final = frozenset(
    (
        *("resourceType", "id", "meta", "implicitRules", "language", "text", "contained", "extension"),
        *("modifierExtension", "identifier", "status", "cancelationReason", "serviceCategory", "serviceType"),
        *("specialty", "appointmentType", "reasonCode", "reasonReference", "priority", "description"),
        *("supportingInformation", "start", "end", "minutesDuration", "slot", "created", "comment"),
        *("patientInstruction", "basedOn", "participant", "requestedPeriod"),
    )
)
PARTICIPANT_ELEMENTS: Final = frozenset(
    ("id", "extension", "modifierExtension", "type", "actor", "required", "status", "period")
)
PRIMITIVES: Final = frozenset(
    (
        *("id", "implicitRules", "language", "status", "priority", "description", "start", "end", "minutesDuration"),
        *("created", "comment", "patientInstruction", "required"),
    )
)
"""Those beside which an underscored companion may stand (`_start`)."""

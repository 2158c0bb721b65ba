"""Right resources, built anew at each call."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_PS = "http://sas.fr/fhir/StructureDefinition/"
_TYPES = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def identifier(code: str, system: str, value: str, types: str = _TYPES) -> Json:
    return {"type": coded(types, code), "system": system, "value": value}


def appointment() -> Json:
    regulator = identifier("IDNPS", "urn:oid:1.2.250.1.71.4.2.1", "3990000058/REG0001")
    doctor = identifier("IDNPS", "urn:oid:1.2.250.1.71.4.2.1", "810123400017")
    return {
        "resourceType": "Appointment",
        "meta": {"profile": [f"{_PS}FrAppointmentSAS"]},
        "extension": [
            {
                "url": "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator",
                "valueReference": {"identifier": regulator},
            }
        ],
        "identifier": [{"system": "https://agenda.example.org/ns/rdv", "value": "9a4f0d52"}],
        "status": "booked",
        "start": "2031-03-11T09:00:00+01:00",
        "end": "2031-03-11T09:20:00+01:00",
        "participant": [{"actor": {"identifier": doctor}, "status": "accepted"}],
    }


def regulator() -> Json:
    return {
        "resourceType": "Practitioner",
        "meta": {
            "source": "urn:oid:1.2.250.1.213.3.6",
            "profile": ["https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/FrPractitionerRegul"],
        },
        "identifier": [identifier("INTRN", "urn:oid:1.2.250.1.213.3.6", "0d5a3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10")],
        "active": True,
        "name": [{"family": "BELLANGER", "given": ["Ysée"]}],
        "telecom": [{"system": "email", "value": "ysee.bellanger@samu.example.org"}],
    }

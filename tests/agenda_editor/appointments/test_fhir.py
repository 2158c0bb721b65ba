"""FrAppointmentSAS element by element (interfaces of INT_R03, F.2; profile 1.1.0 and 1.2.0)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agenda_editor.appointments import fhir
from agenda_editor.appointments.model import Appointment, AppointmentStatus
from agenda_editor.regulators.model import Identifier, IdentifierKind
from sas_fhir.instants import milliseconds
from tests.agenda_editor.appointments.conftest import CARD, SYSTEM
from tests.agenda_editor.conftest import NOW

KEY = "9a4f0d52-58a1-4d53-8f5e-1c0a6b3e7d01"
UUID = "0D5A3c1e-6f0b-4a7e-8a52-2f6f3f1c9b10"
START = milliseconds(NOW) + 25 * 3_600_000
TYPES = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"
APPOINTMENT = Appointment(
    id=7,
    key=KEY,
    regulator_id=3,
    schedule_id=5,
    slot_id=9,
    practitioner_national_id="810123400017",
    practitioner_name="Dr Théo VASSELIN",
    place_name="Cabinet des Trois Peupliers",
    start=START,
    end=START + 1_200_000,
    status=AppointmentStatus.BOOKED,
    created_at=milliseconds(NOW) + 137,
    changed_at=milliseconds(NOW) + 9_999,
)


def _sent(
    appointment: Appointment = APPOINTMENT, kind: IdentifierKind = IdentifierKind.NATIONAL, value: str = CARD
) -> dict[str, Any]:
    resource: dict[str, Any] = json.loads(fhir.appointment(appointment, Identifier(kind, value), SYSTEM))
    return resource


def test_the_whole_resource() -> None:
    assert _sent() == {
        "resourceType": "Appointment",
        "meta": {"profile": ["http://sas.fr/fhir/StructureDefinition/FrAppointmentSAS"]},
        "extension": [
            {
                "url": "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator",
                "valueReference": {
                    "identifier": {
                        "type": {"coding": [{"system": TYPES, "code": "IDNPS"}]},
                        "system": "urn:oid:1.2.250.1.71.4.2.1",
                        "value": CARD,
                    }
                },
            }
        ],
        "identifier": [{"system": SYSTEM, "value": KEY}],
        "status": "booked",
        "start": "2031-03-11T09:00:00.000+01:00",
        "end": "2031-03-11T09:20:00.000+01:00",
        "slot": [{"reference": "Slot/cr-9"}],
        "created": "2031-03-10T08:00:00.137+01:00",
        "participant": [
            {
                "actor": {
                    "identifier": {
                        "type": {"coding": [{"system": TYPES, "code": "IDNPS"}]},
                        "system": "urn:oid:1.2.250.1.71.4.2.1",
                        "value": "810123400017",
                    }
                },
                "status": "accepted",
            }
        ],
    }


def test_who_has_no_card_is_named_by_his_technical_id_as_it_was_received() -> None:
    identifier = _sent(kind=IdentifierKind.TECHNICAL, value=UUID)["extension"][0]["valueReference"]["identifier"]
    assert identifier == {
        "type": {"coding": [{"system": TYPES, "code": "INTRN"}]},
        "system": "urn:oid:1.2.250.1.213.3.6",
        "value": UUID,
    }


@pytest.mark.parametrize("status", ["booked", "fulfilled", "noshow", "cancelled"])
def test_every_status_goes_out_alone(status: str) -> None:
    sent = _sent(replace(APPOINTMENT, status=AppointmentStatus(status)))
    assert sent == _sent() | {"status": status}
    assert sent["participant"][0]["status"] == "accepted"


def test_summer_time_has_its_own_offset() -> None:
    sent = _sent(replace(APPOINTMENT, start=START + 120 * 86_400_000, end=START + 120 * 86_400_000 + 1))
    assert (sent["start"], sent["end"]) == ("2031-07-09T10:00:00.000+02:00", "2031-07-09T10:00:00.001+02:00")


def test_a_slot_that_is_gone_is_not_named() -> None:
    assert "slot" not in _sent(replace(APPOINTMENT, slot_id=None))


@pytest.mark.reference
@pytest.mark.parametrize(("example", "not_sent"), [("appointment-sas.min", set()), ("appointment-sas.max", {".id"})])
def test_the_shape_and_the_constants_are_those_of_the_reference(
    reference: Path, example: str, not_sent: set[str]
) -> None:
    wanted = json.loads((reference / "reference" / "examples" / f"{example}.json").read_text(encoding="utf-8"))
    wanted["extension"] = wanted["extension"][:1]  # the category of the orientation is the platform's to add
    operator = wanted["extension"][0]["valueReference"]["identifier"]
    ours = _sent(
        replace(
            APPOINTMENT,
            status=AppointmentStatus(wanted["status"]),
            slot_id=9 if "slot" in wanted else None,
            key=wanted["identifier"][0]["value"],
        ),
        IdentifierKind(operator["type"]["coding"][0]["code"]),
        operator["value"],
    )
    if "created" not in wanted:
        del ours["created"]
    assert set(_leaves(ours)) == set(_leaves(wanted)) - not_sent
    told = ("status", "identifier", "extension", "meta", "participant")
    assert {name: ours[name] for name in told} == {name: wanted[name] for name in told}


def _leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, f"{path}[]")
    else:
        yield path


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({"resourceType": "OperationOutcome", "issue": [{"code": "business-rule"}]}, ["business-rule"]),
        ({"issue": [{"code": "value", "diagnostics": "Zwickelhuber"}, {"code": "value"}]}, ["value"]),
        ({"issue": [{"code": "zwickelhuber"}, {"code": "duplicate"}, {}]}, ["duplicate"]),
        ({"issue": []}, []),
        ({"issue": "x"}, []),
        ([], []),
    ],
)
def test_of_a_refusal_only_the_codes_are_kept(body: object, codes: list[str]) -> None:
    assert fhir.issue_codes(json.dumps(body).encode()) == codes


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_outcome_has_no_codes(body: bytes) -> None:
    assert fhir.issue_codes(body) == []

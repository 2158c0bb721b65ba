"""An appointment as the platform is told of it, and what can be learnt from a refusal. Pure.

Source: SAS implementation guide, profiles FrAppointmentSAS and sas-sos-appointment, 1.1.0 and 1.2.0 alike. Only what
they ask for goes out; patients have no part in the mapping's arguments, so that none can get into a message.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from agenda_editor.agendas.fhir import slot_name
from agenda_editor.appointments.model import Appointment, AppointmentStatus
from agenda_editor.regulators.model import Identifier, IdentifierKind
from agenda_editor.regulators.rules import SYSTEMS
from sas_fhir import canonicals, instants

# http://hl7.org/fhir/issue-type, whole: anything else in its place might be data.
_ISSUE_TYPES: Final = frozenset(
    (  # noqa: SIM905  thirty words read better than thirty quoted ones
        "invalid structure required value invariant security login unknown expired forbidden suppressed processing "
        "not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly "
        "business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational"
    ).split()
)


def appointment(appointment: Appointment, operator: Identifier, system: str) -> bytes:
    """The whole resource as it is now. `operator`: the regulator who booked; `system`: the editor's own."""
    resource: dict[str, Any] = {
        "resourceType": "Appointment",
        "meta": {"profile": [canonicals.SOS_APPOINTMENT if _is_sos(appointment) else canonicals.APPOINTMENT]},
        # First and alone: the acceptance kit looks at the first extension only, and the SOS profile allows no other.
        "extension": [
            {
                "url": canonicals.APPOINTMENT_OPERATOR,
                "valueReference": {"identifier": _identifier(operator.kind, operator.value)},
            }
        ],
        "identifier": [{"system": system, "value": appointment.key}],
        "status": appointment.status.value,
        "start": instants.formatted(appointment.start),
        "end": instants.formatted(appointment.end),
    }
    if appointment.slot_id is not None:
        resource["slot"] = [{"reference": f"Slot/{slot_name(appointment.slot_id)}"}]
    resource["created"] = instants.formatted(appointment.created_at)
    resource["participant"] = [_participant(appointment)]
    return msgspec.json.encode(resource)


def _is_sos(appointment: Appointment) -> bool:
    return appointment.association_national_id is not None


def _participant(appointment: Appointment) -> dict[str, Any]:
    participant: dict[str, Any] = {}
    if _is_sos(appointment):
        # Stands for whoever will see the patient, and stays beside him: one of type and actor must be there.
        participant["type"] = [{"coding": [{"system": canonicals.PARTICIPATION, "code": "ADM"}]}]
    if appointment.practitioner_national_id:
        identifier = _identifier(IdentifierKind.NATIONAL, appointment.practitioner_national_id)
        participant["actor"] = {"identifier": identifier}
    # A practitioner accepts tacitly: he opened the slot. Action is needed of an association while it is asked, and of
    # nobody afterwards, even if it refused (the kit takes needs-action for pending, and there is no third code).
    pending = appointment.status is AppointmentStatus.PENDING
    participant["status"] = "needs-action" if pending else "accepted"
    return participant


def _identifier(kind: IdentifierKind, value: str) -> dict[str, Any]:
    coding = {"system": canonicals.IDENTIFIER_TYPE, "code": kind.value}
    return {"type": {"coding": [coding]}, "system": SYSTEMS[kind], "value": value}


class _Issue(msgspec.Struct):
    code: str = ""


class _OperationOutcome(msgspec.Struct):
    issue: list[_Issue] = []


def issue_codes(body: bytes) -> list[str]:
    """The codes of an OperationOutcome, none of what is none: its sentences may repeat what was sent, codes cannot."""
    try:
        outcome = msgspec.json.decode(body, type=_OperationOutcome)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    return list(dict.fromkeys(issue.code for issue in outcome.issue if issue.code in _ISSUE_TYPES))

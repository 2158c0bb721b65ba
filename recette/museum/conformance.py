"""Those who send or return what breaks a profile where no other check looks; one whose references lead nowhere."""

from __future__ import annotations

from recette.museum.accounts import succeeding
from recette.museum.appointment_ways import AppointmentFault, setting
from recette.museum.bending import Fault, each
from recette.museum.wire import Reply


def _gender(reply: Reply) -> Reply:
    return reply.with_json({**reply.json, "gender": "M"}) if reply.body else reply


SLOT_FAULTS: tuple[Fault, ...] = (
    Fault(
        "reference-to-nothing",
        "SLOT-095",
        "a service that is not in the answer",
        each("PractitionerRole", lambda role: role.update(healthcareService=[{"reference": "HealthcareService/7"}])),
    ),
)
ACCOUNT_FAULTS: tuple[Fault, ...] = (
    Fault("acct-gender", "ACCT-015", "returns a gender in HL7 v2", succeeding(lambda wanted: True, _gender)),
)
APPOINTMENT_FAULTS: tuple[AppointmentFault, ...] = (
    AppointmentFault("priority-in-words", "APPT-073", "a priority in words", setting("priority", "haute")),
)

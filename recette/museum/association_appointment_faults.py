"""Editors of SOS Médecins who tell of appointments wrongly, one fault each."""

from __future__ import annotations

from recette.museum.appointment_partner import Json, Moment, Ways
from recette.museum.appointment_ways import AppointmentFault, bending, more_extensions, on, setting, silent_on


def _stated(kind: str, status: str, participant: str) -> Ways:
    """The messages of one change say another state, consistently."""

    def bend(document: Json, _moment: Moment) -> None:
        document["status"] = status
        for each in document["participant"]:
            each["status"] = participant

    return on(kind, bend)


def _untyped(document: Json, _moment: Moment) -> None:
    document["participant"][0]["type"][0]["coding"][0]["code"] = "PPRF"


FAULTS: tuple[AppointmentFault, ...] = (
    AppointmentFault(
        "sos-practice-profile",
        "SOS-070",
        "claims the profile of a practitioner's appointment",
        setting("meta", {"profile": ["http://sas.fr/fhir/StructureDefinition/FrAppointmentSAS"]}),
    ),
    AppointmentFault(
        "sos-orientation",
        "APPT-090",
        "adds the orientation category, for which the SOS profile has no room",
        bending(lambda document, _: more_extensions(document, "001", at=1)),
    ),
    AppointmentFault(
        "sos-booked-at-once",
        "SOS-071",
        "books without asking the association",
        _stated("book", "booked", "accepted"),
    ),
    AppointmentFault("sos-performer", "SOS-072", "calls nobody a performer", bending(_untyped)),
    AppointmentFault(
        "sos-silent-consent", "SOS-073", "keeps the consent to itself", silent_on("consent"), "sos.consent.announced"
    ),
    AppointmentFault(
        "sos-still-pending",
        "SOS-073",
        "pending for ever",
        _stated("consent", "pending", "needs-action"),
        "sos.consent.status",
    ),
    AppointmentFault(
        "sos-silent-refusal", "SOS-074", "keeps the refusal to itself", silent_on("refuse"), "sos.refusal.announced"
    ),
    AppointmentFault(
        "sos-refused-is-absent",
        "SOS-074",
        "calls a refusal an absence",
        _stated("refuse", "noshow", "accepted"),
        "sos.refusal.status",
    ),
    AppointmentFault("sos-priority", "SOS-075", "a priority in words", setting("priority", "haute")),
)

"""Editors whose answers break a profile where no other check looks."""

from __future__ import annotations

from recette.museum.bending import Fault, each, on_bundle, put

FAULTS: tuple[Fault, ...] = (
    Fault(
        "bundle-timestamp",
        "SLOT-192",
        "dates its Bundles in words",
        on_bundle(lambda document: document.update(timestamp="hier")),
    ),
    Fault("slot-identifier-use", "SLOT-193", "a use of its own", each("Slot", put("identifier", [{"use": "mien"}]))),
    Fault(
        "schedule-horizon",
        "SLOT-194",
        "a horizon that is no date",
        each("Schedule", put("planningHorizon", {"start": "demain"})),
    ),
    Fault("birth-date", "SLOT-195", "a month that is none", each("Practitioner", put("birthDate", "1970-13-01"))),
    Fault(
        "role-available-time",
        "SLOT-196",
        "all day, in words",
        each("PractitionerRole", put("availableTime", [{"allDay": "oui"}])),
    ),
    Fault(
        "place-opening-time",
        "SLOT-197",
        "opening hours as people write them",
        each("Location", put("hoursOfOperation", [{"daysOfWeek": ["mon"], "openingTime": "8h30"}])),
    ),
)

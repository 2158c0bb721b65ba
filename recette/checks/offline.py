"""Judges a saved document without its exchange: what was asked and how fresh it is are not judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recette.checks import (
    booking,
    bundle,
    elements,
    entries,
    exchange,
    facts,
    links,
    people,
    places,
    references,
    slot_content,
    slots,
)
from recette.checks.answer import Answer
from recette.checks.judging import shown
from recette.model import Check, Judgement
from sas_kernel.errors import SasError
from sas_kernel.text import Text


class UnknownDocumentError(SasError):
    """The document is not of a kind this flow knows: nothing can be said of it."""


_ROLE: Final = (*people.ROLE, links.ROLE_LOCATION, links.ONE_CONTAINED_PLACE, *places.PLACE, *slot_content.SPECIALTIES)

CHECKS: Final[Mapping[str, tuple[Check, ...]]] = {
    "Bundle": (
        exchange.SEARCHSET,
        *bundle.SAVED,
        *entries.SAVED,
        *elements.SAVED,
        *links.FULL,
        references.RESOLVED,
        *slots.SAVED,
        *slot_content.SAVED,
        *booking.SAVED,
        *slot_content.SPECIALTIES,
        *people.PRACTITIONER,
        *people.SCHEDULE,
        *people.ROLE,
        *places.PLACE,
    ),
    "Slot": (
        *elements.SAVED,
        links.RELATIVE,
        *slots.SAVED,
        *slot_content.SAVED,
        *booking.SAVED,
        *slot_content.SPECIALTIES,
    ),
    "Schedule": (
        *elements.SAVED,
        links.RELATIVE,
        links.TWO_ACTORS,
        *people.SCHEDULE,
        *slot_content.SPECIALTIES,
    ),
    "Practitioner": (*elements.SAVED, *people.PRACTITIONER),
    "PractitionerRole": (*elements.SAVED, links.RELATIVE, *_ROLE),
    "Location": (*elements.SAVED, *places.PLACE, people.PHONE_FORM),
}
"""The checks made on a saved document, by its `resourceType`."""

_OTHER_FAMILIES: Final = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/"


def judge_document(body: bytes) -> tuple[tuple[Check, Judgement], ...]:
    """The judgement of every check that looked at something in the document.

    A body that is not JSON gets one judgement, that it is not. `UnknownDocumentError` when it is JSON of a kind, or of
    a profile family (CPTS, SOS Médecins, regulators), that the search of individual practitioners does not have.
    """
    answer = Answer(None, saved=body)
    readable = exchange.JSON_BODY.judge(answer)
    if answer.document.fault is not None or not isinstance(answer.root.value, dict):
        return ((exchange.JSON_BODY, readable),)
    name = answer.root["resourceType"].string
    if name is None or name not in CHECKS:
        raise UnknownDocumentError(
            Text(
                "Type de document inconnu ({kind}). Connus : {known}.",
                "Unknown kind of document ({kind}). Known: {known}.",
            ).format(
                kind=shown(answer.root["resourceType"].value) if name else "resourceType ∅", known=", ".join(CHECKS)
            )
        )
    profiles = [profile.string or "" for profile in answer.root["meta"]["profile"].elements]
    foreign = [p for p in profiles if p.startswith(_OTHER_FAMILIES) or p.endswith("FrPractitionerRegul")]
    if foreign and facts.PROFILES[name] not in profiles:
        raise UnknownDocumentError(
            Text(
                "Ce document est d’un autre flux (profil {p}).", "This document belongs to another flow (profile {p})."
            ).format(p=shown(foreign[0]))
        )
    judged = ((check, check.judge(answer)) for check in CHECKS[name])
    return ((exchange.JSON_BODY, readable), *((check, j) for check, j in judged if j.examined))

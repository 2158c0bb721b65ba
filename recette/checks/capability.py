"""Checks of `GET [base]/metadata`. Source: ANS test kit 0.3.0, capability statement (optional there)."""

from __future__ import annotations

from recette.checks import facts
from recette.checks.answer import Answer
from recette.checks.judging import shown, tally
from recette.model import Check, Judgement, Problem
from sas_kernel.text import Text


def _statement(answer: Answer) -> Judgement:
    if answer.response is None:
        return Judgement(0, reason=answer.silence)
    if answer.response.status == 200 and answer.root["resourceType"].value == "CapabilityStatement":
        return Judgement(1)
    problem = Problem(
        Text(
            "GET [base]/metadata devrait rendre un CapabilityStatement.",
            "GET [base]/metadata should return a CapabilityStatement.",
        ),
        path="http.status" if answer.response.status != 200 else "resourceType",
        expected="200, CapabilityStatement",
        actual=f"{answer.response.status}, {shown(answer.root['resourceType'].string or 'no resourceType')}",
    )
    return Judgement(1, (problem,))


STATEMENT = Check(
    "metadata.statement",
    "SLOT-010",
    Text("metadata rend un CapabilityStatement", "metadata returns a CapabilityStatement"),
    _statement,
)

_NO_STATEMENT = Text("Pas de CapabilityStatement à examiner.", "No CapabilityStatement to examine.")


def _version(answer: Answer) -> Judgement:
    if answer.response is None or answer.root["resourceType"].value != "CapabilityStatement":
        return Judgement(0, reason=_NO_STATEMENT)
    version = answer.root["fhirVersion"]
    return tally(
        [
            None
            if version.value == facts.FHIR_VERSION
            else Problem(
                Text("La version de FHIR est {v}.", "The FHIR version is {v}.").format(v=facts.FHIR_VERSION),
                path=version.path,
                expected=facts.FHIR_VERSION,
                actual=shown(version.value) if version.present else None,
            )
        ]
    )


VERSION = Check("metadata.fhir_version", "SLOT-011", Text("FHIR 4.0.1 est déclaré", "FHIR 4.0.1 is declared"), _version)


def _slot_search(answer: Answer) -> Judgement:
    if answer.response is None or answer.root["resourceType"].value != "CapabilityStatement":
        return Judgement(0, reason=_NO_STATEMENT)
    declared = [
        resource
        for rest in answer.root["rest"].elements
        for resource in rest["resource"].elements
        if resource["type"].value == "Slot"
        and any(interaction["code"].value == "search-type" for interaction in resource["interaction"].elements)
    ]
    return tally(
        [
            None
            if declared
            else Problem(
                Text("La recherche de Slot n’est pas déclarée.", "The search of Slot is not declared."),
                path="CapabilityStatement.rest.resource",
                expected="Slot, search-type",
            )
        ]
    )


SLOT_SEARCH = Check(
    "metadata.slot_search",
    "SLOT-012",
    Text("La recherche de Slot est déclarée", "Slot search is declared"),
    _slot_search,
)

"""What this server says of itself, and the one table from what went wrong to what FHIR calls it. Pure."""

from __future__ import annotations

from typing import Any, Final

from agenda_editor.agendas.model import AgendaUnavailableError
from agenda_editor.regulators import fhir as regulators
from agenda_editor.slot_search import rules
from sas_fhir import canonicals
from sas_fhir.media import NotAcceptableError, UnsupportedContentError
from sas_fhir.operation_outcome import Issue, IssueSeverity, IssueType, Outcome
from sas_fhir.search import (
    InvalidParameterError,
    MissingParameterError,
    TooManyValuesError,
    UnsupportedParameterError,
)
from sas_kernel.errors import SasError
from sas_kernel.text import Text

_OUTCOMES: Final[dict[type[SasError], tuple[int, IssueType]]] = {
    InvalidParameterError: (400, IssueType.INVALID),
    MissingParameterError: (400, IssueType.REQUIRED),
    TooManyValuesError: (400, IssueType.TOO_COSTLY),
    UnsupportedParameterError: (400, IssueType.NOT_SUPPORTED),
    NotAcceptableError: (406, IssueType.NOT_SUPPORTED),
    UnsupportedContentError: (415, IssueType.NOT_SUPPORTED),
    AgendaUnavailableError: (503, IssueType.TRANSIENT),
}

_BROKEN: Final = Text(
    "Le service a échoué sur cette requête ; l’erreur est consignée. Réessayez, puis prévenez l’éditeur.",
    "The service failed on this request and logged the fault. Try again, then tell the editor.",
)


def outcome_of(error: Exception) -> Outcome:
    """What an error of ours is on the wire; anything unforeseen is an exception of the server."""
    refused = regulators.outcome_of(error)
    if refused is not None:
        return refused
    if isinstance(error, SasError) and type(error) in _OUTCOMES:
        status, code = _OUTCOMES[type(error)]
        return Outcome(status, (Issue(code, error.text),))
    return Outcome(500, (Issue(IssueType.EXCEPTION, _BROKEN, severity=IssueSeverity.FATAL),))


def refusal(status: int, method: str, path: str) -> Outcome:
    """What a request is told that no route takes."""
    if status == 405:
        text = Text(
            "{method} n’est pas offert sur {path} : la recherche se fait par GET [base]/Slot ou [base]/Schedule, les "
            "comptes par POST [base]/Practitioner et PUT [base]/Practitioner?identifier=…",
            "{method} is not offered on {path}: search with GET [base]/Slot or [base]/Schedule, send accounts "
            "with POST [base]/Practitioner and PUT [base]/Practitioner?identifier=…",
        )
        return Outcome(405, (Issue(IssueType.NOT_SUPPORTED, text.format(method=method, path=path)),))
    if status == 413:
        text = Text(
            "Le corps de {method} {path} est trop volumineux pour un compte.",
            "The body of {method} {path} is too large for an account.",
        )
        return Outcome(413, (Issue(IssueType.TOO_LONG, text.format(method=method, path=path)),))
    text = Text(
        "{path} n’existe pas ici : ce serveur offre GET [base]/Slot, GET [base]/Schedule, [base]/Practitioner et GET "
        "[base]/metadata.",
        "{path} does not exist here: this server offers GET [base]/Slot, GET [base]/Schedule, [base]/Practitioner and "
        "GET [base]/metadata.",
    )
    code = IssueType.NOT_FOUND if status == 404 else IssueType.INVALID
    return Outcome(status, (Issue(code, text.format(path=path)),))


def capability_statement(base_url: str, version: str) -> dict[str, Any]:
    """What is really offered, and nothing else: two searches, accounts written, no read."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "agenda-editor",
        "name": "AgendaEditor",
        "title": "Agenda de référence du SAS : créneaux (INT_R01, INT_R04, SOS) et comptes régulateurs (INT_R02)",
        "status": "active",
        "date": "2026-11-21",
        "kind": "instance",
        "software": {"name": "agenda_editor", "version": version},
        "implementation": {"description": "Agenda de référence du projet recette", "url": base_url},
        "fhirVersion": canonicals.FHIR_VERSION,
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": "Slot",
                        "supportedProfile": [canonicals.SLOT, canonicals.CPTS_SLOT],
                        "documentation": (
                            "One search, INT_R01: both bounds of start, status=free and "
                            + rules.IDENTIFIER
                            + " (1 to 25 values) are mandatory. The answer is never paged and always holds the "
                            "Schedule, Practitioner and PractitionerRole of each Slot. With _include="
                            + rules.CPTS_INCLUDES[0]
                            + " it is INT_R04: the profiles are those of CPTS, and each CPTS comes as a "
                            "HealthcareService and its Organization."
                        ),
                        "interaction": [{"code": "search-type"}],
                        "searchInclude": [rules.INCLUDES[0], rules.CPTS_INCLUDES[0]],
                        "searchParam": [
                            {"name": rules.START, "definition": canonicals.SLOT_START_PARAMETER, "type": "date"},
                            {"name": rules.STATUS, "definition": canonicals.SLOT_STATUS_PARAMETER, "type": "token"},
                            {
                                "name": "schedule",
                                "definition": canonicals.SLOT_SCHEDULE_PARAMETER,
                                "type": "reference",
                                "documentation": "Only chained: " + rules.IDENTIFIER,
                            },
                            {
                                "name": "service-type-reference",
                                "definition": canonicals.SLOT_SERVICE_PARAMETER,
                                "type": "reference",
                                "documentation": "Only to include what it refers to.",
                            },
                        ],
                    },
                    {
                        "type": "Schedule",
                        "supportedProfile": [canonicals.SOS_SCHEDULE],
                        "documentation": (
                            f"One search, for SOS Médecins: both bounds of {rules.SOS_START}, {rules.SOS_STATUS}=free "
                            f"and {rules.SOS_IDENTIFIER} (1 to 25 values) are mandatory and read together, as one "
                            "filter of slots. The answer is never paged and always holds the Slots that meet it, with "
                            "the Location and Organization of each Schedule; total counts Slots."
                        ),
                        "interaction": [{"code": "search-type"}],
                        "searchInclude": [rules.SOS_INCLUDES[1]],
                        "searchRevInclude": [rules.SOS_INCLUDES[0]],
                        "searchParam": [
                            {
                                "name": "actor",
                                "definition": canonicals.SCHEDULE_ACTOR_PARAMETER,
                                "type": "reference",
                                "documentation": "Only chained: " + rules.SOS_IDENTIFIER,
                            }
                        ],
                    },
                    regulators.CAPABILITY,
                ],
            }
        ],
    }

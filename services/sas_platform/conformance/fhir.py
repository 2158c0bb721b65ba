"""What this server says of itself, and the one table from what went wrong to what FHIR calls it. Pure."""

from __future__ import annotations

from typing import Any, Final

from sas_fhir import canonicals
from sas_fhir.media import NotAcceptableError, UnsupportedContentError
from sas_fhir.operation_outcome import Issue, IssueSeverity, IssueType, Outcome
from sas_fhir.search import InvalidParameterError
from sas_kernel.errors import SasError
from sas_kernel.text import Text
from sas_platform.appointments import fhir as appointments
from sas_platform.regulators.model import RegulatorsUnavailableError

_OUTCOMES: Final[dict[type[SasError], tuple[int, IssueType, Text | None]]] = {
    # Its own sentence repeats the query, which may hold anything.
    InvalidParameterError: (
        400,
        IssueType.INVALID,
        Text("La requête n’est pas de l’UTF-8 encodé en pourcents.", "The query is not percent-encoded UTF-8."),
    ),
    NotAcceptableError: (406, IssueType.NOT_SUPPORTED, None),
    UnsupportedContentError: (415, IssueType.NOT_SUPPORTED, None),
    RegulatorsUnavailableError: (503, IssueType.TRANSIENT, None),
}

_BROKEN: Final = Text(
    "La plateforme a échoué sur cette requête ; l’erreur est consignée. Renvoyez le même message plus tard.",
    "The platform failed on this request and logged the fault. Send the same message again later.",
)


def outcome_of(error: Exception) -> Outcome:
    """What an error of ours is on the wire; anything unforeseen is an exception of the server."""
    refused = appointments.outcome_of(error)
    if refused is not None:
        return refused
    if isinstance(error, SasError) and type(error) in _OUTCOMES:
        status, code, text = _OUTCOMES[type(error)]
        return Outcome(status, (Issue(code, text or error.text),))
    return Outcome(500, (Issue(IssueType.EXCEPTION, _BROKEN, severity=IssueSeverity.FATAL),))


_REFUSALS: Final[dict[int, tuple[IssueType, Text]]] = {
    404: (
        IssueType.NOT_FOUND,
        Text(
            "Ceci n’existe pas : la plateforme reçoit [base]/Appointment et montre [base]/metadata.",
            "This does not exist: the platform receives [base]/Appointment and shows [base]/metadata.",
        ),
    ),
    405: (
        IssueType.NOT_SUPPORTED,
        Text(
            "Cette méthode n’est pas offerte ici : un rendez-vous se crée par POST [base]/Appointment et se modifie "
            "par PUT [base]/Appointment?identifier=<système>|<identifiant> ; il ne se relit ni ne se supprime.",
            "This method is not offered here: an appointment is created with POST [base]/Appointment and changed with "
            "PUT [base]/Appointment?identifier=<system>|<identifier>; it is neither read nor deleted.",
        ),
    ),
    413: (
        IssueType.TOO_LONG,
        Text("Le corps est trop volumineux pour un rendez-vous.", "The body is too large for an appointment."),
    ),
}
_REFUSED: Final = Text("La requête est refusée.", "The request is refused.")


def refusal(status: int) -> Outcome:
    """What a request is told that no route takes, or whose body is too large."""
    code, text = _REFUSALS.get(status, (IssueType.INVALID, _REFUSED))
    return Outcome(status, (Issue(code, text),))


def capability_statement(base_url: str, version: str) -> dict[str, Any]:
    """What is really offered, and nothing else: appointments written, no read."""
    return {
        "resourceType": "CapabilityStatement",
        "id": "sas-platform",
        "name": "SasPlatform",
        "title": "Plateforme SAS de recette : réception des rendez-vous (INT_R03)",
        "status": "active",
        "date": "2026-11-21",
        "kind": "instance",
        "software": {"name": "sas_platform", "version": version},
        "implementation": {"description": "Plateforme SAS du projet recette", "url": base_url},
        "fhirVersion": canonicals.FHIR_VERSION,
        "format": ["application/fhir+json", "json"],
        "rest": [{"mode": "server", "resource": [appointments.CAPABILITY]}],
    }

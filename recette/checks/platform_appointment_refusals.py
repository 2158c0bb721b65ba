"""Checks of messages about appointments that a platform must refuse, and of how it does.

A refusal proves something only beside an acceptance: each case comes with a complete message of the same form that was
accepted, and differs from it in one thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recette.checks import facts
from recette.checks.judging import shown, tally
from recette.checks.platform_appointments import Case
from recette.model import Check, Judgement, Problem
from sas_kernel.text import Text

_NOT_REFUSED = Text("Le message n’est pas refusé.", "The message is not refused.")


def refused(id: str, requirement: str, title: Text, message: Text) -> Check:
    """A check that a message (evidence: `Case`) is refused with a 4xx or 5xx status. `message` says what is wrong."""

    def judge(case: Case) -> Judgement:
        if case.groundless is not None:
            return Judgement(0, reason=case.groundless)
        if case.answer.refused:
            return Judgement(1)
        expected = f"4xx, OperationOutcome ({case.element})" if case.element else "4xx, OperationOutcome"
        return Judgement(1, (Problem(message, path="http.status", expected=expected, actual=case.answer.outcome),))

    return Check(id, requirement, title, judge)


def refusal_status(id: str, requirement: str, title: Text, message: Text, allowed: int) -> Check:
    """A check of the status by which a message (evidence: `Case`) is refused as an error of the client (4xx)."""

    def judge(case: Case) -> Judgement:
        response = case.answer.response
        if case.groundless is not None or response is None or not 400 <= response.status <= 499:
            return Judgement(0, reason=case.groundless or _NOT_REFUSED)
        return tally(
            [
                None
                if response.status == allowed
                else Problem(message, path="http.status", expected=str(allowed), actual=str(response.status))
            ]
        )

    return Check(id, requirement, title, judge)


def _issues(case: Case) -> Iterator[Problem | None]:
    root = case.answer.root
    body = b"" if case.answer.response is None else case.answer.response.body
    if root["resourceType"].value != "OperationOutcome":
        yield Problem(
            Text("Le corps d’un refus est un OperationOutcome.", "The body of a refusal is an OperationOutcome."),
            path="body",
            expected="OperationOutcome",
            actual=shown(body[:80].decode("utf-8", "replace")),
        )
        return
    issues = root["issue"].elements
    if not issues:
        yield Problem(
            Text("L’OperationOutcome ne dit aucun problème.", "The OperationOutcome says no issue."),
            path=root["issue"].path,
            expected="1..*",
            actual="0",
        )
    for issue in issues:
        for place, allowed in ((issue["severity"], facts.ISSUE_SEVERITIES), (issue["code"], facts.ISSUE_CODES)):
            yield (
                None
                if place.string in allowed
                else Problem(
                    Text(
                        "Chaque problème a une gravité et un code de FHIR.",
                        "Each issue has a severity and a code of FHIR.",
                    ),
                    path=place.path,
                    expected="a code of FHIR",
                    actual=shown(place.value) if place.present else None,
                )
            )


def _outcome(case: Case) -> Judgement:
    if case.groundless is not None or not case.answer.refused:
        return Judgement(0, reason=case.groundless or _NOT_REFUSED)
    return tally(_issues(case))


OUTCOME = Check(
    "reception.refusal_outcome",
    "APPT-140",
    Text("Un refus porte un OperationOutcome", "A refusal has an OperationOutcome"),
    _outcome,
)


def _client_error(case: Case) -> Judgement:
    response = case.answer.response
    if case.groundless is not None or response is None or not case.answer.refused:
        return Judgement(0, reason=case.groundless or _NOT_REFUSED)
    if response.status <= 499:
        return Judgement(1)
    problem = Problem(
        Text(
            "Un message fautif est une erreur du client (4xx), pas du serveur.",
            "A wrong message is an error of the client (4xx), not of the server.",
        ),
        path="http.status",
        expected="400 | 422",
        actual=str(response.status),
    )
    return Judgement(1, (problem,))


CLIENT_ERROR = Check(
    "reception.refusal_client_error",
    "APPT-141",
    Text("Un refus est une erreur 4xx", "A refusal is a 4xx error"),
    _client_error,
)

_WORDS = {
    "identifier": re.compile(r"identifier|identifiant", re.IGNORECASE),
    "extension": re.compile(r"extension|operator|r[ée]gulat", re.IGNORECASE),
    "status": re.compile(r"status|statut", re.IGNORECASE),
    "start": re.compile(r"\bstart\b|d[ée]but", re.IGNORECASE),
    "end": re.compile(r"\bend\b|\bfin\b", re.IGNORECASE),
    "participant": re.compile(r"participant", re.IGNORECASE),
}
"""How an outcome may name an element, in English or in French."""


def _named(case: Case) -> Judgement:
    root = case.answer.root
    if case.groundless is not None or not case.answer.refused or root["resourceType"].value != "OperationOutcome":
        return Judgement(0, reason=case.groundless or _NOT_REFUSED)
    said = [
        node.string
        for issue in root["issue"].elements
        for node in (
            *issue["expression"].elements,
            *issue["location"].elements,
            issue["diagnostics"],
            issue["details"]["text"],
        )
        if node.string is not None
    ]
    if any(_WORDS[case.element].search(text) for text in said):
        return Judgement(1)
    problem = Problem(
        Text(
            "L’OperationOutcome devrait nommer l’élément en cause : {e}.",
            "The OperationOutcome should name the element at fault: {e}.",
        ).format(e=case.element),
        path="OperationOutcome.issue.expression",
        expected=f"Appointment.{case.element}",
        actual=shown(" ; ".join(said)) if said else None,
    )
    return Judgement(1, (problem,))


ELEMENT = Check(
    "reception.refusal_element",
    "APPT-144",
    Text("L’OperationOutcome nomme l’élément en cause", "The OperationOutcome names the element at fault"),
    _named,
)

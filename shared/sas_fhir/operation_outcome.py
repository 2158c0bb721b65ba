"""Failures as FHIR says them, and the one table from what happened to a status and an issue code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from sas_kernel.text import Text


class IssueType(StrEnum):
    """The codes of http://hl7.org/fhir/issue-type that are used here."""

    INVALID = "invalid"
    STRUCTURE = "structure"
    REQUIRED = "required"
    VALUE = "value"
    NOT_SUPPORTED = "not-supported"
    DUPLICATE = "duplicate"
    MULTIPLE_MATCHES = "multiple-matches"
    NOT_FOUND = "not-found"
    TOO_LONG = "too-long"
    BUSINESS_RULE = "business-rule"
    TOO_COSTLY = "too-costly"
    TRANSIENT = "transient"
    THROTTLED = "throttled"
    EXCEPTION = "exception"


class IssueSeverity(StrEnum):
    FATAL = "fatal"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Issue:
    """`text` says in both languages what happened and what to correct, `expression` (FHIRPath) on which element."""

    code: IssueType
    text: Text
    expression: str | None = None
    severity: IssueSeverity = IssueSeverity.ERROR


@dataclass(frozen=True, slots=True)
class Outcome:
    """A failure ready to be sent, with at least one issue."""

    status: int
    issues: tuple[Issue, ...]

    def to_json(self) -> bytes:
        """An OperationOutcome: the French sentence in `details.text`, the English one in `diagnostics`."""
        return msgspec.json.encode({"resourceType": "OperationOutcome", "issue": [_issue(i) for i in self.issues]})


def overloaded() -> Outcome:
    """What a request is told that is not even begun: http://hl7.org/fhir/issue-type#throttled."""
    text = Text(
        "Trop de demandes à la fois : celle-ci n’a pas été traitée. Renvoyez-la après le délai de l’en-tête "
        "Retry-After.",
        "Too many requests at once: this one was not processed. Send it again after the delay of the header "
        "Retry-After.",
    )
    return Outcome(503, (Issue(IssueType.THROTTLED, text),))


def _issue(issue: Issue) -> dict[str, Any]:
    written: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"text": issue.text.fr},
        "diagnostics": issue.text.en,
    }
    return written if issue.expression is None else written | {"expression": [issue.expression]}

"""Failures as FHIR says them, and the one table from what happened to a status and an issue code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from sas_kernel.text import Text


class IssueType(StrEnum):
    """The codes of http://hl7.org/fhir/issue-type that are used here."""

    INVALID = "invalid"
    REQUIRED = "required"
    NOT_SUPPORTED = "not-supported"
    NOT_FOUND = "not-found"
    TOO_COSTLY = "too-costly"
    TRANSIENT = "transient"
    EXCEPTION = "exception"


class IssueSeverity(StrEnum):
    FATAL = "fatal"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A failure ready to be sent: `text` says in both languages what happened and what to correct."""

    status: int
    code: IssueType
    text: Text
    severity: IssueSeverity = IssueSeverity.ERROR

    def to_json(self) -> bytes:
        """An OperationOutcome: the French sentence in `details.text`, the English one in `diagnostics`."""
        return msgspec.json.encode(
            {
                "resourceType": "OperationOutcome",
                "issue": [
                    {
                        "severity": self.severity,
                        "code": self.code,
                        "details": {"text": self.text.fr},
                        "diagnostics": self.text.en,
                    }
                ],
            }
        )

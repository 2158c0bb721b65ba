from __future__ import annotations

import json

from sas_fhir.operation_outcome import Issue, IssueType, Outcome
from sas_kernel.text import Text


def test_an_outcome_says_it_in_french_and_in_english() -> None:
    outcome = json.loads(Outcome(400, (Issue(IssueType.INVALID, Text("Corrigez « a ».", "Correct 'a'.")),)).to_json())
    assert outcome == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "invalid",
                "details": {"text": "Corrigez « a »."},
                "diagnostics": "Correct 'a'.",
            }
        ],
    }

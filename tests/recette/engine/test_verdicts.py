"""A check that only a person can settle is neither held nor broken."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from recette.engine.verdicts import check_result
from recette.model import Check, Exchange, Judgement, Level, Problem, Requirement, Severity, Verdict
from recette.model.words import Actor
from sas_kernel.flows import Flow
from sas_kernel.text import Text

WORDS = Text("mot", "word")
LOOK = Text("À regarder.", "To be looked at.")


@dataclass(frozen=True)
class Nothing:
    exchanges: tuple[Exchange, ...] = ()


@pytest.mark.parametrize(
    ("judgement", "level", "verdict", "reason"),
    [
        (Judgement(1, review=LOOK), Level.SHALL, Verdict.REVIEW, LOOK),
        (Judgement(1, review=LOOK), Level.SHOULD, Verdict.REVIEW, LOOK),
        (Judgement(1, (Problem(WORDS),), review=LOOK), Level.SHALL, Verdict.FAIL, None),
        (Judgement(1), Level.SHALL, Verdict.PASS, None),
        (Judgement(0, reason=WORDS), Level.SHALL, Verdict.SKIP, WORDS),
    ],
)
def test_what_a_person_must_look_at_is_to_be_reviewed(
    judgement: Judgement, level: Level, verdict: Verdict, reason: Text | None
) -> None:
    check = Check("c", "R-1", WORDS, lambda evidence: judgement)
    requirement = Requirement("R-1", Flow.SSO, Actor.EDITOR, level, Severity.MAJOR, WORDS, "source", ("s",))
    result = check_result(check, requirement, "s", Nothing(), judgement)
    assert (result.verdict, result.reason) == (verdict, reason)

from __future__ import annotations

from dataclasses import replace

import pytest

from recette.engine.evidence import kept
from recette.model import CheckResult, Finding, Level, Severity, Verdict
from sas_kernel.text import Text

WORDS = Text("Mot.", "Word.")


def result(requirement: str, verdict: Verdict, *exchanges: str) -> CheckResult:
    return CheckResult(
        check=f"check.{requirement}",
        title=WORDS,
        requirement=requirement,
        scenario="scenario",
        verdict=verdict,
        level=Level.SHALL,
        severity=Severity.MAJOR,
        source="source",
        examined=1,
        findings=(),
        reason=None,
        exchanges=exchanges,
    )


def broken(requirement: str, exchange: str, path: str) -> CheckResult:
    known = result(requirement, Verdict.FAIL, exchange)
    seen = Finding(
        "0123456789abcdef",
        known.check,
        requirement,
        known.scenario,
        Verdict.FAIL,
        known.level,
        known.severity,
        known.source,
        WORDS,
        path,
        None,
        None,
        exchange,
    )
    return replace(known, findings=(seen,))


def test_findings_keep_the_exchanges_they_name_and_what_surrounds_their_places() -> None:
    checks = [broken("R-1", "x2", "a"), broken("R-2", "x2", "b"), result("R-3", Verdict.PASS, "x1")]
    assert kept(checks, of_every_requirement=False) == {"x2": ["a", "b"]}


def test_every_other_requirement_that_was_looked_at_keeps_one_more() -> None:
    checks = [
        result("R-1", Verdict.PASS, "x1", "x3"),
        result("R-1", Verdict.PASS, "x4"),
        result("R-2", Verdict.REVIEW, "x5"),
        broken("R-3", "x2", "a"),
    ]
    assert kept(checks, of_every_requirement=True) == {"x2": ["a"], "x1": [], "x5": []}


def test_an_exchange_that_is_kept_already_shows_what_held_on_it_too() -> None:
    checks = [result("R-1", Verdict.PASS, "x1", "x2"), broken("R-2", "x2", "a")]
    assert kept(checks, of_every_requirement=True) == {"x2": ["a"]}


@pytest.mark.parametrize("verdict", [Verdict.SKIP, Verdict.OMIT, Verdict.ERROR])
def test_what_was_not_judged_proves_nothing(verdict: Verdict) -> None:
    assert kept([result("R-1", verdict, "x1")], of_every_requirement=True) == {}

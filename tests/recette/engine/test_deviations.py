from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from recette.engine import deviations
from recette.engine.deviations import DeviationsError
from recette.model import Check, Deviation, DeviationState, ExitCode, Judgement, Problem, RunReport, Severity, Verdict
from sas_kernel.text import Text
from tests.recette.engine.little_catalogue import LEVEL, NOW, REQUIREMENTS, check, one_exchange, requirement, run

WRONG = Judgement(1, (Problem(Text("faux", "wrong"), "Bundle.entry[0].x"),))
TWICE = Judgement(2, (Problem(Text("faux", "wrong"), "a"), Problem(Text("faux", "wrong"), "b")))
HELD = Judgement(1)
TODAY = date(2031, 3, 10)
VALID = 'owner = "Léa Martin"\nreason = "livré en 4.2"\nexpires = 2031-03-10\n'


def known(expires: date = TODAY, **names: str) -> Deviation:
    return Deviation("Léa Martin", "livré en 4.2", expires, **names)


def parsed(text: str) -> tuple[Deviation, ...]:
    return deviations.parse(tomllib.loads(text), REQUIREMENTS, ["one", "two"])


# --- the file --------------------------------------------------------------------------------------------------------


def test_an_entry_names_a_requirement_or_a_check_its_owner_its_reason_and_its_last_day(tmp_path: Path) -> None:
    text = f'[[deviation]]\nrequirement = "R-SHALL"\nticket = "A-1"\n{VALID}[[deviation]]\ncheck = "one"\n{VALID}'
    file = tmp_path / "deviations.toml"
    file.write_text(text, encoding="utf-8")
    found = deviations.read(file, REQUIREMENTS, ["one"])
    assert found == (known(requirement="R-SHALL", ticket="A-1"), known(check="one"))
    assert [each.subject for each in found] == ["R-SHALL", "one"]
    assert parsed(f'[[deviation]]\ncheck = "one"\n{VALID.replace("2031-03-10", chr(34) + "2031-03-10" + chr(34))}')
    assert parsed("") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f'[[deviation]]\nrequirement = "R-SHAL"\n{VALID}', "R-SHALL"),
        (f'[[deviation]]\ncheck = "onee"\n{VALID}', "one"),
        (f'[[deviation]]\nfinding = "0123"\n{VALID}', "requirement"),
        (f'[[deviation]]\nrequirment = "R-SHALL"\n{VALID}', "requirement"),
        ('[[deviation]]\nrequirement = "R-SHALL"\nreason = "x"\nexpires = 2031-03-10', "owner"),
        ('[[deviation]]\nrequirement = "R-SHALL"\nowner = " "\nreason = "x"\nexpires = 2031-03-10', "owner"),
        ('[[deviation]]\nrequirement = "R-SHALL"\nowner = "x"\nexpires = 2031-03-10', "reason"),
        ('[[deviation]]\nrequirement = "R-SHALL"\nowner = "x"\nreason = "x"', "expires"),
        ('[[deviation]]\nrequirement = "R-SHALL"\nowner = "x"\nreason = "x"\nexpires = "mars"', "expires"),
        (
            '[[deviation]]\nrequirement = "R-SHALL"\nowner = "x"\nreason = "x"\nexpires = 2031-03-10T00:00:00Z',
            "expires",
        ),
        ('[[deviation]]\nrequirement = 7\nowner = "x"\nreason = "x"\nexpires = 2031-03-10', "requirement"),
        ('[deviation]\nrequirement = "R-SHALL"', "[[deviation]]"),
        ("deviations = 1", "[[deviation]]"),
    ],
)
def test_a_wrong_file_says_which_entry_and_what_to_write(text: str, told: str) -> None:
    with pytest.raises(DeviationsError) as refused:
        parsed(text)
    assert told in refused.value.text.fr
    assert told in refused.value.text.en


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("[[", encoding="utf-8")
    for name in ("absent.toml", "broken.toml"):
        with pytest.raises(DeviationsError, match=name):
            deviations.read(tmp_path / name, REQUIREMENTS, [])


def test_the_day_is_that_of_paris() -> None:
    assert deviations.today(datetime(2031, 3, 9, 23, 30, tzinfo=UTC)) == TODAY
    assert deviations.today(NOW) == TODAY


# --- in a run --------------------------------------------------------------------------------------------------------


async def judged(*entries: Deviation, checks: tuple[Check, ...], missed: tuple[Check, ...] = ()) -> RunReport:
    return await run(one_exchange("s", *checks), deviations=entries, missed=missed)


async def test_a_known_deviation_is_shown_and_does_not_refuse() -> None:
    entry = known(requirement="R-SHALL")
    report = await judged(entry, checks=(check("one", WRONG), check("two", HELD)))
    assert (report.verdict, report.exit_code) == (Verdict.WARN, ExitCode.ACCEPTED)
    assert "R-SHALL" in report.explanation.fr
    (finding,) = report.findings
    assert (finding.verdict, finding.deviation) == (Verdict.FAIL, entry)
    assert [(each.state, each.findings) for each in report.deviations] == [(DeviationState.USED, (finding.identity,))]


async def test_the_last_day_counts_and_the_next_one_refuses() -> None:
    expired = known(date(2031, 3, 9), requirement="R-SHALL")
    report = await judged(expired, checks=(check("one", WRONG),))
    assert (report.exit_code, report.deviations[0].state) == (ExitCode.REFUSED, DeviationState.EXPIRED)
    assert report.findings[0].deviation is None
    report = await judged(expired, known(requirement="R-SHALL"), checks=(check("one", WRONG),))
    assert report.exit_code is ExitCode.REFUSED  # what is past is refused even when nothing else is
    assert report.findings[0].deviation is not None
    assert "R-SHALL" in report.explanation.fr


async def test_only_what_it_names_is_excused() -> None:
    first = (await judged(checks=(check("one", TWICE),))).findings[0]
    narrow = known(requirement="R-SHALL", finding=first.identity)
    report = await judged(narrow, checks=(check("one", TWICE),))
    assert report.exit_code is ExitCode.REFUSED
    assert [finding.deviation for finding in report.findings] == [narrow, None]
    by_check = await judged(known(check="two"), checks=(check("one", WRONG), check("two", WRONG)))
    assert by_check.exit_code is ExitCode.REFUSED
    assert {f.check: f.deviation is not None for f in by_check.findings} == {"one": False, "two": True}


async def test_the_narrowest_entry_answers_for_a_finding() -> None:
    wide, narrow = known(requirement="R-SHALL"), known(check="one")
    report = await judged(wide, narrow, checks=(check("one", WRONG), check("two", WRONG)))
    assert {finding.check: finding.deviation for finding in report.findings} == {"one": narrow, "two": wide}
    assert {each.state for each in report.deviations} == {DeviationState.USED}


async def test_an_entry_that_nothing_shows_any_more_refuses() -> None:
    report = await judged(known(requirement="R-SHALL"), checks=(check("one", HELD),))
    assert (report.exit_code, report.deviations[0].state) == (ExitCode.REFUSED, DeviationState.UNUSED)
    assert "R-SHALL" in report.explanation.en


async def test_nothing_is_said_of_an_entry_that_was_not_judged_to_the_end() -> None:
    entry = known(requirement="R-MINOR")
    unjudged = await judged(entry, checks=(check("one", HELD),))
    silent = await judged(entry, checks=(check("one", HELD), check("two", Judgement(0), "R-MINOR")))
    in_part = await judged(entry, checks=(check("one", HELD, "R-MINOR"),), missed=(check("two", HELD, "R-MINOR"),))
    elsewhere = await judged(known(check="one"), checks=(check("one", HELD),), missed=(check("two", HELD),))
    states = [report.deviations[0].state for report in (unjudged, silent, in_part, elsewhere)]
    assert states == [DeviationState.UNDECIDED] * 3 + [DeviationState.UNUSED]
    assert unjudged.exit_code is ExitCode.ACCEPTED


async def test_a_blocking_one_is_allowed_and_said_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REQUIREMENTS, "R-GRAVE", requirement("R-GRAVE", severity=Severity.BLOCKING))
    report = await judged(known(requirement="R-GRAVE"), checks=(check("one", WRONG, "R-GRAVE"),))
    assert report.exit_code is ExitCode.ACCEPTED
    assert "BLOQUANTE" in report.explanation.fr
    assert "BLOCKING" in report.explanation.en


async def test_it_excuses_neither_our_own_errors_nor_what_could_not_be_judged() -> None:
    entry = known(requirement="R-SHALL")
    broken = await judged(entry, checks=(check("one", ValueError("ours")),))
    skipped = await judged(entry, checks=(check("one", Judgement(0)), check("two", HELD, "R-MINOR")))
    assert [broken.exit_code, skipped.exit_code] == [ExitCode.HARNESS_FAILED, ExitCode.INCONCLUSIVE]


async def test_a_service_level_may_be_excused_too() -> None:
    slow = check("one", WRONG, "R-SPEED", LEVEL.id)
    assert (await judged(checks=(slow,))).exit_code is ExitCode.SERVICE_LEVEL_BROKEN
    assert (await judged(known(requirement="R-SPEED"), checks=(slow,))).exit_code is ExitCode.ACCEPTED

"""Runs and moves in a real journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest

from recette.journal.model import Draft, JournalError, Kind, Party
from recette.journal.repository import Journal, opened
from recette.model import Deviation, Extent, RunReport, Selection, Verdict
from recette.register import moves, telling
from recette.register.conduct import Recorded, act, act_on, record_run
from recette.register.model import Anomaly, RegisterError, Status
from recette.register.moves import Move
from recette.reports import json_report
from tests.recette.reports import samples

NOW = samples.NOW + timedelta(days=1)
LATER = NOW + timedelta(days=2)


def draft(kind: Kind, subject: str = "p", **payload: object) -> Draft:
    return Draft(kind, subject, samples.NOW - timedelta(days=1), "Dominique Mirabel", Party.ANS, "", payload)


@pytest.fixture
async def journal(sqlite_url: str) -> AsyncIterator[Journal]:
    async with opened(sqlite_url) as journal:
        await journal.append("p", [draft(Kind.PROJECT_OPENED), draft(Kind.PHASE_OPENED, "vsr")], samples.NOW)
        yield journal


async def recorded(journal: Journal, report: RunReport, project: str = "p", *, force: bool = False) -> Recorded:
    content = json_report.dumps(report).encode()
    return await record_run(journal, project, report, content, who="recette", now=LATER, force=force)


async def anomaly(journal: Journal, id: str = "A-0001") -> Anomaly:
    return telling.told("p", await journal.read("p")).find(id)


def later(report: RunReport, **changes: object) -> RunReport:
    moved = {"id": "later", "started_at": NOW, "finished_at": NOW + timedelta(minutes=1), **changes}
    return replace(report, **moved)  # type: ignore[arg-type]  # a shorthand of the tests


def excused(report: RunReport) -> RunReport:
    known = Deviation("Camille Orfelin", "Corrigé en 2.5", date(2031, 6, 30), requirement="SLOT-020")
    scenarios = tuple(
        replace(
            each,
            checks=tuple(
                replace(check, findings=tuple(replace(found, deviation=known) for found in check.findings))
                if check.requirement == "SLOT-020"
                else check
                for check in each.checks
            ),
        )
        for each in report.scenarios
    )
    return replace(report, scenarios=scenarios)


async def test_a_run_is_kept_and_opens_its_anomalies_with_it_on_either_database(database_url: str) -> None:
    async with opened(database_url) as journal:
        await journal.append("p", [draft(Kind.PROJECT_OPENED)], samples.NOW)
        first = await recorded(journal, samples.red())
        assert first.is_new
        assert first.anomalies(Kind.ANOMALY_OPENED) == ("A-0001", "A-0002", "A-0003")
        kept = await journal.document(first.run.sha256)
        assert kept is not None
        assert json_report.loads(kept.content) == samples.red()
        again = await recorded(journal, samples.red())
        assert (again.is_new, again.run) == (False, first.run)
        assert len(await journal.read("p")) == 5


async def test_a_run_that_was_changed_since_it_was_recorded_is_refused(journal: Journal) -> None:
    await recorded(journal, samples.red())
    with pytest.raises(RegisterError):
        await recorded(journal, replace(samples.red(), exchange_count=3))


async def test_a_run_of_another_target_needs_to_be_forced(journal: Journal) -> None:
    await recorded(journal, samples.green())
    other = later(samples.red(), target=replace(samples.target(), base_url="https://other.example.org/fhir"))
    before = await journal.read("p")
    with pytest.raises(RegisterError):
        await recorded(journal, other)
    assert await journal.read("p") == before
    assert (await recorded(journal, other, force=True)).is_new
    assert (await recorded(journal, later(samples.green(), id="third"))).is_new


async def test_nothing_is_recorded_in_a_project_that_is_not_opened(journal: Journal) -> None:
    with pytest.raises(RegisterError):
        await recorded(journal, samples.red(), "q")
    assert await journal.read("q") == ()


async def test_a_run_from_the_future_is_refused(journal: Journal) -> None:
    report = samples.green()
    with pytest.raises(JournalError):
        await record_run(journal, "p", report, b"{}", who="recette", now=report.started_at)


async def test_a_known_deviation_opens_nothing_and_is_noted_in_the_run(journal: Journal) -> None:
    done = await recorded(journal, excused(samples.red()))
    assert {found.requirement for found in done.run.findings} == {"SLOT-012", "SLOT-040"}
    (noted,) = done.run.excused
    assert noted.requirement == "SLOT-020"
    assert "Camille Orfelin, 2031-06-30" in noted.excuse
    assert done.anomalies(Kind.ANOMALY_OPENED) == ("A-0001", "A-0002")


async def test_a_known_deviation_does_not_hide_what_is_open_nor_pass_for_its_correction(journal: Journal) -> None:
    opened_by = await recorded(journal, samples.red())
    number = 1 + [found.requirement for found in opened_by.run.findings].index("SLOT-020")
    id = f"A-{number:04d}"
    editor = Move(NOW - timedelta(hours=1), "Camille Orfelin", Party.EDITOR)
    await act(journal, "p", id, partial(moves.deliver, move=editor), NOW)
    done = await recorded(journal, later(excused(samples.red())))
    assert id in done.anomalies(Kind.ANOMALY_REOPENED)
    assert (await anomaly(journal, id)).status is Status.OPEN


async def test_a_project_about_some_flows_takes_the_findings_of_these(journal: Journal) -> None:
    await journal.append("p", [draft(Kind.PROJECT_CHANGED, flows=["sso"])], NOW)
    done = await recorded(journal, samples.red())
    assert done.run.findings == ()
    assert done.run.scenarios["slot_search.leaks"] is Verdict.FAIL


async def test_a_part_of_the_catalogue_verifies_only_what_it_judged_where_it_had_failed(journal: Journal) -> None:
    await recorded(journal, samples.red())
    editor = Move(NOW - timedelta(hours=1), "Camille Orfelin", Party.EDITOR)
    await act_on(journal, "p", ("A-0001", "a-0002", "A-0002"), partial(moves.deliver, move=editor), NOW)
    green = later(samples.green())
    elsewhere = tuple(replace(each, scenario="slot_search.elsewhere") for each in green.scenarios[:2])
    moved = tuple(
        replace(each, checks=tuple(replace(check, scenario=each.scenario) for check in each.checks))
        for each in elsewhere
    )
    extent = Extent(Selection(scenarios=("slot_search.elsewhere",)), 2, 5, 2, 7)
    part = await recorded(journal, replace(green, id="part", scenarios=moved, extent=extent))
    assert part.run.partial
    assert part.anomalies(Kind.CORRECTION_VERIFIED) == ()
    whole = await recorded(journal, green)
    assert whole.anomalies(Kind.CORRECTION_VERIFIED) == ("A-0001", "A-0002")
    assert whole.gone == ("A-0003",)


async def test_several_anomalies_are_changed_together_or_not_at_all(journal: Journal) -> None:
    await recorded(journal, samples.red())
    notify = partial(moves.notify, move=Move(NOW, "Dominique Mirabel", Party.ANS))
    await act(journal, "p", "A-0002", notify, NOW)
    with pytest.raises(RegisterError, match="A-0002"):
        await act_on(journal, "p", ("A-0001", "A-0002"), notify, NOW)
    assert (await anomaly(journal)).status is Status.OPEN


async def test_what_two_people_do_at_once_is_decided_again(journal: Journal) -> None:
    await recorded(journal, samples.red())
    notify = partial(moves.notify, move=Move(NOW, "Dominique Mirabel", Party.ANS))
    done = await asyncio.gather(*(act(journal, "p", f"A-000{number}", notify, NOW) for number in (1, 2, 3)))
    assert {entry.subject for entry in done} == {"A-0001", "A-0002", "A-0003"}
    both = await asyncio.gather(
        *(act(journal, "p", "A-0001", partial(moves.note, move=replace(_NOTE, why=why)), NOW) for why in "ab")
    )
    assert {entry.why for entry in both} == {"a", "b"}


async def test_what_a_hostile_target_sent_can_be_written(journal: Journal) -> None:
    report = samples.red()
    (first, *rest) = report.scenarios
    strange = tuple(
        replace(check, findings=tuple(replace(found, path="\ud800\x00'") for found in check.findings))
        for check in first.checks
    )
    done = await recorded(journal, replace(report, scenarios=(replace(first, checks=strange), *rest)))
    assert "\\ud800\x00'" in {found.path for found in done.run.findings}


_NOTE = Move(NOW, "Dominique Mirabel", Party.ANS, "x")

"""`recette monitor` and `recette service-report`, as a user would call them; nobody answers at the target's address."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from recette import cli
from recette.cli.watcher import Stop
from recette.journal.model import Draft, Kind, Party
from recette.journal.repository import opened as journal_opened
from recette.model import ExitCode
from recette.monitoring.model import Sample
from recette.monitoring.repository import opened
from recette.projects import book as books
from recette.projects.book import Book
from recette.projects.model import ProjectError
from sas_kernel.clock import PARIS

NOW = datetime(2026, 10, 20, 9, 0, tzinfo=PARIS)
AWAY = "postgresql://postgres@127.0.0.1:9/nowhere"


def called(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments), catch_exceptions=False)


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "target.toml"
    path.write_text(
        '[target]\nbase_url = "http://127.0.0.1:9/fhir"\n[test_data]\npractitioner_one_place = "810123400017"\n'
    )
    return str(path)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A register with a project in VSR."""
    url = f"sqlite:///{tmp_path / 'register.sqlite'}"
    named = {"editor": "Éditions Soleil", "interface": "Disponibilités", "environment": "production"}
    drafts = [
        Draft(Kind.PROJECT_OPENED, "", NOW, "Camille", Party.ANS, "", {**named, "agreement": "sas-agenda"}),
        Draft(Kind.PHASE_OPENED, "vsr", NOW, "Camille", Party.ANS),
    ]

    async def write() -> None:
        async with journal_opened(url) as journal:
            await journal.append("p", drafts, NOW)

    asyncio.run(write())
    return url


def kept(url: str) -> tuple[Book, Sequence[Sample]]:
    async def read() -> tuple[Book, Sequence[Sample]]:
        async with journal_opened(url) as journal, opened(url) as samples:
            taken = await samples.read("p", NOW - timedelta(days=90), NOW + timedelta(days=90))
            return await books.read(journal, "p"), taken

    return asyncio.run(read())


def test_a_round_against_nobody_is_unreachable_and_opens_one_anomaly(target: str, url: str) -> None:
    common = ("monitor", "p", target, "--once", "--database-url", url)
    first = called(*common, "--clock", "2026-10-20T10:00:00+02:00")
    assert first.exit_code == ExitCode.UNREACHABLE, first.output
    assert "watch.answers [unreachable]" in first.output
    again = called(*common, "--clock", "2026-10-20T10:01:00+02:00", "--quiet")
    assert again.exit_code == ExitCode.UNREACHABLE
    assert again.output == ""
    book, samples = kept(url)
    assert [each.ok for each in samples] == [False] * 4
    assert [(each.id, each.check) for each in book.register.open] == [("A-0001", "watch.answers")]
    assert len(book.runs) == 1


def test_samples_are_kept_aside_while_the_database_is_away(target: str, url: str, tmp_path: Path) -> None:
    away = called("monitor", "p", target, "--once", "--database-url", AWAY, "--clock", "2026-10-20T10:00:00+02:00")
    assert away.exit_code == ExitCode.UNREACHABLE
    spill = tmp_path / ".recette" / "monitor-p.jsonl"
    assert len(spill.read_text().splitlines()) == 2
    back = called("monitor", "p", target, "--once", "--database-url", url, "--clock", "2026-10-20T10:01:00+02:00")
    assert back.exit_code == ExitCode.UNREACHABLE
    assert not spill.exists()
    assert len(kept(url)[1]) == 4


def test_what_cannot_be_watched_is_refused(target: str, url: str, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="recette project"):
        called("monitor", "nobody", target, "--once", "--database-url", url)
    platform = tmp_path / "platform.toml"
    platform.write_text('[target]\nbase_url = "http://127.0.0.1:9/fhir"\nactor = "platform"\n')
    assert called("monitor", "p", str(platform), "--once", "--database-url", url).exit_code == ExitCode.USAGE
    fcntl = pytest.importorskip("fcntl")
    with (tmp_path / ".recette" / "monitor-p.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        done = called("monitor", "p", target, "--once", "--database-url", url)
    assert done.exit_code == ExitCode.USAGE
    assert not kept(url)[1]


async def test_a_signal_to_end_lets_the_round_finish_and_begins_no_other() -> None:
    stop = Stop()
    assert await stop.wait(0)
    os.kill(os.getpid(), signal.SIGTERM)
    assert not await asyncio.wait_for(stop.wait(3600), 10)
    assert not stop.interrupted
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.sleep(0.01)
    assert stop.interrupted


def test_a_report_is_written_and_recorded_with_the_hash_of_its_twin(target: str, url: str, tmp_path: Path) -> None:
    assert target
    start = datetime(2026, 10, 20, 8, 0, tzinfo=UTC)

    async def watch() -> None:
        async with opened(url) as samples:
            minutes = range(120)
            probe = "slot_search.one_practitioner"
            await samples.add("p", [Sample(probe, start + timedelta(minutes=n), n != 9, 0.2) for n in minutes])

    asyncio.run(watch())
    common = ("service-report", "p", "--database-url", url, "--clock", "2026-10-20T12:00:00+02:00")
    done = called(*common, "--out", "out", "--record", "--who", "Camille")
    assert done.exit_code == ExitCode.ACCEPTED, done.output
    twin = (tmp_path / "out" / "service-report.json").read_bytes()
    told = json.loads(twin)
    assert (told["end"], told["availability"]["downtime"]) == ("2026-10-20T10:00:00Z", 60.0)
    assert "Conforme" in (tmp_path / "out" / "service-report.html").read_text(encoding="utf-8")
    entry = kept(url)[0].entries[-1]
    assert (entry.kind, entry.subject) == (Kind.SERVICE_REPORTED, "2026-10")
    assert entry.payload["sha256"] == hashlib.sha256(twin).hexdigest()
    spoken = called(*common, "--from", "2026-10-20T10:09", "--to", "2026-10-20T10:10", "--format", "json")
    assert spoken.exit_code == ExitCode.SERVICE_LEVEL_BROKEN
    assert json.loads(spoken.output)["availability"]["measured"] == 0.0
    assert called(*common, "--month", "2026-09").exit_code == ExitCode.INCONCLUSIVE
    for wrong in (("--month", "2026-11"), ("--from", "2026-10-20"), ("--month", "2026-10", "--from", "2026-10-01")):
        assert called(*common, *wrong).exit_code == ExitCode.USAGE

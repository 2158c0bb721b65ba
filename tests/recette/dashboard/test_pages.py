"""What a reader is told, page by page."""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from recette.journal.model import Draft, Kind
from tests.recette.dashboard import demo
from tests.recette.dashboard.conftest import OpenDashboard

RED = "3b1f6a52-90a1-4f0e-8a5d-2f6f0c7a1d03"


async def test_the_first_page_tells_of_every_project_what_is_overdue_first(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(*demo.stories()) as reader:
        page = await reader.text("/")
    names = ["Calliope Santé", "Agenda Nova", "Hélios Agenda", "Logiciels Tournesol"]
    heads = [page.index(f"{name}</a> <span") for name in names]
    assert heads == sorted(heads)
    # Blocking, acknowledged on 21 May at 10:00: two working days, and Whit Monday (25 May) is none: 26 May at 18:00.
    assert page.index("en retard de 6 j 20 h") < page.index("en retard de 20 h 00 min") < page.index("reste 17 j 4 h")
    assert "droit de suspension ou de résiliation ouvert" in page
    assert "2 délais dépassés" in page
    assert "données d’essai attendues de l’ANS" in page


async def test_deadlines_that_only_tell_what_would_be_asked_are_never_overdue(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.nova()) as reader:
        page, project = await reader.text("/"), await reader.text(f"/projets/{demo.NOVA}")
        told = json.loads(await reader.text("/api/projects"))
    assert "Aucune échéance en cours." in page
    assert "délai dépassé" not in page
    assert "indicatif · en retard de" in project
    assert told[0]["overdue"] == 0


async def test_a_project_tells_what_is_missing_who_acts_and_until_when_it_was_prolonged(
    open_dashboard: OpenDashboard,
) -> None:
    async with open_dashboard(demo.calliope(), demo.nova(), samples={demo.CALLIOPE: demo.watched()}) as reader:
        vsr, recette = await reader.text(f"/projets/{demo.CALLIOPE}"), await reader.text(f"/projets/{demo.NOVA}")
    assert "A-0001 (bloquante) n’est pas corrigée" in vsr
    assert "prolongée tant que ne sont pas corrigées" in vsr
    assert "Montré, jamais exercé par l’outil" in vsr
    assert "prendre en compte l’anomalie" in vsr
    assert "prolongée par accord\u00a0; terme initial" in recette
    assert 'class="prolonged"' in recette
    assert "correction_start = acknowledgement" in vsr


async def test_service_levels_are_told_and_drawn_day_by_day(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.calliope(), samples={demo.CALLIOPE: demo.watched()}) as reader:
        page = await reader.text(f"/projets/{demo.CALLIOPE}")
        service = json.loads(await reader.text(f"/api/projects/{demo.CALLIOPE}"))["service"]
    assert "12/05/2026 : indisponible 4 h 00 min" in page
    assert "25/04/2026 : non surveillé" in page
    assert "promis\u00a0: 1 s" in page
    down = {day["day"]: day["down_seconds"] for day in service["days"] if day["down_seconds"]}
    assert down == {"2026-05-12": 4 * 3600}
    # Planned in time and excluded, on both days that it touched: 22:00 to 2:00.
    assert {day["day"]: day["maintenance_seconds"] for day in service["days"] if day["maintenance_seconds"]} == {
        "2026-04-15": 7200,
        "2026-04-16": 7200,
    }


async def test_nobody_waits_twice_for_two_months_of_samples(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.calliope(), samples={demo.CALLIOPE: demo.watched()}) as reader:
        shelf = reader.state.shelf
        book = await shelf.book(demo.CALLIOPE)
        first = await shelf.service(book, demo.NOW)
        assert await shelf.service(book, demo.NOW) is first
        reader.machine.advance(timedelta(minutes=5))
        later = demo.NOW + timedelta(minutes=5)
        assert await shelf.service(book, later) is first
        task = shelf._shelved[demo.CALLIOPE].refreshing
        assert task is not None
        await task
        again = await shelf.service(book, later)
        assert again is not None
        assert again.standing.end == later


async def test_an_anomaly_tells_its_whole_life_and_what_its_dates_rest_on(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.calliope()) as reader:
        page = await reader.text(f"/projets/{demo.CALLIOPE}/anomalies/a-0001")
        missing = await reader.text(f"/projets/{demo.CALLIOPE}/anomalies/A-0099", 404)
    kinds = ["ouverte", "notifiée", "prise en compte", "qualifiée"]
    assert all(f"Anomalie {kind}" in page for kind in kinds)
    assert "L’ANS peut arrêter aussitôt la transmission" in page
    assert 'id="choice-cut_off"' in page
    assert "26/05/2026 18:00" in page
    assert "A-0099" in missing


async def test_a_run_shows_its_report_from_the_document_that_was_kept(open_dashboard: OpenDashboard) -> None:
    story = demo.calliope()
    async with open_dashboard(story) as reader:
        answer = await reader.send("GET", f"/projets/{demo.CALLIOPE}/executions/{RED}?lang=en")
        kept = await reader.text(f"/projets/{demo.CALLIOPE}/executions/{RED}/run.json")
        await reader.text(f"/projets/{demo.CALLIOPE}/executions/another", 404)
    policy = answer.header("content-security-policy") or ""
    assert "Acceptance report" in answer.body.decode()
    assert "script-src 'sha256-" in policy
    assert "unsafe" not in policy
    assert kept.encode() in story.documents


async def test_a_certificate_gives_its_documents_by_hash_and_nothing_in_them_acts(
    open_dashboard: OpenDashboard,
) -> None:
    story = demo.calliope()
    named = next(entry for entry in story.entries if entry.kind is Kind.CERTIFICATE).payload["documents"]
    async with open_dashboard(story, demo.nova()) as reader:
        page = await reader.text(f"/projets/{demo.CALLIOPE}/certificats/PV-R-2026-0001")
        html = await reader.send("GET", f"/projets/{demo.CALLIOPE}/documents/{named['html']}")
        await reader.text(f"/projets/{demo.NOVA}/documents/{named['html']}", 404)
        await reader.text(f"/projets/{demo.CALLIOPE}/certificats/PV-R-2026-0009", 404)
    assert "validée" in page
    assert all(sha256 in page for sha256 in named.values())
    assert html.status == 200
    assert (html.header("content-security-policy") or "").startswith("sandbox;")


async def test_deadlines_are_given_to_calendar_programs(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.calliope()) as reader:
        answer = await reader.send("GET", f"/projets/{demo.CALLIOPE}/echeances.ics")
    assert (answer.header("content-type") or "").startswith("text/calendar")
    assert b"BEGIN:VCALENDAR" in answer.body
    assert b"20260526T160000Z" in answer.body  # the blocking correction: 26 May at 18:00 in Paris


async def test_pages_speak_the_language_that_is_asked_for(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.calliope()) as reader:
        french = await reader.text("/", accept_language="de, fr;q=0.8")
        english = await reader.text("/", accept_language="en-GB,en;q=0.9")
        asked = await reader.text("/?lang=fr", accept_language="en")
        other = await reader.text("/", accept_language="de")
    assert 'lang="fr"' in french
    assert "overdue by 6 d 20 h" in english
    assert "en retard de 6 j 20 h" in asked
    assert "en retard de 6 j 20 h" in other


async def test_hostile_texts_are_shown_and_never_act(open_dashboard: OpenDashboard) -> None:
    hostile = '<script>alert("x")</script>\u202e'
    story = demo.Story("hostile")
    story.open("2026-01-05T10:00", hostile, hostile, hostile, product=hostile, version=hostile)
    story.write(Kind.PHASE_OPENED, "recette", "2026-01-06T10:00", demo.ANS, hostile)
    opened: dict[str, Any] = {
        "identity": "i", "requirement": hostile, "check": hostile, "title": {"fr": hostile, "en": hostile},
        "path": hostile, "source": hostile, "severity": "MAJOR", "phase": "recette", "run": hostile, "occurrences": 1,
    }  # fmt: skip
    story.write(Kind.ANOMALY_OPENED, "A-0001", "2026-01-07T10:00", demo.TOOL, hostile, **opened)
    story.write(Kind.ANOMALY_NOTIFIED, "A-0001", "2026-01-07T11:00", demo.ANS, hostile)
    story.write(Kind.NOTE, "A-0001", "2026-01-08T10:00", demo.ANS, hostile)
    async with open_dashboard(story) as reader:
        for path in ("/", "/projets/hostile", "/projets/hostile/anomalies/A-0001", f"/projets/{'%3Cscript%3E'}"):
            page = (await reader.send("GET", path)).body.decode()
            assert "<script>" not in page
            assert "\u202e" not in page
            assert "&lt;script&gt;" in page


async def test_every_page_loads_nothing_from_elsewhere_and_changes_nothing(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(*demo.stories()) as reader:
        for path in ("/", f"/projets/{demo.NOVA}", f"/projets/{demo.CALLIOPE}/anomalies/A-0001"):
            answer = await reader.send("GET", path)
            page = answer.body.decode()
            assert "unsafe" not in (answer.header("content-security-policy") or "unsafe")
            assert 'src="http' not in page
            assert 'href="http' not in page
            assert "<form" not in page
            assert " style=" not in page
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                assert (await reader.send(method, path)).status == 405
        schema = json.loads(await reader.text("/openapi.json"))
    assert {method for path in schema["paths"].values() for method in path} == {"get"}


# --- the chain, and what is kept of it -------------------------------------------------------------------------------


def _alter(url: str) -> None:
    """What the triggers refuse, as somebody who owns the file could do it."""
    with sqlite3.connect(Path(url.partition("///")[2])) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(
            "UPDATE journal_entry SET who = 'quelqu’un d’autre' WHERE project = ? AND number = 4", (demo.CALLIOPE,)
        )
    connection.close()


async def test_a_broken_chain_is_told_loudly_and_hides_no_other_project(
    open_dashboard: OpenDashboard, sqlite_url: str
) -> None:
    await demo.fill(sqlite_url, demo.calliope())
    _alter(sqlite_url)
    async with open_dashboard(demo.nova()) as reader:
        page = await reader.text("/")
        project = await reader.text(f"/projets/{demo.CALLIOPE}", 500)
        told = json.loads(await reader.text("/api/projects"))
    assert 'role="alert"' in page
    assert "altéré à partir de l’entrée 4" in page
    assert "Agenda Nova" in page
    assert "altéré à partir de l’entrée 4" in project
    assert "Calliope Santé" not in page + project
    assert [each["id"] for each in told if each["error"]] == [demo.CALLIOPE]


async def test_what_is_altered_later_is_seen_when_the_chain_is_verified_again(
    open_dashboard: OpenDashboard, sqlite_url: str
) -> None:
    async with open_dashboard(demo.calliope()) as reader:
        await reader.text(f"/projets/{demo.CALLIOPE}")
        _alter(sqlite_url)
        assert await reader.text(f"/projets/{demo.CALLIOPE}")
        await reader.state.shelf.verify()
        assert "altéré" in await reader.text(f"/projets/{demo.CALLIOPE}", 500)


async def test_a_reload_asks_only_for_what_is_new(
    open_dashboard: OpenDashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = demo.nova()
    async with open_dashboard(story) as reader:
        journal = reader.state.shelf.journal
        asked: list[tuple[str, int]] = []
        read = journal.read

        async def counted(project: str, after: int = 0) -> Any:
            asked.append((project, after))
            return await read(project, after)

        monkeypatch.setattr(journal, "read", counted)
        await reader.text(f"/projets/{demo.NOVA}")
        asked.clear()
        await reader.text(f"/projets/{demo.NOVA}")
        assert asked == [(demo.NOVA, len(story.entries))]
        note = Draft(Kind.NOTE, "A-0001", demo.NOW, "Camille Essai", demo.ANS, "une note toute neuve")
        await journal.append(demo.NOVA, [note], demo.NOW)
        assert "une note toute neuve" in await reader.text(f"/projets/{demo.NOVA}")


async def test_older_entries_are_a_page_away(open_dashboard: OpenDashboard) -> None:
    story = demo.helios()
    for number in range(60):
        story.write(Kind.NOTE, "A-0001", "2026-01-05T10:00", demo.ANS, f"note {number}.")
    async with open_dashboard(story) as reader:
        first, second = (
            await reader.text(f"/projets/{demo.HELIOS}"),
            await reader.text(f"/projets/{demo.HELIOS}?before=26"),
        )
        entries = json.loads(await reader.text(f"/api/projects/{demo.HELIOS}/entries?after=70&most=2"))
    assert "note 59." in first
    assert "note 5." not in first
    assert "note 5." in second
    assert "Projet ouvert" in second
    assert [entry["number"] for entry in entries] == [71, 72]


async def test_a_base_without_projects_says_how_to_open_one(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard() as reader:
        page = await reader.text("/")
        absent = await reader.text("/projets/personne", 404)
        problem = json.loads(await reader.text("/api/projects/personne", 404))
        ready = json.loads(await reader.text("/health/ready"))
    assert "recette project open" in page
    assert "Aucun projet «\u00a0personne\u00a0»" in absent
    assert problem["detail"] == "Aucun projet « personne »."
    assert ready["status"] == "ready"


async def test_the_api_says_the_same_as_the_pages(open_dashboard: OpenDashboard) -> None:
    async with open_dashboard(demo.calliope()) as reader:
        project = json.loads(await reader.text(f"/api/projects/{demo.CALLIOPE}"))
        anomaly = json.loads(await reader.text(f"/api/projects/{demo.CALLIOPE}/anomalies/A-0001"))
    assert project["phase"] == "vsr"
    assert project["door"]["can_close"] is False
    assert [right["id"] for right in project["rights"]] == ["suspension-blocking"]
    assert [due["anomaly"] for due in project["dues"] if due["overdue"]] == ["A-0001", "A-0002"]
    assert [run["id"] for run in project["runs"]][-1] == RED
    assert anomaly["entries"][0]["kind"] == "anomaly.opened"
    assert anomaly["severity"] == "BLOCKING"

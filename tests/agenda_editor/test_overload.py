"""What an agenda that has too much to do, or is about to stop, says to whom."""

from __future__ import annotations

import json

from sas_kit.admission import Lane
from tests.agenda_editor.conftest import Agenda, Starter
from tests.agenda_editor.regulators.conftest import body as regulator_body


def _lanes(agenda: Agenda) -> dict[str, Lane]:
    return {lane.name: lane for lane in agenda.app.state.lanes}


async def test_a_search_too_many_is_refused_as_fhir_refuses(start: Starter, sqlite_url: str) -> None:
    agenda = await start(sqlite_url, max_at_work=1, max_waiting=0)
    await agenda.open()
    lane = _lanes(agenda)["fhir"]
    target = "/fhir/Slot?" + agenda.query("810123400017")
    assert await lane.enter()
    answer = await agenda.get(target)
    assert (answer.status, answer.header("retry-after")) == (503, "5")
    assert answer.header("content-type") == "application/fhir+json; charset=utf-8"
    issue = json.loads(answer.body)["issue"][0]
    assert (issue["severity"], issue["code"]) == ("error", "throttled")
    # Who watches, and who looks at a page, are not the worse for it.
    assert [(await agenda.get(path)).status for path in ("/health/live", "/health/ready", "/connexion")] == [200] * 3
    lane.leave()
    assert (await agenda.get(target)).status == 200


async def test_a_page_too_many_is_refused_as_a_page(start: Starter, sqlite_url: str) -> None:
    agenda = await start(sqlite_url, max_at_work=1, max_waiting=0)
    assert await _lanes(agenda)["pages"].enter()
    answer = await agenda.get("/connexion", headers=[("accept", "text/html")])
    assert (answer.status, answer.header("content-type")) == (503, "text/html; charset=utf-8")
    assert "Réessayez dans quelques secondes".encode() in answer.body
    assert (await agenda.get("/fhir/metadata")).status == 200


async def test_about_to_stop_it_answers_but_is_not_ready(lone_agenda: Agenda) -> None:
    lone_agenda.app.state.stopping.begin()
    ready = await lone_agenda.get("/health/ready")
    assert (ready.status, json.loads(ready.body)["parts"]["accepting"]) == (503, False)
    assert (await lone_agenda.get("/fhir/metadata")).status == 200


async def test_without_a_free_connection_every_interface_says_so_soon(start: Starter, sqlite_url: str) -> None:
    agenda = await start(sqlite_url, database_pool=1, database_wait=0.02)
    schedule = await agenda.open()
    async with agenda.app.state.services.database.reading():
        search = await agenda.get("/fhir/Slot?" + agenda.query("810123400017"))
        account = await agenda.get(
            "/fhir/Practitioner",
            method="POST",
            headers=[("content-type", "application/fhir+json")],
            body=json.dumps(regulator_body()).encode(),
        )
        page = await agenda.get(f"/agenda/ag-{schedule.id}?vue=semaine&origin=sas", headers=[("accept", "text/html")])
        ready = await agenda.get("/health/ready")
    assert [each.status for each in (search, account, page, ready)] == [503] * 4
    assert [each.header("retry-after") for each in (search, account, page)] == ["5"] * 3
    for each in (search, account):
        assert json.loads(each.body)["issue"][0]["code"] == "transient"
    assert page.header("content-type") == "text/html; charset=utf-8"

"""No slot outlives its search (agreement ANS-CONV-001, article 9.2), and no log names anybody."""

from __future__ import annotations

import logging
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from sas_kit.database import Database
from tests.sas_platform.conftest import NOW, TOKEN, OpenPlatform
from tests.sas_platform.fake_editor import (
    ASSOCIATION,
    THEO,
    agenda,
    answers,
    bundle,
    by_search,
    cpts,
    cpts_slot,
    fake_editor,
    knows,
    outcome,
    site,
    slot,
)

SOON = NOW + timedelta(hours=2, minutes=17)
MARKS = ("slot-to-be-forgotten", "2031-03-10T10:17", "2031-03-10 10:17", "2031-03-10 09:17", "secret-agenda")


async def test_after_searches_nothing_of_a_slot_is_anywhere(
    open_platform: OpenPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.chdir(tmp_path)
    good = knows([slot("slot-to-be-forgotten", SOON, comment="https://secret-agenda.example.org/"), *agenda()])
    refusing = answers(outcome(f"slot-to-be-forgotten of {THEO} is not for you"), "500 Oops")
    broken = answers(bundle(slot("slot-to-be-forgotten", SOON, THEO), *agenda()))
    async with (
        fake_editor(good) as one,
        fake_editor(refusing) as two,
        fake_editor(broken) as three,
        open_platform(editors=(f"One={one.base_url}", f"Two={two.base_url}"), sign_in_required=False) as platform,
    ):
        body = {"id": "three", "name": "Three", "base_url": three.base_url, "environment": "recette"}
        assert (await platform.send("POST", "/api/admin/editors", body, token=TOKEN)).status == 201
        searched = [
            await platform.send("POST", "/api/slots/search", {"practitioners": [THEO]}),
            await platform.send("POST", "/api/slots/search/stream", {"practitioners": [THEO]}),
            await platform.send("GET", f"/api/slots/search/stream?practitioner={THEO}"),
            await platform.send("GET", f"/search/stream?ids={THEO}"),
            await platform.send("GET", f"/?ids={THEO}&wait=1"),
        ]
        assert all(answer.status == 200 for answer in searched)
        assert all(b"secret-agenda" in answer.body for answer in searched)  # the marks were there to be kept
        await platform.send("POST", "/api/slots/search", {"practitioners": ["8101234000179999"]})
        written = files_under(tmp_path)
    assert any(path.name.startswith("platform.sqlite") for path in written)
    for path, content in written.items():
        for mark in (*MARKS, THEO):
            assert mark.encode() not in content, (path, mark)
    # The test's own client logs in this process too.
    lines = [line for r in caplog.records if "//platform.example.org" not in (line := r.getMessage())]
    logged = "\n".join(lines)
    assert "editor=three" in logged
    assert "GET /search/stream 200" in logged
    for mark in (*MARKS, THEO, THEO[1:], "8101234000179999"):
        assert mark not in logged, mark


async def test_after_searches_nothing_of_a_cpts_slot_or_a_site_is_anywhere(
    open_platform: OpenPlatform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    marked = {"comment": "https://secret-agenda.example.org/"}
    editor = by_search(
        cpts=answers(bundle(cpts_slot("slot-to-be-forgotten", SOON, **marked), *agenda(), *cpts())),
        sos=answers(bundle(slot("site-slot-to-be-forgotten", SOON, "g1", **marked), *site())),
    )
    async with (
        fake_editor(editor) as one,
        open_platform(editors=(f"One={one.base_url}",), sign_in_required=False) as platform,
    ):
        body = {"practitioners": [THEO], "cpts": True, "sos": [ASSOCIATION]}
        searched = [
            await platform.send("POST", "/api/slots/search", body),
            await platform.send("GET", f"/?ids={THEO}+{ASSOCIATION}&wait=1"),
        ]
        assert all(answer.body.count(b"secret-agenda") >= 2 for answer in searched)
        written = files_under(tmp_path)
    assert written
    for path, content in written.items():
        for mark in (*MARKS, THEO, "CPTS des Deux Rives", "Point Nord"):
            assert mark.encode() not in content, (path, mark)


async def test_the_database_has_no_room_for_a_slot(open_platform: OpenPlatform, tmp_path: Path) -> None:
    async with open_platform():
        pass
    database = Database(f"sqlite:///{tmp_path / 'platform.sqlite'}")
    async with database.reading() as connection:
        found = await connection.run_sync(lambda sync: sa.inspect(sync).get_multi_columns())
    await database.close()
    columns = {(table, column["name"]) for (_, table), described in found.items() for column in described}
    assert ("editor", "base_url") in columns
    assert not [each for each in columns if "slot" in "".join(each)]


def files_under(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

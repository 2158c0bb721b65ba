"""Connections to editors: one set an editor, renewed when its address changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sas_platform.editors.model import Editor, Environment
from sas_platform.slot_search.client import EditorClients
from sas_platform.slot_search.model import Bounds, LotRequest, SearchQuery
from sas_platform.slot_search.question import rules
from tests.sas_platform.fake_editor import THEO, answers, bundle, fake_editor

BOUNDS = Bounds(25, timedelta(hours=72), 1, 1, 100_000, 100, 10, 50)


def request_to(base_url: str) -> LotRequest:
    editor = Editor("e", "E", base_url, Environment.RECETTE)
    return rules.plan(SearchQuery((THEO,)), [editor], datetime(2031, 3, 10, tzinfo=UTC), BOUNDS).requests[0]


async def test_an_editor_that_moves_is_asked_at_its_new_address() -> None:
    async with fake_editor(answers(bundle(entry=None))) as before, fake_editor(answers(bundle(entry=None))) as after:
        clients = EditorClients(BOUNDS, per_editor=2)
        try:
            request = request_to(before.base_url)
            await clients.fetch(request, 1)
            await clients.fetch(request, 1)
            moved = replace(request, editor=replace(request.editor, base_url=after.base_url))
            await clients.fetch(moved, 1)
        finally:
            await clients.aclose()
    assert (len(before.calls), len(after.calls)) == (2, 1)

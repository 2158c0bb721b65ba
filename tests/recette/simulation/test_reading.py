"""A story is read whole, or what is wrong is named by its key with what to write."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from recette.journal.model import Party
from recette.projects.model import PhaseId, UseCase
from recette.simulation import reading
from recette.simulation.model import Do, StoryError
from sas_kernel.flows import Flow

STORY = """
[simulation]
title = "Un récit"
[project]
id = "essai"
editor = "Éditeur d’essai"
environment = "recette"
use_case = "availability"
flows = ["slot_search"]
[project.contacts]
ans = { name = "Camille Orfelin", email = "camille@example.org" }
[service]
median = 0.1
p95 = 0.3
[[service.outage]]
from = 2026-10-25T01:00:00
to = 2026-10-25T03:30:00
detail = "disque plein"
[[event]]
at = 2026-10-26T09:30:00
do = "qualify"
anomalies = "A-0001"
severity = "major"
[[event]]
at = 2026-10-24T12:00:00+00:00
do = "open"
phase = "cadrage"
expect = "refused"
"""


def document() -> dict[str, Any]:
    return tomllib.loads(STORY)


def test_a_story_says_who_what_and_when_in_paris_time_and_in_order() -> None:
    story = reading.parse(document())
    assert (story.project, story.particulars.use_case, story.particulars.flows) == (
        "essai",
        UseCase.AVAILABILITY,
        (Flow.SLOT_SEARCH,),
    )
    assert story.particulars.contacts[Party.ANS].name == "Camille Orfelin"
    opening, qualifying = story.events
    assert (opening.do, opening.values["phase"], opening.refused) == (Do.OPEN, PhaseId.CADRAGE, True)
    # Monday 26 October 2026 is winter time: 9:30 in Paris is 8:30 in UTC.
    assert qualifying.at == datetime(2026, 10, 26, 8, 30, tzinfo=UTC)
    assert qualifying.parties == (Party.ANS, Party.EDITOR)
    assert (story.starts, story.ends) == (opening.at, qualifying.at)


def test_an_outage_over_the_night_of_the_clock_change_lasts_an_hour_longer_than_the_wall_says() -> None:
    (outage,) = reading.parse(document()).service.outages
    # 25 October 2026, 01:00 (+02:00) to 03:30 (+01:00): 23:00 to 02:30 in UTC.
    assert outage.end.astimezone(UTC) - outage.start.astimezone(UTC) == timedelta(hours=3, minutes=30)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"event": []}, "event : au moins un événement"),
        ({"events": []}, "events : clé inconnue ; possibles : simulation, project, service, event ; vouliez-vous dire"),
        ({"project": {"editor": "x"}}, "project.id : est attendu"),
        ({"project": {"id": "x", "use_case": "bookings"}}, "vouliez-vous dire « booking »"),
        ({"project": {"id": "x", "contacts": {"ans": {"mail": "x"}}}}, "name, email et role"),
        ({"service": {"median": 2, "p95": 1}}, "service.p95 : 0 < median ≤ p95"),
        ({"service": {"outage": [{"from": 1}]}}, "service.outage[1].from : un instant est attendu"),
        ({"event": [{"at": "hier", "do": "run"}]}, "event[1].at : un instant est attendu"),
        ({"event": [{"at": datetime(2026, 10, 1), "do": "runs"}]}, "event[1].do : « runs »"),  # noqa: DTZ001  as TOML
        (
            {"event": [{"at": datetime(2026, 10, 1), "do": "run", "fault": "x"}]},  # noqa: DTZ001  as TOML reads it
            "event[1].fault : clé inconnue",
        ),
        (
            {"event": [{"at": datetime(2026, 10, 1), "do": "plan", "anomalies": "all"}]},  # noqa: DTZ001  as TOML
            "event[1].due_on : est attendu",
        ),
        (
            {"simulation": {"starts": datetime(2026, 10, 25)}},  # noqa: DTZ001  as TOML reads it
            "event[2].at : 2026-10-24T12:00:00+00:00 n’est pas entre",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_key(change: dict[str, Any], said: str) -> None:
    with pytest.raises(StoryError) as refused:
        reading.parse({**document(), **change})
    assert said in refused.value.text.fr
    assert refused.value.text.en != refused.value.text.fr


def test_a_file_that_is_none_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(StoryError, match="demo"):
        reading.read("nowhere")
    broken = tmp_path / "story.toml"
    broken.write_text("[simulation", encoding="utf-8")
    with pytest.raises(StoryError, match="TOML"):
        reading.read(str(broken))


def test_the_shipped_stories_can_be_read() -> None:
    assert "demo" in reading.names()
    for name in reading.names():
        assert reading.read(name).events

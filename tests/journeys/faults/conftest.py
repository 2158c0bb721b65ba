"""Both services in one process, over real connections, each made to misbehave by a test; retries come at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from agenda_editor.app import MIGRATIONS as AGENDA_MIGRATIONS
from agenda_editor.app import create_app as create_agenda
from agenda_editor.appointments import rules, tasks
from agenda_editor.dependencies import State as AgendaState
from agenda_editor.settings import Settings as AgendaSettings
from recette.drivers.services import free_port
from sas_kernel.faults import reader
from sas_kernel.faults.script import Script
from sas_kit.faults import server
from sas_kit.faults.stage import Stage
from sas_platform.app import MIGRATIONS as PLATFORM_MIGRATIONS
from sas_platform.app import create_app as create_platform
from sas_platform.dependencies import State as PlatformState
from sas_platform.regulators import tasks as telling
from sas_platform.settings import Settings as PlatformSettings
from tests import databases
from tests.sas_platform.fake_editor import FakeEditor, agenda, fake_editor, knows, slot

ANSWER = 0.25  # seconds, in place of 7: an editor that stays silent is given up as soon
CHEAP: dict[str, Any] = {"password_rounds": 1, "password_memory": 8}


@asynccontextmanager
async def served(app: FastAPI, port: int) -> AsyncIterator[None]:
    """An application as its own command serves it where faults are played."""
    options: dict[str, Any] = {"log_config": None, "access_log": False, "ws": "none", **server.OPTIONS}
    running = uvicorn.Server(uvicorn.Config(app, port=port, **options))
    serving = asyncio.create_task(running.serve())
    while not running.started:  # noqa: ASYNC110  uvicorn offers nothing to wait for
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        running.should_exit = True
        await serving


@dataclass
class Pair:
    """The agenda, which tells the platform, and the platform, which asks the agenda and an editor that behaves."""

    agenda: AgendaState
    platform: PlatformState
    agenda_stage: Stage
    platform_stage: Stage
    platform_database: str
    editor: FakeEditor

    def play(self, stage: Stage, fault: str) -> None:
        """From now on this service has this one fault, given without its name."""
        stage.script = Script(reader.parse(f'[[fault]]\nname = "on-purpose"\n{fault}'), stage.real.now())

    def behave(self) -> None:
        for stage in (self.agenda_stage, self.platform_stage):
            stage.script = Script((), stage.real.now())

    def played(self) -> int:
        """How often the fault was played; a wrong clock is played all the time."""
        stages = (self.agenda_stage, self.platform_stage)
        skewed = sum(stage.script.skew(stage.real.now()) != 0 for stage in stages)
        return skewed + sum(played for stage in stages for _, _, played in stage.script.counts())


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pair]:
    folder: Path = tmp_path_factory.mktemp("faults")
    agenda_port, platform_port = free_port(), free_port()
    agenda_url, platform_url = f"http://127.0.0.1:{agenda_port}", f"http://127.0.0.1:{platform_port}"
    platform_database = databases.sqlite(folder / "platform.sqlite", PLATFORM_MIGRATIONS)
    soon = datetime.now(UTC) + timedelta(hours=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "_FIRST_DELAY", 20)
        patch.setattr(rules, "_LONGEST_DELAY", 50)
        patch.setattr(tasks, "_EVERY", 0.1)
        patch.setattr(telling, "_EVERY", 0.1)
        async with fake_editor(knows([slot("other", soon), *agenda()])) as editor:
            agenda_app = create_agenda(
                AgendaSettings(
                    database_url=databases.sqlite(folder / "agenda.sqlite", AGENDA_MIGRATIONS),
                    public_url=agenda_url,
                    dataset="demo",
                    platform_url=f"{platform_url}/fhir",
                    platform_answer_timeout=ANSWER,
                    faults_by_header=True,
                    **CHEAP,
                )
            )
            platform_app = create_platform(
                PlatformSettings(
                    database_url=platform_database,
                    public_url=platform_url,
                    editors=(f"agenda={agenda_url}/fhir", f"other=http://127.0.0.1:{editor.port}/other"),
                    answer_timeout=ANSWER,
                    regulator_retry_first=0.02,
                    regulator_retry_most=0.05,
                    faults_by_header=True,
                    **CHEAP,
                )
            )
            async with served(agenda_app, agenda_port), served(platform_app, platform_port):
                yield Pair(
                    agenda_app.state.services,
                    platform_app.state.platform,
                    stage_of(agenda_app),
                    stage_of(platform_app),
                    platform_database,
                    editor,
                )


def stage_of(app: FastAPI) -> Stage:
    stage = app.user_middleware[0].kwargs["stage"]
    assert isinstance(stage, Stage)
    return stage

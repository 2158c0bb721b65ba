"""The application around its features: health, description, settings that cannot work."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import ValidationError

from sas_kernel.errors import SasError
from sas_kit.database import Database
from sas_platform.app import create_app
from sas_platform.settings import Settings
from tests.sas_platform.appointments.conftest import EDITOR, booking
from tests.sas_platform.conftest import TOKEN, OpenPlatform, problem_of


async def test_it_is_ready_once_its_database_is_migrated(open_platform: OpenPlatform, tmp_path: Path) -> None:
    async with open_platform() as platform:
        assert (await platform.send("GET", "/health/live")).status == 200
        assert (await platform.send("GET", "/health/ready")).status == 200
        database = Database(f"sqlite:///{tmp_path / 'platform.sqlite'}")
        async with database.transaction() as connection:
            await connection.exec_driver_sql("DELETE FROM sas_platform_revision")
        await database.close()
        answer = await platform.send("GET", "/health/ready")
    assert answer.status == 503
    assert json.loads(answer.body)["parts"] == {"database": False, "accepting": True}


async def test_without_a_free_connection_every_interface_says_so_soon(open_platform: OpenPlatform) -> None:
    async with open_platform(database_wait=0.02, sign_in_required=False) as platform, AsyncExitStack() as stack:
        for _ in range(platform.app.state.platform.database.engine.pool.size()):
            await stack.enter_async_context(platform.app.state.platform.database.reading())
        received = await platform.send("PUT", f"/fhir/Appointment?identifier={EDITOR}|a1", booking(key="a1"))
        search = await platform.send("POST", "/api/slots/search", {"practitioners": ["810123400017"]})
        accounts = await platform.send("GET", "/api/admin/regulators", token=TOKEN)
        ready = await platform.send("GET", "/health/ready")
    assert [each.status for each in (received, search, accounts, ready)] == [503] * 4
    assert [each.header("retry-after") for each in (received, search, accounts)] == ["5"] * 3
    assert json.loads(received.body)["issue"][0]["code"] == "transient"
    assert problem_of(accounts)["title"] == "Comptes indisponibles"


async def test_its_description_names_every_body_it_reads_and_writes(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        answer = await platform.send("GET", "/openapi.json")
        assert (await platform.send("GET", "/docs")).status == 200
    document = json.loads(answer.body)
    assert set(document["paths"]) == {
        "/api/slots/search",
        "/api/slots/search/stream",
        "/api/admin/editors",
        "/api/admin/editors/{editor_id}",
        "/api/admin/regulators",
        "/api/admin/regulators/habilitations",
        "/api/admin/regulators/{regulator_id}",
        "/api/admin/regulators/{regulator_id}/activate",
        "/api/admin/regulators/{regulator_id}/deactivate",
        "/api/admin/regulators/{regulator_id}/history",
        "/api/admin/regulators/{regulator_id}/resend",
        "/fhir/metadata",
        "/fhir/Appointment",
        "/health/live",
        "/health/ready",
    }
    schemas = document["components"]["schemas"]
    referred = set()

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                referred.add(node["$ref"].removeprefix("#/components/schemas/"))
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(document)
    assert {"SearchBody", "SearchAnswer", "EditorBody", "EditorView", "Problem"} <= referred <= set(schemas)


async def test_an_unknown_path_and_a_wrong_method_are_problems(open_platform: OpenPlatform) -> None:
    async with open_platform() as platform:
        assert problem_of(await platform.send("GET", "/nowhere"))["status"] == 404
        assert problem_of(await platform.send("DELETE", "/api/slots/search"))["status"] == 405
        assert problem_of(await platform.send("GET", "/static/../app.py"))["status"] == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"editors": ("no-url",)},
        {"editors": ("A=http://127.0.0.1:1", "A=http://127.0.0.1:2")},
        {"editors_file": Path("/nowhere/editors.toml")},
        {"dataset": "nowhere"},
    ],
)
def test_a_setting_that_cannot_work_is_refused_before_anything_is_served(wrong: dict[str, object]) -> None:
    with pytest.raises(SasError):
        create_app(Settings.model_validate({"dataset": None, **wrong}))


@pytest.mark.parametrize(
    "wrong", [{"origin": "a&b"}, {"environment": "prod"}, {"answer_timeout": 0}, {"colour": "red"}]
)
def test_settings_have_their_form(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate(wrong)

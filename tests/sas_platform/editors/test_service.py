"""The register on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from sas_kernel.flows import Flow
from sas_kit.database import Database, is_current, migrate
from sas_platform.app import MIGRATIONS
from sas_platform.editors.model import (
    Editor,
    EditorExistsError,
    EditorNotFoundError,
    EditorReadOnlyError,
    Environment,
    Origin,
    Search,
    TlsMaterial,
)
from sas_platform.editors.service import EditorRegister

ALIZE = Editor(
    "agenda-alize",
    "Agenda Alizé",
    "https://agenda.example.org/fhir",
    Environment.PREPRODUCTION,
    enabled=False,
    flows=frozenset({Flow.SLOT_SEARCH, Flow.SSO}),
    tls=TlsMaterial("/etc/sas/ca.pem", "/etc/sas/client.pem", "/etc/sas/client.key"),
    searches=frozenset({Search.CPTS, Search.SOS}),
    associations=frozenset({"399000000000029", "399000000000037"}),
)
CONFIGURED = Editor(
    "configured", "Configured", "http://127.0.0.1:1/fhir", Environment.RECETTE, origin=Origin.CONFIGURATION
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    migrate(database_url, MIGRATIONS)
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def register(database: Database) -> EditorRegister:
    return EditorRegister(database, (CONFIGURED,))


async def test_what_is_registered_is_read_back_whole_by_every_worker(
    register: EditorRegister, database_url: str
) -> None:
    await register.add(ALIZE)
    other_worker = Database(database_url)
    assert await EditorRegister(other_worker, ()).all() == (ALIZE,)
    await other_worker.close()
    assert await register.get(ALIZE.id) == ALIZE
    assert await register.all() == (ALIZE, CONFIGURED)


async def test_an_editor_is_replaced_and_removed(register: EditorRegister) -> None:
    await register.add(ALIZE)
    changed = replace(ALIZE, name="Alizé 2", enabled=True, tls=TlsMaterial(), flows=frozenset())
    await register.replace(changed)
    assert await register.get(ALIZE.id) == changed
    await register.remove(ALIZE.id)
    with pytest.raises(EditorNotFoundError):
        await register.get(ALIZE.id)


async def test_an_id_is_registered_once(register: EditorRegister) -> None:
    await register.add(ALIZE)
    with pytest.raises(EditorExistsError):
        await register.add(replace(ALIZE, name="Another"))
    with pytest.raises(EditorExistsError):
        await register.add(replace(ALIZE, id=CONFIGURED.id))
    assert (await register.get(ALIZE.id)).name == ALIZE.name


async def test_who_is_not_registered_is_neither_replaced_nor_removed(register: EditorRegister) -> None:
    with pytest.raises(EditorNotFoundError):
        await register.replace(ALIZE)
    with pytest.raises(EditorNotFoundError):
        await register.remove(ALIZE.id)


async def test_a_configured_editor_is_changed_in_its_file_only(register: EditorRegister) -> None:
    with pytest.raises(EditorReadOnlyError):
        await register.replace(replace(CONFIGURED, name="Else"))
    with pytest.raises(EditorReadOnlyError):
        await register.remove(CONFIGURED.id)


async def test_only_enabled_editors_of_the_environment_and_flow_answer(register: EditorRegister) -> None:
    await register.add(ALIZE)
    await register.add(replace(ALIZE, id="on", enabled=True))
    await register.add(replace(ALIZE, id="no-search", enabled=True, flows=frozenset({Flow.SSO})))
    assert [e.id for e in await register.answering(Flow.SLOT_SEARCH, Environment.PREPRODUCTION)] == ["on"]
    assert [e.id for e in await register.answering(Flow.SLOT_SEARCH, Environment.RECETTE)] == [CONFIGURED.id]


async def test_the_migrations_bring_the_database_up_to_date_however_often(
    database: Database, database_url: str
) -> None:
    assert await is_current(database, MIGRATIONS)
    migrate(database_url, MIGRATIONS)
    assert await is_current(database, MIGRATIONS)

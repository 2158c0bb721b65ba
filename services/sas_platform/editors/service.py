"""The register as the rest of the platform sees it: configured editors and registered ones, in one list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from sas_kernel.flows import Flow
from sas_kit.database import Database, translating
from sas_platform.editors import repository, rules
from sas_platform.editors.model import (
    Editor,
    EditorExistsError,
    EditorNotFoundError,
    EditorReadOnlyError,
    EditorsUnavailableError,
    Environment,
)


@dataclass(frozen=True, slots=True)
class EditorRegister:
    """Read at each search, so that every worker sees a change at once."""

    database: Database
    configured: tuple[Editor, ...]

    async def all(self) -> tuple[Editor, ...]:
        async with self._reading() as connection:
            return rules.combined(self.configured, await repository.all_editors(connection))

    async def get(self, editor_id: str) -> Editor:
        for editor in await self.all():
            if editor.id == editor_id:
                return editor
        raise EditorNotFoundError(editor_id)

    async def answering(self, flow: Flow, environment: Environment) -> tuple[Editor, ...]:
        return tuple(editor for editor in await self.all() if editor.answers(flow, environment))

    async def add(self, editor: Editor) -> None:
        if self._is_configured(editor.id):
            raise EditorExistsError(editor.id)
        async with self._writing() as connection:
            await repository.add(connection, editor)

    async def replace(self, editor: Editor) -> None:
        self._refuse_configured(editor.id)
        async with self._writing() as connection:
            await repository.replace(connection, editor)

    async def remove(self, editor_id: str) -> None:
        self._refuse_configured(editor_id)
        async with self._writing() as connection:
            await repository.remove(connection, editor_id)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        with translating(unavailable=EditorsUnavailableError, conflict=EditorsUnavailableError):
            async with self.database.reading() as connection:
                yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        with translating(unavailable=EditorsUnavailableError, conflict=EditorsUnavailableError):
            async with self.database.transaction() as connection:
                yield connection

    def _is_configured(self, editor_id: str) -> bool:
        return any(editor.id == editor_id for editor in self.configured)

    def _refuse_configured(self, editor_id: str) -> None:
        if self._is_configured(editor_id):
            raise EditorReadOnlyError(editor_id)

"""The register's rows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from sas_kernel.flows import Flow
from sas_platform.editors.model import (
    Editor,
    EditorExistsError,
    EditorNotFoundError,
    Environment,
    Origin,
    Search,
    TlsMaterial,
)
from sas_platform.editors.tables import editor as table


async def all_editors(connection: AsyncConnection) -> tuple[Editor, ...]:
    rows = await connection.execute(sa.select(table).order_by(table.c.id))
    return tuple(_editor(row) for row in rows)


async def add(connection: AsyncConnection, editor: Editor) -> None:
    try:
        await connection.execute(table.insert().values(_values(editor)))
    except IntegrityError as error:
        raise EditorExistsError(editor.id) from error


async def replace(connection: AsyncConnection, editor: Editor) -> None:
    result = await connection.execute(table.update().where(table.c.id == editor.id).values(_values(editor)))
    if result.rowcount == 0:
        raise EditorNotFoundError(editor.id)


async def remove(connection: AsyncConnection, editor_id: str) -> None:
    result = await connection.execute(table.delete().where(table.c.id == editor_id))
    if result.rowcount == 0:
        raise EditorNotFoundError(editor_id)


def _values(editor: Editor) -> dict[str, Any]:
    return {
        "id": editor.id,
        "name": editor.name,
        "base_url": editor.base_url,
        "environment": editor.environment.value,
        "enabled": editor.enabled,
        "flows": " ".join(sorted(editor.flows)),
        "tls_ca_file": editor.tls.ca_file,
        "tls_certificate_file": editor.tls.certificate_file,
        "tls_key_file": editor.tls.key_file,
        "searches": " ".join(sorted(editor.searches)),
        "associations": " ".join(sorted(editor.associations)),
    }


def _editor(row: sa.Row[Any]) -> Editor:
    return Editor(
        id=row.id,
        name=row.name,
        base_url=row.base_url,
        environment=Environment(row.environment),
        enabled=row.enabled,
        flows=frozenset(Flow(flow) for flow in row.flows.split()),
        tls=TlsMaterial(row.tls_ca_file, row.tls_certificate_file, row.tls_key_file),
        origin=Origin.REGISTER,
        searches=frozenset(Search(search) for search in row.searches.split()),
        associations=frozenset(row.associations.split()),
    )

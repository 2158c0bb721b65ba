"""`/api/admin/editors`, for bearers of the admin token only."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Depends, Response

from sas_platform.dependencies import BodyDep, StateDep, decoded, require_admin
from sas_platform.editors.schemas import EditorBody, EditorChange, EditorList, view
from sas_platform.openapi import body_of, json_of, problems

router = APIRouter(prefix="/api/admin/editors", tags=["editors"], dependencies=[Depends(require_admin)])

_REFUSALS: dict[int | str, dict[str, Any]] = problems(401, 503)


@router.get("", responses={**json_of(200, "EditorList"), **_REFUSALS})
async def list_editors(state: StateDep) -> Response:
    """All connected editors, configured and registered."""
    return _json(EditorList([view(editor) for editor in await state.register.all()]))


@router.get("/{editor_id}", responses={**json_of(200, "EditorView"), **_REFUSALS, **problems(404)})
async def read_editor(editor_id: str, state: StateDep) -> Response:
    return _json(view(await state.register.get(editor_id)))


@router.post(
    "",
    status_code=201,
    responses={**json_of(201, "EditorView"), **_REFUSALS, **problems(400, 409, 413, 422)},
    openapi_extra=body_of("EditorBody"),
)
async def add_editor(body: BodyDep, state: StateDep) -> Response:
    """Connect an editor: the next search asks it."""
    editor = decoded(body, EditorBody).to_editor()
    await state.register.add(editor)
    return _json(view(editor), 201, {"Location": f"/api/admin/editors/{editor.id}"})


@router.put(
    "/{editor_id}",
    responses={**json_of(200, "EditorView"), **_REFUSALS, **problems(400, 404, 409, 413, 422)},
    openapi_extra=body_of("EditorChange"),
)
async def change_editor(editor_id: str, body: BodyDep, state: StateDep) -> Response:
    """Replace everything about a registered editor but its id."""
    editor = decoded(body, EditorChange).to_editor(editor_id)
    await state.register.replace(editor)
    return _json(view(editor))


@router.delete("/{editor_id}", status_code=204, responses={**_REFUSALS, **problems(404, 409)})
async def remove_editor(editor_id: str, state: StateDep) -> Response:
    await state.register.remove(editor_id)
    return Response(status_code=204)


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, "application/json")

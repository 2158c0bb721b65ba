"""The published description of the API, from the same typed structures that read and write its bodies."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from sas_kit.web import PROBLEM_MEDIA_TYPE

_REF = "#/components/schemas/{name}"

_PROBLEM = {
    "title": "Problem",
    "description": "An error as RFC 9457 describes it: what happened in `title`, what to correct in `detail`.",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}


def body_of(schema: str) -> dict[str, Any]:
    """`openapi_extra` of a route whose JSON body is the named schema."""
    content = {"application/json": {"schema": {"$ref": _REF.format(name=schema)}}}
    return {"requestBody": {"required": True, "content": content}}


def json_of(status: int, schema: str, media_type: str = "application/json") -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that answers the named schema."""
    content = {media_type: {"schema": {"$ref": _REF.format(name=schema)}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    content = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def install(app: FastAPI, *types: type) -> None:
    """Describe `types` among the components, once, when the description is first asked."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _, components = msgspec.json.schema_components(types, ref_template=_REF)
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(components, Problem=_PROBLEM)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # the way FastAPI documents to extend it

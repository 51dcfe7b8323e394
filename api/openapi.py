"""The OpenAPI document: what FastAPI derives from the routes, plus the problems that every one of them may answer."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from api.errors import PROBLEM_TYPE
from api.schemas.shapes import Problem

_ANY_PROBLEM = {
    "description": "A problem (RFC 9457)",
    "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe(app: FastAPI) -> None:
    """Let *app* answer its OpenAPI document, made once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title,
        version=app.version,
        description="Patrols, incidents and help alarms. Errors are RFC 9457 problems; writes need an Idempotency-Key.",
        routes=app.routes,
    )
    for operation in _operations(made):
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = _ANY_PROBLEM
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _, problem = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
    schemas.update(problem["$defs"])
    return made


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document.get("paths", {}).values():
        yield from path.values()

"""The OpenAPI document is true: every operation in it answers, with what it says, and nothing else is served."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.app import PREFIX, create_app
from api.errors import PROBLEM_TYPE
from api.permissions import Role
from core.ids import new_id
from tests.api.controller import Controller

Operation = tuple[str, str, dict[str, Any]]
DOCUMENT = create_app(None).openapi()


def _operations() -> Iterator[Operation]:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def _example(schema: dict[str, Any]) -> Any:
    """Return something small that the schema takes."""
    if "$ref" in schema:
        return _example(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    for way in ("anyOf", "oneOf", "allOf"):
        if way in schema:
            return _example(schema[way][0])
    match schema.get("type"):
        case "object":
            known = schema.get("properties", {})
            return {name: _example(known[name]) for name in schema.get("required", [])}
        case "array":
            return [_example(one) for one in schema["prefixItems"]] if "prefixItems" in schema else []
        case "string":
            return _text(schema)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return None


def _text(schema: dict[str, Any]) -> str:
    if schema.get("format") == "date-time":
        return "2026-01-05T08:00:00Z"
    return "x" * max(1, schema.get("minLength", 0)) if schema.get("format") != "uuid" else new_id()


def _request(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return {"json": _example(content["application/json"]["schema"])}
    if "multipart/form-data" in content:
        return {"files": {"file": ("a.jpg", b"no picture")}, "data": {"kind": "before"}}
    return {}


def _url(path: str, operation: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    query: dict[str, Any] = {}
    for parameter in operation.get("parameters", []):
        value = _example(parameter["schema"])
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", str(value))
        elif parameter["in"] == "query" and parameter.get("required"):
            query[parameter["name"]] = value
    return f"http://controller.test{path}", query


PROMISED = """
POST /session · GET /session · DELETE /session · GET /users · POST /users · PATCH /users/{name} · GET /site
GET /zones · PUT /zones · POST /zones/check · GET /zones/revisions · GET /zones/revisions/{revision}
GET /vehicles · GET /vehicles/{vehicle_id} · GET /vehicles/{vehicle_id}/failsafes
GET /vehicles/{vehicle_id}/picture · POST /vehicles/{vehicle_id}/commands · GET /commands/{command_id}
GET /patrols · POST /patrols · GET /patrols/{patrol_id} · PUT /patrols/{patrol_id} · POST /patrols/check
GET /patrols/starts · GET /patrols/idleness · POST /patrols/notice
POST /patrols/{patrol_id}/runs · GET /runs · GET /runs/{run_id} · POST /runs/{run_id}/cancel
GET /runs/{run_id}/coverage · POST /rounds
GET /sightings · GET /sightings/{sighting_id} · GET /incidents · GET /incidents/{incident_id}
POST /incidents/{incident_id}/moves · GET /kinds · POST /evidence · GET /evidence/{evidence_id}
POST /panel/presses · GET /panel/alarm · POST /panel/presses/{press_id}/mistake
GET /alarms · GET /alarms/{alarm_id} · POST /alarms/{alarm_id}/rung · POST /alarms/{alarm_id}/moves
POST /alarms/{alarm_id}/look · GET /events · GET /figures · GET /healthz · GET /metrics
"""


def test_what_other_rooms_rely_on_is_there() -> None:
    promised = {tuple(one.split()) for line in PROMISED.strip().splitlines() for one in line.split(" · ")}
    assert promised <= {(method, path.removeprefix(PREFIX)) for method, path, _ in _operations()}


def test_every_write_wants_its_key_and_every_operation_has_a_sentence() -> None:
    for method, path, operation in _operations():
        keys = [one for one in operation.get("parameters", []) if one["name"] == "Idempotency-Key"]
        is_write = method != "GET" and not path.endswith(("/check", "/notice", "/rounds"))
        assert bool(keys) is is_write, (method, path)
        assert all(one["required"] for one in keys)
        assert operation["description"], (method, path)
        assert PROBLEM_TYPE in operation["responses"]["default"]["content"]
        assert "422" not in operation["responses"]


def test_every_operation_demands_a_sign_in_but_these() -> None:
    is_open = {(method, path) for method, path, operation in _operations() if "security" not in operation}
    assert is_open == {("POST", f"{PREFIX}/session"), ("GET", f"{PREFIX}/healthz")}


def test_the_command_prints_the_same_document(capsys: pytest.CaptureFixture[str]) -> None:
    from cli.openapi import app

    app(args=[], prog_name="roundsman openapi", standalone_mode=False)
    assert json.loads(capsys.readouterr().out) == DOCUMENT


@pytest.mark.parametrize(
    ("method", "path", "operation"), list(_operations()), ids=lambda one: one if isinstance(one, str) else ""
)
async def test_every_operation_answers(
    controller: Controller, method: str, path: str, operation: dict[str, Any]
) -> None:
    client = await controller.sign_in(*(role for role in Role if role is not Role.AGENT), panel_id="gate")
    url, query = _url(path, operation)
    answer = await client.request(method, url, params=query, **_request(operation))
    is_health = path.endswith("/healthz")
    assert answer.status_code < 500 or is_health, answer.text
    assert answer.status_code != 405
    if answer.status_code >= 400 and not is_health:
        assert answer.headers["content-type"] == PROBLEM_TYPE, answer.text
        assert {"type", "title", "status", "detail", "code"} <= answer.json().keys()
    else:
        assert str(answer.status_code) in operation["responses"]

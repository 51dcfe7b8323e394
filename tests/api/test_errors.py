"""Every failure is a problem that a program and a person can read."""

from collections.abc import AsyncIterator

import grpc
import pytest

from api.app import MOST_BODY_BYTES
from api.errors import PROBLEM_TYPE, TABLE, codes_of
from core.errors import CallerError, InvalidInput, RoundsmanError, StorageFull
from tests.api.controller import Controller


def _all_kinds(kind: type[RoundsmanError] = RoundsmanError) -> set[type[RoundsmanError]]:
    return {kind}.union(*(_all_kinds(one) for one in kind.__subclasses__()))


def test_every_error_has_codes_of_its_own_branch() -> None:
    for kind in _all_kinds():
        codes = next(TABLE[one] for one in kind.__mro__ if one in TABLE)
        is_callers = issubclass(kind, CallerError)
        assert (400 <= codes.http < 500) is is_callers, kind
        assert codes.grpc is not grpc.StatusCode.OK


def test_the_nearest_class_of_the_table_counts() -> None:
    assert codes_of(StorageFull("full")).http == 507
    assert codes_of(StorageFull("full")).grpc is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert codes_of(type("Odd", (InvalidInput,), {})("odd")).http == 422


async def test_an_unknown_path_is_a_problem_and_no_html(controller: Controller) -> None:
    answer = await controller.client().get("/nothing/here")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM_TYPE
    told = answer.json()
    assert told["code"] == "not_found"
    assert told["type"] == "urn:roundsman:problem:not_found"
    assert told["where"] == "/api/v1/nothing/here"


async def test_a_wrong_method_names_the_allowed_ones(controller: Controller) -> None:
    answer = await controller.client().put("/healthz")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert answer.headers["allow"] == "GET"


async def test_a_wrong_body_lists_every_mistake(controller: Controller) -> None:
    answer = await controller.client().post("/session", json={"user": "", "sword": 1})
    assert answer.status_code == 422
    told = answer.json()
    assert told["code"] == "invalid_input"
    assert {one["where"] for one in told["problems"]} == {"body.user", "body.password", "body.sword"}


async def test_broken_json_is_a_problem(controller: Controller) -> None:
    answer = await controller.client().post(
        "/session", content=b'{"user": ', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM_TYPE


async def test_a_bug_tells_nothing_of_its_inside(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(**_: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(controller.services.sign_in, "sign_in", broken)
    answer = await controller.client().post("/session", json={"user": "a", "password": "b"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert "secret" not in answer.text


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(controller: Controller) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000_000

    announced = await controller.client().post("/session", content=b"x" * (MOST_BODY_BYTES + 1))
    streamed = await controller.client().post("/session", content=endless())
    for answer in (announced, streamed):
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert answer.headers["content-type"] == PROBLEM_TYPE


async def test_every_answer_carries_the_protecting_headers(controller: Controller) -> None:
    answer = await controller.client().get("/session")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "connect-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"

"""Signing in, staying signed in, signing out; and what keeps others from doing it for you."""

import asyncio
import threading
from collections.abc import Awaitable
from datetime import timedelta
from typing import Literal

import httpx
import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from api.errors import TooManyAttempts
from api.permissions import Role
from api.sign_in import AttemptLimit, SignInDesk
from core.clock import ManualClock
from core.errors import NotSignedIn
from core.tasks import run_blocking
from tests.api.controller import Controller

PASSWORD = "quite a long password"
NEW_PASSWORD = "another long password"


async def _person(controller: Controller, *, name: str = "Wang Li") -> httpx.AsyncClient:
    async with controller.services.database.transaction() as unit:
        await controller.services.sign_in.add(unit, name=name, roles=(Role.SUPERVISOR,), password=PASSWORD)
    return controller.client()


async def test_name_and_password_give_a_token_and_a_cookie(controller: Controller) -> None:
    client = await _person(controller)
    answer = await client.post("/session", json={"user": "wang li", "password": PASSWORD})
    assert answer.status_code == 201
    told = answer.json()
    assert told["user"]["name"] == "Wang Li"
    assert told["user"]["roles"] == ["supervisor"]
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert (await client.get("/session")).json()["user"]["name"] == "Wang Li"
    by_token = controller.client(told["token"])
    assert (await by_token.get("/session")).status_code == 200


async def test_no_password_or_token_is_kept_as_it_is(controller: Controller) -> None:
    client = await _person(controller)
    token = (await client.post("/session", json={"user": "Wang Li", "password": PASSWORD})).json()["token"]
    url = controller.services.database.url.removeprefix("sqlite+aiosqlite:///")
    await controller.services.database.engine.dispose()
    with open(url, "rb") as file:  # noqa: ASYNC230, PTH123
        content = file.read()
    assert token.encode() not in content
    assert PASSWORD.encode() not in content
    assert b"$argon2id$" in content


async def test_wrong_name_and_wrong_password_look_alike(controller: Controller) -> None:
    client = await _person(controller)
    wrong_password = await client.post("/session", json={"user": "Wang Li", "password": "no"})
    wrong_name = await client.post("/session", json={"user": "Nobody", "password": "no"})
    assert wrong_password.status_code == wrong_name.status_code == 401
    assert wrong_password.json() == wrong_name.json()
    assert wrong_name.headers["www-authenticate"].startswith("Bearer")


async def test_an_unknown_name_costs_as_much_as_a_wrong_password(controller: Controller) -> None:
    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            checked.append(str(hash))
            with pytest.raises(VerifyMismatchError):
                super().verify(hash, password)
            raise VerifyMismatchError

    checked: list[str] = []
    await _person(controller)
    desk = _desk(controller, Watched())
    for name in ("Wang Li", "Nobody"):
        with pytest.raises(NotSignedIn):
            await desk.sign_in(name=name, password="a wrong password", address="127.0.0.1")
    known, unknown = checked
    assert known != unknown
    assert extract_parameters(known) == extract_parameters(unknown)


async def test_a_sign_in_ends_by_itself(controller: Controller) -> None:
    client = await _person(controller)
    await client.post("/session", json={"user": "Wang Li", "password": PASSWORD})
    await controller.clock.advance(12 * 3600 - 1)
    assert (await client.get("/session")).status_code == 200
    await controller.clock.advance(2)
    assert (await client.get("/session")).json()["code"] == "not_signed_in"


async def test_signing_out_ends_the_token(controller: Controller) -> None:
    client = await _person(controller)
    token = (await client.post("/session", json={"user": "Wang Li", "password": PASSWORD})).json()["token"]
    assert (await client.delete("/session")).status_code == 204
    assert (await controller.client(token).get("/session")).status_code == 401


async def test_five_wrong_tries_close_the_door_even_for_the_right_password(controller: Controller) -> None:
    client = await _person(controller)
    for _ in range(5):
        assert (await client.post("/session", json={"user": "Wang Li", "password": "no"})).status_code == 401
    answer = await client.post("/session", json={"user": "wang LI", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == 301
    await controller.clock.advance(301)
    assert (await client.post("/session", json={"user": "Wang Li", "password": PASSWORD})).status_code == 201


async def test_many_wrong_tries_at_once_are_no_more_than_five(controller: Controller) -> None:
    client = await _person(controller)
    tries = (client.post("/session", json={"user": "Wang Li", "password": f"no {n}"}) for n in range(12))
    statuses = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert sorted(statuses) == [401] * 5 + [429] * 7


class Held(PasswordHasher):
    """Lets something else happen between reading an account and the end of the work on its password."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64)
        self.begun, self.may_end = threading.Event(), threading.Event()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        self._wait()
        return super().verify(hash, password)

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        if password == NEW_PASSWORD:
            self._wait()
        return super().hash(password, salt=salt)

    def _wait(self) -> None:
        self.begun.set()
        assert self.may_end.wait(20)


def _desk(controller: Controller, hasher: PasswordHasher) -> SignInDesk:
    services = controller.services
    return SignInDesk(
        database=services.database,
        accounts=services.accounts,
        clock=controller.clock,
        session=timedelta(hours=1),
        hasher=hasher,
    )


async def test_an_old_password_opens_nothing_once_it_is_changed(controller_on_both: Controller) -> None:
    await _person(controller_on_both)
    services, hasher = controller_on_both.services, Held()
    desk = _desk(controller_on_both, hasher)
    async with asyncio.TaskGroup() as group:
        late = group.create_task(_refused(desk.sign_in(name="Wang Li", password=PASSWORD, address="127.0.0.1")))
        assert await run_blocking(lambda: hasher.begun.wait(20))
        async with services.database.transaction() as unit:
            await services.sign_in.change(unit, name="Wang Li", password=NEW_PASSWORD)
        hasher.may_end.set()
    assert late.result() == "the account has changed meanwhile"


async def test_two_changes_of_one_account_undo_nothing_of_each_other(controller_on_both: Controller) -> None:
    await _person(controller_on_both)
    services, hasher = controller_on_both.services, Held()

    async def renew() -> None:
        async with services.database.transaction() as unit:
            await _desk(controller_on_both, hasher).change(unit, name="Wang Li", password=NEW_PASSWORD)

    async def disable() -> None:
        async with services.database.transaction() as unit:
            await services.sign_in.change(unit, name="Wang Li", is_disabled=True)

    async with asyncio.TaskGroup() as group:
        group.create_task(renew())
        assert await run_blocking(lambda: hasher.begun.wait(20))
        other = group.create_task(disable())
        await asyncio.wait([other], timeout=0.05)
        hasher.may_end.set()
    async with services.database.transaction() as unit:
        account = await services.accounts.by_name(unit, "Wang Li")
    assert account is not None
    assert account.is_disabled
    assert PasswordHasher().verify(account.password_hash or "", NEW_PASSWORD)


async def _refused(work: Awaitable[object]) -> str:
    with pytest.raises(NotSignedIn) as refused:
        await work
    return refused.value.message


def test_the_limit_forgets_the_longest_silent_key_when_it_is_full() -> None:
    limit = AttemptLimit(clock=ManualClock(), most=1, keys=2)
    for key in ("a", "b", "c"):
        limit.count(key)
    limit.check("a")
    with pytest.raises(TooManyAttempts):
        limit.check("c")


async def test_pages_of_another_origin_can_neither_sign_in_nor_write(controller: Controller) -> None:
    client = await _person(controller)
    evil = {"Origin": "https://evil.test"}
    refused = await client.post("/session", json={"user": "Wang Li", "password": PASSWORD}, headers=evil)
    assert refused.status_code == 403
    await client.post("/session", json={"user": "Wang Li", "password": PASSWORD})
    assert (await client.delete("/session", headers=evil)).status_code == 403
    assert (await client.delete("/session", headers={"Origin": "http://controller.test"})).status_code == 204


async def test_a_form_of_another_page_lacks_the_key_header(controller: Controller) -> None:
    client = await _person(controller)
    client.event_hooks = {"request": [], "response": []}
    answer = await client.post("/session", json={"user": "Wang Li", "password": PASSWORD})
    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency_key_missing"
    assert answer.json()["where"] == "Idempotency-Key"

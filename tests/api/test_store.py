"""The controller's own books keep their promises on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.accounts import Account, SignIn, hash_token, new_token
from api.permissions import Role
from api.store import StoredAnswer, ZoneDocument
from api.store_sql import SqlAccountStore, SqlAnswerStore, SqlZoneDocumentStore
from core.database import Database
from core.errors import Conflict, NotFound
from core.ids import UserId, new_id

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
ACCOUNTS, ANSWERS, ZONES = SqlAccountStore(), SqlAnswerStore(), SqlZoneDocumentStore()


def _account(name: str = "Wáng") -> Account:
    return Account(
        id=UserId(new_id()),
        name=name,
        roles=(Role.GRID_WORKER, Role.SUPERVISOR),
        password_hash="x",
        panel_id=None,
        is_disabled=False,
        made_at=NOW,
    )


def _document(revision: int) -> ZoneDocument:
    return ZoneDocument(revision=revision, hash="h", text="{}", made_at=NOW, made_by="a", because=f"try {revision}")


async def test_an_account_comes_back_as_it_was_stored(database: Database) -> None:
    account = _account()
    async with database.transaction() as unit:
        await ACCOUNTS.add(unit, account)
    async with database.transaction() as unit:
        assert await ACCOUNTS.get(unit, account.id) == account
        assert await ACCOUNTS.by_name(unit, "WÁNG") == account
        assert await ACCOUNTS.by_name(unit, "wang") is None
        assert list(await ACCOUNTS.all(unit)) == [account]


async def test_a_name_is_taken_once_and_changes_need_an_account(database: Database) -> None:
    account = _account()
    async with database.transaction() as unit:
        await ACCOUNTS.add(unit, account)
    with pytest.raises(Conflict):
        async with database.transaction() as unit:
            await ACCOUNTS.add(unit, _account("WÁNG"))
    changed = replace(account, roles=(Role.ADMINISTRATOR,), is_disabled=True, password_hash=None)
    async with database.transaction() as unit:
        await ACCOUNTS.save(unit, changed)
        assert await ACCOUNTS.get(unit, account.id) == changed
    with pytest.raises(NotFound):
        async with database.transaction() as unit:
            await ACCOUNTS.save(unit, _account("nobody"))


async def test_sign_ins_are_found_by_their_hash_and_forgotten(database: Database) -> None:
    account, token = _account(), new_token()
    ended = SignIn(token_hash=hash_token("old"), account_id=account.id, made_at=NOW, expires_at=NOW)
    lasting = SignIn(token_hash=hash_token(token), account_id=account.id, made_at=NOW, expires_at=None)
    async with database.transaction() as unit:
        await ACCOUNTS.add(unit, account)
        await ACCOUNTS.add_sign_in(unit, ended)
        await ACCOUNTS.add_sign_in(unit, lasting)
    async with database.transaction() as unit:
        assert await ACCOUNTS.by_token_hash(unit, hash_token(token)) == (account, lasting)
        assert await ACCOUNTS.by_token_hash(unit, hash_token("other")) is None
        assert await ACCOUNTS.remove_expired(unit, before=NOW + timedelta(seconds=1)) == 1
        await ACCOUNTS.remove_sign_ins_of(unit, account.id)
        assert await ACCOUNTS.by_token_hash(unit, hash_token(token)) is None


async def test_a_key_is_claimed_once_and_its_answer_is_given_again(database: Database) -> None:
    mine = UserId(new_id())
    answer = StoredAnswer(fingerprint="f", status=201, body='{"a": 1}')
    async with database.transaction() as unit:
        assert await ANSWERS.claim(unit, account_id=mine, key_hash="k", fingerprint="f", at=NOW) is None
        await ANSWERS.fill(unit, account_id=mine, key_hash="k", answer=answer)
    async with database.transaction() as unit:
        assert await ANSWERS.claim(unit, account_id=mine, key_hash="k", fingerprint="other", at=NOW) == answer
        other = await ANSWERS.claim(unit, account_id=UserId(new_id()), key_hash="k", fingerprint="f", at=NOW)
        assert other is None, "another account's key is another key"
    async with database.transaction() as unit:
        assert await ANSWERS.remove_old(unit, before=NOW) == 0
        assert await ANSWERS.remove_old(unit, before=NOW + timedelta(hours=1)) == 2


async def test_a_claim_that_fails_leaves_the_key_free(database: Database) -> None:
    mine = UserId(new_id())

    async def fail() -> None:
        async with database.transaction() as unit:
            await ANSWERS.claim(unit, account_id=mine, key_hash="k", fingerprint="f", at=NOW)
            raise NotFound("the work failed")

    with pytest.raises(NotFound):
        await fail()
    async with database.transaction() as unit:
        assert await ANSWERS.claim(unit, account_id=mine, key_hash="k", fingerprint="f", at=NOW) is None


async def test_two_that_claim_one_key_at_once_work_once(database: Database) -> None:
    mine = UserId(new_id())
    worked: list[int] = []

    async def write(number: int) -> StoredAnswer | None:
        async with database.transaction() as unit:
            stored = await ANSWERS.claim(unit, account_id=mine, key_hash="k", fingerprint="f", at=NOW)
            if stored is None:
                worked.append(number)
                await asyncio.sleep(0.02)
                answer = StoredAnswer(fingerprint="f", status=200, body=str(number))
                await ANSWERS.fill(unit, account_id=mine, key_hash="k", answer=answer)
        return stored

    answers = await asyncio.gather(*(write(number) for number in range(4)))
    assert len(worked) == 1
    assert {one.body for one in answers if one is not None} == {str(worked[0])}


async def test_zones_keep_their_history(database: Database) -> None:
    async with database.transaction() as unit:
        assert await ZONES.newest(unit) is None
        for revision in (1, 2, 3):
            await ZONES.add(unit, _document(revision))
    async with database.transaction() as unit:
        assert await ZONES.newest(unit) == _document(3)
        assert await ZONES.get(unit, 1) == _document(1)
        assert [one.revision for one in await ZONES.history(unit, limit=2)] == [3, 2]
    with pytest.raises(NotFound):
        async with database.transaction() as unit:
            await ZONES.get(unit, 9)
    with pytest.raises(Conflict):
        async with database.transaction() as unit:
            await ZONES.add(unit, _document(3))

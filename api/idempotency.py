"""Writes that are done once however often they are sent: the answer is stored with the write and given again."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from starlette.datastructures import UploadFile

from api.auth import SignedIn
from api.errors import IDEMPOTENCY_HEADER, IdempotencyKeyReused
from api.services import ServicesNow
from api.store import AnswerStore, StoredAnswer
from core.clock import Clock
from core.database import Database, Transaction
from core.ids import UserId

Key = Annotated[str, Header(alias=IDEMPOTENCY_HEADER, min_length=1, max_length=200)]


class Once:
    """One write request: runs its work and stores its answer in one transaction, or gives the stored answer."""

    def __init__(
        self,
        *,
        database: Database,
        answers: AnswerStore,
        clock: Clock,
        account_id: UserId,
        key_hash: str,
        fingerprint: str,
    ) -> None:
        self._database = database
        self._answers = answers
        self._clock = clock
        self._account_id = account_id
        self._key_hash = key_hash
        self._fingerprint = fingerprint

    async def run(self, work: Callable[[Transaction], Awaitable[BaseModel | None]], *, status: int = 200) -> Response:
        """Return the answer of *work* (None: no content), or the one that it gave to this key before.

        Raises IdempotencyKeyReused when the key came with another request; what *work* raises undoes everything.
        """
        async with self._database.transaction() as unit:
            stored = await self._answers.claim(
                unit,
                account_id=self._account_id,
                key_hash=self._key_hash,
                fingerprint=self._fingerprint,
                at=self._clock.now(),
            )
            if stored is not None:
                return self._again(stored)
            model = await work(unit)
            answer = self._answer(model, status)
            await self._answers.fill(unit, account_id=self._account_id, key_hash=self._key_hash, answer=answer)
        return _response(answer)

    def _answer(self, model: BaseModel | None, status: int) -> StoredAnswer:
        body = "" if model is None else model.model_dump_json()
        return StoredAnswer(fingerprint=self._fingerprint, status=204 if model is None else status, body=body)

    def _again(self, stored: StoredAnswer) -> Response:
        if stored.fingerprint != self._fingerprint:
            raise IdempotencyKeyReused(
                "this key came with another request before",
                where=IDEMPOTENCY_HEADER,
                remedy="make up a fresh key for every new request",
            )
        response = _response(stored)
        response.headers["Idempotency-Replayed"] = "true"
        return response


def _response(answer: StoredAnswer) -> Response:
    if not answer.body:
        return Response(status_code=answer.status)
    return Response(answer.body, status_code=answer.status, media_type="application/json")


async def fingerprint_of(request: Request, *, key: str) -> str:
    """Return the HMAC of method, path, query and body; of a form, of its fields and files in their order."""
    head = f"{request.method} {request.url.path}?{request.url.query}\n"
    digest = hmac.new(key.encode(), head.encode(), hashlib.sha256)
    if request.headers.get("content-type", "").startswith("multipart/"):
        for name, value in (await request.form()).multi_items():
            digest.update(f"\n{name}\n".encode())
            digest.update(await _bytes_of(value))
    else:
        digest.update(await request.body())
    return digest.hexdigest()


async def _bytes_of(value: UploadFile | str) -> bytes:
    if isinstance(value, str):
        return value.encode()
    content = await value.read()
    await value.seek(0)
    return hashlib.sha256(content).digest()


async def once(request: Request, services: ServicesNow, account: SignedIn, key: Key) -> Once:
    """Return the write that this request asks for."""
    return Once(
        database=services.database,
        answers=services.answers,
        clock=services.clock,
        account_id=account.id,
        key_hash=hashlib.sha256(key.encode()).hexdigest(),
        fingerprint=await fingerprint_of(request, key=key),
    )


OnceOnly = Annotated[Once, Depends(once)]

"""The controller's own books in SQL, the same code for SQLite and PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CursorResult, Executable, ForeignKey, Integer, String, Text, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from api.accounts import Account, SignIn
from api.permissions import Role
from api.store import StoredAnswer, ZoneDocument
from core.database import Base, Transaction, UtcDateTime
from core.errors import Conflict, Fault, NotFound
from core.ids import UserId


class AccountRow(Base):
    """An account; `name_key` is the name without case."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    name_key: Mapped[str] = mapped_column(String(160), unique=True)
    roles: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    panel_id: Mapped[str | None] = mapped_column(String(80))
    is_disabled: Mapped[bool]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInRow(Base):
    """A token's hash and whose it is."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class AnswerRow(Base):
    """The answer to one write; status 0 while the write is under way in its own transaction.

    Of the caller's key only a hash is kept, and the fingerprint is keyed with the key itself: a body may hold a
    password, and nobody who reads this table may try passwords against it.
    """

    __tablename__ = "answers"

    account_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ZoneDocumentRow(Base):
    """One revision of the zones."""

    __tablename__ = "zone_documents"

    revision: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str] = mapped_column(String(80))
    because: Mapped[str] = mapped_column(Text)


class SqlAccountStore:
    """Accounts and sign-ins in SQL."""

    async def add(self, unit: Transaction, account: Account) -> None:
        if await self.by_name(unit, account.name) is not None:
            raise Conflict("there is an account of that name already", where=account.name)
        unit.session.add(_account_row(account))
        await unit.session.flush()

    async def save(self, unit: Transaction, account: Account) -> None:
        changes = {
            "roles": _join(account.roles),
            "password_hash": account.password_hash,
            "panel_id": account.panel_id,
            "is_disabled": account.is_disabled,
        }
        if not await _rows(unit, update(AccountRow).where(AccountRow.id == account.id).values(**changes)):
            raise NotFound("no such account", where=account.id)

    async def get(self, unit: Transaction, account_id: UserId, *, locked: bool = False) -> Account:
        row = await unit.session.get(AccountRow, account_id, populate_existing=True, with_for_update=locked)
        if row is None:
            raise NotFound("no such account", where=account_id)
        return _account(row)

    async def by_name(self, unit: Transaction, name: str, *, locked: bool = False) -> Account | None:
        query = select(AccountRow).where(AccountRow.name_key == name.casefold())
        query = query.execution_options(populate_existing=True)
        row = await unit.session.scalar(query.with_for_update() if locked else query)
        return None if row is None else _account(row)

    async def all(self, unit: Transaction) -> Sequence[Account]:
        rows = await unit.session.scalars(select(AccountRow).order_by(AccountRow.name_key))
        return [_account(row) for row in rows]

    async def add_sign_in(self, unit: Transaction, sign_in: SignIn) -> None:
        row = SignInRow(
            token_hash=sign_in.token_hash,
            account_id=sign_in.account_id,
            made_at=sign_in.made_at,
            expires_at=sign_in.expires_at,
        )
        unit.session.add(row)
        await unit.session.flush()

    async def by_token_hash(self, unit: Transaction, token_hash: str) -> tuple[Account, SignIn] | None:
        query = select(AccountRow, SignInRow).join(SignInRow).where(SignInRow.token_hash == token_hash)
        found = (await unit.session.execute(query)).one_or_none()
        return None if found is None else (_account(found[0]), _sign_in(found[1]))

    async def remove_sign_in(self, unit: Transaction, token_hash: str) -> None:
        await _rows(unit, delete(SignInRow).where(SignInRow.token_hash == token_hash))

    async def remove_sign_ins_of(self, unit: Transaction, account_id: UserId) -> None:
        await _rows(unit, delete(SignInRow).where(SignInRow.account_id == account_id))

    async def remove_expired(self, unit: Transaction, *, before: datetime) -> int:
        return await _rows(unit, delete(SignInRow).where(SignInRow.expires_at < before))


class SqlAnswerStore:
    """Answers to writes in SQL."""

    async def claim(
        self, unit: Transaction, *, account_id: UserId, key_hash: str, fingerprint: str, at: datetime
    ) -> StoredAnswer | None:
        dialect = unit.session.get_bind().dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        values = {
            "account_id": account_id,
            "key_hash": key_hash,
            "fingerprint": fingerprint,
            "status": 0,
            "body": "",
            "at": at,
        }
        if await _rows(unit, insert(AnswerRow).values(**values).on_conflict_do_nothing()):
            return None
        row = await unit.session.get(AnswerRow, (account_id, key_hash), populate_existing=True)
        if row is None:
            raise Fault("an answer vanished while it was looked up", remedy="send the request again")
        return StoredAnswer(fingerprint=row.fingerprint, status=row.status, body=row.body)

    async def fill(self, unit: Transaction, *, account_id: UserId, key_hash: str, answer: StoredAnswer) -> None:
        mine = (AnswerRow.account_id == account_id) & (AnswerRow.key_hash == key_hash)
        if not await _rows(unit, update(AnswerRow).where(mine).values(status=answer.status, body=answer.body)):
            raise NotFound("no write is under way with this key", where=key_hash)

    async def remove_old(self, unit: Transaction, *, before: datetime) -> int:
        return await _rows(unit, delete(AnswerRow).where(AnswerRow.at < before))


class SqlZoneDocumentStore:
    """Revisions of the zones in SQL."""

    async def add(self, unit: Transaction, document: ZoneDocument) -> None:
        if await unit.session.get(ZoneDocumentRow, document.revision) is not None:
            raise Conflict("somebody else changed the zones meanwhile", where=f"revision {document.revision}")
        row = ZoneDocumentRow(
            revision=document.revision,
            hash=document.hash,
            text=document.text,
            made_at=document.made_at,
            made_by=document.made_by,
            because=document.because,
        )
        unit.session.add(row)
        await unit.session.flush()

    async def newest(self, unit: Transaction) -> ZoneDocument | None:
        found = await self.history(unit, limit=1)
        return found[0] if found else None

    async def get(self, unit: Transaction, revision: int) -> ZoneDocument:
        row = await unit.session.get(ZoneDocumentRow, revision)
        if row is None:
            raise NotFound("no such revision of the zones", where=str(revision))
        return _zone_document(row)

    async def history(self, unit: Transaction, *, limit: int) -> Sequence[ZoneDocument]:
        query = select(ZoneDocumentRow).order_by(ZoneDocumentRow.revision.desc()).limit(limit)
        return [_zone_document(row) for row in await unit.session.scalars(query)]


async def _rows(unit: Transaction, statement: Executable) -> int:
    result = await unit.session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount


def _join(roles: Sequence[Role]) -> str:
    return " ".join(role.value for role in roles)


def _account_row(account: Account) -> AccountRow:
    return AccountRow(
        id=account.id,
        name=account.name,
        name_key=account.name.casefold(),
        roles=_join(account.roles),
        password_hash=account.password_hash,
        panel_id=account.panel_id,
        is_disabled=account.is_disabled,
        made_at=account.made_at,
    )


def _account(row: AccountRow) -> Account:
    return Account(
        id=UserId(row.id),
        name=row.name,
        roles=tuple(Role(role) for role in row.roles.split()),
        password_hash=row.password_hash,
        panel_id=row.panel_id,
        is_disabled=row.is_disabled,
        made_at=row.made_at,
    )


def _sign_in(row: SignInRow) -> SignIn:
    return SignIn(
        token_hash=row.token_hash,
        account_id=UserId(row.account_id),
        made_at=row.made_at,
        expires_at=row.expires_at,
    )


def _zone_document(row: ZoneDocumentRow) -> ZoneDocument:
    return ZoneDocument(
        revision=row.revision,
        hash=row.hash,
        text=row.text,
        made_at=row.made_at,
        made_by=row.made_by,
        because=row.because,
    )

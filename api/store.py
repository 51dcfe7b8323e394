"""What the controller's own books must be able to do: accounts, sign-ins, answers to writes, zone documents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from api.accounts import Account, SignIn
from core.database import Transaction
from core.ids import UserId


class AccountStore(Protocol):
    """Accounts and their sign-ins."""

    async def add(self, unit: Transaction, account: Account) -> None:
        """Insert; raises Conflict when the name is taken."""

    async def save(self, unit: Transaction, account: Account) -> None:
        """Replace roles, password, panel and disabling; raises NotFound."""

    async def get(self, unit: Transaction, account_id: UserId, *, locked: bool = False) -> Account:
        """Return one account, *locked* for who changes it or its sign-ins; raises NotFound."""

    async def by_name(self, unit: Transaction, name: str, *, locked: bool = False) -> Account | None:
        """Return the account of that name, compared without case."""

    async def all(self, unit: Transaction) -> Sequence[Account]:
        """Return every account, by name."""

    async def add_sign_in(self, unit: Transaction, sign_in: SignIn) -> None:
        """Insert one sign-in."""

    async def by_token_hash(self, unit: Transaction, token_hash: str) -> tuple[Account, SignIn] | None:
        """Return whom a token belongs to, expired and disabled ones too."""

    async def remove_sign_in(self, unit: Transaction, token_hash: str) -> None:
        """Forget one sign-in; an unknown one is fine."""

    async def remove_sign_ins_of(self, unit: Transaction, account_id: UserId) -> None:
        """Forget all sign-ins of one account."""

    async def remove_expired(self, unit: Transaction, *, before: datetime) -> int:
        """Forget sign-ins that ended before then; return how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """The answer that a write got, to be given again to the same request with the same key."""

    fingerprint: str
    """HMAC of method, path, query and body, with the caller's key."""
    status: int
    body: str


class AnswerStore(Protocol):
    """Answers to writes by account and key; rows are written in the transaction of the write itself."""

    async def claim(
        self, unit: Transaction, *, account_id: UserId, key_hash: str, fingerprint: str, at: datetime
    ) -> StoredAnswer | None:
        """Take the key for this transaction and return None, or return what was answered to it before.

        Waits for another transaction that holds the key just now.
        """

    async def fill(self, unit: Transaction, *, account_id: UserId, key_hash: str, answer: StoredAnswer) -> None:
        """Write the answer into the row that `claim` took."""

    async def remove_old(self, unit: Transaction, *, before: datetime) -> int:
        """Forget answers made before then; return how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneDocument:
    """One revision of the site's zones, as canonical GeoJSON text."""

    revision: int
    hash: str
    text: str
    made_at: datetime
    made_by: str
    because: str


class ZoneDocumentStore(Protocol):
    """Every revision of the zones; the newest is in force."""

    async def add(self, unit: Transaction, document: ZoneDocument) -> None:
        """Append; raises Conflict when that revision exists."""

    async def newest(self, unit: Transaction) -> ZoneDocument | None:
        """Return the zones in force."""

    async def get(self, unit: Transaction, revision: int) -> ZoneDocument:
        """Return one revision; raises NotFound."""

    async def history(self, unit: Transaction, *, limit: int) -> Sequence[ZoneDocument]:
        """Return the newest revisions, newest first."""

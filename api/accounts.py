"""Accounts and sign-ins as values: who somebody is, and the proof that a browser, program or panel carries."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from api.permissions import Permission, Role, allows
from core.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person, a program or a panel; `password_hash` is None where only a token opens it."""

    id: UserId
    name: str
    """Unique, compared without case."""
    roles: tuple[Role, ...]
    password_hash: str | None
    panel_id: str | None
    """The panel that a resident device is; from the site file."""
    is_disabled: bool
    made_at: datetime

    def may(self, permission: Permission) -> bool:
        """Say whether any of the account's roles has *permission*."""
        return allows(self.roles, permission)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """An opaque token's row: only its hash is kept; `expires_at` None is a device's token, which ends by disabling."""

    token_hash: str
    account_id: UserId
    made_at: datetime
    expires_at: datetime | None


def new_token() -> str:
    """Return 256 fresh random bits as text for a header, a cookie or an address."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return the SHA-256 of *token*, in hexadecimal; tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()

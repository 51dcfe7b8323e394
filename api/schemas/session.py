"""Signing in, and accounts."""

from pydantic import Field

from api.accounts import Account
from api.permissions import Permission, Role
from api.schemas.shapes import Given, Moment, Told


class SignInGiven(Given):
    """Name and password."""

    user: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)


class UserTold(Told):
    """An account, as its owner and the administrators see it."""

    id: str
    name: str
    roles: list[Role]
    permissions: list[Permission]
    panel_id: str | None
    is_disabled: bool
    made_at: Moment


class SessionTold(Told):
    """Who is signed in."""

    user: UserTold


class FreshSessionTold(SessionTold):
    """The new sign-in; the token is told once and only its hash is kept."""

    token: str
    expires_at: Moment | None


class UsersTold(Told):
    """All accounts, by name."""

    users: list[UserTold]


class UserGiven(Given):
    """A new account."""

    name: str = Field(min_length=1, max_length=64)
    roles: list[Role] = Field(min_length=1)
    password: str = Field(min_length=10, max_length=1024)


class UserChangeGiven(Given):
    """What is to change about an account; a field that is left out stays."""

    roles: list[Role] | None = Field(default=None, min_length=1)
    password: str | None = Field(default=None, min_length=10, max_length=1024)
    is_disabled: bool | None = None


def tell_user(account: Account) -> UserTold:
    """Return what is told of an account."""
    return UserTold(
        id=account.id,
        name=account.name,
        roles=list(account.roles),
        permissions=[permission for permission in Permission if account.may(permission)],
        panel_id=account.panel_id,
        is_disabled=account.is_disabled,
        made_at=account.made_at,
    )

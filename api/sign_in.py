"""Signing in and out, and whose token this is."""

import asyncio
from base64 import b64encode
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from secrets import token_bytes
from weakref import WeakValueDictionary

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from api.accounts import Account, SignIn, hash_token, new_token
from api.errors import TooManyAttempts
from api.permissions import Role
from api.store import AccountStore
from core.clock import Clock
from core.database import Database, Transaction
from core.errors import InvalidInput, NotFound, NotSignedIn
from core.ids import UserId, new_id
from core.tasks import run_blocking

_SHORTEST_PASSWORD = 10
_AT_ONCE = 2


class AttemptLimit:
    """Counts failures by key in a sliding window; memory is bounded, the longest silent keys fall out."""

    def __init__(self, *, clock: Clock, most: int = 5, window_s: float = 300.0, keys: int = 10_000) -> None:
        self._clock = clock
        self._most = most
        self._window_s = window_s
        self._keys = keys
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def one_try(self, key: str) -> AsyncIterator[None]:
        """Let the tries of *key* come one after the other: many at once would all come before the first is counted.

        Raises TooManyAttempts.
        """
        async with self._turns.setdefault(key, asyncio.Lock()):
            self.check(key)
            yield

    def check(self, key: str) -> None:
        """Raise TooManyAttempts while *key* has used up its tries."""
        failures = self._recent(key)
        if len(failures) >= self._most:
            wait_s = int(self._window_s - (self._clock.monotonic_s() - failures[0])) + 1
            raise TooManyAttempts(
                "too many failed tries to sign in",
                remedy=f"wait {wait_s} seconds",
                params={"retry_after_s": wait_s},
            )

    def count(self, key: str) -> None:
        """Note one failure of *key*."""
        failures = self._recent(key)
        failures.append(self._clock.monotonic_s())
        self._failures[key] = failures
        self._failures.move_to_end(key)
        while len(self._failures) > self._keys:
            self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """Let *key* begin anew."""
        self._failures.pop(key, None)

    def _recent(self, key: str) -> deque[float]:
        failures = self._failures.get(key, deque())
        oldest_s = self._clock.monotonic_s() - self._window_s
        while failures and failures[0] <= oldest_s:
            failures.popleft()
        return failures


class SignInDesk:
    """Accounts with passwords (argon2id), opaque tokens kept as hashes, and a limit on failed tries."""

    def __init__(
        self,
        *,
        database: Database,
        accounts: AccountStore,
        clock: Clock,
        session: timedelta,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._clock = clock
        self._session = session
        self._hasher = hasher or PasswordHasher()
        self._by_name = AttemptLimit(clock=clock)
        self._by_address = AttemptLimit(clock=clock, most=50)
        self._nobody = _hash_of_nobody(self._hasher)
        # Its own: nobody waits at the door while plans keep all others busy, and few fill the memory with hashes.
        self._threads = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="sign-in")

    async def sign_in(self, *, name: str, password: str, address: str) -> tuple[Account, str, SignIn]:
        """Return the account, its new token and when that ends.

        Raises NotSignedIn without saying what was wrong, TooManyAttempts after 5 failures of a name in 5 minutes.
        """
        key = name.casefold()
        async with self._by_name.one_try(key), self._by_address.one_try(address):
            async with self._database.transaction() as unit:
                account = await self._accounts.by_name(unit, name)
            if not await self._is_right(account, password):
                self._by_name.count(key)
                self._by_address.count(address)
                raise NotSignedIn("name or password is wrong")
            assert account is not None
            self._by_name.forget(key)
        token, sign_in = self._fresh(account.id, self._session)
        async with self._database.transaction() as unit:
            now = await self._accounts.get(unit, account.id, locked=True)
            if now.is_disabled or now.password_hash != account.password_hash:
                raise NotSignedIn("the account has changed meanwhile", remedy="sign in again")
            await self._accounts.add_sign_in(unit, sign_in)
        return now, token, sign_in

    async def account_of(self, token: str) -> Account:
        """Return whose *token* this is; raises NotSignedIn when it is unknown, ended or its account disabled."""
        async with self._database.transaction() as unit:
            found = await self._accounts.by_token_hash(unit, hash_token(token))
        if found is None or found[0].is_disabled:
            raise NotSignedIn("this sign-in is not known", remedy="sign in again")
        account, sign_in = found
        if sign_in.expires_at is not None and sign_in.expires_at <= self._clock.now():
            raise NotSignedIn("this sign-in has ended", remedy="sign in again")
        return account

    async def sign_out(self, token: str) -> None:
        """Forget *token*."""
        async with self._database.transaction() as unit:
            await self._accounts.remove_sign_in(unit, hash_token(token))

    async def add(self, unit: Transaction, *, name: str, roles: tuple[Role, ...], password: str) -> Account:
        """Add an account with a password; raises InvalidInput or Conflict."""
        _check_name(name)
        account = Account(
            id=UserId(new_id()),
            name=name,
            roles=_check_roles(roles),
            password_hash=await self._hash(password),
            panel_id=None,
            is_disabled=False,
            made_at=self._clock.now(),
        )
        await self._accounts.add(unit, account)
        return account

    async def add_device(self, unit: Transaction, *, panel_id: str) -> tuple[Account, str]:
        """Make (or renew) the account of a panel and return it with its only valid token."""
        account = await self._accounts.by_name(unit, _device_name(panel_id), locked=True)
        if account is None:
            account = self._device(panel_id)
            await self._accounts.add(unit, account)
        else:
            account = replace(account, is_disabled=False)
            await self._accounts.save(unit, account)
        await self._accounts.remove_sign_ins_of(unit, account.id)
        token, sign_in = self._fresh(account.id, None)
        await self._accounts.add_sign_in(unit, sign_in)
        return account, token

    async def change(
        self,
        unit: Transaction,
        *,
        name: str,
        password: str | None = None,
        roles: tuple[Role, ...] | None = None,
        is_disabled: bool | None = None,
    ) -> Account:
        """Change an account; a new password or disabling ends its sign-ins. Raises NotFound or InvalidInput."""
        account = await self._accounts.by_name(unit, name, locked=True)
        if account is None:
            raise NotFound("no such account", where=name)
        changed = replace(
            account,
            password_hash=account.password_hash if password is None else await self._hash(password),
            roles=account.roles if roles is None else _check_roles(roles),
            is_disabled=account.is_disabled if is_disabled is None else is_disabled,
        )
        await self._accounts.save(unit, changed)
        if password is not None or changed.is_disabled:
            await self._accounts.remove_sign_ins_of(unit, account.id)
        return changed

    async def _is_right(self, account: Account | None, password: str) -> bool:
        usable = account is not None and not account.is_disabled and account.password_hash is not None
        stored = account.password_hash if account is not None and account.password_hash else self._nobody
        # An unknown name costs as much time as a wrong password, so that names cannot be found by the clock.
        return await run_blocking(lambda: self._verify(stored, password), executor=self._threads) and usable

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _hash(self, password: str) -> str:
        if len(password) < _SHORTEST_PASSWORD:
            raise InvalidInput(
                f"a password needs at least {_SHORTEST_PASSWORD} characters",
                where="password",
                remedy="take a longer one",
            )
        return await run_blocking(lambda: self._hasher.hash(password), executor=self._threads)

    def _fresh(self, account_id: UserId, life: timedelta | None) -> tuple[str, SignIn]:
        token, now = new_token(), self._clock.now()
        ends_at = None if life is None else now + life
        return token, SignIn(token_hash=hash_token(token), account_id=account_id, made_at=now, expires_at=ends_at)

    def _device(self, panel_id: str) -> Account:
        return Account(
            id=UserId(new_id()),
            name=_device_name(panel_id),
            roles=(Role.RESIDENT_DEVICE,),
            password_hash=None,
            panel_id=panel_id,
            is_disabled=False,
            made_at=self._clock.now(),
        )


def _hash_of_nobody(hasher: PasswordHasher) -> str:
    """Return what looks like a password's hash and is nobody's: as dear to check as a real one, cheap to make."""
    salt, digest = (b64encode(token_bytes(size)).decode().rstrip("=") for size in (hasher.salt_len, hasher.hash_len))
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"


def _device_name(panel_id: str) -> str:
    return f"panel:{panel_id}"


def _check_name(name: str) -> None:
    if not (1 <= len(name) <= 64) or name != name.strip() or ":" in name or not name.isprintable():
        raise InvalidInput("a name has 1 to 64 visible characters and no colon", where="name")


def _check_roles(roles: tuple[Role, ...]) -> tuple[Role, ...]:
    if not roles:
        raise InvalidInput("an account needs a role", where="roles", remedy=f"one of {', '.join(Role)}")
    return tuple(sorted(set(roles)))

"""Supervised tasks: named, restarted with a growing pause, never lost; and the one door to threads."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Executor
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

import structlog

from core.clock import Clock

T = TypeVar("T")
Service = Callable[[], Awaitable[None]]
_MOST_DOUBLINGS = 60
"""Powers of two beyond a thousand are no floats: what fails for a night must still be started again."""
_KEEPS_FAILING = 3
"""Failures in a row that are no hiccup any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """How long to wait before a failed service runs again: doubling from *first_s* up to *most_s*."""

    first_s: float = 0.5
    most_s: float = 30.0

    def pause_s(self, failures: int) -> float:
        """Return the pause after the given number of failures in a row (1 or more)."""
        return float(min(self.most_s, self.first_s * 2.0 ** min(failures - 1, _MOST_DOUBLINGS)))


class TaskSupervisor:
    """Run services side by side until the block is left; a failing one is logged once and started again."""

    def __init__(self, *, clock: Clock, policy: RestartPolicy | None = None) -> None:
        self._clock = clock
        self._policy = policy or RestartPolicy()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._failures: dict[str, tuple[int, float]] = {}
        self._log = structlog.get_logger("tasks")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def run(self, name: str, service: Service) -> None:
        """Start *service* under *name*; it is started again when it fails, not when it returns."""
        self._start(name, self._keep_running(name, service))

    def run_once(self, name: str, service: Service) -> None:
        """Start *service* under *name*; when it fails the failure is logged and it stays stopped."""
        self._start(name, self._run_logged(name, service))

    def is_running(self, name: str) -> bool:
        """Say whether the service *name* has been started and has not ended."""
        return name in self._tasks

    def keeps_failing(self, name: str) -> bool:
        """Say whether the service *name* has failed again and again, and not run for long since."""
        failures, last_s = self._failures.get(name, (0, 0.0))
        return failures >= _KEEPS_FAILING and self._clock.monotonic_s() - last_s < 2 * self._policy.most_s

    async def stop_one(self, name: str) -> None:
        """Cancel the service *name* and wait until it has ended; unknown names are fine."""
        task = self._tasks.get(name)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def stop(self) -> None:
        """Cancel all services, newest first, and wait until each has ended."""
        for name in reversed(list(self._tasks)):
            await self.stop_one(name)

    def _start(self, name: str, work: Coroutine[None, None, None]) -> None:
        if name in self._tasks:
            work.close()
            raise ValueError(f"a service named {name!r} is running already")
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    async def _keep_running(self, name: str, service: Service) -> None:
        failures = 0
        while True:
            started_s = self._clock.monotonic_s()
            try:
                await service()
            except Exception as error:
                if self._clock.monotonic_s() - started_s > self._policy.most_s:
                    failures = 0
                failures += 1
                self._failures[name] = failures, self._clock.monotonic_s()
                if failures == 1:
                    self._log.exception("service failed, it will be started again", service=name)
                else:
                    self._log.error("service failed again", service=name, failures=failures, error=str(error))
                await self._clock.sleep(self._policy.pause_s(failures))
            else:
                return

    async def _run_logged(self, name: str, service: Service) -> None:
        try:
            await service()
        except Exception:
            self._log.exception("service failed", service=name)


async def run_blocking(work: Callable[[], T], *, executor: Executor | None = None) -> T:
    """Run blocking or CPU-bound *work* in a thread (or in *executor*) and return its result."""
    return await asyncio.get_running_loop().run_in_executor(executor, work)


async def within(seconds_s: float, work: Awaitable[T]) -> T:
    """Await *work* for at most *seconds_s*; raises the built-in TimeoutError after that."""
    async with asyncio.timeout(seconds_s):
        return await work


async def guarded(
    work: Awaitable[None],
    *,
    name: str,
    on_fault: Callable[[], Awaitable[None]],
    passes: tuple[type[Exception], ...] = (),
) -> None:
    """Await one piece of *work* among many: a fault in it is logged and answered by *on_fault*, and ends no other.

    What it *passes* on is the matter of who asked for it.
    """
    try:
        await work
    except passes:
        raise
    except Exception:
        structlog.get_logger("tasks").exception("a piece of work failed", work=name)
        await on_fault()

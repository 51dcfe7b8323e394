import asyncio

from core.clock import ManualClock
from core.tasks import RestartPolicy, TaskSupervisor


async def test_a_failing_service_is_started_again_after_a_growing_pause() -> None:
    clock, starts = ManualClock(), []

    async def service() -> None:
        starts.append(clock.monotonic_s())
        raise OSError("the peer went away")

    policy = RestartPolicy(first_s=1.0, most_s=3.0)
    async with TaskSupervisor(clock=clock, policy=policy) as tasks:
        tasks.run("peer", service)
        await clock.advance(10)
    assert starts == [0.0, 1.0, 3.0, 6.0, 9.0]


def test_what_has_failed_for_days_is_still_started_again() -> None:
    assert RestartPolicy(first_s=0.5, most_s=30.0).pause_s(1_000_000) == 30.0


async def test_services_stop_in_the_reverse_of_their_order() -> None:
    stopped: list[str] = []

    async def service(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(name)

    async with TaskSupervisor(clock=ManualClock()) as tasks:
        tasks.run("first", lambda: service("first"))
        tasks.run("second", lambda: service("second"))
        await asyncio.sleep(0)
    assert stopped == ["second", "first"]


async def test_a_service_that_returns_is_not_started_again() -> None:
    runs: list[int] = []

    async def service() -> None:
        runs.append(1)

    clock = ManualClock()
    async with TaskSupervisor(clock=clock) as tasks:
        tasks.run("once", service)
        await clock.advance(100)
        assert not tasks.is_running("once")
    assert runs == [1]

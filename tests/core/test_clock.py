import asyncio

from core.clock import ManualClock


async def test_sleepers_wake_in_the_order_of_their_time() -> None:
    clock, woken = ManualClock(), []

    async def sleeper(name: str, seconds_s: float) -> None:
        await clock.sleep(seconds_s)
        woken.append((name, clock.monotonic_s()))

    async with asyncio.TaskGroup() as group:
        for name, seconds_s in (("late", 5.0), ("early", 1.0), ("middle", 2.0)):
            group.create_task(sleeper(name, seconds_s))
        await clock.advance(1.5)
        assert woken == [("early", 1.0)]
        await clock.advance(10)
    assert woken == [("early", 1.0), ("middle", 2.0), ("late", 5.0)]


async def test_a_jump_moves_the_wall_clock_alone() -> None:
    clock = ManualClock()
    before = clock.now()
    clock.jump(-3600)
    assert (clock.now() - before).total_seconds() == -3600
    assert clock.monotonic_s() == 0.0

import asyncio

import pytest

from core.clock import SystemClock
from core.errors import NotFound, Unavailable
from core.turns import IsStopped, Turns


async def always() -> bool:
    return True


async def test_one_is_served_at_a_time_and_a_crowd_is_sent_away() -> None:
    turns, may_end, served = Turns(clock=SystemClock(), doing="count"), asyncio.Event(), list[int]()

    async def work(_is_stopped: IsStopped) -> int:
        served.append(1)
        await may_end.wait()
        return len(served)

    crowd = [asyncio.ensure_future(turns.take(work, is_wanted=always)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="5 others count already"):
        await turns.take(work, is_wanted=always)
    assert len(served) <= 1
    may_end.set()
    assert await asyncio.gather(*crowd) == [1, 2, 3, 4, 5]
    assert await turns.take(work, is_wanted=always) == 6


async def test_a_fault_reaches_its_caller_as_it_is_and_ends_the_turn() -> None:
    turns = Turns(clock=SystemClock(), doing="count")

    async def fail(_is_stopped: IsStopped) -> int:
        raise NotFound("no such thing")

    for _ in range(2):
        with pytest.raises(NotFound, match="no such thing"):
            await turns.take(fail, is_wanted=always)


async def test_work_is_told_that_its_caller_has_left() -> None:
    turns, has_left = Turns(clock=SystemClock(), doing="count"), asyncio.Event()

    async def is_wanted() -> bool:
        await has_left.wait()
        return False

    async def work(is_stopped: IsStopped) -> tuple[bool, bool]:
        before = is_stopped()
        has_left.set()
        await asyncio.sleep(0.02)
        return before, is_stopped()

    assert await turns.take(work, is_wanted=is_wanted) == (False, True)

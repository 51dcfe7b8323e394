"""An agent beside a vehicle on paper: one that flies an order, and one without any."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fleet.orders import OrderState
from tests.agent.desk import Desk
from tests.fleet.drivers.orders import make_order


@pytest.fixture
async def idle(tmp_path: Path) -> AsyncIterator[Desk]:
    """Return an agent without an order."""
    desk = Desk(tmp_path)
    await desk.start()
    yield desk
    await desk.kill()


@pytest.fixture
async def desk(idle: Desk) -> Desk:
    """Return an agent whose vehicle flies an order."""
    await idle.executor.offer(make_order())
    await idle.reach(OrderState.RUNNING)
    return idle

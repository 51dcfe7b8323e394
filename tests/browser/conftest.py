"""A living controller and a Chromium in front of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.screens import Screens
from tests.browser.town import Town, running_town

ARGUMENTS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# A map drawn without a graphics card, on a machine that does other things too, takes its time.
expect.set_options(timeout=20_000)
BUILT = Path(__file__).parents[2] / "api" / "console" / "index.html"


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A running controller of the estate with two drones that speak."""
    assert BUILT.exists(), "the web pages are not built: run `make setup`"
    async with running_town(tmp_path) as living:
        yield living


@pytest.fixture
async def browser(chromium_path: Path) -> AsyncIterator[Browser]:
    """A fresh Chromium that reaches nothing but this machine."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest.fixture
async def screens(town: Town, browser: Browser) -> AsyncIterator[Screens]:
    """The pages of the town, in English; afterwards: nothing was asked of any other address, nothing broke."""
    opened = Screens(town=town, browser=browser)
    yield opened
    assert opened.troubles == []


@pytest.fixture
async def desk(screens: Screens) -> Page:
    """The desk, signed in as the supervisor."""
    return await screens.desk()

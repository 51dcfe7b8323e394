"""Pages of a town in a browser, watched for errors and for addresses outside of it."""

from dataclasses import dataclass, field

from playwright.async_api import Browser, BrowserContext, Locator, Page

from tests.browser.town import PASSWORD, Town


@dataclass(slots=True)
class Screens:
    """Opens desks and panels; `troubles` gathers script errors and requests to other addresses."""

    town: Town
    browser: Browser
    troubles: list[str] = field(default_factory=list)

    async def context(self, locale: str = "en-GB") -> BrowserContext:
        """Return a fresh browser profile."""
        return await self.browser.new_context(locale=locale, viewport={"width": 1280, "height": 720})

    async def page(self, context: BrowserContext | None = None) -> Page:
        """Return a watched page."""
        page = await (context or await self.context()).new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("request", lambda request: self.watch(request.url))
        return page

    async def desk(self, *, locale: str = "en-GB", path: str = "/") -> Page:
        """Return a desk with the supervisor signed in and the map drawn."""
        page = await self.page(await self.context(locale))
        await page.goto(self.town.address + path)
        await self.sign_in(page)
        await page.wait_for_selector(".tile")
        await page.wait_for_selector(".map[data-ready=true]")
        return page

    async def sign_in(self, page: Page) -> None:
        """Fill in the sign-in page."""
        await page.fill("input[autocomplete=username]", "supervisor")
        await page.fill("input[type=password]", PASSWORD)
        await page.click("button[type=submit]")

    async def panel(self, context: BrowserContext | None = None) -> Page:
        """Return the help panel at the gate."""
        page = await self.page(context)
        await page.goto(f"{self.town.address}/panel/?device={self.town.panel_token}")
        return page

    def watch(self, url: str) -> None:
        """Note a request that leaves the controller's own address."""
        if not url.startswith((self.town.address, "blob:", "data:")):
            self.troubles.append(f"asked another address: {url}")


async def hold(button: Locator) -> None:
    """Press a button as long as it wants to be held."""
    await button.hover()
    await button.page.mouse.down()
    await button.page.wait_for_timeout(750)
    await button.page.mouse.up()

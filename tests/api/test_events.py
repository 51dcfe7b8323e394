"""The journal over REST, the site, figures and health."""

import asyncio
from collections.abc import Mapping

from sqlalchemy import text

from api.figures import Figures
from core.database import Transaction
from core.errors import Unavailable
from core.events import Event, Json
from core.ids import new_id
from tests.api.controller import Controller


async def _emit(controller: Controller, *subjects: str) -> None:
    async with controller.services.database.transaction() as unit:
        for subject in subjects:
            unit.emit(Event(subject=subject, key="k", body={"n": 1}))


async def _fail() -> None:
    raise Unavailable("a test")


class Slow:
    """Figures that take until they are told to end."""

    def __init__(self) -> None:
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def figures(self, unit: Transaction) -> Mapping[str, Json]:
        await unit.session.execute(text("SELECT count(*) FROM incidents"))
        self.begun.set()
        await self.may_end.wait()
        return {}


async def test_who_reads_figures_for_long_holds_no_call_for_help_up(controller: Controller) -> None:
    slow, services = Slow(), controller.services
    panel_id = services.site.panels[0].id
    panel = await controller.sign_in("resident_device", panel_id=panel_id)
    async with asyncio.TaskGroup() as group:
        group.create_task(Figures(database=services.database, sources={"slow": slow}).read())
        await slow.begun.wait()
        try:
            async with asyncio.timeout(10):
                press = {"press_id": new_id(), "pressed_at": controller.clock.now().isoformat()}
                assert (await panel.post("/panel/presses", json=press)).status_code == 201
        finally:
            slow.may_end.set()


async def test_events_are_read_on_from_a_cursor(controller: Controller) -> None:
    await _emit(controller, "runs.changed", "alarms.changed", "incidents.changed")
    client = await controller.sign_in("supervisor")
    first = (await client.get("/events", params={"limit": 2})).json()
    assert [one["subject"] for one in first["events"]] == ["runs.changed", "alarms.changed"]
    rest = (await client.get("/events", params={"after": first["cursor"]})).json()
    assert [one["subject"] for one in rest["events"]] == ["incidents.changed"]
    end = (await client.get("/events", params={"after": rest["cursor"]})).json()
    assert (end["events"], end["cursor"]) == ([], rest["cursor"])


async def test_nobody_hears_more_than_they_may_see(controller: Controller) -> None:
    await _emit(controller, "alarms.changed", "strange.thing", "sightings.new", "zones.changed")
    async with controller.services.database.transaction() as unit:
        for name in ("wang", "li"):
            unit.emit(Event(subject="incidents.changed", key=f"of {name}", body={"worker": name}))
    worker = await controller.sign_in("grid_worker", name="wang")
    told = (await worker.get("/events")).json()
    heard = [(one["subject"], one["key"]) for one in told["events"]]
    assert heard == [("zones.changed", "k"), ("incidents.changed", "of wang")], "as over the routes of incidents"
    assert told["cursor"] == 6, "the cursor passes what was not told"
    panel = await controller.sign_in("resident_device", panel_id="gate")
    assert (await panel.get("/events")).json()["events"] == []


async def test_the_site_is_told_with_longitude_first(controller: Controller) -> None:
    told = (await (await controller.sign_in("grid_worker")).get("/site")).json()
    site = controller.services.site
    assert told["origin"] == [site.origin.lon_deg, site.origin.lat_deg]
    assert [dock["id"] for dock in told["docks"]] == [dock.id for dock in site.docks]
    assert told["basemap"]["type"] == "FeatureCollection"


async def test_figures_are_told_by_domain_and_for_prometheus(controller: Controller) -> None:
    client = await controller.sign_in("supervisor")
    told = (await client.get("/figures")).json()
    assert told["reports"]["committed"] == 0
    assert "incidents" in told
    metrics = (await client.get("/metrics")).text
    assert "\nroundsman_reports_committed 0.0\n" in metrics


async def test_health_is_up_when_everything_runs_and_says_what_does_not(controller: Controller) -> None:
    client = controller.client()
    down = await client.get("/healthz")
    assert (down.status_code, down.json()["database"]) == (503, "up")
    assert "service dispatcher is not running" in down.json()["because"]
    for name, run in controller.services.runs.items():
        controller.services.supervisor.run(name, run)
    up = await client.get("http://controller.test/healthz")
    assert (up.status_code, up.json()["status"], up.json()["because"]) == (200, "up", [])
    await controller.services.supervisor.stop_one("escalator")
    controller.services.supervisor.run("escalator", _fail)
    for _ in range(4):
        await controller.clock.advance(2)
    failing = await client.get("/healthz")
    assert (failing.status_code, failing.json()["because"]) == (503, ["service escalator fails again and again"])
    await controller.services.supervisor.stop_one("escalator")
    assert (await client.get("/healthz")).json()["because"] == ["service escalator is not running"]

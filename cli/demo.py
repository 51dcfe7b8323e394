"""`roundsman demo`: a living neighbourhood from one command, with or without a browser."""

import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.demo_plan import Accounts, DemoPlan, choose_ports, prepare, processes, vehicle_names
from cli.demo_processes import DemoProcesses, last_lines, run_to_end
from cli.demo_report import Happened, make_report, why_not
from cli.rest import RestClient
from cli.status import Status
from core.clock import SystemClock
from core.errors import RoundsmanError, Unavailable
from core.files import check_writable, write_whole
from core.logs import set_up_logs
from core.tasks import run_blocking

app = typer.Typer(help="A living neighbourhood: simulator, controller and agent, from one command.  演示")
WORLDS = Path(__file__).resolve().parent.parent / "sim" / "worlds"
_UP_WITHIN_S = 90.0
_DRAIN_WITHIN_S = 20.0


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="play every person too, and need no browser")] = False,
    for_s: Annotated[float | None, typer.Option(min=0.0, help="stop by itself after so many seconds")] = None,
    report: Annotated[Path | None, typer.Option(help="write what happened into this JSON file")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="of the pages: 8080; headless a free one")] = None,
    world: Annotated[str, typer.Option(help="a world of the simulator, or a folder with one")] = "estate",
    data_dir: Annotated[Path | None, typer.Option(help="keep everything in this folder (default: a fresh one)")] = None,
) -> None:
    """Start everything, print one address and a login, and run until Ctrl-C (or for --for-s seconds)."""
    set_up_logs(process="demo")
    world_dir = WORLDS / world if (WORLDS / world).is_dir() else Path(world)
    vehicle_names(world_dir)  # raises InvalidInput for what is no world, before anything is made
    check_writable(report)
    folder = data_dir or Path(tempfile.mkdtemp(prefix="roundsman-demo-"))
    ports = choose_ports(http=(0 if headless else 8080) if port is None else port)
    plan = DemoPlan(world_dir=world_dir, data_dir=folder.absolute(), ports=ports, headless=headless)
    sys.exit(asyncio.run(Demo(plan=plan).run(for_s=for_s, report=report)))


@dataclass(slots=True)
class _Eyes:
    """Frames and delays over all restarts of the agent: its counters begin anew with each."""

    before: dict[str, int] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    delays_s: dict[str, list[float]] = field(default_factory=dict)

    def note(self, vehicle: Mapping[str, Any]) -> None:
        eyes, name = vehicle["perception"], vehicle["id"]
        if eyes is None:
            return
        if eyes["frames_analysed"] < self.newest.get(name, 0):
            self.before[name] = self.before.get(name, 0) + self.newest[name]
        self.newest[name] = eyes["frames_analysed"]
        for delay_s in eyes["frame_to_sighting_s"]:
            known = self.delays_s.setdefault(name, [])
            if delay_s not in known:
                known.append(delay_s)

    @property
    def frames(self) -> int:
        return sum(self.before.values()) + sum(self.newest.values())

    @property
    def all_delays_s(self) -> list[float]:
        return sorted(delay_s for delays_s in self.delays_s.values() for delay_s in delays_s)


class Demo:
    """One demo from its start to its report."""

    def __init__(self, *, plan: DemoPlan) -> None:
        self._plan = plan
        self._clock = SystemClock()
        self._console = Console(stderr=True)
        self._eyes = _Eyes()
        self._stop = asyncio.Event()
        self._stopped_with = Status.COULD_NOT

    async def run(self, *, for_s: float | None, report: Path | None) -> int:
        """Run until stopped or for *for_s* seconds; returns the exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._end, number)
        self._console.print(f"preparing in {self._plan.data_dir} …")
        try:
            accounts = await prepare(self._plan, clock=self._clock)
        except RoundsmanError:
            if self._stop.is_set():  # Ctrl-C ends what prepares too
                return self._stopped_with
            raise
        async with DemoProcesses(logs_dir=self._plan.data_dir / "logs", clock=self._clock) as running:
            for one in processes(self._plan, accounts):
                running.start(one)
            client = await self._wait_until_up(running, accounts)
            if client is None:
                return self._stopped_with
            self._greet(accounts)
            started_s = self._clock.monotonic_s()
            await self._watch(running, client, for_s=for_s)
            happened = await self._gather(running, client, duration_s=self._clock.monotonic_s() - started_s)
        return self._finish(happened, report=report)

    def _end(self, number: int) -> None:
        self._stopped_with = Status(128 + number)
        self._stop.set()

    async def _wait_until_up(self, running: DemoProcesses, accounts: Accounts) -> RestClient | None:
        client = RestClient(address=self._plan.api)
        until_s = self._clock.monotonic_s() + _UP_WITHIN_S
        while not self._stop.is_set():
            try:
                await run_blocking(lambda: client.sign_in(user="supervisor", password=accounts.supervisor))
            except RoundsmanError as error:
                if self._clock.monotonic_s() > until_s:
                    self._complain(f"the controller did not come up: {error}")
                    return None
                await self._clock.sleep(0.3)
            else:
                (self._plan.data_dir / "pids.json").write_text(json.dumps(running.pids()))
                return client
        return None

    def _greet(self, accounts: Accounts) -> None:
        say = self._console.print
        say("\n[bold]Roundsman 巡更[/bold] is running: simulator, controller, agent.")
        say(f"  desk  指挥台   [bold]{self._plan.api}/[/bold]")
        say(f"  login 登录     user [bold]supervisor[/bold]   password [bold]{accounts.supervisor}[/bold]")
        say(f"  panel 求助面板  {self._plan.api}/panel/?device={accounts.panel_token}", soft_wrap=True)
        say(f"  logs  日志     {self._plan.data_dir / 'logs'}")
        say("The first patrol starts by itself within a minute. Ctrl-C ends everything.\n")

    async def _watch(self, running: DemoProcesses, client: RestClient, *, for_s: float | None) -> None:
        """Tell what happens, one line a change, until it is time to stop."""
        until_s = float("inf") if for_s is None else self._clock.monotonic_s() + for_s
        cursor = 0
        while not self._stop.is_set() and self._clock.monotonic_s() < until_s:
            with suppress(Unavailable):  # it is being started again; the news wait in its journal
                cursor = await run_blocking(lambda after=cursor: self._tell_news(client, after))  # type: ignore[misc]
            running.note_memory()
            (self._plan.data_dir / "pids.json").write_text(json.dumps(running.pids()))
            await self._clock.sleep(1.0)

    def _tell_news(self, client: RestClient, after: int) -> int:
        news = client.get("/events", after=after, limit=500)
        for event in news["events"]:
            if line := _line(event):
                self._console.print(f"{self._clock.now().astimezone():%H:%M:%S} {line}", highlight=False)
        for vehicle in client.get("/vehicles")["vehicles"]:
            self._eyes.note(vehicle)
        return int(news["cursor"])

    async def _gather(self, running: DemoProcesses, client: RestClient, *, duration_s: float) -> Happened:
        """Stop the agent, let its last reports come in, and read both sides' books."""
        from agent.outbox import outbox_figures

        truth = json.loads(await run_to_end("sim", "truth", "--control", self._plan.control))
        outbox = self._plan.agent_dir / "outbox.db"
        until_s = self._clock.monotonic_s() + _DRAIN_WITHIN_S
        await running.stop("people")
        while (await outbox_figures(outbox)).waiting and self._clock.monotonic_s() < until_s:
            await self._clock.sleep(0.5)
        await running.stop("agent")
        await self._clock.sleep(1.0)
        figures = await run_blocking(lambda: client.get("/figures"))
        incidents = await run_blocking(lambda: client.get("/incidents", limit=1000))
        runs = await run_blocking(lambda: client.get("/runs", limit=1000))
        for run in runs["runs"]:
            told = await run_blocking(lambda run=run: client.get(f"/runs/{run['id']}/coverage"))  # type: ignore[misc]
            run["seen_ratio"] = told["seen_ratio"]
        sent = await outbox_figures(outbox)
        committed = figures["reports"]["committed"] + figures["reports"]["refused"]
        arrived = sent.put - sent.waiting
        delays_s = self._eyes.all_delays_s
        figures["reports"] = {
            "sent": sent.put,
            "committed": committed,
            "lost": max(0, arrived - committed),
            "duplicated": max(0, committed - sent.put),
            "refused": figures["reports"]["refused"],
            "waiting": sent.waiting,
        }
        figures["perception"] = {
            "frames_analysed": self._eyes.frames,
            "frame_to_sighting_p50_s": round(delays_s[len(delays_s) // 2], 3) if delays_s else None,
        }
        return Happened(
            duration_s=duration_s,
            figures=figures,
            incidents=incidents["incidents"],
            runs=runs["runs"],
            truth=truth,
            restarts=running.restarts,
            peak_memory_bytes=running.peak_memory_bytes,
        )

    def _finish(self, happened: Happened, *, report: Path | None) -> int:
        document = make_report(happened)
        text = json.dumps(document, ensure_ascii=False, indent=1)
        if report is not None:
            write_whole(report, text + "\n")
        print(text)
        missing = why_not(document) if self._plan.headless else []
        for what in missing:
            self._console.print(f"[bold]not shown:[/bold] {what}")
        return Status.NOT_SO if missing else Status.DONE

    def _complain(self, what: str) -> None:
        self._console.print(f"[bold]{what}[/bold]")
        for name in ("controller", "sim", "agent"):
            for line in last_lines(self._plan.data_dir / "logs" / f"{name}.log"):
                self._console.print(f"  {name}: {line}", highlight=False, markup=False)


def _line(event: Mapping[str, Any]) -> str:
    """Return the sentence for one event, empty for those that are not worth one."""
    body, subject = event["body"], event["subject"]
    match subject:
        case "runs.changed":
            legs = f"{body['legs_done']}/{body['legs_total']} legs"
            return f"run {body['name']}: {body['state']} ({legs}), {body['because']}"
        case "incidents.changed":
            return f"incident {body['number']} ({body['kind']}): {body['state']}, {body['because']}"
        case "alarms.changed":
            return f"alarm {body['number']}: {body['state']}, {body['because']}"
        case "vehicles.event":
            return f"{event['key']}: {body['kind']}, {body['text']}"
        case "patrols.skipped":
            return f"patrol left out: {body['because']}"
    return ""

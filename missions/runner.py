"""The three steps of a run: find it a vehicle, follow its order, take up again what was interrupted."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from core.clock import Clock
from core.database import Database, Transaction
from core.errors import Conflict
from core.tasks import run_blocking
from fleet.holding import MAKES_WAY, Holder, Speaker
from fleet.orders import CommandKind, OrderState
from fleet.store import FleetStore, OrderRecord
from fleet.telemetry import FlightMode
from missions.approved import ApprovedPatrols
from missions.books import RunBooks
from missions.cancelled import why_cancelled
from missions.candidates import Picture, candidates, may_take_remainder, route_for
from missions.giver import OrderGiver, work_legs
from missions.overdue import OverdueOrders
from missions.patient_words import PatientWords
from missions.patrol import Run, RunKind, RunState
from missions.preemption import Decision, Wanted, decide
from missions.remainder import remainder_words
from missions.routing import Ground, route_remainder
from missions.run_resume import RunResume
from missions.separation import Distances
from missions.site import Site
from missions.situation import Situation, Situations
from missions.sources import ZoneSource
from missions.store import MissionStore

_WANTED = {RunKind.PATROL: Wanted.PATROL, RunKind.LOOK: Wanted.LOOK}
_RUN_ENDS = {
    OrderState.DONE: RunState.DONE,
    OrderState.ABORTED: RunState.ABORTED,
    OrderState.FAILED: RunState.FAILED,
    OrderState.TIMED_OUT: RunState.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerSettings:
    """How patient the runner is, and how long a look lasts."""

    offer_within_s: float = 60.0
    overdue_s: float = 300.0
    look_dwell_s: float = 20.0
    attempts: int = 3
    distances: Distances = field(default_factory=Distances)


class RunSteps:
    """Moves one run one step towards its end; each step ends in one transaction or in none."""

    def __init__(
        self,
        *,
        database: Database,
        missions: MissionStore,
        fleet: FleetStore,
        situations: Situations,
        zones: ZoneSource,
        giver: OrderGiver,
        books: RunBooks,
        site: Site,
        clock: Clock,
        settings: RunnerSettings,
    ) -> None:
        self._database = database
        self._missions = missions
        self._fleet = fleet
        self._situations = situations
        self._zones = zones
        self._giver = giver
        self._books = books
        self._site = site
        self._clock = clock
        self._settings = settings
        self._approved = ApprovedPatrols(database=database, missions=missions, books=books)
        self._resume = RunResume(database=database, missions=missions, fleet=fleet, situations=situations, clock=clock)
        self._holds = PatientWords(
            fleet=fleet,
            clock=clock,
            speaker=Speaker.DISPATCHER,
            purpose="to make way for a look",
            refused_kind="hold_refused",
        )
        self._overdue = OverdueOrders(
            database=database,
            fleet=fleet,
            clock=clock,
            offer_within_s=settings.offer_within_s,
            overdue_s=settings.overdue_s,
        )
        self._steps = {
            RunState.PLANNED: self._begin,
            RunState.RUNNING: self._follow,
            RunState.INTERRUPTED: self._take_up_again,
        }

    async def step(self, run: Run) -> None:
        """Do what is to be done for *run* now; raises Conflict when somebody else changed it meanwhile."""
        if not await self._approved.ends(run):
            await self._steps[run.state](run)

    async def _look_around(self, run: Run) -> Picture:
        async with self._database.transaction() as unit:
            vehicles = await self._situations.all(unit)
            ground = Ground(
                site=self._site,
                zones=await self._zones.zones(unit),
                now=self._clock.now(),
                others=vehicles,
                look_dwell_s=self._settings.look_dwell_s,
                distances=self._settings.distances,
            )
            patrol = await self._approved.patrol_of(unit, run)
            order = await self._fleet.order(unit, run.order_id) if run.order_id else None
        if patrol is not None and run.is_reversed:
            patrol = patrol.turned_round()
        return Picture(vehicles=vehicles, ground=ground, patrol=patrol, order=order)

    # ------------------------------------------------------------------ planned: find a vehicle

    async def _begin(self, run: Run) -> None:
        if self._clock.now() > run.give_up_at:
            await self._books.end(run, RunState.FAILED, because=f"nobody could begin it in time: {run.because}")
            return
        picture = await self._look_around(run)
        refusals: list[str] = []
        is_final = True
        for vehicle in candidates(run, picture):
            because, may_wait = await self._try(run, vehicle, picture)
            if not because:
                return
            refusals.append(f"{vehicle.id}: {because}")
            is_final = is_final and not may_wait
        if refusals and is_final:
            await self._books.end(run, RunState.FAILED, because="; ".join(refusals))
        else:
            await self._books.note(run, "; ".join(refusals) or "there is no vehicle that may do it")

    async def _try(self, run: Run, vehicle: Situation, picture: Picture) -> tuple[str, bool]:
        """Return why *vehicle* does not take the run (empty: it does, or makes way) and whether time may mend it."""
        decision = self._decide(run, vehicle)
        if decision is Decision.WAIT:
            return vehicle.why_busy, True
        if decision is Decision.START and vehicle.not_ready:
            return vehicle.not_ready, True
        if decision is Decision.INTERRUPT_AND_RESUME and not vehicle.hovers:
            return await self._make_way(run, vehicle, picture), True
        routed = await run_blocking(lambda: route_for(run, vehicle, picture))
        if routed.route is None:
            await self._let_go(run, vehicle, because=routed.because)
            return routed.because, routed.may_wait
        because = f"{run.name}, {run.because}" if run.kind is RunKind.LOOK else f"patrol {run.name}"
        await self._giver.give(
            run,
            vehicle,
            routed.route,
            zones=picture.ground.zones,
            because=because,
            fleet=picture.vehicles,
        )
        return "", True

    @staticmethod
    def _decide(run: Run, vehicle: Situation) -> Decision:
        """Return the table's word; a vehicle that was held to make way for this very look counts as interrupted."""
        if run.kind is RunKind.LOOK and run.vehicle_id == vehicle.id and _makes_way(vehicle):
            return Decision.INTERRUPT_AND_RESUME
        return decide(now=vehicle.doing, wanted=_WANTED[run.kind])

    async def _make_way(self, run: Run, vehicle: Situation, picture: Picture) -> str:
        """Hold the vehicle for a look that it could fly from here; the order follows when it stands still."""
        if not vehicle.state.is_airborne:
            return "is about to take off"
        if not vehicle.state.link_up:
            return "is not heard"
        if run.vehicle_id is None and self._holds.rests(vehicle.id, CommandKind.HOLD):
            return "did not hold"
        if run.vehicle_id is None:
            routed = await run_blocking(lambda: route_for(run, vehicle, picture))
            if routed.route is None:
                return routed.because
        with self._holds.all_or_nothing():
            return await self._make_way_once(run, vehicle)

    async def _make_way_once(self, run: Run, vehicle: Situation) -> str:
        async with self._database.transaction() as unit:
            await self._holds.hear(unit)
            fresh = await self._missions.claim_run(unit, run.id)
            if fresh is None or fresh.revision != run.revision:
                return ""
            if fresh.vehicle_id is None:
                return await self._hold(unit, fresh, vehicle)
            if not await self._is_being_held(unit, vehicle):
                self._holds.came_to_nothing(vehicle.id)
                await self._books.save(unit, replace(fresh, vehicle_id=None, because=f"{vehicle.id} did not hold"))
                return "did not hold"
        return ""

    async def _hold(self, unit: Transaction, run: Run, vehicle: Situation) -> str:
        because = f"{MAKES_WAY} {run.name}"
        if not await self._holds.say(unit, vehicle.id, CommandKind.HOLD, because):
            return "did not hold"
        await self._books.save(unit, replace(run, vehicle_id=vehicle.id, because=f"{vehicle.id} {because}"))
        return ""

    async def _let_go(self, run: Run, vehicle: Situation, *, because: str) -> None:
        """Let a vehicle that was held for this look go on with its own order, since the look cannot be flown."""
        if run.kind is not RunKind.LOOK or run.vehicle_id != vehicle.id or vehicle.current is None:
            return
        async with self._database.transaction() as unit:
            fresh = await self._missions.claim_run(unit, run.id)
            if fresh is None or fresh.revision != run.revision:
                return
            why = f"goes on: {because}"[:500]
            word = await self._resume.say(unit, vehicle.id, because=why)
            await self._books.save(unit, replace(fresh, vehicle_id=None, because=f"{vehicle.id} {why}"))
        self._resume.remember(vehicle.id, word)

    async def _is_being_held(self, unit: Transaction, vehicle: Situation) -> bool:
        if vehicle.state.mode is FlightMode.HOLD:
            return True
        commands = await self._fleet.open_commands(unit, vehicle_id=vehicle.id)
        return any(record.command.kind is CommandKind.HOLD for record in commands)

    # ------------------------------------------------------------------ running: follow the order

    async def _follow(self, run: Run) -> None:
        async with self._database.transaction() as unit:
            if run.order_id is None:
                raise Conflict("a running run needs an order", where=run.id)
            record = await self._fleet.order(unit, run.order_id)
            tries = len(await self._fleet.orders_of_run(unit, run.id))
            cancelled = await why_cancelled(unit, self._fleet, record) if record.is_ended else ""
        legs_done = run.done_before + work_legs(record)
        # What the vehicle does by itself (a failsafe, a hold) is news of the run as well.
        because = record.progress.because or run.because
        if record.is_ended:
            await self._resume.after_look(record)
            tries = self._settings.attempts if cancelled else tries
            await self._books.change(run, lambda fresh: self._ended(fresh, record, legs_done=legs_done, tries=tries))
        elif (legs_done, because) != (run.legs_done, run.because):
            await self._books.change(run, lambda fresh: replace(fresh, legs_done=legs_done, because=because))
        else:
            await self._resume.go_on(run, record)
            await self._overdue.end(record)

    def _ended(self, run: Run, record: OrderRecord, *, legs_done: int, tries: int) -> Run:
        """Return the run after the end of its order; what a vehicle failed at is given to another one, a few times."""
        state = _RUN_ENDS[record.progress.state]
        because = record.progress.because or "landed and disarmed"
        now = self._clock.now()
        run = replace(run, legs_done=legs_done)
        if state is RunState.FAILED and run.kind is RunKind.PATROL and 0 < tries < self._settings.attempts:
            run = replace(run, give_up_at=now + timedelta(seconds=self._settings.overdue_s))
            return run.move(RunState.INTERRUPTED, because=f"{record.order.vehicle_id} could not: {because}", at=now)
        return run.move(state, because=because, at=now)

    # ------------------------------------------------------------------ interrupted: fly the remainder

    async def _take_up_again(self, run: Run) -> None:
        if self._clock.now() > run.give_up_at:
            await self._books.end(run, RunState.FAILED, because=f"the remainder was not flown in time: {run.because}")
            return
        picture = await self._look_around(run)
        if picture.order is None:
            raise Conflict("an interrupted run needs an order", where=run.id)
        if any(vehicle.current and vehicle.current.order.id == run.order_id for vehicle in picture.vehicles):
            because = "what was to interrupt it was not flown"
            await self._books.change(
                run, lambda fresh: fresh.move(RunState.RUNNING, because=because, at=self._clock.now())
            )
            return
        legs_done = run.done_before + work_legs(picture.order)
        if work_legs(picture.order, legs_done=len(picture.order.order.legs)) == work_legs(picture.order):
            await self._books.change(
                run,
                lambda fresh: replace(fresh, legs_done=legs_done).move(
                    RunState.DONE, because="every leg was flown before the interruption", at=self._clock.now()
                ),
            )
            return
        if legs_done != run.legs_done:
            await self._books.change(run, lambda fresh: replace(fresh, legs_done=legs_done))
            return
        await self._give_remainder(run, picture, picture.order)

    async def _give_remainder(self, run: Run, picture: Picture, rest: OrderRecord) -> None:
        refusals: list[str] = []
        for vehicle in candidates(run, picture):
            if not may_take_remainder(vehicle):
                refusals.append(f"{vehicle.id}: {vehicle.why_busy or vehicle.not_ready}")
                continue
            routed = await run_blocking(
                lambda vehicle=vehicle: route_remainder(  # type: ignore[misc]
                    rest.order.legs, rest.progress.legs_done, vehicle, picture.ground
                )
            )
            if routed.route is not None:
                because = remainder_words(run.name, routed.route.covered_ratio)
                await self._giver.give(
                    run, vehicle, routed.route, zones=picture.ground.zones, because=because, fleet=picture.vehicles
                )
                return
            refusals.append(f"{vehicle.id}: {routed.because}")
        await self._books.note(run, "; ".join(refusals) or run.because)


def _makes_way(vehicle: Situation) -> bool:
    """Say whether it hangs in the air by our word; somebody who held it since has the last one."""
    if vehicle.current is None or not (vehicle.state.is_airborne and vehicle.state.mode is FlightMode.HOLD):
        return False
    return vehicle.current.progress.holder in {Holder.NOBODY, Holder.DISPATCHER}

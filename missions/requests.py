"""What people (and the schedule) ask for: runs, looks, cancellations and words to vehicles."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from core.clock import Clock
from core.database import Transaction
from core.errors import Conflict, InvalidInput
from core.events import Event
from core.ids import AlarmId, PatrolId, RunId, VehicleId, new_id
from fleet.commands import make_command
from fleet.holding import Speaker
from fleet.orders import Command, CommandKind
from fleet.store import FleetStore
from geofence.positions import GeoPosition
from missions.books import RunBooks
from missions.patrol import Patrol, Run, RunKind, RunState
from missions.patrol_files import patrol_to_json
from missions.schedule import PlannedStart, first_start
from missions.store import MissionStore

GIVE_UP_AFTER = timedelta(minutes=15)


def make_run(
    *,
    kind: RunKind,
    name: str,
    asked_by: str,
    now: datetime,
    patrol: Patrol | None = None,
    alarm_id: AlarmId | None = None,
    place: GeoPosition | None = None,
    wanted_vehicle_id: VehicleId | None = None,
    start: PlannedStart | None = None,
) -> Run:
    """Return a new run that waits for its vehicle; *start* tells its direction, and it keeps to *patrol* as it is."""
    return Run(
        id=RunId(new_id()),
        kind=kind,
        patrol_id=None if patrol is None else patrol.id,
        alarm_id=alarm_id,
        name=name,
        state=RunState.PLANNED,
        vehicle_id=None,
        wanted_vehicle_id=wanted_vehicle_id,
        asked_by=asked_by,
        planned_at=now,
        started_at=None,
        ended_at=None,
        give_up_at=now + GIVE_UP_AFTER,
        place=place,
        order_id=None,
        legs_total=0,
        legs_done=0,
        done_before=0,
        because=f"asked by {asked_by}",
        revision=0,
        is_reversed=start is not None and start.is_reversed,
        seed=None if start is None else start.seed,
        patrol_revision=None if patrol is None else patrol.revision,
    )


def with_seed(patrol: Patrol) -> Patrol:
    """Return the patrol with a seed of its own where its schedule leaves something to chance and has none yet."""
    schedule = patrol.schedule
    if schedule is None or schedule.chance is None or schedule.chance.seed:
        return patrol
    chance = replace(schedule.chance, seed=1 + secrets.randbelow(2**31 - 1))
    return replace(patrol, schedule=replace(schedule, chance=chance))


class MissionRequests:
    """Takes what people ask for into the books; the dispatcher does it."""

    def __init__(self, *, missions: MissionStore, fleet: FleetStore, books: RunBooks, clock: Clock) -> None:
        self._missions = missions
        self._fleet = fleet
        self._books = books
        self._clock = clock

    async def add_patrol(self, unit: Transaction, patrol: Patrol, *, by: str) -> tuple[Patrol, datetime | None]:
        """Store a new patrol and return it with its next start; raises Conflict when its id is taken.

        Raises InvalidInput when its schedule is over.
        """
        patrol = with_seed(patrol)
        at = self._next_start(patrol, spent_until=None)
        stored = await self._missions.add_patrol(unit, patrol, next_start_at=at)
        unit.emit(Event(subject="patrols.changed", key=stored.id, body={**patrol_to_json(stored), "by": by}))
        return stored, at

    async def change_patrol(self, unit: Transaction, patrol: Patrol, *, by: str) -> tuple[Patrol, datetime | None]:
        """Replace the patrol whose revision *patrol* names; raises NotFound, Conflict when it changed since."""
        patrol = with_seed(patrol)
        at = await self._due(unit, patrol.id)
        if at is None or patrol.schedule is None or not patrol.is_active:
            at = self._next_start(patrol, spent_until=await self._missions.spent_until(unit, patrol.id))
        stored = await self._missions.change_patrol(unit, patrol, next_start_at=at)
        unit.emit(Event(subject="patrols.changed", key=stored.id, body={**patrol_to_json(stored), "by": by}))
        return stored, at

    async def _due(self, unit: Transaction, patrol_id: PatrolId) -> datetime | None:
        """Return a start that is due and that nobody has looked at yet: it takes place, whatever is changed now."""
        at = await self._missions.next_start_at(unit, patrol_id)
        return at if at is not None and at <= self._clock.now() else None

    def _next_start(self, patrol: Patrol, *, spent_until: datetime | None) -> datetime | None:
        if patrol.schedule is None or not patrol.is_active:
            return None
        return first_start(patrol.schedule, now=self._clock.now(), spent_until=spent_until)

    async def start_patrol(
        self, unit: Transaction, patrol_id: PatrolId, *, asked_by: str, vehicle_id: VehicleId | None
    ) -> Run:
        """Store a run of the patrol; raises NotFound (patrol, vehicle) or Conflict when it runs already."""
        # Locked, so that two who start it at once do not both find that it does not run.
        patrol = await self._missions.patrol(unit, patrol_id, locked=True)
        if not patrol.is_active:
            remedy = "approve it first"
            raise Conflict("the patrol is a draft: nobody has approved it", where=patrol_id, remedy=remedy)
        if vehicle_id is not None:
            await self._fleet.vehicle(unit, vehicle_id)
            if patrol.vehicle_ids and vehicle_id not in patrol.vehicle_ids:
                raise InvalidInput(
                    f"{vehicle_id} may not fly this patrol",
                    where="vehicle_id",
                    remedy=f"allowed are {', '.join(patrol.vehicle_ids)}",
                )
        active = await self._missions.runs(unit, only_active=True, limit=1000)
        if running := next((run for run in active if run.patrol_id == patrol_id), None):
            raise Conflict(f"the patrol is {running.state.value} already", where=running.id)
        run = make_run(
            kind=RunKind.PATROL,
            name=patrol.name,
            asked_by=asked_by,
            now=self._clock.now(),
            patrol=patrol,
            wanted_vehicle_id=vehicle_id,
        )
        return await self._books.add(unit, run)

    async def request_look(
        self, unit: Transaction, *, alarm_id: AlarmId, place: GeoPosition, asked_by: str, vehicle_id: VehicleId | None
    ) -> RunId:
        """Store a look at an alarm's place; asking twice while one is under way returns that one.

        A look that no vehicle flies yet is for the one that is named later. Raises NotFound, or Conflict when another
        vehicle looks already.
        """
        if vehicle_id is not None:
            await self._fleet.vehicle(unit, vehicle_id)
        before = await self._missions.look_for_alarm(unit, alarm_id)
        if before is not None and not before.is_ended:
            return (await self._for_vehicle(unit, before, vehicle_id)).id
        run = make_run(
            kind=RunKind.LOOK,
            name="a look at a help alarm",
            asked_by=asked_by,
            now=self._clock.now(),
            alarm_id=alarm_id,
            place=place,
            wanted_vehicle_id=vehicle_id,
        )
        return (await self._books.add(unit, run)).id

    async def _for_vehicle(self, unit: Transaction, look: Run, vehicle_id: VehicleId | None) -> Run:
        """Return the look that is under way, for the vehicle that is asked for now."""
        if vehicle_id in {None, look.vehicle_id or look.wanted_vehicle_id}:
            return look
        if look.vehicle_id is not None or look.state is not RunState.PLANNED:
            remedy = "cancel that look first"
            raise Conflict(f"{look.vehicle_id} is sent to look already", where=look.id, remedy=remedy)
        return await self._books.save(unit, replace(look, wanted_vehicle_id=vehicle_id))

    async def cancel(self, unit: Transaction, run_id: RunId, *, because: str, by: str) -> Run:
        """End a run: at once when nothing flies for it, else by telling its vehicle to come home.

        Raises NotFound, or Conflict when it has ended.
        """
        # Locked: whoever interrupts it at this moment comes first, or finds that it is cancelled.
        run = await self._missions.run(unit, run_id, locked=True)
        if run.is_ended:
            raise Conflict(f"the run is {run.state.value} already", where=run_id)
        why = f"cancelled by {by}: {because}"
        if run.state is RunState.RUNNING and run.order_id and run.vehicle_id:
            command = make_command(
                run.vehicle_id,
                CommandKind.CANCEL,
                because=why,
                now=self._clock.now(),
                speaker=Speaker.PERSON,
                order_id=run.order_id,
            )
            await self._fleet.add_command(unit, command)
            return run
        return await self._books.save(unit, run.move(RunState.ABORTED, because=why, at=self._clock.now()))

    async def command(
        self, unit: Transaction, vehicle_id: VehicleId, kind: CommandKind, *, because: str, by: str
    ) -> Command:
        """Store a person's word to a vehicle; the link delivers it. Raises NotFound for an unknown vehicle."""
        await self._fleet.vehicle(unit, vehicle_id)
        why = f"{by}: {because}"
        command = make_command(vehicle_id, kind, because=why, now=self._clock.now(), speaker=Speaker.PERSON)
        await self._fleet.add_command(unit, command)
        return command

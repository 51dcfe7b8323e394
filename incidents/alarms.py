"""The alarm desk: a press is stored, rings, is answered by the first desk, and is ended by a person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from core.clock import Clock
from core.database import Transaction
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import AlarmId, IncidentId, RunId, VehicleId, new_id
from geofence.positions import GeoPosition
from incidents.alarm import AlarmState, HelpAlarm, Ring, press_of_incident
from incidents.bodies import alarm_event
from incidents.errors import AlreadyAnswered, RevisionPassed
from incidents.incident import TimelineLine
from incidents.store import AlarmStore, Numbers, TimelineStore
from missions.site import Panel
from perception.sighting import Sighting

SERIES = "QZ"
_LONGEST_S = 86_400.0
_LONGEST_PANEL = 80
"""Characters that the books have room for: the name of a vehicle alone may be as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """How long an alarm calls at each step before the next one hears of it as well."""

    desk_s: float = 20.0
    supervisor_s: float = 30.0
    outside_retry_s: float = 15.0
    unsure_s: float = 60.0
    """How long what may be an emergency waits for somebody to look at its picture, before it rings all the same."""
    time_zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        for name in ("desk_s", "supervisor_s", "outside_retry_s", "unsure_s"):
            if not 0 < getattr(self, name) < _LONGEST_S:
                raise InvalidInput(
                    f"a wait of {getattr(self, name):g} s is none or has no end",
                    where=name,
                    remedy="give seconds within a day",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmName:
    """What a vehicle saw, in both languages."""

    name: str
    name_zh: str


class Panels(Protocol):
    """Where the help panels stand."""

    def panel(self, panel_id: str) -> Panel | None:
        """Return the panel of that id."""


class LookRequester(Protocol):
    """Sends a vehicle to look at a place; missions implement it."""

    async def request_look(
        self,
        unit: Transaction,
        *,
        alarm_id: AlarmId,
        place: GeoPosition,
        asked_by: str,
        vehicle_id: VehicleId | None,
    ) -> RunId:
        """Ask for a look at *place* with a certain vehicle, or any; return the run that carries it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmStep:
    """What a person wants to do with an alarm. `revision` None: whatever happened meanwhile."""

    to: AlarmState
    because: str
    revision: int | None = None


class AlarmDesk:
    """Takes presses, confirmations and people's steps."""

    def __init__(
        self,
        *,
        alarms: AlarmStore,
        timeline: TimelineStore,
        numbers: Numbers,
        panels: Panels,
        looks: LookRequester,
        settings: AlarmSettings,
        clock: Clock,
    ) -> None:
        self._alarms = alarms
        self._timeline = timeline
        self._numbers = numbers
        self._panels = panels
        self._looks = looks
        self._settings = settings
        self._clock = clock
        self._time_zone = ZoneInfo(settings.time_zone)

    async def press(self, unit: Transaction, *, press_id: str, panel_id: str, pressed_at: datetime) -> HelpAlarm:
        """Raise the alarm of a press, or return the one that the same press raised before.

        Tell the resident only after the transaction is committed. Raises NotFound for an unknown panel, Conflict when
        another panel used the press's id.
        """
        panel = self._panels.panel(panel_id)
        if panel is None:
            raise NotFound(
                "this panel is not on the site's list, so nobody would know where to go",
                where=panel_id,
                remedy="add the panel and its place to the site file",
            )
        await self._numbers.lock(unit, SERIES)
        if (known := await self._alarms.by_press(unit, press_id)) is not None:
            return _of_panel(known, panel_id)
        because = f"the help button at {panel.name} was pressed"
        return await self._raise(unit, panel, press_id=press_id, at=pressed_at, because=because)

    async def seen(
        self, unit: Transaction, sighting: Sighting, *, incident_id: IncidentId, name: AlarmName
    ) -> HelpAlarm:
        """Raise the alarm of something that a vehicle saw and that cannot wait; once for each incident."""
        await self._numbers.lock(unit, SERIES)
        if (known := await self.of_incident(unit, incident_id)) is not None:
            return known
        eye = sighting.vehicle_id
        panel_id = f"eyes:{eye}"[:_LONGEST_PANEL]
        seen_by = Panel(id=panel_id, name=f"{eye}: {name.name}", name_zh=f"{eye}：{name.name_zh}", place=sighting.place)
        press_id = press_of_incident(incident_id)
        return await self._raise(unit, seen_by, press_id=press_id, at=sighting.last_seen_at, because=sighting.because)

    async def of_incident(self, unit: Transaction, incident_id: IncidentId) -> HelpAlarm | None:
        """Return the alarm that rang for an incident; None when none did."""
        return await self._alarms.by_press(unit, press_of_incident(incident_id))

    async def _raise(self, unit: Transaction, panel: Panel, *, press_id: str, at: datetime, because: str) -> HelpAlarm:
        now = self._clock.now()
        alarm = HelpAlarm(
            id=AlarmId(new_id()),
            number=await self._numbers.next(unit, SERIES, year=now.astimezone(self._time_zone).year),
            press_id=press_id,
            panel_id=panel.id,
            panel_name=panel.name,
            panel_name_zh=panel.name_zh,
            place=panel.place,
            state=AlarmState.RAISED,
            pressed_at=at,
            raised_at=now,
            escalate_at=now + timedelta(seconds=self._settings.desk_s),
            because=because,
            revision=1,
        )
        await self._alarms.add(unit, alarm)
        await self.tell(unit, alarm, actor=panel.id, what=alarm.state.value, because=because)
        return alarm

    async def rung(self, unit: Transaction, alarm_id: AlarmId, *, desk: str) -> HelpAlarm:
        """Note that the alarm rings at *desk*; once for each escalation, repeats change nothing."""
        alarm = await self._alarms.get(unit, alarm_id, locked=True)
        now = self._clock.now()
        ring = Ring(alarm_id=alarm.id, desk=desk, escalation=alarm.escalation, at=now)
        if not alarm.is_open or not await self._alarms.add_ring(unit, ring):
            return alarm
        if alarm.state is AlarmState.RAISED:
            alarm = replace(alarm.move(AlarmState.RINGING, because=f"rings at {desk}"), rung_at=now)
            await self._alarms.update(unit, alarm)
        await self.tell(unit, alarm, actor=desk, what="rung", because=f"rings at {desk}")
        return alarm

    async def move(self, unit: Transaction, alarm_id: AlarmId, step: AlarmStep, *, person: str) -> HelpAlarm:
        """Take a person's step and return the alarm after it.

        The first to answer wins, whatever else changed meanwhile; the others get AlreadyAnswered. Raises NotFound,
        RevisionPassed, or Conflict when the table forbids the step.
        """
        alarm = await self._alarms.get(unit, alarm_id, locked=True)
        if step.to is AlarmState.ANSWERED:
            return await self._answer(unit, alarm, step, person)
        if step.revision is not None and step.revision != alarm.revision:
            raise RevisionPassed(
                "the alarm has changed since it was loaded",
                where=alarm.number,
                remedy="load it again",
                params={"revision": alarm.revision},
            )
        if step.to in {AlarmState.RAISED, AlarmState.RINGING} and alarm.is_unanswered:
            raise Conflict("an alarm begins to ring by the desks' own word", where=alarm.number)
        if step.to is AlarmState.RINGING:
            # It calls anew, so every desk has to say anew that it is heard there.
            await self._alarms.forget_rings(unit, alarm.id)
        return await self._write(unit, self._stamp(alarm.move(step.to, because=step.because), person), person)

    async def _answer(self, unit: Transaction, alarm: HelpAlarm, step: AlarmStep, person: str) -> HelpAlarm:
        if not alarm.is_unanswered:
            if alarm.state is AlarmState.ANSWERED and alarm.answered_by == person:
                return alarm
            raise AlreadyAnswered(
                f"{alarm.answered_by} was first to answer",
                where=alarm.number,
                params={"answered_by": alarm.answered_by, "state": alarm.state.value},
            )
        if alarm.state is AlarmState.RAISED:
            # Whoever answers has heard it; no desk had confirmed the ringing yet.
            alarm = replace(alarm.move(AlarmState.RINGING, because=f"rings at {person}"), rung_at=self._clock.now())
            alarm = await self._write(unit, alarm, person)
        return await self._write(unit, self._stamp(alarm.move(step.to, because=step.because), person), person)

    async def mistake(self, unit: Transaction, press_id: str, *, panel_id: str) -> HelpAlarm:
        """Note the resident's word that it was a mistake; a desk still has to end the alarm."""
        alarm = await self.of_press(unit, press_id, panel_id=panel_id, locked=True)
        if alarm.mistaken or not alarm.is_open:
            return alarm
        said = replace(alarm, mistaken=True, revision=alarm.revision + 1)
        await self._alarms.update(unit, said)
        await self.tell(unit, said, actor=panel_id, what="mistake", because="the resident says it was a mistake")
        return said

    async def look(
        self, unit: Transaction, alarm_id: AlarmId, *, person: str, vehicle_id: VehicleId | None = None
    ) -> HelpAlarm:
        """Ask for a look at the alarm's place; raises Conflict when the alarm has ended."""
        alarm = await self._alarms.get(unit, alarm_id, locked=True)
        if not alarm.is_open:
            raise Conflict("the alarm has ended", where=alarm.number)
        run_id = await self._looks.request_look(
            unit, alarm_id=alarm.id, place=alarm.place, asked_by=person, vehicle_id=vehicle_id
        )
        asked = replace(alarm, look_run_id=run_id, revision=alarm.revision + 1)
        await self._alarms.update(unit, asked)
        what = vehicle_id or "the nearest vehicle"
        await self.tell(
            unit, asked, actor=person, what="look", because=f"{person} asked {what} to look", vehicle_id=vehicle_id
        )
        return asked

    async def party_lost(self, unit: Transaction, alarm_id: AlarmId, *, party: str, because: str) -> HelpAlarm:
        """Say in the alarm's story that a desk, responder or vehicle is gone; the alarm stays as it is."""
        alarm = await self._alarms.get(unit, alarm_id)
        await self.tell(unit, alarm, actor=party, what="party_lost", because=because)
        return alarm

    async def of_press(self, unit: Transaction, press_id: str, *, panel_id: str, locked: bool = False) -> HelpAlarm:
        """Return the alarm of a panel's own press; raises NotFound, also for another panel's."""
        alarm = await self._alarms.by_press(unit, press_id, locked=locked)
        if alarm is None or alarm.panel_id != panel_id:
            raise NotFound("there is no such press of this panel", where=press_id)
        return alarm

    async def rung_by(self, unit: Transaction, alarm: HelpAlarm) -> Sequence[str]:
        """Return the desks where the alarm rings at its present escalation."""
        rings = await self._alarms.rings(unit, alarm.id)
        return [ring.desk for ring in rings if ring.escalation == alarm.escalation]

    async def story(self, unit: Transaction, alarm_id: AlarmId) -> tuple[TimelineLine, ...]:
        """Return the alarm's story."""
        return await self._timeline.lines(unit, alarm_id)

    async def tell(
        self,
        unit: Transaction,
        alarm: HelpAlarm,
        *,
        actor: str,
        what: str,
        because: str,
        vehicle_id: VehicleId | None = None,
    ) -> None:
        """Add a line to the alarm's story and tell everybody how it stands."""
        line = TimelineLine(
            subject_id=alarm.id,
            at=self._clock.now(),
            actor=actor,
            what=what,
            because=because,
            vehicle_id=vehicle_id,
        )
        await self._timeline.append(unit, line)
        unit.emit(alarm_event(alarm, rung_by=await self.rung_by(unit, alarm)))

    async def _write(self, unit: Transaction, alarm: HelpAlarm, person: str) -> HelpAlarm:
        await self._alarms.update(unit, alarm)
        await self.tell(unit, alarm, actor=person, what=alarm.state.value, because=alarm.because)
        return alarm

    def _stamp(self, alarm: HelpAlarm, person: str) -> HelpAlarm:
        now = self._clock.now()
        if alarm.state is AlarmState.ANSWERED:
            return replace(alarm, answered_at=now, answered_by=person, escalate_at=None)
        if alarm.state is AlarmState.RINGING:
            again_at = now + timedelta(seconds=self._settings.desk_s)
            return replace(alarm, answered_by=None, escalation=0, escalate_at=again_at, outside_told_at=None)
        if not alarm.is_open:
            return replace(alarm, ended_at=now, ended_by=person, escalate_at=None)
        return alarm


def _of_panel(alarm: HelpAlarm, panel_id: str) -> HelpAlarm:
    if alarm.panel_id != panel_id:
        raise Conflict("another panel used this id for a press", where=alarm.press_id, remedy="make up a fresh id")
    return alarm

"""Hands unanswered alarms on: desks, then the supervisor, then outside. It never ends one.

What is due is a column of the alarm's row, so a restart, however long it took, goes on where the last process was.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from core.clock import Clock
from core.database import Database, Transaction
from core.errors import Fault
from core.ids import AlarmId
from incidents.alarm import HelpAlarm
from incidents.alarms import AlarmDesk, AlarmSettings
from incidents.store import AlarmStore

ACTOR = "system"
SUPERVISOR = 1
OUTSIDE = 2
_BATCH = 20


class OutsideLine(Protocol):
    """The last step: somebody outside the organisation."""

    @property
    def is_configured(self) -> bool:
        """Say whether there is anybody to tell."""

    async def tell(self, alarm: HelpAlarm) -> str:
        """Tell them about *alarm* and return their answer in a sentence; raises Fault when they did not take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NobodyOutside:
    """No outside number is configured; the alarm's story says so."""

    is_configured: bool = False

    async def tell(self, alarm: HelpAlarm) -> str:
        """Raise Fault: there is nobody."""
        raise Fault("no outside number is configured", where=alarm.number)


class Escalator:
    """A service: looks for due alarms again and again."""

    def __init__(
        self,
        *,
        database: Database,
        alarms: AlarmStore,
        desk: AlarmDesk,
        outside: OutsideLine,
        settings: AlarmSettings,
        clock: Clock,
        pause_s: float = 0.5,
    ) -> None:
        self._database = database
        self._alarms = alarms
        self._desk = desk
        self._outside = outside
        self._settings = settings
        self._clock = clock
        self._pause_s = pause_s
        self._log = structlog.get_logger("escalator")

    async def run(self) -> None:
        """Escalate what is due, for ever."""
        while True:
            await self.step()
            await self._clock.sleep(self._pause_s)

    async def step(self) -> None:
        """Escalate what is due now, then tell outside whom it has come to."""
        now = self._clock.now()
        async with self._database.transaction() as unit:
            due = await self._alarms.claim_due(unit, now=now, or_after=now + self._longest(), limit=_BATCH)
            escalated = [await self._escalate(unit, alarm) for alarm in due]
        if self._outside.is_configured:
            calls = [alarm for alarm in escalated if alarm.escalation == OUTSIDE and alarm.is_unanswered]
            await asyncio.gather(*(self._tell_outside(alarm) for alarm in calls))

    async def _escalate(self, unit: Transaction, alarm: HelpAlarm) -> HelpAlarm:
        if not alarm.is_unanswered:
            return await self._save(unit, replace(alarm, escalate_at=None))
        if alarm.escalation < SUPERVISOR:
            return await self._to_supervisor(unit, alarm)
        if alarm.escalation < OUTSIDE:
            return await self._to_outside(unit, alarm)
        if not self._outside.is_configured:
            return await self._save(unit, replace(alarm, escalate_at=None))
        # Outside has not confirmed yet: the attempt is repeated, also by a process that finds the row after a crash.
        return await self._save(unit, replace(alarm, escalate_at=self._retry_at()))

    async def _to_supervisor(self, unit: Transaction, alarm: HelpAlarm) -> HelpAlarm:
        next_at = self._clock.now() + timedelta(seconds=self._settings.supervisor_s)
        because = f"no desk answered for {self._waited_s(alarm):.0f} s, so the supervisor is called"
        return await self._raise_to(unit, replace(alarm, escalation=SUPERVISOR, escalate_at=next_at), because)

    async def _to_outside(self, unit: Transaction, alarm: HelpAlarm) -> HelpAlarm:
        waited = f"nobody answered for {self._waited_s(alarm):.0f} s"
        if self._outside.is_configured:
            further = replace(alarm, escalation=OUTSIDE, escalate_at=self._retry_at())
            return await self._raise_to(unit, further, f"{waited}, so the outside number is told")
        last = replace(alarm, escalation=OUTSIDE, escalate_at=None)
        return await self._raise_to(unit, last, f"{waited}; no outside number is configured, it rings on at every desk")

    async def _raise_to(self, unit: Transaction, alarm: HelpAlarm, because: str) -> HelpAlarm:
        saved = await self._save(unit, replace(alarm, because=because))
        await self._desk.tell(unit, saved, actor=ACTOR, what="escalated", because=because)
        self._log.warning("alarm escalated", alarm_id=alarm.id, escalation=alarm.escalation)
        return saved

    async def _tell_outside(self, alarm: HelpAlarm) -> None:
        try:
            answer = await self._outside.tell(alarm)
        except Fault as fault:
            await self._tell_failure(alarm.id, because=f"the outside number was not reached: {fault}")
            return
        async with self._database.transaction() as unit:
            now_alarm = await self._alarms.get(unit, alarm.id, locked=True)
            # Somebody may have answered meanwhile, and it may call anew by now: that goes its own way.
            escalate_at = None if now_alarm.escalation == OUTSIDE else now_alarm.escalate_at
            told = replace(now_alarm, outside_told_at=self._clock.now(), escalate_at=escalate_at)
            told = await self._save(unit, told)
            await self._desk.tell(unit, told, actor=ACTOR, what="outside_told", because=answer)

    async def _tell_failure(self, alarm_id: AlarmId, *, because: str) -> None:
        # The first failure is told, not every retry.
        async with self._database.transaction() as unit:
            alarm = await self._alarms.get(unit, alarm_id)
            if (await self._desk.story(unit, alarm_id))[-1].what != "outside_failed":
                await self._desk.tell(unit, alarm, actor=ACTOR, what="outside_failed", because=because)

    async def _save(self, unit: Transaction, alarm: HelpAlarm) -> HelpAlarm:
        saved = replace(alarm, revision=alarm.revision + 1)
        await self._alarms.update(unit, saved)
        return saved

    def _waited_s(self, alarm: HelpAlarm) -> float:
        return max(0.0, (self._clock.now() - alarm.raised_at).total_seconds())

    def _longest(self) -> timedelta:
        """Return how far ahead a step can be; what is further was written before the clock was set back."""
        settings = self._settings
        return timedelta(seconds=max(settings.desk_s, settings.supervisor_s, settings.outside_retry_s))

    def _retry_at(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self._settings.outside_retry_s)

"""Every word that the server can say has a text in both languages of the pages."""

import json
import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import pytest

from agent.flight_watch import WAYS_DOWN
from api.permissions import Role
from fleet.contingency import Answer, Failure, Phase
from fleet.drivers.mavlink_wire import MissionKind
from fleet.orders import CommandKind, CommandState, LegPurpose, OrderPurpose, OrderState
from fleet.readiness import TEXTS
from fleet.telemetry import FlightMode
from incidents.alarm import AlarmState
from incidents.evidence import EvidenceKind
from incidents.incident import IncidentState
from incidents.kinds import LimitClock, LimitUnit
from missions.patrol import RunState
from missions.preemption import Doing

CATALOGUES = Path(__file__).parents[2] / "web" / "src" / "i18n"
WORDS: dict[str, Iterable[str]] = {
    "alarm": AlarmState,
    "command": CommandKind,
    "doing": Doing,
    "failsafe": Answer,
    "failure": Failure,
    "fate": CommandState,
    "incident": IncidentState,
    "leg": LegPurpose,
    "limit_clock": LimitClock,
    "limit_unit": LimitUnit,
    "list": MissionKind,
    "mode": FlightMode,
    "order": OrderState,
    "phase": Phase,
    "photo": EvidenceKind,
    "purpose": OrderPurpose,
    "ready": TEXTS,
    "role": Role,
    "rule_fired": ("vendor", "crowd", "clutter", "parking"),
    "run": RunState,
    "what": (*IncidentState, *AlarmState),
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("group", WORDS)
def test_every_value_has_a_word(group: str, language: str) -> None:
    texts = json.loads((CATALOGUES / f"{language}.json").read_text(encoding="utf-8"))
    values = [value.value if isinstance(value, StrEnum) else value for value in WORDS[group]]
    assert [value for value in values if f"{group}.{value}" not in texts] == []


def test_readiness_reasons_name_only_numbers_that_they_come_with() -> None:
    texts = json.loads((CATALOGUES / "en.json").read_text(encoding="utf-8"))
    for code, (english, _) in TEXTS.items():
        told, shown = re.findall(r"\$\{(\w+)\}", english), re.findall(r"\{(\w+)\}", texts[f"ready.{code}"])
        assert set(shown) <= set(told), code


TELLS = r"(?:_tell\(|tell_once\([a-z_, .]+, |_event\(vehicle_id, |yield |VehicleEvent\([^\"]*kind=)"
HAPPENING = re.compile(TELLS + r'"([a-z_]+)"')


def test_everything_that_happens_to_a_vehicle_has_a_word() -> None:
    root = CATALOGUES.parents[2]
    # Nothing happens in a plan of a fleet.
    rooms = [file for room in ("agent", "fleet", "missions") for file in (root / room).rglob("*.py")]
    files = [file for file in rooms if "planning" not in file.parts]
    kinds = {kind for file in files for kind in HAPPENING.findall(file.read_text(encoding="utf-8"))}
    kinds |= {f"mode_{mode.value}" for mode in WAYS_DOWN}
    assert {"guard_held", "link_lost", "zone_broken", "order_lost"} <= kinds
    texts = json.loads((CATALOGUES / "zh.json").read_text(encoding="utf-8"))
    assert sorted(kind for kind in kinds if f"happening.{kind}" not in texts) == []

"""Which rules there are, by the names that zones use."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from core.errors import InvalidInput
from core.events import Json
from geofence.errors import ZoneProblem
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zones import Zone, ZoneKind, ZoneSet
from perception.matters import RuleWatch
from perception.rules.bin import BinParameters, BinRule
from perception.rules.clutter import (
    BoardParameters,
    BoardRule,
    ClutterParameters,
    ClutterRule,
    ParkingParameters,
    ParkingRule,
    PosterParameters,
    PosterRule,
)
from perception.rules.crowd import CrowdParameters, CrowdRule
from perception.rules.parameters import read_parameters
from perception.rules.person_down import PersonDownParameters, PersonDownRule
from perception.rules.rule import Rule, RuleZone
from perception.rules.vendor import ShopParameters, ShopRule, VendorParameters, VendorRule

Values = Mapping[str, Json]
P = TypeVar("P")


def _maker(kind: type[P], rule: Callable[..., Rule]) -> Callable[[str, Values, Zone, LocalFrame], Rule]:
    def make(name: str, values: Values, zone: Zone, frame: LocalFrame) -> Rule:
        return rule(parameters=read_parameters(kind, values, zone=zone, rule=name), zone=zone, frame=frame)

    return make


_MAKERS = {
    "vendor": _maker(VendorParameters, VendorRule),
    "shop": _maker(ShopParameters, ShopRule),
    "crowd": _maker(CrowdParameters, CrowdRule),
    "clutter": _maker(ClutterParameters, ClutterRule),
    "board": _maker(BoardParameters, BoardRule),
    "poster": _maker(PosterParameters, PosterRule),
    "parking": _maker(ParkingParameters, ParkingRule),
    "bin": _maker(BinParameters, BinRule),
    "person_down": _maker(PersonDownParameters, PersonDownRule),
}
NAMES = tuple(_MAKERS)


def make_rule(name: str, values: Values, *, zone: Zone, frame: LocalFrame) -> Rule:
    """Return the rule *name* with a zone's parameters; raises InvalidInput for an unknown name or parameter."""
    if name not in _MAKERS:
        raise InvalidInput(
            f"no rule is called {name!r}", where=f"zone {zone.id}", remedy=f"known are {', '.join(NAMES)}"
        )
    return _MAKERS[name](name, values, zone, frame)


def make_watches(zones: ZoneSet, frame: LocalFrame) -> list[RuleWatch]:
    """Return a watch for every rule of every rule zone."""
    return [
        RuleWatch(rule=make_rule(name, values, zone=rule_zone.zone, frame=frame), zone=rule_zone)
        for rule_zone in (RuleZone(zone=zone, frame=frame) for zone in zones.of_kind(ZoneKind.RULE))
        for name, values in rule_zone.zone.rules.items()
    ]


def check_rules(zones: ZoneSet) -> tuple[ZoneProblem, ...]:
    """Return what is wrong with the rules of *zones*: at most one problem for each rule of each zone."""
    found = [
        _problem_of(name, values, zone) for zone in zones.of_kind(ZoneKind.RULE) for name, values in zone.rules.items()
    ]
    return tuple(problem for problem in found if problem is not None)


def _problem_of(name: str, values: Values, zone: Zone) -> ZoneProblem | None:
    lon_deg, lat_deg = zone.polygon.exterior.coords[0]
    try:
        make_rule(name, values, zone=zone, frame=LocalFrame(origin=GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg)))
    except InvalidInput as error:
        return ZoneProblem(
            code="bad_rule_parameters",
            because=error.message,
            where=f"zone {zone.id}",
            remedy=error.remedy or "correct the rule's parameters",
            params={"rule": name, "detail": error.message},
        )
    return None

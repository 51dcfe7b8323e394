"""Which rules there are, by the names that zones use."""

from collections.abc import Callable, Mapping

from core.errors import InvalidInput
from core.events import Json
from geofence.errors import ZoneProblem
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zones import Zone, ZoneKind, ZoneSet
from perception.matters import RuleWatch
from perception.rules.bin import BinParameters, BinRule
from perception.rules.clutter import ClutterParameters, ClutterRule, ParkingParameters
from perception.rules.crowd import CrowdParameters, CrowdRule
from perception.rules.parameters import read_parameters
from perception.rules.person_down import PersonDownParameters, PersonDownRule
from perception.rules.rule import Rule, RuleZone
from perception.rules.vendor import ShopParameters, ShopRule, VendorParameters, VendorRule

Values = Mapping[str, Json]
Maker = Callable[[Values, Zone, LocalFrame], Rule]


def _vendor(values: Values, zone: Zone, frame: LocalFrame) -> Rule:
    parameters = read_parameters(VendorParameters, values, zone=zone, rule="vendor")
    return VendorRule(parameters=parameters, zone=zone, frame=frame)


def _shop(values: Values, zone: Zone, frame: LocalFrame) -> Rule:
    parameters = read_parameters(ShopParameters, values, zone=zone, rule="shop")
    return ShopRule(parameters=parameters, zone=zone, frame=frame)


def _crowd(values: Values, zone: Zone, frame: LocalFrame) -> Rule:
    parameters = read_parameters(CrowdParameters, values, zone=zone, rule="crowd")
    return CrowdRule(parameters=parameters, zone=zone, frame=frame)


def _clutter(values: Values, zone: Zone, frame: LocalFrame) -> Rule:
    parameters = read_parameters(ClutterParameters, values, zone=zone, rule="clutter")
    return ClutterRule(parameters=parameters, zone=zone, frame=frame)


def _board(values: Values, zone: Zone, frame: LocalFrame) -> Rule:
    parameters = read_parameters(ClutterParameters, {"labels": ["board"], **values}, zone=zone, rule="board")
    return ClutterRule(parameters=parameters, zone=zone, frame=frame, name="board")


def _parking(values: Values, zone: Zone, frame: LocalFrame) -> Rule:
    parking = read_parameters(ParkingParameters, values, zone=zone, rule="parking")
    return ClutterRule(parameters=parking.map(ParkingParameters.as_clutter), zone=zone, frame=frame, name="parking")


def _bin(values: Values, zone: Zone, frame: LocalFrame) -> Rule:
    parameters = read_parameters(BinParameters, values, zone=zone, rule="bin")
    return BinRule(parameters=parameters, zone=zone, frame=frame)


def _person_down(values: Values, zone: Zone, frame: LocalFrame) -> Rule:
    parameters = read_parameters(PersonDownParameters, values, zone=zone, rule="person_down")
    return PersonDownRule(parameters=parameters, zone=zone, frame=frame)


_MAKERS: Mapping[str, Maker] = {
    "vendor": _vendor,
    "shop": _shop,
    "crowd": _crowd,
    "clutter": _clutter,
    "board": _board,
    "parking": _parking,
    "bin": _bin,
    "person_down": _person_down,
}
NAMES = tuple(_MAKERS)


def make_rule(name: str, values: Values, *, zone: Zone, frame: LocalFrame) -> Rule:
    """Return the rule *name* with a zone's parameters; raises InvalidInput for an unknown name or parameter."""
    if name not in _MAKERS:
        raise InvalidInput(
            f"no rule is called {name!r}", where=f"zone {zone.id}", remedy=f"known are {', '.join(NAMES)}"
        )
    return _MAKERS[name](values, zone, frame)


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

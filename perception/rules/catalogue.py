"""Which rules there are, by the names that zones use."""

from collections.abc import Mapping

from core.errors import InvalidInput
from core.events import Json
from geofence.frames import LocalFrame
from geofence.zones import Zone, ZoneKind, ZoneSet
from perception.matters import RuleWatch
from perception.rules.clutter import ClutterParameters, ClutterRule, ParkingParameters
from perception.rules.crowd import CrowdParameters, CrowdRule
from perception.rules.rule import Rule, RuleZone, read_parameters
from perception.rules.vendor import VendorParameters, VendorRule

NAMES = ("vendor", "crowd", "clutter", "parking")


def make_rule(name: str, values: Mapping[str, Json], *, zone: Zone, frame: LocalFrame) -> Rule:
    """Return the rule *name* with a zone's parameters; raises InvalidInput for an unknown name or parameter."""
    if name == "vendor":
        return VendorRule(parameters=read_parameters(VendorParameters, values, zone=zone, rule=name))
    if name == "crowd":
        return CrowdRule(parameters=read_parameters(CrowdParameters, values, zone=zone, rule=name))
    if name == "clutter":
        clutter = read_parameters(ClutterParameters, values, zone=zone, rule=name)
        return ClutterRule(parameters=clutter, frame=frame)
    if name == "parking":
        parking = read_parameters(ParkingParameters, values, zone=zone, rule=name)
        return ClutterRule(parameters=parking.as_clutter(), frame=frame, name=name)
    raise InvalidInput(f"no rule is called {name!r}", where=f"zone {zone.id}", remedy=f"known are {', '.join(NAMES)}")


def make_watches(zones: ZoneSet, frame: LocalFrame) -> list[RuleWatch]:
    """Return a watch for every rule of every rule zone."""
    return [
        RuleWatch(rule=make_rule(name, values, zone=zone, frame=frame), zone=RuleZone(zone=zone, frame=frame))
        for zone in zones.of_kind(ZoneKind.RULE)
        for name, values in zone.rules.items()
    ]

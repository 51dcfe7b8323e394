"""Keep-out zones as ED-269 and ED-318, within the limits of both: identifier 7, name 200, message 200 characters."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from geofence.formats.choices import ExportChoices
from geofence.formats.schedules import utc_period
from geofence.zone_document import Findings
from geofence.zones import Zone, ZoneKind, ZoneSet

LONGEST_IDENTIFIER, LONGEST_TEXT = 7, 200
_SEASONS = (datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC))
_ROUND = 7
"""Decimals of a degree that are written (a centimetre)."""


@dataclass(slots=True, kw_only=True)
class EdWriter:
    """Writes zones in the words that both standards share; notes what they cannot hold."""

    choices: ExportChoices
    findings: Findings
    _used: set[str] = field(default_factory=set)

    def ed269(self, zones: ZoneSet) -> str:
        """Return *zones* as ED-269."""
        features = [self._zone_269(zone) for zone in self._fitting(zones)]
        document = {"title": "Roundsman zones", "description": "", "features": features}
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

    def ed318(self, zones: ZoneSet) -> str:
        """Return *zones* as ED-318."""
        features = [self._zone_318(zone) for zone in self._fitting(zones)]
        document = {"type": "FeatureCollection", "title": "Roundsman zones", "metadata": {}, "features": features}
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"

    def _zone_269(self, zone: Zone) -> dict[str, object]:
        volume: dict[str, object] = {
            "uomDimensions": "M",
            "lowerVerticalReference": "AGL",
            "upperVerticalReference": "AGL",
        }
        low_m, high_m = self._limits_m(zone)
        volume["lowerLimit"] = low_m
        if high_m is not None:
            volume["upperLimit"] = high_m
        volume["horizontalProjection"] = {"type": "Polygon", "coordinates": [self._ring(zone)]}
        schedule = self._schedule(zone)
        applicability: dict[str, object] = (
            {"permanent": "NO", "schedule": schedule} if schedule else {"permanent": "YES"}
        )
        return {
            "identifier": self._identifier(zone),
            "country": self.choices.country,
            "name": self._text(zone.name or zone.name_zh or zone.id, zone),
            "type": "COMMON",
            "restriction": "PROHIBITED",
            "reason": ["OTHER"],
            "message": self._text(zone.name_zh, zone),
            "applicability": [applicability],
            "zoneAuthority": [{"name": self.choices.authority[:LONGEST_TEXT], "purpose": "INFORMATION"}],
            "geometry": [volume],
        }

    def _zone_318(self, zone: Zone) -> dict[str, object]:
        low_m, high_m = self._limits_m(zone)
        layer: dict[str, object] = {"lower": low_m, "lowerReference": "AGL", "uom": "m"}
        if high_m is not None:
            layer |= {"upper": high_m, "upperReference": "AGL"}
        names = [(zone.name or zone.id, "en-GB"), (zone.name_zh, "zh-CN")]
        properties: dict[str, object] = {
            "identifier": self._identifier(zone),
            "country": self.choices.country,
            "name": [{"text": self._text(text, zone), "lang": lang} for text, lang in names if text],
            "type": "PROHIBITED",
            "variant": "COMMON",
            "reason": ["OTHER"],
            "zoneAuthority": [
                {"name": [{"text": self.choices.authority[:LONGEST_TEXT], "lang": "en-GB"}], "purpose": "INFORMATION"}
            ],
        }
        schedule = self._schedule(zone)
        if schedule:
            properties["limitedApplicability"] = [{"schedule": schedule}]
        geometry = {"type": "Polygon", "coordinates": [self._ring(zone)], "layer": layer}
        return {"type": "Feature", "geometry": geometry, "properties": properties}

    def _fitting(self, zones: ZoneSet) -> Sequence[Zone]:
        for zone in zones.zones:
            if zone.kind is not ZoneKind.KEEP_OUT:
                because = f"a {zone.kind} zone has no counterpart there and was left out"
                params = {"kind": zone.kind.value}
                self.findings.odd(
                    "kind_left_out", because, where=zone.id, remedy="keep our own file too", params=params
                )
        return list(zones.of_kind(ZoneKind.KEEP_OUT))

    def _limits_m(self, zone: Zone) -> tuple[int, int | None]:
        """Return floor and ceiling in whole metres, outwards."""
        low_m = math.floor(zone.floor_agl_m or 0)
        high_m = None if zone.ceiling_agl_m is None else math.ceil(zone.ceiling_agl_m)
        if low_m != (zone.floor_agl_m or 0) or high_m != zone.ceiling_agl_m:
            because = "its limits became whole metres, the floor down and the ceiling up"
            self.findings.odd("limits_rounded", because, where=zone.id, remedy="nothing is freed by that")
        return low_m, high_m

    def _ring(self, zone: Zone) -> list[list[float]]:
        if zone.polygon.interiors:
            because = "its holes were filled, which makes it larger"
            self.findings.odd("holes_filled", because, where=zone.id, remedy="split the zone")
        return [[lon, lat] for lon, lat in zone.polygon.exterior.coords]

    def _identifier(self, zone: Zone) -> str:
        plain = "".join(sign for sign in zone.id if sign.isascii() and sign.isalnum()).upper()[:LONGEST_IDENTIFIER]
        name, number = plain or "ZONE", 1
        while name in self._used:
            number += 1
            name = f"{plain[: LONGEST_IDENTIFIER - len(str(number))]}{number}"
        self._used.add(name)
        if name != zone.id:
            because = f"the identifier became {name!r} (at most {LONGEST_IDENTIFIER} characters)"
            self.findings.odd("id_shortened", because, where=zone.id, remedy="nothing is lost", params={"id": name})
        return name

    def _text(self, text: str, zone: Zone) -> str:
        if len(text) > LONGEST_TEXT:
            because = f"a text was cut to {LONGEST_TEXT} characters"
            self.findings.odd("text_cut", because, where=zone.id, remedy="shorten it")
        return text[:LONGEST_TEXT]

    def _schedule(self, zone: Zone) -> list[dict[str, object]]:
        if not zone.times:
            return []
        offsets = {moment.astimezone(ZoneInfo(zone.time_zone)).utcoffset() for moment in _SEASONS}
        offset = offsets.pop()
        if offsets or offset is None:
            because = f"the clocks change in {zone.time_zone}, which weekly times in UTC cannot say; it counts always"
            params = {"time_zone": zone.time_zone}
            self.findings.odd("clocks_change", because, where=zone.id, remedy="export it per season", params=params)
            return []
        return [utc_period(window, int(offset.total_seconds() // 60)) for window in zone.times]

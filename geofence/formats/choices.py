"""What a person has to say about a file that does not say it itself."""

from dataclasses import dataclass
from enum import StrEnum

from geofence.zones import ZoneKind


class ZoneFormat(StrEnum):
    """A format that zones are read from and written to."""

    GEOJSON = "geojson"
    KML = "kml"
    KMZ = "kmz"
    ED269 = "ed269"
    ED318 = "ed318"
    QGC_PLAN = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChoices:
    """Answers for what a file leaves open; without them keep-outs are taken larger, and the rest is refused."""

    ground_amsl_m: float | None = None
    """The ground's altitude above mean sea level, for limits that are given above the sea."""
    time_zone: str | None = None
    """For times of day that name no zone."""
    kind: ZoneKind | None = None
    """For shapes that do not say what they are (KML)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportChoices:
    """What the formats of authorities want to know and our zones do not hold."""

    country: str = "CHN"
    """ISO 3166-1 alpha-3."""
    authority: str = "Roundsman"

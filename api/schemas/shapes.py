"""The two parents of all HTTP models, and the small shapes that many of them share."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from geofence.positions import GeoPosition


class Given(BaseModel):
    """What a caller sends: unknown fields are refused, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


Place = Annotated[tuple[float, float], Field(description="[longitude, latitude] in degrees, WGS-84")]
Moment = AwareDatetime
Because = Annotated[str, Field(min_length=1, max_length=500, description="why, in the writer's own words")]


def place_of(position: GeoPosition) -> tuple[float, float]:
    """Return [longitude, latitude] for an answer."""
    return (position.lon_deg, position.lat_deg)


def position_of(place: tuple[float, float]) -> GeoPosition:
    """Return the position of a given place; raises InvalidInput outside of the earth."""
    return GeoPosition(lon_deg=place[0], lat_deg=place[1])


class Problem(Told):
    """RFC 9457 problem details: `code` for programs, `detail` and `remedy` for people, `params` for translations."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    where: str | None = None
    remedy: str | None = None
    params: dict[str, str | int | float | bool | None] = {}
    problems: list[dict[str, str | int | float | bool | None]] = []

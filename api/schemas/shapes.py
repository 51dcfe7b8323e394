"""The two parents of all HTTP models, and the small shapes that many of them share."""

from collections.abc import Container, Mapping
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, computed_field

from api.sentences import Said, read
from core.events import Json
from geofence.positions import GeoPosition


class Given(BaseModel):
    """What a caller sends: unknown fields are refused, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class SaidTold(Told):
    """A sentence by its stable code, for screens in other languages; a value is text, or sentences again."""

    code: str = Field(description="of api/sentences.json; as_it_is: a piece that is not known, in `text`")
    params: dict[str, "str | list[SaidTold]"]


class BecauseTold(Told):
    """Something with its reason, as a sentence and by its codes."""

    because: str

    @computed_field(description="`because` by its codes; empty where nobody knows the sentence")  # type: ignore[prop-decorator]
    @property
    def because_said(self) -> list[SaidTold]:
        """Return the reason by its codes."""
        return [] if self._is_a_persons() else tell_said(self.because)

    def _is_a_persons(self) -> bool:
        """Say whether a person wrote `because`: such words stay words."""
        return False


Place = Annotated[tuple[float, float], Field(description="[longitude, latitude] in degrees, WGS-84")]
_SENTENCES = ("because", "state_because", "text")
Moment = AwareDatetime
Because = Annotated[str, Field(min_length=1, max_length=500, description="why, in the writer's own words")]


def tell_said(sentence: str) -> list[SaidTold]:
    """Return a sentence by its codes; empty where nobody knows it."""
    return [_tell(one) for one in read(sentence)]


def _tell(said: Said) -> SaidTold:
    params = {
        name: value if isinstance(value, str) else [_tell(one) for one in value] for name, value in said.params.items()
    }
    return SaidTold(code=said.code, params=params)


def with_said(body: Mapping[str, Json], *, peoples: Container[str] = ()) -> dict[str, Json]:
    """Return a body of the journal with its sentences by their codes as well: `because_said` beside `because`.

    Into the states *peoples* only people bring it: what they wrote there, or where the body says so, stays as it is.
    """
    is_a_persons = body.get("because_by_person") is True or body.get("state") in peoples
    said: dict[str, Json] = {
        f"{key}_said": [] if is_a_persons else [one.model_dump(mode="json") for one in tell_said(value)]
        for key in _SENTENCES
        if isinstance(value := body.get(key), str)
    }
    return {**body, **said}


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
    detail_said: list[SaidTold] = []
    remedy_said: list[SaidTold] = []
    problems: list[dict[str, JsonValue]] = []

"""The site, and the zones with their history."""

from pydantic import JsonValue

from api.retention import KeptFor
from api.schemas.shapes import Moment, Place, Told, place_of
from missions.site import Site


class PostTold(Told):
    """A dock or a panel's post."""

    id: str
    name: str = ""
    name_zh: str = ""
    place: Place


class AuthorisationTold(Told):
    """The permission under which flights take place."""

    number: str
    ceiling_agl_m: float
    not_before_at: Moment
    not_after_at: Moment


class KeptForTold(Told):
    """For how many days the controller keeps what; null keeps it for ever. Cases and alarms are kept for ever."""

    flights_days: float | None
    journal_days: float | None
    refused_days: float | None


class SiteTold(Told):
    """What everybody may know of the place."""

    name: str
    name_zh: str
    time_zone: str
    origin: Place
    ground_amsl_m: float
    return_height_agl_m: float
    takeoff_height_agl_m: float
    docks: list[PostTold]
    panels: list[PostTold]
    authorisation: AuthorisationTold | None
    basemap: dict[str, JsonValue]
    kept_for: KeptForTold


def tell_site(site: Site, *, kept_for: KeptFor) -> SiteTold:
    """Return what is told of *site*."""
    return SiteTold(
        name=site.name,
        name_zh=site.name_zh,
        time_zone=site.time_zone,
        origin=place_of(site.origin),
        ground_amsl_m=site.ground_amsl_m,
        return_height_agl_m=site.return_height_agl_m,
        takeoff_height_agl_m=site.takeoff_height_agl_m,
        docks=[PostTold(id=dock.id, place=place_of(dock.place)) for dock in site.docks],
        panels=[
            PostTold(id=panel.id, name=panel.name, name_zh=panel.name_zh, place=place_of(panel.place))
            for panel in site.panels
        ],
        authorisation=None if site.authorisation is None else AuthorisationTold.model_validate(site.authorisation),
        basemap=dict(site.basemap),
        kept_for=KeptForTold.model_validate(kept_for),
    )

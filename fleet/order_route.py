"""An order as the route proof sees it."""

from core.errors import Unsafe
from fleet.orders import Authorisation, Order
from geofence.margins import Margins
from geofence.positions import GeoPosition
from geofence.route import OrderRoute, RoutePoint, RouteWindow
from geofence.route_proof import prove_order


def route_of_order(
    order: Order,
    *,
    first_leg: int = 0,
    start: GeoPosition | None = None,
    start_height_agl_m: float = 0.0,
    margins: Margins | None = None,
) -> OrderRoute:
    """Return the route of *order* from *first_leg* on: from its dock, or from *start* in the air."""
    return OrderRoute(
        points=tuple(
            RoutePoint(place=leg.place, height_agl_m=leg.height_agl_m, speed_m_s=leg.speed_m_s)
            for leg in order.legs[first_leg:]
        ),
        dock=order.dock.place,
        takeoff_height_agl_m=order.takeoff_height_agl_m,
        return_height_agl_m=order.return_height_agl_m,
        zones=order.zones,
        not_before_at=order.not_before_at,
        not_after_at=order.not_after_at,
        start=start,
        start_height_agl_m=start_height_agl_m,
        authorisation=window_of(order.authorisation),
        margins=margins or Margins(),
        rally_points=tuple(rally.place for rally in order.rally_points),
    )


def window_of(permitted: Authorisation | None) -> RouteWindow | None:
    """Return an authorisation as the route proof sees it."""
    if permitted is None:
        return None
    return RouteWindow(
        ceiling_agl_m=permitted.ceiling_agl_m,
        not_before_at=permitted.not_before_at,
        not_after_at=permitted.not_after_at,
        number=permitted.number,
    )


def check_order(order: Order) -> None:
    """Raise Unsafe, with every reason, unless the whole of *order* from its dock is proved."""
    violations = prove_order(route_of_order(order)).violations
    if violations:
        raise Unsafe("; ".join(str(violation) for violation in violations), where=order.id)

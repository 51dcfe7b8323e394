"""What can go wrong with vehicles and orders."""

from core.errors import CallerError, Conflict, Fault


class VehicleRefused(Fault):
    """The vehicle itself said no; the message carries its own words."""

    code = "vehicle_refused"


class NotSupported(Conflict):
    """The vehicle is of a kind that we cannot command; it is not touched."""

    code = "vehicle_not_supported"


class DuplicateVehicle(Conflict):
    """Two vehicles answer to one identity; neither is commanded until that is mended."""

    code = "duplicate_vehicle"


class NotReady(Conflict):
    """The vehicle cannot take an order now; the message lists every reason."""

    code = "vehicle_not_ready"


class OrderRefused(CallerError):
    """The order cannot be carried out as it is; nothing was changed."""

    code = "order_refused"

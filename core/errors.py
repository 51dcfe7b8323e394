"""One root for everything that goes wrong; callers' mistakes and faults are two branches."""

from collections.abc import Mapping

Detail = str | int | float | bool | None


class RoundsmanError(Exception):
    """Something went wrong: a stable `code` for machines, a sentence for people, a remedy where there is one.

    *where* names the place (a field, a leg, a zone), *params* are the values that a translated sentence needs.
    """

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        remedy: str | None = None,
        params: Mapping[str, Detail] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy
        self.params: dict[str, Detail] = dict(params or {})

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{place}{self.message}{remedy}"


def at_place(error: RoundsmanError, where: str) -> RoundsmanError:
    """Return *error* with its place, where it names none of its own."""
    error.where = error.where or where
    return error


class CallerError(RoundsmanError):
    """The caller asked for something that cannot be; asking again changes nothing."""

    code = "bad_request"


class InvalidInput(CallerError):
    """A value, file or message is not what it must be."""

    code = "invalid_input"


class NotFound(CallerError):
    """No such thing."""

    code = "not_found"


class NotAllowed(CallerError):
    """The caller is known and may not do this."""

    code = "not_allowed"


class NotSignedIn(CallerError):
    """The caller is not known."""

    code = "not_signed_in"


class Conflict(CallerError):
    """The thing is in a state in which this cannot be done."""

    code = "conflict"


class Unsafe(CallerError):
    """Doing this could hurt somebody; it was not done."""

    code = "unsafe"


class Fault(RoundsmanError):
    """Something of ours or below us failed; asking again may help."""

    code = "fault"


class Unavailable(Fault):
    """A peer, a disk or a service is not there now."""

    code = "unavailable"


class TimedOut(Fault):
    """No answer in time; whether it was done is not known."""

    code = "timed_out"


class StorageFull(Fault):
    """There is no room left; nothing was acknowledged."""

    code = "storage_full"

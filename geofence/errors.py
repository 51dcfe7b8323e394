"""What can be wrong with zones and routes, each with its place and its remedy."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import Detail, InvalidInput, Unsafe


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneProblem:
    """One thing wrong (or doubtful) in a zone file; `code` and `params` are for translated sentences."""

    code: str
    because: str
    where: str = ""
    """The feature and, once known, its zone: "feature 3 (school-yard)"; empty for the file as a whole."""
    remedy: str = ""
    lon_deg: float | None = None
    lat_deg: float | None = None
    params: Mapping[str, Detail] = field(default_factory=dict)

    def __str__(self) -> str:
        at = "" if self.lon_deg is None else f" at ({self.lon_deg}, {self.lat_deg})"
        head = f"{self.where}: " if self.where else ""
        return f"{head}{self.because}{at}" + (f"; {self.remedy}" if self.remedy else "")


class BadZoneFile(InvalidInput):
    """A zone file cannot be used; `problems` lists every reason at once."""

    code = "bad_zone_file"

    def __init__(self, problems: tuple[ZoneProblem, ...]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            f"{first.because}{more}",
            where=first.where or None,
            remedy=first.remedy or None,
            params={**first.params, "problem": first.code, "problems": len(problems)},
        )
        self.problems = problems


class NoWayAround(Unsafe):
    """No way inside the zones leads from one place to the other."""

    code = "no_way_around"

"""Height limits of other systems: units and datums made plain, and honest about what is not known."""

import math
from dataclasses import dataclass

from core.errors import Detail
from geofence.formats.choices import ImportChoices
from geofence.zone_document import Findings
from geofence.zones import ZoneKind

_METRES = {"M": 1.0, "METRE": 1.0, "METER": 1.0, "FT": 0.3048, "FEET": 0.3048, "FOOT": 0.3048}
_GROUND = frozenset({"AGL", "SFC", "GND"})
_SEA = frozenset({"AMSL", "MSL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit as a file gives it."""

    value: object
    unit: object
    reference: object


@dataclass(frozen=True, slots=True, kw_only=True)
class HeightReader:
    """Turns limits into metres above ground; keep-outs lose a limit that cannot be known (and so grow)."""

    choices: ImportChoices
    findings: Findings
    kind: ZoneKind
    where: str

    def agl_m(self, limit: Limit) -> float | None:
        """Return the limit above ground; None is no limit."""
        if limit.value is None:
            return None
        scale = _METRES.get(str(limit.unit).upper())
        if isinstance(limit.value, bool) or not isinstance(limit.value, int | float) or not math.isfinite(limit.value):
            self._wrong("bad_limit", f"the limit {limit.value!r:.40} is not a number", "give a number", limit.value)
            return None
        if scale is None:
            self._wrong("bad_unit", f"the unit {limit.unit!r:.40} is not known", "use M or FT", limit.unit)
            return None
        reference = str(limit.reference).upper()
        if reference in _GROUND:
            return round(limit.value * scale, 3)
        return self._converted(limit.value * scale, reference)

    def _converted(self, value_m: float, reference: str) -> float | None:
        ground_m = self.choices.ground_amsl_m
        shown: dict[str, Detail] = {"value_m": round(value_m, 1), "reference": reference}
        if reference in _SEA and ground_m is not None:
            because = f"{value_m:g} m above mean sea level were taken as {value_m - ground_m:g} m above ground"
            remedy = "check that the ground is level enough for that"
            self.findings.odd("sea_level_by_ground", because, where=self.where, remedy=remedy, params=shown)
            return round(value_m - ground_m, 3)
        because = f"the limit of {value_m:g} m has the reference {reference}, which is not above ground"
        remedy = "give the altitude of the ground above mean sea level (--ground-amsl-m)"
        if self.kind is ZoneKind.KEEP_OUT:
            because = f"{because}; the keep-out counts without that limit"
            self.findings.odd("limit_left_open", because, where=self.where, remedy=remedy, params=shown)
        else:
            self.findings.wrong("limit_unknown", because, where=self.where, remedy=remedy, params=shown)
        return None

    def _wrong(self, code: str, because: str, remedy: str, value: object) -> None:
        params = {"value": str(value)[:40]}
        self.findings.wrong(code, because, where=self.where, remedy=remedy, params=params)

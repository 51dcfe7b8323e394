"""How much room a vehicle needs: position error, wind, turns and the way to a standstill."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """How a vehicle comes to a standstill: it flies on for a reaction time, then brakes evenly."""

    reaction_s: float = 0.5
    deceleration_m_s2: float = 1.5
    """A stock PX4 v1.16 multicopter told to hold at 5 m/s was measured to brake at 1.47 m/s²."""
    vertical_deceleration_m_s2: float = 2.0

    def distance_m(self, speed_m_s: float) -> float:
        """Return the metres over ground from *speed_m_s* to a standstill."""
        return speed_m_s * self.reaction_s + speed_m_s**2 / (2 * self.deceleration_m_s2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """What the route proof keeps between a vehicle's planned path and every border of a zone."""

    position_error_m: float = 2.0
    wind_drift_m: float = 1.0
    """How far a gust pushes the vehicle off its line before it has corrected."""
    height_error_m: float = 2.0
    corner_radius_m: float = 3.0
    """From how far before a point the vehicle may already turn to the next one (acceptance radius)."""
    stopping: Stopping = field(default_factory=Stopping)

    @property
    def sideways_m(self) -> float:
        """Return the metres kept on each side of the path."""
        return self.position_error_m + self.wind_drift_m

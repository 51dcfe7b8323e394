"""Landing: how the last metres are flown."""

from dataclasses import replace

from sim.cockpit import Cockpit
from sim.guidance import go_to
from sim.quadrotor import Wanted


def land(cockpit: Cockpit) -> Wanted:
    """Sink at the target, slower near the ground; without a position only sink."""
    record, body = cockpit.record, cockpit.believed()
    down_m_s = landing_speed_m_s(cockpit, body.up_m - record.home.up_m)
    if not record.position_ok or record.target is None:
        return Wanted(up_m_s=-min(down_m_s, 1.0), yaw_deg=body.yaw_deg)
    return replace(go_to(body, record.target, cockpit.speeds()), up_m_s=-down_m_s)


def landing_speed_m_s(cockpit: Cockpit, height_m: float) -> float:
    """Return the sinking speed at a height above home, as MPC_LAND_ALT1/ALT2 and MPC_LAND_SPEED say."""
    fast, slow = cockpit.parameters["MPC_Z_V_AUTO_DN"], cockpit.parameters["MPC_LAND_SPEED"]
    upper_m, lower_m = cockpit.parameters["MPC_LAND_ALT1"], cockpit.parameters["MPC_LAND_ALT2"]
    if upper_m <= lower_m:
        return slow if height_m < lower_m else fast
    share = max(0.0, min(1.0, (height_m - lower_m) / (upper_m - lower_m)))
    return slow + share * (fast - slow)

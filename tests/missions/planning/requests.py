"""Small planning requests for tests."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

Json = dict[str, Any]


def box(west: float, south: float, east: float, north: float) -> Json:
    return polygon((west, south), (east, south), (east, north), (west, north))


def polygon(*corners: tuple[float, float]) -> Json:
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in (*corners, corners[0])]]}


def zone(zone_id: str, kind: str, geometry: Json, floor_m: float | None = None, ceiling_m: float | None = None) -> Json:
    properties = {"id": zone_id, "kind": kind, "floor_agl_m": floor_m, "ceiling_agl_m": ceiling_m}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def drone(vehicle_id: str = "d1", dock: str = "A", **changes: object) -> Json:
    return {
        "id": vehicle_id,
        "kind": "drone",
        "dock": dock,
        "speed_m_s": 10.0,
        "endurance_s": 600.0,
        "turn_s": 2.0,
        "turnaround_s": 60.0,
        "height_agl_m": 30.0,
        "max_sorties": 3,
    } | changes


def points(task_id: str, places: Sequence[tuple[float, float]], service_s: float = 5.0) -> Json:
    listed = [
        {"id": f"{task_id}{n}", "position": list(place), "service_s": service_s} for n, place in enumerate(places)
    ]
    return {"type": "points", "id": task_id, "points": listed}


def request(tasks: list[Json], *, zones: list[Json] | None = None, **changes: object) -> Json:
    return {
        "frame": "local_m",
        "zones": {"type": "FeatureCollection", "features": zones or []},
        "docks": [{"id": "A", "position": [0.0, 0.0]}],
        "vehicles": [drone()],
        "tasks": tasks,
        "margin_m": 5.0,
        "objective": "makespan",
    } | changes


def legs_of(plan: Json) -> list[Json]:
    return [leg for vehicle in plan["vehicles"] for sortie in vehicle["sorties"] for leg in sortie["legs"]]


def brute_faults(asked: Json, plan: Json) -> list[str]:
    """Everything wrong with a plan, found by sampling every leg each 20 cm and adding up its seconds; local metres."""
    return [*_zone_faults(asked, plan), *_sortie_faults(asked, plan)]


def _zone_faults(asked: Json, plan: Json) -> list[str]:
    found = []
    for leg in legs_of(plan):
        a, b = np.array(leg["from"]), np.array(leg["to"])
        count = max(2, int(np.hypot(*(b - a)) / 0.2))
        samples = shapely.points(a + np.linspace(0, 1, count)[:, None] * (b - a))
        for feature in asked["zones"]["features"]:
            properties = feature["properties"]
            low, high = properties["floor_agl_m"], properties["ceiling_agl_m"]
            reaches = (low is None or low <= leg["height_agl_m"]) and (high is None or leg["height_agl_m"] <= high)
            if properties["kind"] == "keep_out" and reaches:
                distance = shapely.distance(shapely.geometry.shape(feature["geometry"]), samples).min()
                if distance < asked["margin_m"] - 1e-3:
                    found.append(f"{leg} comes within {distance} m of {properties['id']}")
            elif properties["kind"] == "keep_in":
                border = shapely.geometry.shape(feature["geometry"])
                if (
                    not shapely.covers(border, samples).all()
                    or border.boundary.distance(samples).min() < asked["margin_m"] - 1e-3
                ):
                    found.append(f"{leg} leaves {properties['id']}")
    return found


def _sortie_faults(asked: Json, plan: Json) -> list[str]:
    found = []
    docks = {dock["id"]: dock["position"] for dock in asked["docks"]}
    for vehicle in asked["vehicles"]:
        own = next(v for v in plan["vehicles"] if v["id"] == vehicle["id"])["sorties"]
        if len(own) > vehicle["max_sorties"]:
            found.append(f"{vehicle['id']} has {len(own)} sorties")
        for sortie in own:
            legs = sortie["legs"]
            ends = [docks[vehicle["dock"]], *(leg["to"] for leg in legs)]
            starts = [*(leg["from"] for leg in legs), docks[vehicle["dock"]]]
            found += [f"gap {a} {b}" for a, b in zip(ends, starts, strict=True) if np.hypot(*np.subtract(a, b)) > 1e-3]
            seconds = _seconds(legs, vehicle)
            if seconds > vehicle["endurance_s"] + 1e-2:
                found.append(f"{vehicle['id']} flies {seconds} s of {vehicle['endurance_s']} s")
            if abs(seconds - sortie["duration_s"]) > 1e-2:
                found.append(f"{vehicle['id']} says {sortie['duration_s']} s and takes {seconds} s")
    return found


def _seconds(legs: list[Json], vehicle: Json) -> float:
    runs = [np.subtract(leg["to"], leg["from"]) for leg in legs]
    ways = sum(float(np.hypot(*run)) for run in runs) / vehicle["speed_m_s"]
    service = sum(leg.get("service_s", 0.0) + leg.get("wait_s", 0.0) for leg in legs)
    headings = [np.arctan2(run[1], run[0]) for run in runs if np.hypot(*run) > 1e-4]
    turns = sum(abs(np.angle(np.exp(1j * (b - a)))) > 1e-3 for a, b in pairwise(headings))
    return float(ways + service + turns * vehicle["turn_s"])

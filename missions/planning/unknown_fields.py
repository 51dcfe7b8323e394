"""Fields of a planning request that nothing reads: most of them are misspelt."""

from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

_TERMS = frozenset({"window_s", "needs"})
_KNOWN: Mapping[str, frozenset[str]] = {
    "request": frozenset(
        {"frame", "zones", "docks", "vehicles", "tasks", "margin_m", "objective", "makespan_limit_s"}
    ),
    "zones": frozenset({"id", "kind", "floor_agl_m", "ceiling_agl_m", "name", "name_zh"}),
    "docks": frozenset({"id", "position", "name"}),
    "vehicles": frozenset({
        "id", "kind", "dock", "speed_m_s", "endurance_s", "turn_s", "turnaround_s", "height_agl_m", "lowest_agl_m",
        "highest_agl_m", "climb_m_s", "sink_m_s", "max_sorties", "skills", "window_s", "name",
    }),
    "tasks": frozenset(
        {"id", "type", "area", "swath_m", "overlap", "points", "line", "zone", "inset_m", "name", *_TERMS}
    ),
    "points": frozenset({"id", "position", "service_s", "name", *_TERMS}),
}  # fmt: skip


def unknown_fields(document: object) -> Iterator[str]:
    """Yield a sentence for every field of a request that is not known, with the one that may be meant."""
    found = Counter((kind, name) for kind, entry in _entries(document) for name in sorted(set(entry) - _KNOWN[kind]))
    for (kind, name), times in found.items():
        near = get_close_matches(name, sorted(_KNOWN[kind]), n=1)
        meant = f"; {near[0]} may be meant" if near else ""
        often = f" ({times} times)" if times > 1 else ""
        yield f"{kind}: the field {name!r:.60} is not known and does nothing{often}{meant}"


def _entries(document: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    request = document if isinstance(document, dict) else {}
    yield "request", request
    for kind in ("docks", "vehicles", "tasks"):
        for entry in _objects(request.get(kind)):
            yield kind, entry
            for point in _objects(entry.get("points")) if kind == "tasks" else ():
                yield "points", point
    zones = request.get("zones")
    for feature in _objects(zones.get("features")) if isinstance(zones, dict) else ():
        properties = feature.get("properties")
        yield "zones", properties if isinstance(properties, dict) else {}


def _objects(raw: object) -> Iterator[Mapping[str, object]]:
    yield from (entry for entry in raw if isinstance(entry, dict)) if isinstance(raw, list) else ()

"""Zone files: what is read, and what is refused with its place and remedy."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofence.errors import BadZoneFile
from geofence.zone_files import check_zones, read_zones, write_zones
from geofence.zones import ZoneKind
from geofence.zones_zh import BECAUSE
from tests.geofence.places import ORIGIN

ESTATE = Path(__file__).parents[2] / "sim" / "worlds" / "estate" / "zones.geojson"
RING = [[121.4, 31.3], [121.41, 31.3], [121.41, 31.31], [121.4, 31.31], [121.4, 31.3]]
Document = dict[str, Any]


def feature(ring: object = RING, **properties: object) -> Document:
    """Return a keep-in feature, changed by *properties*."""
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"id": "estate", "kind": "keep_in"} | properties,
    }


def collection(*features: object, **members: object) -> str:
    """Return a feature collection as text."""
    return json.dumps({"type": "FeatureCollection", "features": list(features)} | members)


def shifted(change: Callable[[float, float], list[float]]) -> list[list[float]]:
    """Return the ring with every position changed."""
    return [change(lon, lat) for lon, lat in RING]


def test_the_estate_is_read_and_written_back_to_equal_zones() -> None:
    zones = read_zones(ESTATE.read_bytes())

    assert {zone.kind for zone in zones.zones} == set(ZoneKind)
    assert read_zones(write_zones(zones)).hash == zones.hash


def test_every_property_survives_a_round_trip() -> None:
    times = [{"days": [1, 5], "start": "22:00", "end": "06:00"}]
    rules = {"vendor": {"dwell_s": 6.5, "where": "street", "on": True}}
    full = feature(
        kind="rule",
        name="A",
        name_zh="甲",
        floor_agl_m=-1,
        ceiling_agl_m=30.5,
        times=times,
        rules=rules,
        time_zone="UTC",
    )
    zones = read_zones(collection(full, feature(id="g", kind="grid", grid={"unit": "7", "worker": "grid1"})))

    again = read_zones(write_zones(zones))
    assert again == zones
    assert again.zones[0].rules["vendor"]["dwell_s"] == 6.5
    assert again.zones[1].grid["worker"] == "grid1"


def test_a_byte_order_mark_is_read() -> None:
    assert len(read_zones(b"\xef\xbb\xbf" + collection(feature()).encode()).zones) == 1


def test_a_hole_is_kept() -> None:
    hole = [[121.402, 31.302], [121.402, 31.303], [121.403, 31.303], [121.403, 31.302], [121.402, 31.302]]
    document = feature()
    document["geometry"]["coordinates"].append(hole)

    assert len(read_zones(collection(document)).zones[0].polygon.interiors) == 1


def test_a_clockwise_ring_is_turned_round_and_said() -> None:
    report = check_zones(collection(feature(RING[::-1])))

    assert report.is_usable
    assert [warning.code for warning in report.warnings] == ["clockwise"]
    assert report.zones == check_zones(collection(feature())).zones


@pytest.mark.parametrize(
    "reference", ["EPSG:4490", "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "WGS84", "CGCS2000"]
)
def test_equal_references_are_read(reference: str) -> None:
    named = {"type": "name", "properties": {"name": reference}}

    assert check_zones(collection(feature(), crs=named)).is_usable
    assert check_zones(collection(feature(), coordinate_system=reference)).is_usable


WHOLE: dict[str, tuple[bytes | str, str]] = {
    "empty": (b"", "empty"),
    "blank": (" \n", "empty"),
    "binary": (b"\xff\xfe\x00", "not_utf8"),
    "cut off": (collection(feature())[:60], "not_json"),
    "deep": ("[" * 100_000, "not_text"),
    "half a character": (collection(feature(name="\ud800")), "not_text"),
    "endless number": (collection(feature()).replace("31.31", "9" * 5000), "not_text"),
    "a list": ("[]", "not_collection"),
    "one feature": (json.dumps(feature()), "not_collection"),
    "no features": (collection(), "no_features"),
    "plan": ('{"fileType": "Plan", "mission": {}}', "other_format"),
    "ED-269": ('{"features": [{"identifier": "x", "geometry": [{}]}]}', "other_format"),
    "web mercator": (
        collection(feature(), crs={"type": "name", "properties": {"name": "EPSG:3857"}}),
        "wrong_reference",
    ),
    "GCJ-02": (collection(feature(), coordinate_system="GCJ-02"), "shifted_reference"),
    "BD-09 feature": (collection(feature() | {"crs": "BD-09"}), "shifted_reference"),
}


@pytest.mark.parametrize(("content", "code"), WHOLE.values(), ids=WHOLE.keys())
def test_a_file_that_cannot_be_used_as_a_whole(content: bytes | str, code: str) -> None:
    with pytest.raises(BadZoneFile) as caught:
        read_zones(content)
    assert code in {problem.code for problem in caught.value.problems}
    assert all(problem.remedy for problem in caught.value.problems)


BOW_TIE = [[121.4, 31.3], [121.41, 31.31], [121.41, 31.3], [121.4, 31.31], [121.4, 31.3]]
LONG_HOP = [[179.9, 10], [-179.9, 10], [-179.9, 11], [179.9, 11], [179.9, 10]]
SPIKE = [[121.4, 31.3], [121.41, 31.3], [121.4, 31.3], [121.4, 31.3]]
TINY = [[121.4, 31.3], [121.400001, 31.3], [121.400001, 31.300001], [121.4, 31.3]]
FEATURES: dict[str, tuple[object, str]] = {
    "null": (None, "not_feature"),
    "a geometry": ({"type": "Polygon", "coordinates": [RING]}, "not_feature"),
    "no properties": ({"type": "Feature", "geometry": None}, "no_properties"),
    "no id": (feature(id=""), "no_id"),
    "a number as id": (feature(id=7), "no_id"),
    "unknown kind": (feature(kind="no_fly"), "unknown_kind"),
    "no kind": (feature(kind=None), "unknown_kind"),
    "upside down": (feature(floor_agl_m=100, ceiling_agl_m=20), "upside_down"),
    "flat": (feature(floor_agl_m=20, ceiling_agl_m=20), "upside_down"),
    "huge floor": (feature(floor_agl_m=10**400), "bad_height"),
    "NaN floor": (feature(floor_agl_m=math.nan), "bad_height"),
    "endless ceiling": (feature(ceiling_agl_m=math.inf), "bad_height"),
    "height as text": (feature(ceiling_agl_m="100"), "bad_height"),
    "height as truth": (feature(ceiling_agl_m=True), "bad_height"),
    "times as text": (feature(times="always"), "bad_times"),
    "day 8": (feature(times=[{"days": [8], "start": "08:00", "end": "09:00"}]), "bad_window"),
    "no days": (feature(times=[{"days": [], "start": "08:00", "end": "09:00"}]), "bad_window"),
    "hour 25": (feature(times=[{"days": [1], "start": "25:00", "end": "09:00"}]), "bad_window"),
    "time zone": (feature(time_zone="Shanghai/Asia"), "unknown_time_zone"),
    "time zone path": (feature(time_zone="../../etc/passwd"), "unknown_time_zone"),
    "rule zone without rules": (feature(kind="rule"), "no_rules"),
    "rules as list": (feature(kind="rule", rules=["vendor"]), "bad_mapping"),
    "rule without parameters": (feature(kind="rule", rules={"vendor": 6}), "bad_rule"),
    "negative rule": (feature(kind="rule", rules={"vendor": {"dwell_s": -1}}), "bad_rule_number"),
    "NaN rule": (feature(kind="rule", rules={"vendor": {"dwell_s": math.nan}}), "bad_mapping"),
    "no geometry": (feature() | {"geometry": None}, "no_geometry"),
    "a line": (feature() | {"geometry": {"type": "LineString", "coordinates": RING}}, "not_polygon"),
    "many polygons": (
        feature() | {"geometry": {"type": "MultiPolygon", "coordinates": [[RING], [RING]]}},
        "not_polygon",
    ),
    "no rings": (feature() | {"geometry": {"type": "Polygon", "coordinates": []}}, "no_rings"),
    "empty ring": (feature([]), "no_positions"),
    "a position of one": (feature([[1], *RING[1:]]), "not_position"),
    "a position of texts": (feature([["121.4", "31.3"], *RING[1:]]), "not_position"),
    "huge position": (feature([[10**400, 31.3], *RING[1:]]), "not_position"),
    "NaN position": (feature([[math.nan, 31.3], *RING[1:]]), "not_finite"),
    "endless position": (feature([[math.inf, 31.3], *RING[1:]]), "not_finite"),
    "exchanged": (feature(shifted(lambda lon, lat: [lat, lon])), "exchanged"),
    "projected": (feature(shifted(lambda lon, lat: [lon * 111_000, lat * 111_000])), "projected"),
    "off the earth": (feature(shifted(lambda lon, lat: [lon + 100, lat])), "off_earth"),
    "unclosed": (feature(RING[:-1]), "unclosed"),
    "two corners": (feature(SPIKE), "too_few"),
    "self-crossing": (feature(BOW_TIE), "self_crossing"),
    "over the antimeridian": (feature(LONG_HOP), "antimeridian"),
    "no area": (feature(TINY), "no_area"),
}


@pytest.mark.parametrize(("document", "code"), FEATURES.values(), ids=FEATURES.keys())
def test_a_feature_that_is_wrong_is_named_with_a_remedy(document: object, code: str) -> None:
    report = check_zones(collection(feature(id="good"), document))

    (problem,) = report.problems
    assert problem.code == code
    assert problem.where.startswith("feature 2")
    assert problem.because
    assert problem.remedy
    assert code in BECAUSE
    assert [zone.id for zone in report.zones.zones] == ["good"]


@pytest.mark.parametrize("name", ["self-crossing", "over the antimeridian", "unclosed", "no area", "exchanged"])
def test_geometry_that_is_wrong_is_named_with_its_place(name: str) -> None:
    (problem,) = check_zones(collection(FEATURES[name][0])).problems[:1]

    assert problem.lon_deg is not None
    assert str(problem.lon_deg) in str(problem)


def test_the_crossing_itself_is_the_place() -> None:
    (problem,) = check_zones(collection(feature(BOW_TIE))).problems

    assert problem.lon_deg == pytest.approx(121.405)
    assert problem.lat_deg == pytest.approx(31.305)


def test_a_hole_outside_of_its_zone_is_refused() -> None:
    document = feature()
    document["geometry"]["coordinates"].append([[x + 1, y] for x, y in RING])

    assert [problem.code for problem in check_zones(collection(document)).problems] == ["bad_rings"]


def test_all_problems_are_told_at_once() -> None:
    wrong = feature(BOW_TIE, id="a", kind="x", floor_agl_m=9, ceiling_agl_m=3, times=7)
    report = check_zones(collection(wrong, feature(RING[:-1], id="a"), crs="EPSG:3857"))

    assert [problem.code for problem in report.problems] == [
        "wrong_reference",
        "unknown_kind",
        "upside_down",
        "bad_times",
        "self_crossing",
        "double_id",
        "unclosed",
    ]
    with pytest.raises(BadZoneFile) as caught:
        read_zones(collection(wrong))
    assert len(caught.value.problems) == 4
    assert "3 more" in str(caught.value)


def test_zones_far_from_the_site_are_refused_and_exchanged_ones_recognised() -> None:
    small = [[10.0, 50.0], [10.01, 50.0], [10.01, 50.01], [10.0, 50.0]]
    swapped = [[lat, lon] for lon, lat in small]

    assert [p.code for p in check_zones(collection(feature(small)), near=ORIGIN).problems] == ["far"]
    near = type(ORIGIN)(lon_deg=10.0, lat_deg=50.0)
    assert [p.code for p in check_zones(collection(feature(swapped)), near=near).problems] == ["exchanged"]
    assert check_zones(collection(feature(small)), near=near).is_usable


def test_odd_things_are_told_without_refusing_the_file() -> None:
    report = check_zones(
        collection(
            feature(kind="keep_out", ceiling_m=3, rules={"vendor": {}}), feature(id="r", kind="rule", rules={"x": {}})
        )
    )

    assert report.is_usable
    assert {warning.code for warning in report.warnings} == {
        "unknown_property",
        "rules_unused",
        "unknown_rule",
        "no_keep_in",
    }
    assert all(warning.code in BECAUSE for warning in report.warnings)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["geometry", "properties", "type", "crs"]),
    part=st.sampled_from(["coordinates", "type", "id", "kind", "floor_agl_m", "times", "rules", "grid", "time_zone"]),
    value=json_values,
)
def test_whatever_is_in_a_file_is_read_or_refused(name: str, part: str, value: object) -> None:
    outer = feature() | {name: value}
    inner = feature(**{part: value})
    placed = feature()
    placed["geometry"][part] = value

    report = check_zones(json.dumps({"type": "FeatureCollection", "features": [outer, inner, placed]}))
    assert report.is_usable or report.problems

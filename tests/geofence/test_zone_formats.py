"""Zone files of other systems: read tolerantly, told what was assumed, refused where it is ambiguous; and written."""

import io
import json
import re
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

import geofence.formats
from geofence.errors import ZoneProblem
from geofence.formats.choices import ExportChoices, ImportChoices, ZoneFormat
from geofence.formats.circles import circle_ring
from geofence.formats.exchange import check_zone_file, format_of, write_zone_file
from geofence.formats.qgc_plan import read_flight_plan
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zone_files import ZoneFileReport, read_zones, write_zones
from geofence.zones import WeeklyWindow, Zone, ZoneKind, ZoneSet
from geofence.zones_zh import BECAUSE, problem_zh
from tests.geofence.places import FRAME, ORIGIN, box, geo, keep_in, keep_out, zone_set

ESTATE = Path(__file__).parents[2] / "sim" / "worlds" / "estate" / "zones.geojson"
RING = [[121.4, 31.3], [121.41, 31.3], [121.41, 31.31], [121.4, 31.31], [121.4, 31.3]]
Document = dict[str, Any]


def volume(**members: object) -> Document:
    """Return a volume of ED-269 from the ground to 120 m, changed by *members*."""
    plain: Document = {
        "uomDimensions": "M",
        "lowerLimit": 0,
        "lowerVerticalReference": "AGL",
        "upperLimit": 120,
        "upperVerticalReference": "AGL",
        "horizontalProjection": {"type": "Polygon", "coordinates": [RING]},
    }
    return plain | members


def ed269(*volumes: Document, **members: object) -> bytes:
    """Return an ED-269 file of one zone."""
    zone = {
        "identifier": "NFZ1",
        "country": "CHN",
        "restriction": "PROHIBITED",
        "geometry": list(volumes) or [volume()],
    }
    return json.dumps({"title": "t", "features": [zone | members]}).encode()


def ed318(geometry: object = None, **properties: object) -> bytes:
    """Return an ED-318 file of one zone."""
    layer = {"lower": 0, "lowerReference": "AGL", "upper": 400, "upperReference": "AGL", "uom": "ft"}
    plain = {"identifier": "NFZ1", "country": "CHN", "type": "PROHIBITED", "variant": "COMMON"}
    shape = geometry or {"type": "Polygon", "coordinates": [RING], "layer": layer}
    feature = {"type": "Feature", "geometry": shape, "properties": plain | properties}
    return json.dumps({"type": "FeatureCollection", "metadata": {}, "features": [feature]}).encode()


def kml(inner: str) -> bytes:
    """Return a KML document around *inner*."""
    return f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{inner}</Document></kml>'.encode()


def placemark(more: str = "", *, name: str = "school", polygon: str = "", altitude: str = "") -> str:
    """Return a placemark with a polygon."""
    places = " ".join(f"{lon},{lat}{altitude}" for lon, lat in RING)
    return (
        f"<Placemark><name>{name}</name>{more}<Polygon>{polygon}<outerBoundaryIs><LinearRing><coordinates>{places}"
        "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    )


def plan(**fence: object) -> bytes:
    """Return a QGroundControl plan with a fence."""
    document = {"version": 2, **fence}
    return json.dumps({"fileType": "Plan", "version": 1, "geoFence": document, "mission": {"items": []}}).encode()


def holed(outer: Polygon, hole: Polygon) -> Polygon:
    """Return *outer* with a hole."""
    return Polygon(outer.exterior, [hole.exterior])


def codes(report: ZoneFileReport) -> set[str]:
    """Return the codes of everything that was wrong or odd."""
    return {one.code for one in (*report.problems, *report.warnings)}


def only(content: bytes, choices: ImportChoices | None = None) -> Zone:
    """Return the only zone of a file that is usable."""
    report = check_zone_file(content, choices=choices)
    assert not report.problems, report.problems
    (zone,) = report.zones.zones
    return zone


def test_the_content_says_the_format_not_the_name() -> None:
    assert format_of(ESTATE.read_bytes()) is ZoneFormat.GEOJSON
    assert format_of(ed269()) is ZoneFormat.ED269
    assert format_of(ed318()) is ZoneFormat.ED318
    assert format_of(plan()) is ZoneFormat.QGC_PLAN
    assert format_of(kml("").decode().encode("utf-16")) is ZoneFormat.KML
    assert format_of(b"\xef\xbb\xbf" + kml("")) is ZoneFormat.KML


def test_every_zone_survives_kml() -> None:
    zones = read_zones(ESTATE.read_bytes())
    night = WeeklyWindow(days=frozenset({5}), start=time(22), end=time(6))
    yard = holed(box(0, 0, 90, 90), box(10, 10, 20, 20))
    extra = keep_out(yard, name="holed <&>", floor_m=12.5, ceiling_m=40.25, times=(night,))
    zones = read_zones(write_zones(ZoneSet(zones=(*zones.zones, extra))))

    again = check_zone_file(write_zone_file(zones, ZoneFormat.KML).text.encode())

    assert not again.problems
    assert again.zones.hash == zones.hash


def test_a_kmz_is_read_like_its_document() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("files/picture.png", b"x")
        archive.writestr(
            "doc.kml", kml(placemark("<ExtendedData><Data name='kind'><value>keep_out</value></Data></ExtendedData>"))
        )

    assert only(packed.getvalue()).kind is ZoneKind.KEEP_OUT


LAUGHS = '<!DOCTYPE k [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
FOREIGN = '<!DOCTYPE k [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize("attack", [LAUGHS, FOREIGN, '<!DOCTYPE k SYSTEM "http://127.0.0.1/x.dtd">'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_with_a_document_type_is_refused_unparsed(attack: str, encoding: str) -> None:
    text = attack + kml(placemark(name="&x;&b;")).decode()
    content = text.encode(encoding)

    assert codes(check_zone_file(content)) == {"unsafe_xml"}


def test_an_archive_that_unpacks_without_end_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", b" " * (33 * 2**20))

    assert codes(check_zone_file(packed.getvalue())) == {"too_large"}
    assert codes(check_zone_file(b"PK\x03\x04 no archive")) == {"bad_archive"}


def test_elements_without_end_are_refused() -> None:
    assert codes(check_zone_file(kml("<Folder>" * 5000 + "</Folder>" * 5000))) == {"too_deep"}
    assert codes(check_zone_file(kml("<a/>" * 250_001))) == {"too_many_elements"}


def test_a_shape_that_does_not_say_what_it_is_is_refused_unless_its_name_or_a_person_says_it() -> None:
    assert codes(check_zone_file(kml(placemark()))) == {"kind_unknown"}
    assert only(kml(placemark()), ImportChoices(kind=ZoneKind.KEEP_IN)).kind is ZoneKind.KEEP_IN
    assert only(kml(placemark(name="禁飞区 3"))).kind is ZoneKind.KEEP_OUT
    assert codes(check_zone_file(kml(placemark(name="no-fly inside the 适飞 area")))) == {"kind_unknown"}


@pytest.mark.parametrize(
    ("polygon", "altitude", "kind", "ceiling_m", "code"),
    [
        ("<extrude>1</extrude><altitudeMode>relativeToGround</altitudeMode>", ",45", "keep_out", 45.0, ""),
        ("<extrude>1</extrude><altitudeMode>absolute</altitudeMode>", ",45", "keep_out", None, "limit_left_open"),
        ("<extrude>1</extrude><altitudeMode>absolute</altitudeMode>", ",45", "keep_in", None, "limit_unknown"),
        ("<altitudeMode>relativeToGround</altitudeMode>", ",45", "keep_out", None, "altitudes_left_open"),
        ("<altitudeMode>relativeToGround</altitudeMode>", ",45", "keep_in", None, "unclear_altitudes"),
        ("", ",45", "keep_in", None, ""),
    ],
)
def test_altitudes_of_kml_count_only_where_they_are_clear(
    polygon: str, altitude: str, kind: str, ceiling_m: float | None, code: str
) -> None:
    content = kml(placemark(polygon=polygon, altitude=altitude))
    report = check_zone_file(content, choices=ImportChoices(kind=ZoneKind(kind)))

    assert code in codes(report) or not code
    if report.is_usable:
        assert report.zones.zones[0].ceiling_agl_m == ceiling_m


def test_both_spellings_of_reason_and_every_form_of_time_are_read() -> None:
    for start, end in (("07:00Z", "09:30Z"), ("07:00:00.00Z", "09:29:59.00Z"), ("15:00+08:00", "17:30+0800")):
        daily = {"day": ["MON", "TUE"], "startTime": start, "endTime": end}
        period = {"permanent": "NO", "schedule": [daily]}
        report = check_zone_file(ed269(applicability=[period], reasons=["NATURE"]))
        (zone,) = report.zones.zones
        assert zone.times == (WeeklyWindow(days=frozenset({1, 2}), start=time(7), end=time(9, 30)),)
        assert zone.time_zone == "UTC"
        assert codes(report) == {"older_member", "no_keep_in"}


def test_times_without_a_zone_are_refused_until_somebody_says_the_zone() -> None:
    period = {"permanent": "NO", "schedule": [{"day": "ANY", "startTime": "07:00", "endTime": "09:00"}]}

    assert "time_without_zone" in codes(check_zone_file(ed269(applicability=[period])))
    zone = only(ed269(applicability=[period]), ImportChoices(time_zone="Asia/Shanghai"))
    assert zone.is_in_force(datetime(2026, 1, 5, 0, 30, tzinfo=UTC))


def test_what_weekly_times_cannot_say_counts_always() -> None:
    by_sun = {"schedule": [{"day": ["ANY"], "startEvent": "SR", "endEvent": "SS"}]}
    dated = {"permanent": "NO", "startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2021-01-01T00:00:00Z"}

    for content, code in (
        (ed318(limitedApplicability=[by_sun]), "daylight"),
        (ed269(applicability=[dated]), "dates_dropped"),
    ):
        report = check_zone_file(content)
        assert report.is_usable
        assert report.zones.zones[0].times == ()
        assert code in codes(report)


def test_a_limit_above_the_sea_needs_the_ground_and_a_keep_out_without_it_grows() -> None:
    content = ed269(volume(upperLimit=500, upperVerticalReference="AMSL"))

    assert only(content).ceiling_agl_m is None
    assert "limit_left_open" in codes(check_zone_file(content))
    assert only(content, ImportChoices(ground_amsl_m=380)).ceiling_agl_m == 120
    below = check_zone_file(content, choices=ImportChoices(ground_amsl_m=600))
    assert not below.zones.zones
    assert "below_ground" in codes(below)


def test_volumes_and_layers_become_zones_of_their_own() -> None:
    wide = volume(lowerLimit=50, horizontalProjection={"type": "Circle", "center": [121.4, 31.3], "radius": 900})
    report = check_zone_file(ed269(volume(), wide))

    assert [zone.id for zone in report.zones.zones] == ["NFZ1-1", "NFZ1-2"]
    assert [zone.floor_agl_m for zone in report.zones.zones] == [0, 50]
    two = {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [RING]}] * 2}
    assert len(check_zone_file(ed318(two)).zones.zones) == 2


def test_ed_318_is_read_in_feet_with_names_in_two_languages() -> None:
    names = [{"text": "Airfield", "lang": "en-GB"}, {"text": "机场", "lang": "zh-CN"}]
    zone = only(ed318(name=names))

    assert (zone.name, zone.name_zh) == ("Airfield", "机场")
    assert zone.ceiling_agl_m == pytest.approx(121.92)


def test_a_circle_of_ed_318_is_a_point_with_an_extent() -> None:
    layer = {"lower": 50, "lowerReference": "AGL", "upper": 150, "upperReference": "AGL", "uom": "m"}
    point = {
        "type": "Point",
        "coordinates": [121.4, 31.3],
        "extent": {"subType": "Circle", "radius": 300},
        "layer": layer,
    }

    zone = only(ed318(point))
    area_m2 = shapely.transform(
        zone.polygon, LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.3)).to_local_array
    ).area
    assert 1.0 < area_m2 / (3.14159 * 300**2) < 1.002


def test_what_needs_a_permission_counts_as_a_keep_out_and_what_restricts_nothing_is_left_out() -> None:
    assert codes(check_zone_file(ed269(restriction="REQ_AUTHORISATION"))) == {"counts_as_keep_out", "no_keep_in"}
    assert codes(check_zone_file(ed318(type="USPACE"))) == {"counts_as_keep_out", "no_keep_in"}
    assert {"no_restriction", "no_features"} >= codes(check_zone_file(ed269(restriction="NO_RESTRICTION")))
    assert "bad_restriction" in codes(check_zone_file(ed269(restriction="MAYBE")))


def test_an_identifier_used_twice_is_made_unique_and_a_long_one_is_kept() -> None:
    zone = json.loads(ed269(identifier="A long identifier"))["features"][0]
    report = check_zone_file(json.dumps({"features": [zone, zone]}).encode())

    assert [zone.id for zone in report.zones.zones] == ["A long identifier", "A long identifier-2"]
    assert {"id_made_unique", "identifier_long"} <= codes(report)


def test_fences_of_a_plan_are_read_and_its_mission_is_told() -> None:
    lat_lon = [[lat, lon] for lon, lat in RING[:-1]]
    content = plan(
        polygons=[{"inclusion": True, "polygon": lat_lon, "version": 1}],
        circles=[{"inclusion": False, "circle": {"center": [31.305, 121.405], "radius": 50}, "version": 1}],
    )
    inside, outside = check_zone_file(content).zones.zones

    assert (inside.kind, outside.kind) == (ZoneKind.KEEP_IN, ZoneKind.KEEP_OUT)
    assert inside.polygon.covers(outside.polygon)
    assert codes(check_zone_file(plan())) == {"no_fence"}


@pytest.mark.parametrize("version", [3, 0, "2", True, [2], 2.5])
@pytest.mark.parametrize("where", ["plan", "geoFence", "geoFence.polygons[0]", "geoFence.circles[0]"])
def test_a_fence_of_a_version_that_nobody_knows_is_refused(where: str, version: object) -> None:
    document = json.loads(plan(polygons=[fence()], circles=[circle_fence()]))
    parts = {
        "plan": document,
        "geoFence": document["geoFence"],
        "geoFence.polygons[0]": document["geoFence"]["polygons"][0],
        "geoFence.circles[0]": document["geoFence"]["circles"][0],
    }
    assert check_zone_file(json.dumps(document).encode()).problems == ()
    parts[where]["version"] = version
    report = check_zone_file(json.dumps(document).encode())

    assert [(problem.code, problem.where) for problem in report.problems] == [("version_unknown", where)]
    assert "已知的只有" in problem_zh(report.problems[0])[0]


def test_a_plan_that_names_no_version_is_read_and_that_is_told() -> None:
    document = json.loads(plan(polygons=[fence()]))
    del document["version"]
    report = check_zone_file(json.dumps(document).encode())

    assert (len(report.zones.zones), report.problems) == (1, ())
    assert [(one.where, one.code) for one in report.warnings if "version" in one.code] == [("plan", "version_missing")]


def fence() -> dict[str, object]:
    return {"inclusion": True, "polygon": [[lat, lon] for lon, lat in RING[:-1]], "version": 1}


def circle_fence() -> dict[str, object]:
    return {"inclusion": False, "circle": {"center": [31.305, 121.405], "radius": 50}, "version": 1}


def test_the_mission_of_a_plan_is_read_with_its_heights_above_home() -> None:
    items = [
        {"command": 22, "frame": 3, "params": [0, 0, 0, None, 31.3, 121.4, 20]},
        {"command": 16, "frame": 3, "params": [4, 0, 0, None, 31.31, 121.41, 25]},
        {"command": 16, "frame": 0, "params": [0, 0, 0, None, 31.32, 121.42, 425]},
    ]
    mission = {"items": items, "plannedHomePosition": [31.3, 121.4, 4]}
    read = read_flight_plan({"mission": mission, "rallyPoints": {"points": [[31.3, 121.4, 30], ["x"]]}})

    assert read.home == GeoPosition(lon_deg=121.4, lat_deg=31.3)
    assert [(point.height_above_home_m, point.hold_s) for point in read.waypoints] == [(25, 4), (None, 0)]
    assert len(read.rally_points) == 1
    assert read.items_left_out == 1


def test_a_fence_comes_back_from_a_plan_and_holes_become_fences() -> None:
    yard = holed(box(-90, -90, 90, 90), box(-5, -5, 5, 5))
    school = holed(box(20, 20, 60, 60), box(30, 30, 40, 40))
    written = write_zone_file(zone_set(keep_in(yard), keep_out(school)), ZoneFormat.QGC_PLAN)
    again = check_zone_file(written.text.encode()).zones

    assert {note.code for note in written.notes} == {"heights_and_times_dropped", "holes_filled", "names_dropped"}
    inside = [zone.polygon for zone in again.of_kind(ZoneKind.KEEP_IN)]
    outside = shapely.union_all([zone.polygon for zone in again.of_kind(ZoneKind.KEEP_OUT)])
    assert geo(yard).buffer(1e-9).covers(shapely.union_all(inside).difference(outside))
    assert outside.buffer(1e-9).covers(geo(school))


@given(radius_m=st.floats(0.5, 100_000), lat_deg=st.floats(-75, 75), angle=st.floats(0, 6.3, allow_subnormal=False))
@settings(max_examples=60, deadline=None)
def test_a_circle_never_shrinks_a_keep_out_and_never_grows_a_keep_in(
    radius_m: float, lat_deg: float, angle: float
) -> None:
    centre = GeoPosition(lon_deg=100.0, lat_deg=lat_deg)
    frame = LocalFrame(origin=centre)
    around = shapely.Polygon(circle_ring(centre, radius_m, around=True))
    inside = shapely.Polygon(circle_ring(centre, radius_m, around=False))
    rim = shapely.Point(radius_m * shapely.get_x(shapely.Point(1, 0)), 0)
    rim = shapely.affinity.rotate(rim, angle, origin=(0, 0), use_radians=True)
    on_rim = shapely.transform(rim, frame.to_geo_array)

    assert around.covers(on_rim)
    assert not inside.contains(on_rim)
    edge_m = shapely.transform(inside, frame.to_local_array).boundary.distance(shapely.Point(0, 0))
    assert edge_m > 0.998 * radius_m


windows = st.lists(
    st.builds(
        WeeklyWindow,
        days=st.frozensets(st.integers(1, 7), min_size=1),
        start=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
        end=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    ),
    min_size=1,
    max_size=3,
)
NAMES = st.text(max_size=300)


@given(times=windows, zone_name=st.sampled_from(["Asia/Shanghai", "UTC", "Asia/Kolkata", "Europe/Berlin"]), name=NAMES)
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("form", [ZoneFormat.ED269, ZoneFormat.ED318])
def test_an_exported_keep_out_holds_wherever_and_whenever_ours_does_within_the_limits_of_the_standard(
    form: ZoneFormat, times: list[WeeklyWindow], zone_name: str, name: str
) -> None:
    zone = Zone(
        id=keep_out(box(0, 0, 9, 9), name="a-very-long-id").id,
        kind=ZoneKind.KEEP_OUT,
        polygon=geo(holed(box(0, 0, 90, 90), box(10, 10, 20, 20))),
        name=name,
        floor_agl_m=10.5,
        ceiling_agl_m=40.25,
        times=tuple(times),
        time_zone=zone_name,
    )
    written = write_zone_file(zone_set(zone, keep_in()), form, ExportChoices(country="CHN"))
    again = only(written.text.encode())

    assert len(again.id) <= 7
    assert len(again.name) <= 200
    assert again.polygon.covers(zone.polygon)
    assert (again.floor_agl_m, again.ceiling_agl_m) == (10, 41)
    for hour in range(0, 24 * 7, 3):
        moment = datetime(2026, 3, 2, 0, 29, tzinfo=UTC) + timedelta(hours=hour)
        assert again.is_in_force(moment) or not zone.is_in_force(moment)
    if zone_name in {"Asia/Shanghai", "UTC"}:
        assert all(
            again.is_in_force(NOON + timedelta(minutes=97 * n)) == zone.is_in_force(NOON + timedelta(minutes=97 * n))
            for n in range(100)
        )
    assert "kind_left_out" in {note.code for note in written.notes}


NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_two_zones_whose_ids_are_cut_alike_stay_two() -> None:
    zones = zone_set(*(keep_out(box(n * 20, 0, n * 20 + 9, 9), name=f"schoolyard-{n}") for n in range(12)))
    document = json.loads(write_zone_file(zones, ZoneFormat.ED269).text)

    identifiers = [zone["identifier"] for zone in document["features"]]
    assert len(set(identifiers)) == 12
    assert all(len(identifier) <= 7 for identifier in identifiers)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(
    data=st.data(),
    value=json_values,
    base=st.sampled_from([ed269(), ed318(), plan(polygons=[{"inclusion": True, "polygon": RING}], circles=[{}])]),
)
@settings(max_examples=150, deadline=None)
def test_whatever_stands_in_a_foreign_file_is_read_or_refused(data: st.DataObject, value: object, base: bytes) -> None:
    document = json.loads(base)
    spot: Any = document
    for _ in range(data.draw(st.integers(1, 7))):
        keys = list(spot) if isinstance(spot, dict) else list(range(len(spot))) if isinstance(spot, list) else []
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.booleans()) or not isinstance(spot[key], dict | list):
            spot[key] = value
            break
        spot = spot[key]

    report = check_zone_file(json.dumps(document).encode())

    assert report.problems or report.zones.zones or report.warnings


@given(middle=st.binary(max_size=40), place=st.integers(0, 400))
@settings(max_examples=80, deadline=None)
def test_whatever_stands_in_a_kml_is_read_or_refused(middle: bytes, place: int) -> None:
    content = kml(placemark(name="no-fly"))

    report = check_zone_file(content[:place] + middle + content[place:])

    assert report.problems or report.zones.zones or report.warnings


def _beside(content: bytes, **members: object) -> bytes:
    """Return the file with a second zone, changed by *members*."""
    document = json.loads(content)
    first = document["features"][0]
    document["features"].append(first | members)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "content",
    [
        _beside(ed269(), identifier="NFZ2", geometry=[]),
        _beside(ed318(), geometry={"type": "GeometryCollection", "geometries": []}),
        _beside(ed318(), geometry={"type": "MultiPolygon", "coordinates": []}),
        json.dumps({"fileType": "Plan", "geoFence": {"polygons": [
            {"inclusion": True, "polygon": [[lat, lon] for lon, lat in RING]}, [[31.3, 121.4]],
        ]}}).encode(),
    ],
)  # fmt: skip
def test_a_zone_without_a_shape_is_never_left_out_beside_others(content: bytes) -> None:
    report = check_zone_file(content)

    assert {problem.code for problem in report.problems} <= {"no_shape", "not_zone"}
    assert len(report.problems) == 1


def test_what_a_format_cannot_say_is_told_on_the_way_out() -> None:
    zone = keep_out(box(0, 0, 20, 20), ceiling_m=33.3)

    assert "limits_rounded" in _codes(write_zone_file(zone_set(zone), ZoneFormat.ED269).notes)
    assert "limits_rounded" in _codes(write_zone_file(zone_set(zone), ZoneFormat.ED318).notes)
    assert "names_dropped" in _codes(write_zone_file(zone_set(zone), ZoneFormat.QGC_PLAN).notes)


def _codes(notes: Iterable[ZoneProblem]) -> set[str]:
    return {note.code for note in notes}


def test_a_fault_of_both_limits_is_told_once_and_topojson_by_its_name() -> None:
    assert [problem.code for problem in check_zone_file(ed269(volume(uomDimensions="XX"))).problems] == ["bad_unit"]
    assert [problem.code for problem in check_zone_file(b'{"type": "Topology"}').problems] == ["topojson"]


def test_every_sentence_has_its_chinese() -> None:
    folder = Path(geofence.formats.__file__).parent
    said = {
        code
        for file in folder.glob("*.py")
        for code in re.findall(r'(?:odd|wrong|once|_wrong)\(\s*"(\w+)"', file.read_text(encoding="utf-8"))
    }

    assert len(said) > 40
    assert said <= set(BECAUSE)


def test_places_of_the_plan_stay_where_they_are() -> None:
    written = json.loads(write_zone_file(zone_set(keep_in()), ZoneFormat.QGC_PLAN).text)
    lat, lon = written["geoFence"]["polygons"][0]["polygon"][0]

    assert (
        FRAME.to_local(GeoPosition(lon_deg=lon, lat_deg=lat)).east_m == pytest.approx(200, abs=1e-3)
        or lon < ORIGIN.lon_deg
    )

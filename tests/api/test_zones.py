"""Zones over REST: checked, replaced as a whole, every revision kept."""

import json

import pytest

from api.running import import_first
from tests.api.controller import SITE, ZONES, Controller

ESTATE = json.loads(ZONES.read_text(encoding="utf-8"))


def _crossing() -> dict[str, object]:
    site = json.loads(SITE.read_text(encoding="utf-8"))["origin"]
    lon, lat = site["lon_deg"], site["lat_deg"]
    ring = [[lon, lat], [lon + 0.001, lat + 0.001], [lon + 0.001, lat], [lon, lat + 0.001], [lon, lat]]
    properties = {"id": "bow-tie", "kind": "keep_out"}
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    return {"type": "FeatureCollection", "features": [feature, {**feature, "properties": {"kind": "nonsense"}}]}


async def test_there_are_no_zones_at_first(controller: Controller) -> None:
    told = (await (await controller.sign_in("grid_worker")).get("/zones")).json()
    assert (told["features"], told["revision"]) == ([], 0)


async def test_zones_that_were_put_are_in_force_and_come_back_the_same(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    answer = await admin.put("/zones", json=ESTATE, params={"because": "first survey"})
    assert answer.status_code == 200, answer.text
    told = (await admin.get("/zones")).json()
    assert told == answer.json()
    assert (told["revision"], told["made_by"], told["because"]) == (1, "administrator", "first survey")
    assert len(told["features"]) == len(ESTATE["features"])
    async with controller.services.database.transaction() as unit:
        assert (await controller.services.zone_book.zones(unit)).hash == told["hash"]
    events = (await admin.get("/events")).json()["events"]
    assert [(one["subject"], one["body"]["hash"]) for one in events] == [("zones.changed", told["hash"])]


async def test_what_was_read_can_be_put_back(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    first = await admin.put("/zones", json=ESTATE, params={"because": "first"})
    again = await admin.put("/zones", json=first.json(), params={"because": "again", "revision": 1})
    assert again.status_code == 200, again.text
    assert again.json()["hash"] == first.json()["hash"]
    history = (await admin.get("/zones/revisions")).json()["revisions"]
    assert [(one["revision"], one["because"]) for one in history] == [(2, "again"), (1, "first")]
    assert (await admin.get("/zones/revisions/1")).json()["because"] == "first"
    assert (await admin.get("/zones/revisions/7")).status_code == 404


async def test_bad_zones_are_refused_with_every_problem_and_nothing_changes(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    answer = await admin.put("/zones", json=_crossing(), params={"because": "try"})
    assert answer.status_code == 422
    told = answer.json()
    assert told["code"] == "bad_zone_file"
    assert len(told["problems"]) >= 2
    assert all(one["detail"] and one["code"] for one in told["problems"])
    assert (await admin.get("/zones")).json()["revision"] == 0
    checked = (await admin.post("/zones/check", json=_crossing())).json()
    assert checked["problems"] == told["problems"]
    assert checked["is_good"] is False


async def test_a_name_that_the_books_of_sightings_have_no_room_for_is_refused_before_one_is_seen_there(
    controller: Controller,
) -> None:
    admin = await controller.sign_in("administrator")
    features = [
        {**one, "properties": {**one["properties"], "id": f"{number}" + "号" * 80, "grid": {"worker": "w" * 81}}}
        for number, one in enumerate(ESTATE["features"][:1])
    ]
    answer = await admin.put("/zones", json={**ESTATE, "features": features}, params={"because": "try"})
    told = [(one["code"], one["detail_zh"], one["where"]) for one in answer.json()["problems"]]
    assert told == [
        ("long_name", f"“0{'号' * 19}…”有 81 个字符，最多 80 个", f"0{'号' * 79}"),
        ("long_name", f"“{'w' * 20}…”有 81 个字符，最多 80 个", f"0{'号' * 79}"),
    ]


def _with_rules(rules: dict[str, dict[str, object]]) -> dict[str, object]:
    features = [json.loads(json.dumps(one)) for one in ESTATE["features"]]
    next(one for one in features if one["properties"]["kind"] == "rule")["properties"]["rules"] = rules
    return {"type": "FeatureCollection", "features": features}


async def test_rules_that_no_eyes_could_follow_are_refused_before_they_reach_a_vehicle(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    bad = _with_rules({"vendor": {"dwel_s": 3}, "crowd": {"people_at_least": "many"}, "clutter": {}})
    answer = await admin.put("/zones", json=bad, params={"because": "try"})
    told = answer.json()
    assert (answer.status_code, told["code"]) == (422, "bad_zone_file")
    assert [(one["code"], one["rule"]) for one in told["problems"]] == [
        ("bad_rule_parameters", "vendor"),
        ("bad_rule_parameters", "crowd"),
    ]
    assert "dwel_s" in told["problems"][0]["detail"]
    assert "dwell_s" in told["problems"][0]["remedy"]
    assert "people_at_least" in told["problems"][1]["detail"]
    assert (await admin.post("/zones/check", json=bad)).json()["problems"] == told["problems"]
    assert (await admin.get("/zones")).json()["revision"] == 0


@pytest.mark.parametrize("content", [b"", b"not json", b'{"type": "FeatureCollection", "features": [NaN]}', b"\xff"])
async def test_no_json_is_a_problem_with_a_place(controller: Controller, content: bytes) -> None:
    admin = await controller.sign_in("administrator")
    answer = await admin.put("/zones", content=content, params={"because": "try"})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_zone_file")


async def test_a_check_stores_nothing(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    told = (await admin.post("/zones/check", json=ESTATE)).json()
    assert (told["is_good"], told["zones"]) == (True, len(ESTATE["features"]))
    assert (await admin.get("/zones")).json()["revision"] == 0


async def test_of_two_writers_the_slower_one_reads_again(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    await admin.put("/zones", json=ESTATE, params={"because": "one", "revision": 0})
    late = await admin.put("/zones", json=ESTATE, params={"because": "two", "revision": 0})
    assert (late.status_code, late.json()["params"]) == (409, {"revision": 1})


async def test_the_first_start_imports_zones_and_a_later_one_does_not(controller: Controller) -> None:
    await import_first(controller.services)
    await import_first(controller.services)
    admin = await controller.sign_in("administrator")
    told = (await admin.get("/zones")).json()
    assert (told["revision"], told["made_by"]) == (1, "system")


async def test_a_file_of_another_system_is_checked_and_its_zones_can_be_put(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    site = json.loads(SITE.read_text(encoding="utf-8"))["origin"]
    circle = {"circle": {"center": [site["lat_deg"], site["lon_deg"]], "radius": 80}, "inclusion": True, "version": 1}
    plan = json.dumps({"fileType": "Plan", "version": 1, "geoFence": {"circles": [circle], "polygons": []}})

    refused = await admin.put("/zones", content=plan, params={"because": "as it is"})
    told = (await admin.post("/zones/check", content=plan)).json()
    put = await admin.put(
        "/zones", json={"type": "FeatureCollection", "features": told["features"]}, params={"because": "in"}
    )

    assert refused.json()["problems"][0]["code"] == "other_format"
    assert told["is_good"]
    assert put.status_code == 200
    assert put.json()["hash"] == told["hash"]


async def test_what_a_file_leaves_open_is_asked_and_answered(controller: Controller) -> None:
    admin = await controller.sign_in("administrator")
    site = json.loads(SITE.read_text(encoding="utf-8"))["origin"]
    lon, lat = site["lon_deg"], site["lat_deg"]
    ring = f"{lon},{lat} {lon + 0.001},{lat} {lon + 0.001},{lat + 0.001} {lon},{lat}"
    kml = (
        f"<kml><Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing>"
        "</outerBoundaryIs></Polygon></Placemark></kml>"
    )

    asked = (await admin.post("/zones/check", content=kml)).json()
    answered = (await admin.post("/zones/check", content=kml, params={"kind": "keep_out"})).json()

    assert [one["code"] for one in asked["problems"]] == ["kind_unknown"]
    assert answered["is_good"]
    assert answered["features"][0]["properties"]["kind"] == "keep_out"

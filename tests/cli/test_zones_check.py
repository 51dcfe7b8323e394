"""`roundsman zones check`, as a person at a terminal sees it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import main
from cli.zones import app, machine_language
from geofence.zone_files import read_zones

ESTATE = Path(__file__).parents[2] / "sim" / "worlds" / "estate" / "zones.geojson"
BAD = """{"type": "FeatureCollection", "crs": "GCJ-02", "features": [
 {"type": "Feature", "properties": {"id": "school", "kind": "keep_out", "floor_agl_m": 50, "ceiling_agl_m": 10},
  "geometry": {"type": "Polygon", "coordinates":
   [[[121, 31], [121.1, 31.1], [121.1, 31], [121, 31.1], [121, 31]]]}}]}"""


def check(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(app, ["check", *arguments])


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "", "LC_MESSAGES": "zh_TW"}, "zh"),
    ],
)
def test_it_answers_in_the_language_that_the_machine_is_set_to(environment: dict[str, str], language: str) -> None:
    assert machine_language(environment) == language


def test_a_good_file_is_summed_up_in_english() -> None:
    result = check(str(ESTATE), "--lang", "en")

    assert result.exit_code == 0
    assert "keep_in   estate: Estate" in result.output
    assert "0 m to 100 m" in result.output
    assert read_zones(ESTATE.read_bytes()).hash in result.output


def test_a_good_file_is_summed_up_in_chinese() -> None:
    result = check(str(ESTATE), "--lang", "zh")

    assert result.exit_code == 0
    assert "允许区 estate：小区允许区" in result.output
    assert "合计：允许区 1 个" in result.output


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["GCJ-02", "feature 1 (school)", "upside down", "crosses itself at (121.05", "3 problems"]),
        ("zh", ["GCJ-02", "要素 1（school）", "上下颠倒", "轮廓自相交，位于 (121.05", "共 3 处错误"]),
    ],
)
def test_every_problem_of_a_bad_file_is_told_in_both_languages(language: str, words: list[str], tmp_path: Path) -> None:
    file = tmp_path / "bad.geojson"
    file.write_text(BAD, encoding="utf-8")
    result = check(str(file), "--lang", language)

    assert result.exit_code == 1
    assert [word for word in words if word not in result.output] == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["error: zone ", "has no parameters dwel_s", "known are dwell_s", "1 problem,"]),
        ("zh", ["区域 ", "规则“vendor”不能使用", "dwel_s", "共 1 处错误"]),
    ],
)
def test_a_rule_that_no_eyes_could_follow_is_told(language: str, words: list[str], tmp_path: Path) -> None:
    document = json.loads(ESTATE.read_text(encoding="utf-8"))
    rule_zone = next(one for one in document["features"] if one["properties"]["kind"] == "rule")
    rule_zone["properties"]["rules"] = {"vendor": {"dwel_s": 3}}
    file = tmp_path / "bad.geojson"
    file.write_text(json.dumps(document), encoding="utf-8")
    result = check(str(file), "--lang", language)

    assert result.exit_code == 1
    assert [word for word in words if word not in result.output] == []


def test_a_file_that_is_not_there_is_told_without_a_trace(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["zones", "check", "/no/such/zones.geojson"])

    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert "/no/such/zones.geojson: cannot be read: No such file" in told
    assert "Traceback" not in told


def test_notes_do_not_make_a_file_bad(tmp_path: Path) -> None:
    file = tmp_path / "odd.geojson"
    file.write_text(
        BAD.replace('"crs": "GCJ-02", ', "")
        .replace("50", "0")
        .replace("[121.1, 31.1], [121.1, 31], [121, 31.1]", "[121.1, 31], [121.1, 31.1]"),
        encoding="utf-8",
    )

    result = check(str(file), "--lang", "zh")

    assert result.exit_code == 0
    assert "注意: 没有允许区" in result.output


PLAN = """{"fileType": "Plan", "version": 1, "mission": {"items": []}, "geoFence": {"circles": [
 {"inclusion": false, "circle": {"center": [31.3, 121.4], "radius": 30}, "version": 1}], "polygons": [
 {"inclusion": true, "polygon": [[31.29, 121.39], [31.29, 121.41], [31.31, 121.41], [31.31, 121.39]],
  "version": 1}]}}"""


def test_a_plan_becomes_geojson_and_an_authoritys_file_with_all_that_is_lost_told(tmp_path: Path) -> None:
    plan, ours, theirs = tmp_path / "box.plan", tmp_path / "box.geojson", tmp_path / "box.json"
    plan.write_text(PLAN, encoding="utf-8")
    runner = CliRunner()

    first = runner.invoke(app, ["convert", str(plan), str(ours), "--lang", "en"])
    second = runner.invoke(
        app, ["convert", str(ours), str(theirs), "--to", "ed269", "--country", "CHN", "--lang", "zh"]
    )

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert [zone.kind for zone in read_zones(ours.read_bytes()).zones] == ["keep_in", "keep_out"]
    assert json.loads(theirs.read_text(encoding="utf-8"))["features"][0]["country"] == "CHN"
    assert "类型 keep_in 在该格式中没有对应" in second.output


def test_an_ending_that_says_no_format_is_asked_about(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["convert", str(ESTATE), str(tmp_path / "zones.shp"), "--lang", "en"])

    assert result.exit_code == 2
    assert "--to" in result.output


def test_what_a_person_says_settles_what_the_file_leaves_open(tmp_path: Path) -> None:
    file = tmp_path / "fence.kml"
    ring = "121.4,31.3 121.41,31.3 121.41,31.31 121.4,31.3"
    file.write_text(
        f"<kml><Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing>"
        "</outerBoundaryIs></Polygon></Placemark></kml>",
        encoding="utf-8",
    )

    assert "--kind" in check(str(file), "--lang", "en").output
    assert check(str(file), "--lang", "en", "--kind", "keep_in").exit_code == 0

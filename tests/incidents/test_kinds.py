import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import InvalidInput, NotFound
from incidents.kinds import FoundBy, Stage, parse_kinds, read_kinds, shipped_kinds
from missions.work_calendar import WorkCalendar, WorkHours

CALENDAR = WorkCalendar(time_zone="Asia/Shanghai", hours=WorkHours())
KIND = {
    "code": "90101",
    "name": "a",
    "name_zh": "甲",
    "found_by": "clutter",
    "responsible": "x",
    "responsible_zh": "某",
    "verify_radius_m": 4,
    "limits": {"handle": {"amount": 90, "unit": "minutes", "clock": "urgent_hours"}},
}


def test_the_shipped_table_has_the_national_codes_without_blanks() -> None:
    table = shipped_kinds()
    codes = {kind.code for kind in table.kinds}
    assert {"20501", "20504", "20409", "20507", "20102", "20103", "20506", "20201", "20203"} <= codes
    assert all(" " not in code for code in codes)
    vendor = table.kind("20501")
    assert (vendor.name_zh, vendor.found_by, vendor.files_itself) == ("无照经营游商", FoundBy.VENDOR, True)


def test_alarms_in_the_table_never_file_themselves() -> None:
    alarms = [kind for kind in shipped_kinds().kinds if kind.is_alarm]
    assert {kind.name_zh for kind in alarms} == {"人员摔倒", "一键求助"}
    assert not any(kind.files_itself for kind in alarms)


def test_an_unknown_kind_is_not_found() -> None:
    with pytest.raises(NotFound, match="99999"):
        shipped_kinds().kind("99999")


def test_a_city_replaces_the_table(tmp_path: Path) -> None:
    file = tmp_path / "kinds.json"
    file.write_text(json.dumps({"kinds": [KIND]}), encoding="utf-8")
    table = read_kinds(file)
    limit = table.limit("90101", Stage.HANDLE)
    assert limit is not None
    start_at = datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert limit.after(start_at, CALENDAR) - start_at == timedelta(minutes=90)
    assert table.limit("90101", Stage.VERIFY) is None
    assert [kind.code for kind in table.kinds] == ["90101"]


@pytest.mark.parametrize(
    ("amount", "unit", "clock"),
    [(8, "hours", "working_days"), (24, "hours", "calendar_days"), (1, "days", "working_hours")],
)
def test_a_limit_that_could_be_counted_in_two_ways_is_refused(amount: float, unit: str, clock: str) -> None:
    limit = {"amount": amount, "unit": unit, "clock": clock}
    with pytest.raises(InvalidInput, match="counted in"):
        parse_kinds(json.dumps({"kinds": [KIND | {"limits": {"handle": limit}}]}), where="x")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"code": "2 05 01"}, "code"),
        ({"name_zh": ""}, "name_zh"),
        ({"found_by": "magic"}, "found_by"),
        ({"verify_radius_m": 0}, "verify_radius_m"),
        ({"colour": "red"}, "colour"),
        ({"limits": {"handle": {"amount": -1, "unit": "hours", "clock": "urgent_hours"}}}, "amount"),
        ({"limits": {}}, "90101"),
    ],
)
def test_a_wrong_table_is_refused_by_name(tmp_path: Path, change: dict[str, object], word: str) -> None:
    file = tmp_path / "kinds.json"
    file.write_text(json.dumps({"kinds": [KIND | change]}), encoding="utf-8")
    with pytest.raises(InvalidInput, match=word) as refused:
        read_kinds(file)
    assert refused.value.where == str(file)


@pytest.mark.parametrize("text", ["{", '{"kinds": []}', json.dumps({"kinds": [KIND, KIND]})])
def test_a_broken_empty_or_doubled_table_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_kinds(text, where="x")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_kinds(tmp_path / "none.json")

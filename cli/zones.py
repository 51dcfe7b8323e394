"""`roundsman zones`: look at zone files without a controller."""

import os
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.status import Status
from core.files import check_writable, read_file, write_whole

if TYPE_CHECKING:
    from geofence.errors import ZoneProblem
    from geofence.formats.choices import ImportChoices
    from geofence.zones import Zone, ZoneSet

app = typer.Typer(no_args_is_help=True, help="Zone files: what they hold and what is wrong with them.")


class Language(StrEnum):
    """In which language the command answers."""

    ZH = "zh"
    EN = "en"


class Kind(StrEnum):
    """What the shapes of a file are that does not say it."""

    KEEP_IN = "keep_in"
    KEEP_OUT = "keep_out"


class Form(StrEnum):
    """A format to write."""

    GEOJSON = "geojson"
    KML = "kml"
    ED269 = "ed269"
    ED318 = "ed318"
    PLAN = "plan"


_FORM_OF_NAME = {".geojson": Form.GEOJSON, ".json": Form.GEOJSON, ".kml": Form.KML, ".plan": Form.PLAN}
_FileArgument = Annotated[
    Path, typer.Argument(help="Zones as GeoJSON, KML, KMZ, ED-269, ED-318 or QGroundControl plan.", metavar="FILE")
]
_LangOption = Annotated[Language | None, typer.Option(help="zh or en; otherwise as the machine is set.")]
_GroundOption = Annotated[
    float | None, typer.Option(help="Altitude of the ground, for limits given above mean sea level.")
]
_ZoneOption = Annotated[str | None, typer.Option(help="Time zone of times that name none, such as Asia/Shanghai.")]
_KindOption = Annotated[Kind | None, typer.Option(help="What the shapes are, where the file does not say it.")]


@app.callback()
def main() -> None:
    """Look at zone files without a controller."""


@app.command()
def check(
    file: _FileArgument,
    lang: _LangOption = None,
    ground_amsl_m: _GroundOption = None,
    time_zone: _ZoneOption = None,
    kind: _KindOption = None,
) -> None:
    """Read FILE and print every problem with its place and remedy, or what the file holds; exits 1 on problems."""
    language = lang or machine_language(os.environ)
    zones = _read(file, _choices(ground_amsl_m, time_zone, kind), language, on_problems=Status.NOT_SO)
    for line in _summary(zones, language):
        typer.echo(line)


@app.command()
def convert(
    file: _FileArgument,
    out: Annotated[Path, typer.Argument(help="Where to; its ending says the format.", metavar="OUT")],
    to: Annotated[Form | None, typer.Option(help="The format, where the ending of OUT does not say it.")] = None,
    country: Annotated[str, typer.Option(help="Three letters, for ED-269 and ED-318.")] = "CHN",
    authority: Annotated[str, typer.Option(help="Who publishes the zones, for ED-269 and ED-318.")] = "Roundsman",
    lang: _LangOption = None,
    ground_amsl_m: _GroundOption = None,
    time_zone: _ZoneOption = None,
    kind: _KindOption = None,
) -> None:
    """Read FILE and write its zones to OUT in another format, telling all that was assumed or could not be said."""
    from geofence.formats.choices import ExportChoices, ZoneFormat
    from geofence.formats.exchange import write_zone_file

    language = lang or machine_language(os.environ)
    form = to or _FORM_OF_NAME.get(out.suffix.lower())
    if form is None:
        _complain(f"{out}: the ending says no format; name it with --to ({', '.join(Form)})")
        raise typer.Exit(Status.COULD_NOT)
    check_writable(out)
    zones = _read(file, _choices(ground_amsl_m, time_zone, kind), language, on_problems=Status.COULD_NOT)
    written = write_zone_file(zones, ZoneFormat(form.value), ExportChoices(country=country, authority=authority))
    for note in written.notes:
        _complain(f"{_WORDS[language][1]}: {_sentence(note, language)}")
    write_whole(out, written.text)


_WORDS = {Language.ZH: ("错误", "注意"), Language.EN: ("error", "note")}


def _choices(ground_amsl_m: float | None, time_zone: str | None, kind: Kind | None) -> "ImportChoices":
    from geofence.formats.choices import ImportChoices
    from geofence.zones import ZoneKind

    named = None if kind is None else ZoneKind(kind.value)
    return ImportChoices(ground_amsl_m=ground_amsl_m, time_zone=time_zone, kind=named)


def _read(file: Path, choices: "ImportChoices", language: Language, *, on_problems: Status) -> "ZoneSet":
    """Return the zones of a file, telling problems and notes; on problems the command ends with *on_problems*."""
    from geofence.formats.exchange import check_zone_file
    from perception.rules.catalogue import check_rules

    report = check_zone_file(read_file(file), choices=choices)
    problems = (*report.problems, *check_rules(report.zones))
    for problem in problems:
        _complain(f"{_WORDS[language][0]}: {_sentence(problem, language)}")
    for warning in report.warnings:
        _complain(f"{_WORDS[language][1]}: {_sentence(warning, language)}")
    if problems:
        _complain(_verdict(file, len(problems), language))
        raise typer.Exit(on_problems)
    return report.zones


def machine_language(environment: Mapping[str, str]) -> Language:
    """Return the language that the machine is set to, also where its own words in it are not installed."""
    said = (environment.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    name = next(filter(None, said), "")
    return Language.ZH if name.lower().startswith("zh") else Language.EN


def _complain(text: str) -> None:
    typer.echo(text, err=True)


def _verdict(file: Path, problems: int, language: Language) -> str:
    if language is Language.ZH:
        return f"{file}：共 {problems} 处错误，文件不能使用"
    return f"{file}: {problems} problem{'s' if problems != 1 else ''}, the file cannot be used"


def _sentence(problem: "ZoneProblem", language: Language) -> str:
    if language is Language.EN:
        return str(problem)
    from geofence.zones_zh import problem_zh, where_zh

    because, remedy = problem_zh(problem)
    at = "" if problem.lon_deg is None else f"，位于 ({problem.lon_deg}, {problem.lat_deg})"
    head = f"{where_zh(problem.where)}：" if problem.where else ""
    return f"{head}{because}{at}；{remedy}"


def _summary(zones: "ZoneSet", language: Language) -> list[str]:
    counts = Counter(zone.kind for zone in zones.zones)
    lines = [_line(zone, language) for zone in zones.zones]
    if language is Language.ZH:
        from geofence.zones_zh import KINDS

        kinds = "，".join(f"{KINDS[kind]} {number} 个" for kind, number in counts.items())
        return [*lines, f"合计：{kinds}", f"哈希值：{zones.hash}"]
    kinds = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    return [*lines, f"in all: {kinds}", f"hash: {zones.hash}"]


def _line(zone: "Zone", language: Language) -> str:
    area_m2 = _area_m2(zone)
    if language is Language.EN:
        heights = f"{_height(zone.floor_agl_m, 'ground')} to {_height(zone.ceiling_agl_m, 'no limit')}"
        times = f", {len(zone.times)} weekly times" if zone.times else ""
        return f"{zone.kind:9} {zone.id}: {zone.name or '-'}, {area_m2:.0f} m², {heights}{times}"
    from geofence.zones_zh import KINDS

    heights = f"{_height(zone.floor_agl_m, '地面')} 至 {_height(zone.ceiling_agl_m, '不限')}"
    times = f"，每周 {len(zone.times)} 个时段" if zone.times else ""
    return f"{KINDS[zone.kind]} {zone.id}：{zone.name_zh or zone.name or '-'}，{area_m2:.0f} m²，{heights}{times}"


def _height(height_m: float | None, otherwise: str) -> str:
    return otherwise if height_m is None else f"{height_m:g} m"


def _area_m2(zone: "Zone") -> float:
    import shapely

    from geofence.frames import LocalFrame
    from geofence.positions import GeoPosition

    centre = zone.polygon.centroid
    frame = LocalFrame(origin=GeoPosition(lon_deg=centre.x, lat_deg=centre.y))
    return float(shapely.transform(zone.polygon, frame.to_local_array).area)

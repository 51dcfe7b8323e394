"""`roundsman zones`: look at zone files without a controller."""

import locale
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from geofence.errors import ZoneProblem
    from geofence.zones import Zone, ZoneSet

app = typer.Typer(no_args_is_help=True, help="Zone files: what they hold and what is wrong with them.")


class Language(StrEnum):
    """In which language the command answers."""

    ZH = "zh"
    EN = "en"


@app.callback()
def main() -> None:
    """Look at zone files without a controller."""


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A GeoJSON file of zones in WGS-84.", metavar="FILE")],
    lang: Annotated[Language | None, typer.Option(help="zh or en; otherwise as the machine is set.")] = None,
) -> None:
    """Read FILE and print every problem with its place and remedy, or what the file holds; exits 1 on problems."""
    from geofence.zone_files import check_zones
    from perception.rules.catalogue import check_rules

    language = lang or _machine_language()
    try:
        content = file.read_bytes()
    except OSError as error:
        _complain(f"{file}: {error.strerror}")
        raise typer.Exit(1) from error
    report = check_zones(content)
    words = {Language.ZH: ("错误", "注意"), Language.EN: ("error", "note")}[language]
    problems = (*report.problems, *check_rules(report.zones))
    for problem in problems:
        _complain(f"{words[0]}: {_sentence(problem, language)}")
    for warning in report.warnings:
        _complain(f"{words[1]}: {_sentence(warning, language)}")
    if problems:
        _complain(_verdict(file, len(problems), language))
        raise typer.Exit(1)
    for line in _summary(report.zones, language):
        typer.echo(line)


def _machine_language() -> Language:
    name = locale.getlocale()[0] or ""
    return Language.ZH if name.lower().startswith(("zh", "chinese")) else Language.EN


def _complain(text: str) -> None:
    typer.echo(text, err=True)


def _verdict(file: Path, problems: int, language: Language) -> str:
    if language is Language.ZH:
        return f"{file}：共 {problems} 处错误，文件不能使用"
    return f"{file}: {problems} problem{'s' if problems != 1 else ''}, the file cannot be used"


def _sentence(problem: "ZoneProblem", language: Language) -> str:
    if language is Language.EN:
        return str(problem)
    from cli.zones_zh import BECAUSE, where_zh

    because, remedy = (text.format(**problem.params) for text in BECAUSE[problem.code])
    at = "" if problem.lon_deg is None else f"，位于 ({problem.lon_deg}, {problem.lat_deg})"
    head = f"{where_zh(problem.where)}：" if problem.where else ""
    return f"{head}{because}{at}；{remedy}"


def _summary(zones: "ZoneSet", language: Language) -> list[str]:
    counts = Counter(zone.kind for zone in zones.zones)
    lines = [_line(zone, language) for zone in zones.zones]
    if language is Language.ZH:
        from cli.zones_zh import KINDS

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
    from cli.zones_zh import KINDS

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

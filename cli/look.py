"""`roundsman look`: what the eyes see in a video, a folder of pictures or a stream, without vehicle and controller."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from core.files import check_writable, write_whole

if TYPE_CHECKING:
    from perception.offline.examination import Account, Examination
    from perception.offline.live_recording import LiveRecording
    from perception.offline.papers import Papers
    from perception.offline.recording import RecordedFrame, Recording

app = typer.Typer(add_completion=False, help="Look at a recording: tracks, sightings and why.  看视频")
_WHY_NOT = {
    "no_pose": "the camera's pose at their time is not known (outside of poses.csv, or in a long gap of it)  位姿未知",
    "bad_pose": "the camera's pose is no number there  位姿不是数值",
    "sky": "the camera sees no ground there, or only ground too near to the horizon  看不到地面",
    "too_steep": "the camera looked down more steeply than the model can tell things apart  俯角过大",
    "too_low": "the camera was lower than 0.3 m above the ground  相机过低",
    "wrong_size": "the pictures have another shape than the first ones  画面比例不同",
    "frozen": "the same picture for ten seconds and more: a fault of the camera or the recorder, not calm  画面静止",
    "covered": "nothing but one tone in the picture: a covered lens, fog, darkness  镜头被遮挡",
    "failed": "looking at them failed (see the log)  分析失败",
}
_NOTHING_ASSESSED = "nothing was assessed: this is not 'none'  未评估，不等于没有"
_NO_RULES = "no rule was asked for (--zones names a zone file with rules)  未指定区域规则"


@app.command()
def look(  # noqa: PLR0913  one for each option
    source: Annotated[str, typer.Argument(help="video, folder of pictures, or stream (rtsp:, udp:, tcp:, http:)")],
    camera: Annotated[Path, typer.Option(help="camera.json: lens and pose.  相机文件")],
    poses: Annotated[Path | None, typer.Option(help="poses.csv of a moving camera.  位姿表")] = None,
    poses_began_s: Annotated[
        float, typer.Option(help="what time_s of poses.csv is at the first picture.  位姿时差")
    ] = 0.0,
    model: Annotated[Path | None, typer.Option(help="a model's card; default: the simulator model.  模型卡")] = None,
    zones: Annotated[Path | None, typer.Option(help="zones with rules; none: only tracks.  区域文件")] = None,
    out: Annotated[Path | None, typer.Option(help="write sightings here (JSON lines).  发现")] = None,
    tracks: Annotated[Path | None, typer.Option(help="write tracks here (JSON lines).  轨迹")] = None,
    detections: Annotated[Path | None, typer.Option(help="write all that the model sees (JSON lines).  检测")] = None,
    annotated: Annotated[Path | None, typer.Option(help="write a film with boxes here (MP4).  标注视频")] = None,
    pictures: Annotated[Path | None, typer.Option(help="folder for the sightings' pictures.  照片目录")] = None,
    report: Annotated[Path | None, typer.Option(help="write the account here (JSON).  小结")] = None,
    every: Annotated[int, typer.Option(min=1, help="look only at every so-manieth frame.  隔帧")] = 1,
    slices: Annotated[
        bool | None, typer.Option(help="look at cuts too; default: when pictures are large (slower).  切片")
    ] = None,
    most_cuts: Annotated[int, typer.Option(min=2, help="at most so many cuts; more find smaller things.  切片数")] = 6,
    faces: Annotated[Path | None, typer.Option(help="a YuNet model: also hide faces.  人脸模型")] = None,
    rate_hz: Annotated[float | None, typer.Option(min=0.01, help="pictures a second, for a folder.  帧率")] = None,
    start_at: Annotated[datetime | None, typer.Option(help="when the recording began (UTC).  开始时间")] = None,
    give_up_s: Annotated[
        float, typer.Option(min=1.0, help="end when a live stream gave no picture for so long.  断流时限")
    ] = 30.0,
    for_s: Annotated[float | None, typer.Option(min=0.0, help="stop after so many seconds of it.  时长")] = None,
) -> None:
    """Look at every frame; write tracks, sightings and a film; say what could not be assessed."""
    from perception.offline.opening import open_look
    from perception.offline.papers import Papers, report_of

    console = Console(stderr=True)
    _check_files(source, (camera, poses, model, zones, faces), (out, tracks, detections, annotated, report))
    began_at = None if start_at is None else start_at.replace(tzinfo=start_at.tzinfo or UTC)
    opened = open_look(
        source=source, camera=camera, poses=poses, poses_began_s=poses_began_s, model=model, zones=zones,
        slices=slices, most_cuts=most_cuts, faces=faces, rate_hz=rate_hz, start_at=began_at, give_up_s=give_up_s,
    )  # fmt: skip
    examination, recording = opened.examination, opened.recording
    papers = Papers(
        sightings=out, tracks=tracks, detections=detections, pictures=pictures, film=annotated,
        ground=examination.ground, start_at=examination.start_at,
    )  # fmt: skip
    with _stops() as stop:
        with recording, papers:
            is_whole = _walk(examination, recording, papers, console, stop, every=every, for_s=for_s)
        notes = [
            *opened.notes,
            *examination.notes,
            *opened.last_notes,
            *([recording.note] if recording.note else []),
            *([] if is_whole else ["stopped early  提前停止"]),
        ]
        account, damaged = examination.account, recording.damaged
        _tell(account, console, notes=notes, damaged=damaged, has_rules=zones is not None)
        if report is not None:
            write_whole(report, report_of(account, source=source, model=opened.model, damaged=damaged, notes=notes))
    if not is_whole:
        sys.exit(130)


def _check_files(source: str, read: tuple[Path | None, ...], written: tuple[Path | None, ...]) -> None:
    """Raise InvalidInput for what cannot be written; an account of before is taken away, as it is of another look."""
    film = Path(source)
    check_writable(*written, kept=tuple(one for one in (film if film.is_file() else None, *read) if one is not None))
    report = written[-1]
    if report is not None and report.is_file():
        report.unlink()


class _Stop:
    """What Ctrl-C and SIGTERM do: the first ends the looking, and none keeps from writing what was seen till then."""

    def __init__(self) -> None:
        self.is_asked = False
        self._ends_at_once = False

    def ask(self, _signal: int, _frame: object) -> None:
        """Take a signal; raises KeyboardInterrupt for the first one while frames are looked at."""
        is_first, self.is_asked = not self.is_asked, True
        if is_first and self._ends_at_once:
            raise KeyboardInterrupt

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Let a signal end what is within at once, and quietly."""
        try:
            self._ends_at_once = True
            yield
        except KeyboardInterrupt:
            self.is_asked = True
        finally:
            self._ends_at_once = False


@contextmanager
def _stops() -> Iterator[_Stop]:
    """Let SIGTERM do what Ctrl-C does: a service that is stopped leaves whole files too."""
    stop = _Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop.ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _walk(
    examination: "Examination",
    recording: "Recording | LiveRecording",
    papers: "Papers",
    console: Console,
    stop: _Stop,
    *,
    every: int,
    for_s: float | None,
) -> bool:
    """Look at the frames with a progress bar; returns False when it was interrupted, with everything so far written."""
    from core.clock import SystemClock

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    clock = SystemClock()
    began_s = clock.monotonic_s()
    with Progress(*columns, console=console) as progress, stop.heeded():
        task = progress.add_task("frames 帧", total=recording.count)
        for recorded in _chosen(recording, stop, every, for_s):
            papers.write(examination.look(recorded), recorded.time_s)
            progress.update(task, completed=recorded.number + 1)
    papers.write_rest(examination.end())
    examination.account.took_s = clock.monotonic_s() - began_s
    return not stop.is_asked


def _chosen(
    recording: "Recording | LiveRecording", stop: _Stop, every: int, for_s: float | None
) -> Iterator["RecordedFrame"]:
    for recorded in () if stop.is_asked else recording:
        if for_s is not None and recorded.time_s > for_s:
            return
        if recorded.number % every == 0:
            yield recorded


def _tell(account: "Account", console: Console, *, notes: list[str], damaged: int, has_rules: bool) -> None:
    table = Table(title=f"{account.frames} frames 帧, {account.seconds:.1f} s", show_header=False)
    table.add_row("analysed 已分析", str(account.analysed))
    table.add_row("speed 速度", f"{account.frames_per_s:.1f} frames/s 帧/秒 ({account.took_s:.1f} s)")
    for name, count in account.not_assessed.items():
        table.add_row("[bold]not assessed 未评估[/bold]", f"{count}: {_WHY_NOT.get(name, name)}")
    if damaged:
        table.add_row("damaged 损坏", f"{damaged} packets or pictures could not be read  无法读取")
    followed = ", ".join(f"{count} {label}" for label, count in account.tracks.most_common()) or "nothing  无"
    table.add_row("followed 跟踪", f"{followed} ({account.lines} lines 行)" if account.analysed else _NOTHING_ASSESSED)
    found = ", ".join(f"{count} {rule}" for rule, count in account.sightings.most_common())
    none = "none  无" if has_rules else _NO_RULES
    table.add_row("sightings 发现", found or (none if account.analysed else _NOTHING_ASSESSED))
    console.print(table)
    for note in notes:
        console.print(f"note 提示: {note}", soft_wrap=True, markup=False)

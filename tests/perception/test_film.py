"""What a look writes, where it cannot be written: told by its name, and by no crash of the film's library."""

import os
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from core.errors import InvalidInput
from perception.detections import Detection, Label, PixelBox
from perception.offline.examination import Looked
from perception.offline.film import Film
from perception.offline.ground_frame import GroundFrame
from perception.offline.papers import Papers
from perception.pipeline import Seen
from tests.perception.eyes import START_AT, frame_at


def write_film(file: Path, *, frames: int) -> None:
    random = np.random.default_rng(7)
    with Film(file=file) as film:
        for i in range(frames):
            picture = random.integers(0, 255, (120, 160, 3)).astype(np.uint8)
            seen = Seen(frame=frame_at(0.0, picture=picture), detections=())
            film.add(Looked(number=i, seen=seen, lines=()), i / 5)


def frames_of(film: Path) -> int:
    with av.open(str(film)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_a_film_onto_a_full_disk_is_told() -> None:
    with pytest.raises(InvalidInput, match="/dev/full: the film cannot be written: No space left on device"):
        write_film(Path("/dev/full"), frames=3)


def test_a_film_into_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="the film cannot be written: No such file or directory"):
        write_film(tmp_path / "none" / "film.mp4", frames=0)


def test_a_film_into_a_pipe_is_whole(tmp_path: Path) -> None:
    pipe, copy = tmp_path / "pipe", tmp_path / "copy.mp4"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: copy.write_bytes(pipe.read_bytes()))
    reader.start()
    write_film(pipe, frames=5)
    reader.join()
    assert frames_of(copy) == 5


def test_lines_onto_a_full_disk_are_told_with_their_file() -> None:
    random = np.random.default_rng(7)
    picture = random.integers(0, 255, (120, 160, 3)).astype(np.uint8)
    detections = [Detection(label=Label.PERSON, score=0.9, box=PixelBox(1.0, 1.0, 9.0, 9.0))] * 100
    looked = Looked(number=0, seen=Seen(frame=frame_at(0.0, picture=picture), detections=detections), lines=())
    ground = GroundFrame.local(east_m=0.0, north_m=0.0)
    papers = Papers(
        sightings=None, tracks=None, detections=Path("/dev/full"), pictures=None, film=None, ground=ground,
        start_at=START_AT,
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="/dev/full: cannot be written: No space left on device"), papers:
        papers.write(looked, 0.0)

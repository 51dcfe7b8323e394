"""Crowds of recordings are counted from finished lines."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from core.events import Json
from core.ids import VehicleId
from perception.detections import Label
from perception.detector import BUILT_IN_CARD, OnnxDetector
from perception.georeference import Georeference
from perception.offline.later_crowds import Late, LaterCrowds, with_rules
from perception.offline.track_line import TrackLine
from perception.pipeline import Seen
from tests.perception.eyes import FRAME, LENS, box_around, frame_at, gaze, place, zones_with

RULES: dict[str, dict[str, Json]] = {"crowd": {"people_at_least": 3, "radius_m": 2.0, "for_s": 3.0}, "vendor": {}}
RATE_HZ = 10
HOLDS_FRAMES = 60


@pytest.fixture(scope="module")
def detector() -> OnnxDetector:
    return OnnxDetector(card_file=BUILT_IN_CARD)


def crowds(detector: OnnxDetector) -> LaterCrowds:
    return LaterCrowds(
        vehicle_id=VehicleId("recording"),
        detector=detector,
        reference=Georeference(camera=LENS, frame=FRAME),
        zones=with_rules(zones_with(RULES), later=True),
    )


def line(frame: int, person: int) -> TrackLine:
    return TrackLine(
        frame=frame,
        time_s=frame / RATE_HZ,
        track=person,
        label=Label.PERSON,
        score=0.8,
        box=box_around(300 + 20 * person, 200),
        place=place(0.9 * person, 0.0, sigma_m=0.2),
        trait=None,
    )


def told(later: LaterCrowds, lines: Callable[[int], Sequence[TrackLine]], frames: int) -> list[tuple[int, Late]]:
    """Return what is told, and at which frame; lines are finished six seconds later."""
    found: list[tuple[int, Late]] = []
    for i in range(frames + HOLDS_FRAMES):
        if i < frames:
            later.note(Seen(frame=replace(frame_at(i / RATE_HZ, view=gaze()), number=i)))
        done = i - HOLDS_FRAMES
        found += [(i, one) for one in later.look(lines(done) if done >= 0 else (), done)]
    return found


def test_a_crowd_is_told_once_for_the_frame_at_which_it_had_lasted(detector: OnnxDetector) -> None:
    found = told(crowds(detector), lambda frame: [line(frame, k) for k in range(3)], 80)

    ((at, late),) = found
    assert late.frame == at - HOLDS_FRAMES
    assert 30 <= late.frame <= 38
    assert late.sighting.rule == "crowd"
    assert (late.sighting.last_seen_at - late.sighting.first_seen_at).total_seconds() == pytest.approx(3.2, abs=0.5)
    assert late.sighting.photos[0].taken_at <= late.sighting.last_seen_at


def test_who_has_no_finished_line_is_not_counted(detector: OnnxDetector) -> None:
    """As of somebody who was taken for a person for a while, and is a doll in the end."""
    assert told(crowds(detector), lambda frame: [line(frame, k) for k in range(2)], 80) == []


def test_a_crowd_that_falls_apart_too_soon_is_none(detector: OnnxDetector) -> None:
    def parting(frame: int) -> list[TrackLine]:
        return [line(frame, k) for k in range(3 if frame % 40 < 25 else 1)]

    assert told(crowds(detector), parting, 80) == []


def test_every_rule_is_judged_either_at_once_or_later() -> None:
    at_once, later = (with_rules(zones_with(RULES), later=is_later).zones for is_later in (False, True))

    assert [set(zone.rules) for zone in (*at_once, *later)] == [{"vendor"}, {"crowd"}]

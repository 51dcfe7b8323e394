"""Faces, for cameras that come close: found by a face detector and hidden with everything else that must not leave.

The finder is YuNet's ONNX file (Apache-2.0, libfacedetection); it is not shipped. Some 50 ms a picture of 640 × 640.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from core.errors import InvalidInput
from perception.detections import Detection, Label, PixelBox
from perception.detector import Detector, Picture
from perception.model_card import ModelCard

_LEAST_SCORE = 0.3
_LONGEST_PX = 960
_WIDER = 0.25
HIDDEN_SCORE = 0.15
"""Enough to be hidden, too little to be followed or judged."""


class FaceFinder:
    """Finds faces; raises InvalidInput when the file is no such model."""

    def __init__(self, *, model: Path) -> None:
        if not model.is_file():
            raise InvalidInput("the face detector cannot be read", where=str(model))
        try:
            self._net = cv2.FaceDetectorYN.create(str(model), "", (320, 320), _LEAST_SCORE)
            self.find(np.zeros((320, 320, 3), np.uint8))
        except cv2.error as error:
            raise InvalidInput(
                "is not a face detector of the YuNet family", where=str(model), remedy="use face_detection_yunet"
            ) from error

    def find(self, picture: Picture) -> list[PixelBox]:
        """Return the boxes of faces."""
        height, width = picture.shape[:2]
        scale = min(1.0, _LONGEST_PX / max(height, width))
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = picture if scale == 1.0 else np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
        self._net.setInputSize(size)
        found: object = self._net.detect(small)[1]
        rows = found[:, :4].tolist() if isinstance(found, np.ndarray) else []
        return [PixelBox(x / scale, y / scale, (x + w) / scale, (y + h) / scale) for x, y, w, h in rows]


class FaceHidingDetector:
    """A detector whose detections also hide the faces that a finder finds, with or without a person seen there.

    A face becomes the head of a person so weakly seen that nobody follows it: `perception.privacy` hides heads.
    """

    def __init__(self, *, detector: Detector, faces: FaceFinder) -> None:
        self._detector = detector
        self._faces = faces

    @property
    def card(self) -> ModelCard:
        """Return the card of the detector."""
        return self._detector.card

    def detect(self, picture: Picture) -> Sequence[Detection]:
        """Return what the detector sees, and a faint person below every face."""
        faces = [
            Detection(label=Label.PERSON, score=HIDDEN_SCORE, box=_below(box)) for box in self._faces.find(picture)
        ]
        return [*self._detector.detect(picture), *faces]


def _below(face: PixelBox) -> PixelBox:
    """Return the box of somebody whose head, the upper third, is the face with some room around it."""
    wide, tall = _WIDER * face.width_px, _WIDER * face.height_px
    upper = face.y0_px - tall
    return PixelBox(face.x0_px - wide, upper, face.x1_px + wide, upper + 3 * (face.height_px + 2 * tall))

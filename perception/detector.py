"""Detectors: pictures in, detections out; the built-in one runs any ONNX model that a card describes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes, keep_best
from perception.decoders.centre_point import CentrePointDecoder
from perception.decoders.picodet import PicoDetDecoder
from perception.detections import Detection, Detections, Label
from perception.model_card import ModelCard, check_shapes, read_card, read_model

Picture = NDArray[np.uint8]
BUILT_IN_CARD = Path(__file__).parent / "models" / "simulator.json"
_LOWEST_SCORE = 0.1
_SAME_IOU = 0.6


class Detector(Protocol):
    """Anything that finds things in pictures; used from one thread."""

    @property
    def card(self) -> ModelCard: ...

    def detect(self, picture: Picture) -> Sequence[Detection]:
        """Return what is seen in *picture* (h, w, 3; BGR), down to scores of 0.1: the caller filters."""


class Decoder(Protocol):
    """Turns a model's raw outputs into boxes in the pixels of its input."""

    def decode(self, outputs: Mapping[str, NDArray[np.float32]], lowest_score: float) -> RawBoxes:
        """Return all boxes from *lowest_score* on."""


def _make_decoder(card: ModelCard) -> Decoder:
    if card.decoder == "centre_point":
        return CentrePointDecoder(outputs=card.outputs, labels=len(card.labels))
    if card.decoder == "picodet":
        return PicoDetDecoder(outputs=card.outputs, labels=len(card.labels), side_px=card.input.width_px)
    raise InvalidInput(
        f"no decoder is called {card.decoder!r}", where=card.name, remedy="known are centre_point and picodet"
    )


class OnnxDetector:
    """Runs one model with one thread; raises InvalidInput when the model is not what its card says."""

    def __init__(self, *, card_file: Path = BUILT_IN_CARD) -> None:
        self.card = read_card(card_file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        content = read_model(self.card, card_file.parent)
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        check_shapes(
            self.card,
            {node.name: tuple(node.shape) for node in self._session.get_inputs()},
            {node.name: tuple(node.shape) for node in self._session.get_outputs()},
        )
        self._decoder = _make_decoder(self.card)
        self._outputs = list(self.card.outputs)
        self._tensor = np.zeros((1, 3, self.card.input.height_px, self.card.input.width_px), np.float32)
        self._planes = [np.empty((0, 0), np.uint8) for _ in range(3)]
        self._meanings = [self.card.means.get(label) for label in self.card.labels]

    def detect(self, picture: Picture) -> Detections:
        tensor, scale = self.prepare(picture)
        raw = self.infer(tensor)
        return self.read(raw, scale, picture.shape[1], picture.shape[0])

    def prepare(self, picture: Picture) -> tuple[NDArray[np.float32], float]:
        """Return the model's input and how many of its pixels one pixel of the picture takes.

        The input is the detector's own memory: it holds until the next picture is prepared.
        """
        wanted = self.card.input
        scale = min(wanted.width_px / picture.shape[1], wanted.height_px / picture.shape[0], 1.0)
        if scale < 1.0:
            size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        height, width = picture.shape[:2]
        if self._planes[0].shape != (height, width):
            self._planes = [np.empty((height, width), np.uint8) for _ in range(3)]
            self._tensor.fill(0.0)
        cv2.split(picture, self._planes)
        for i, (mean, std) in enumerate(zip(wanted.mean_bgr, wanted.std_bgr, strict=True)):
            channel = self._tensor[0, i, :height, :width]
            channel[...] = self._planes[i]
            if (mean, std) != (0.0, 1.0):
                channel -= mean
                channel /= std
        return self._tensor, scale

    def infer(self, tensor: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        """Return the model's raw outputs by name."""
        values = self._session.run(self._outputs, {self.card.input.name: tensor})
        return dict(zip(self._outputs, values, strict=True))

    def read(self, raw: Mapping[str, NDArray[np.float32]], scale: float, width_px: int, height_px: int) -> Detections:
        """Return detections in the picture's own pixels."""
        boxes = self._decoder.decode(raw, _LOWEST_SCORE)
        corners = boxes.corners_px
        if scale != 1.0:
            corners /= scale
        np.maximum(corners, 0.0, out=corners)
        np.minimum(corners, (width_px, height_px, width_px, height_px), out=corners)
        seen: list[tuple[Label, float, Sequence[float]]] = []
        for box, score, number in keep_best(boxes, same_iou=_SAME_IOU):
            meaning = self._meanings[number]
            if meaning is not None and box[2] > box[0] and box[3] > box[1]:
                seen.append((meaning, score, box))
        return Detections(seen)

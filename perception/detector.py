"""Detectors: pictures in, detections out; the built-in one runs any ONNX model that a card describes."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes, blended, keep_best
from perception.decoders.catalogue import make_decoder
from perception.detections import WEAK_SHARE, Detection, Detections, Label
from perception.model_card import Fit, ModelCard, check_names, check_shapes, read_card, read_model
from perception.privacy import LEAST_SCORES

Picture = NDArray[np.uint8]
BUILT_IN_CARD = Path(__file__).parent / "models" / "simulator.json"
_LOWEST_SCORE = 0.1
_LARGEST = 100.0
"""A raw model's boxes are smaller than so many inputs, however bad they are; what is decoded twice is not."""
_LABELS = list(Label)
_NUMBERS: Mapping[str, type[np.generic]] = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
"""What small inputs are made of; a model that takes a size may want it as whole numbers or not."""
_RUNTIME_ERRORS = (
    onnxruntime.capi.onnxruntime_pybind11_state.Fail,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph,
    onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf,
    onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented,
    onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException,
)
Scale = tuple[float, float]


class Detector(Protocol):
    """Anything that finds things in pictures; used from one thread."""

    @property
    def card(self) -> ModelCard: ...

    def detect(self, picture: Picture) -> Sequence[Detection]:
        """Return what is seen in *picture* (h, w, 3; BGR), down to scores of 0.1: the caller filters."""


class OnnxDetector:
    """Runs one model with one thread; raises InvalidInput when the model is not what its card says.

    In flight a *thrifty* one leaves out at once what is too weak for tracks and need not be hidden in pictures.
    """

    def __init__(self, *, card_file: Path = BUILT_IN_CARD, is_thrifty: bool = False) -> None:
        self.card = read_card(card_file)
        self.foreign: Counter[int] = Counter()
        """How many boxes of class numbers that the card does not name the model gave: they were left out."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        content = read_model(self.card, card_file.parent)
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except _RUNTIME_ERRORS as error:
            raise InvalidInput(
                f"the model cannot be loaded: {str(error).splitlines()[0]}",
                where=str(card_file.parent / self.card.file),
                remedy="it must be ONNX; export it again for a runtime of this version",
            ) from error
        check_shapes(
            self.card,
            {node.name: tuple(node.shape) for node in self._session.get_inputs()},
            {node.name: tuple(node.shape) for node in self._session.get_outputs()},
        )
        check_names(self.card, [node.name for node in self._session.get_inputs()])
        self._decoder = make_decoder(self.card)
        self._outputs = list(self.card.outputs)
        wanted = self.card.input
        self._tensor = np.full((1, 3, wanted.height_px, wanted.width_px), 0.0, np.float32)
        kinds = {node.name: node.type for node in self._session.get_inputs()}
        self._extra = {
            name: kind.value_for(wanted).astype(_NUMBERS.get(kinds.get(name, ""), np.float32))
            for name, kind in wanted.extra.items()
        }
        self._planes = [np.empty((0, 0), np.uint8) for _ in range(3)]
        self._channels = [0, 1, 2] if wanted.colours == "bgr" else [2, 1, 0]
        meanings = [self.card.means.get(label) for label in self.card.labels]
        self._numbers = np.array([-1 if label is None else _LABELS.index(label) for label in meanings], np.int64)
        least = [math.inf if label is None else self._least(label, is_thrifty) for label in meanings]
        self._least_scores = np.array(least, np.float32)
        self._try_out()

    def _least(self, label: Label, is_thrifty: bool) -> float:
        if not is_thrifty:
            return _LOWEST_SCORE
        return min(WEAK_SHARE * self.card.score_for(label), LEAST_SCORES.get(label, math.inf))

    def detect(self, picture: Picture) -> Detections:
        tensor, scale = self.prepare(picture)
        raw = self.infer(tensor)
        return self.read(raw, scale, picture.shape[1], picture.shape[0])

    def prepare(self, picture: Picture) -> tuple[NDArray[np.float32], Scale]:
        """Return the model's input and how many of its pixels one pixel of the picture takes, across and down.

        The input is the detector's own memory: it holds until the next picture is prepared.
        """
        wanted = self.card.input
        scale = self._scale(picture)
        size = (round(picture.shape[1] * scale[0]), round(picture.shape[0] * scale[1]))
        if size != (picture.shape[1], picture.shape[0]):
            way = cv2.INTER_AREA if max(scale) <= 1.0 else cv2.INTER_LINEAR
            picture = np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8)
        height, width = picture.shape[:2]
        if self._planes[0].shape != (height, width):
            self._planes = [np.empty((height, width), np.uint8) for _ in range(3)]
            self._fill_rest()
        cv2.split(picture, self._planes)
        for i, (mean, std) in enumerate(zip(wanted.mean_bgr, wanted.std_bgr, strict=True)):
            channel = self._tensor[0, self._channels[i], :height, :width]
            channel[...] = self._planes[i]
            if (mean, std) != (0.0, 1.0):
                channel -= mean
                channel /= std
        return self._tensor, scale

    def _scale(self, picture: Picture) -> Scale:
        across = self.card.input.width_px / picture.shape[1]
        down = self.card.input.height_px / picture.shape[0]
        if self.card.input.fit is Fit.STRETCH:
            return across, down
        smaller = min(across, down, 1.0)
        return smaller, smaller

    def _fill_rest(self) -> None:
        """Fill what the picture does not cover."""
        wanted = self.card.input
        for i, (mean, std) in enumerate(zip(wanted.mean_bgr, wanted.std_bgr, strict=True)):
            padding = 0.0 if wanted.pad_value is None else (wanted.pad_value - mean) / std
            self._tensor[0, self._channels[i]] = padding

    def _try_out(self) -> None:
        """Run the model once: what it really gives must be what its card says."""
        try:
            raw = self.infer(self._tensor)
        except _RUNTIME_ERRORS as error:
            raise InvalidInput(
                f"the model does not run on what its card says: {str(error).splitlines()[0]}",
                where=self.card.name,
                remedy="correct the card's input",
            ) from error
        inputs = {self.card.input.name: self._tensor.shape}
        check_shapes(self.card, inputs, {name: value.shape for name, value in raw.items()})
        with np.errstate(over="ignore", invalid="ignore"):
            corners = self._decoder.decode(raw, 0.0).corners_px
        largest = _LARGEST * max(self._tensor.shape)
        if not (np.abs(corners) < largest).all():
            raise InvalidInput(
                "the model's boxes cannot be: of an empty picture some are a hundred times as large as it",
                where=self.card.name,
                remedy="its boxes may be decoded already: export it without that; or name the decoder of its family",
            )

    def infer(self, tensor: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        """Return the model's raw outputs by name; raises InvalidInput when it computes what is no number."""
        values = self._session.run(self._outputs, {self.card.input.name: tensor, **self._extra})
        if broken := [
            name for name, value in zip(self._outputs, values, strict=True) if np.isnan(value.sum(dtype=np.float32))
        ]:
            raise InvalidInput(
                f"the model gives what is no number (NaN) in {', '.join(broken)}",
                where=self.card.name,
                remedy="its file is damaged, or it was made for fewer bits than it needs: export it again",
            )
        return dict(zip(self._outputs, values, strict=True))

    def read(self, raw: Mapping[str, NDArray[np.float32]], scale: Scale, width_px: int, height_px: int) -> Detections:
        """Return detections in the picture's own pixels."""
        decoded = self._decoder.decode(raw, _LOWEST_SCORE)
        self.foreign.update(decoded.foreign)
        boxes = self._of_use(decoded)
        corners = boxes.corners_px
        if scale != (1.0, 1.0):
            corners /= (*scale, *scale)
        np.maximum(corners, 0.0, out=corners)
        np.minimum(corners, (width_px, height_px, width_px, height_px), out=corners)
        seen: list[tuple[Label, float, Sequence[float]]] = []
        kept = keep_best(boxes, same_iou=self.card.same_iou)
        for box, score, number in blended(kept, boxes) if self.card.blends_boxes else kept:
            meaning = _LABELS[number]
            if box[2] > box[0] and box[3] > box[1]:
                seen.append((meaning, score, box))
        return Detections(seen)

    def _of_use(self, boxes: RawBoxes) -> RawBoxes:
        """Return the boxes that mean something to us, with our labels' numbers: a bus and a truck are one car."""
        kept = (boxes.scores >= self._least_scores.take(boxes.classes)).nonzero()[0]
        numbers = self._numbers.take(boxes.classes.take(kept))
        return RawBoxes(corners_px=boxes.corners_px.take(kept, axis=0), scores=boxes.scores.take(kept), classes=numbers)

"""PicoDet models (PaddleDetection): scores and distances as distributions over eight bins, at four strides."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes

_STRIDES_PX = (8, 16, 32, 64)
_BINS = 8
FloatArray = NDArray[np.float32]


class PicoDetDecoder:
    """Reads four score outputs (1, n, labels; 0..1) and, after them, four box outputs (1, n, 4 × 8)."""

    def __init__(self, *, outputs: Mapping[str, tuple[int, ...]], labels: int, side_px: int) -> None:
        names = list(outputs)
        cells = [(-(-side_px // stride)) ** 2 for stride in _STRIDES_PX]
        wanted = [(1, n, labels) for n in cells] + [(1, n, 4 * _BINS) for n in cells]
        if [tuple(shape) for shape in outputs.values()] != wanted:
            raise InvalidInput(
                f"a PicoDet model of {side_px} px gives {wanted}, not {list(outputs.values())}",
                where="outputs",
                remedy="correct the card",
            )
        self._pairs = list(zip(_STRIDES_PX, names[:4], names[4:], strict=True))
        self._centres = {stride: _centres(side_px, stride) for stride in _STRIDES_PX}

    def decode(self, outputs: Mapping[str, FloatArray], lowest_score: float) -> RawBoxes:
        parts = [
            self._decode_level(stride, outputs[scores][0], outputs[boxes][0], lowest_score)
            for stride, scores, boxes in self._pairs
        ]
        return RawBoxes(
            corners_px=np.concatenate([part.corners_px for part in parts]),
            scores=np.concatenate([part.scores for part in parts]),
            classes=np.concatenate([part.classes for part in parts]),
        )

    def _decode_level(self, stride: int, scores: FloatArray, boxes: FloatArray, lowest: float) -> RawBoxes:
        rows, classes = np.nonzero(scores >= lowest)
        bins = boxes[rows].reshape(-1, 4, _BINS)
        shares = np.exp(bins - bins.max(axis=2, keepdims=True))
        shares /= shares.sum(axis=2, keepdims=True)
        distances = (shares @ np.arange(_BINS, dtype=np.float32)) * stride
        centres = self._centres[stride][rows]
        corners = np.concatenate((centres - distances[:, :2], centres + distances[:, 2:]), axis=1)
        return RawBoxes(corners_px=corners.astype(np.float32), scores=scores[rows, classes], classes=classes)


def _centres(side_px: int, stride: int) -> FloatArray:
    cells = -(-side_px // stride)
    y, x = np.divmod(np.arange(cells * cells), cells)
    centres: FloatArray = (np.stack((x, y), axis=1).astype(np.float32) + 0.5) * stride
    return centres

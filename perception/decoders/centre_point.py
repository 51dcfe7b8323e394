"""Centre-point models: a heat map of peaks for each class and four distances to the sides of the box."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes

_STRIDE_PX = 4
_MOST = 200


class CentrePointDecoder:
    """Reads `heat` (1, classes, h, w; peaks only, 0..1) and `distances` (1, 4, h, w; left, up, right, down in px)."""

    def __init__(self, *, outputs: Mapping[str, tuple[int, ...]], labels: int) -> None:
        heat, distances = outputs.get("heat"), outputs.get("distances")
        if heat is None or distances is None or heat[1] != labels or distances[1] != 4 or heat[2:] != distances[2:]:
            raise InvalidInput(
                f"a centre-point model gives heat (1, {labels}, h, w) and distances (1, 4, h, w), not {dict(outputs)}",
                where="outputs",
                remedy="correct the card",
            )

    def decode(self, outputs: Mapping[str, NDArray[np.float32]], lowest_score: float) -> RawBoxes:
        heat = outputs["heat"][0]
        classes, rows, columns = np.nonzero(heat >= lowest_score)
        scores = heat[classes, rows, columns]
        if len(scores) > _MOST:
            best = np.argpartition(-scores, _MOST)[:_MOST]
            classes, rows, columns, scores = classes[best], rows[best], columns[best], scores[best]
        left, up, right, down = outputs["distances"][0][:, rows, columns]
        x = columns * _STRIDE_PX + _STRIDE_PX / 2
        y = rows * _STRIDE_PX + _STRIDE_PX / 2
        corners = np.stack((x - left, y - up, x + right, y + down), axis=1)
        return RawBoxes(corners_px=corners.astype(np.float32), scores=scores, classes=classes)

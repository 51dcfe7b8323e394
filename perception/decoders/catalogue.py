"""Which decoders there are, by the names that cards use."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes
from perception.decoders.centre_point import CentrePointDecoder
from perception.decoders.detr import DetrDecoder
from perception.decoders.fastestdet import FastestDetDecoder
from perception.decoders.nanodet import NanoDetPlusDecoder
from perception.decoders.picodet import PicoDetDecoder
from perception.decoders.ppyoloe import PpYoloeDecoder
from perception.decoders.yolox import YoloxDecoder
from perception.model_card import ModelCard


class Decoder(Protocol):
    """Turns a model's raw outputs into boxes in the pixels of its input."""

    def decode(self, outputs: Mapping[str, NDArray[np.float32]], lowest_score: float) -> RawBoxes:
        """Return all boxes from *lowest_score* on."""


def make_decoder(card: ModelCard) -> Decoder:
    """Return the decoder that a card names; raises InvalidInput when there is none, or its outputs do not fit."""
    if card.decoder not in _MAKERS:
        raise InvalidInput(
            f"no decoder is called {card.decoder!r}", where=card.name, remedy=f"known are {', '.join(_MAKERS)}"
        )
    return _MAKERS[card.decoder](card)


def _centre_point(card: ModelCard) -> Decoder:
    return CentrePointDecoder(outputs=card.outputs, labels=len(card.labels))


def _picodet(card: ModelCard) -> Decoder:
    if card.input.width_px != card.input.height_px:
        raise InvalidInput("a PicoDet model with its own decoding is square here", where=card.name)
    return PicoDetDecoder(outputs=card.outputs, labels=len(card.labels), side_px=card.input.width_px)


def _ppyoloe(card: ModelCard) -> Decoder:
    return PpYoloeDecoder(outputs=card.outputs, labels=len(card.labels))


class _Sized(Protocol):
    def __call__(
        self, *, outputs: Mapping[str, tuple[int, ...]], labels: int, width_px: int, height_px: int
    ) -> Decoder: ...


def _sized(maker: _Sized) -> Callable[[ModelCard], Decoder]:
    def make(card: ModelCard) -> Decoder:
        size = card.input
        return maker(outputs=card.outputs, labels=len(card.labels), width_px=size.width_px, height_px=size.height_px)

    return make


_MAKERS: Mapping[str, Callable[[ModelCard], Decoder]] = {
    "centre_point": _centre_point,
    "picodet": _picodet,
    "ppyoloe": _ppyoloe,
    "yolox": _sized(YoloxDecoder),
    "nanodet_plus": _sized(NanoDetPlusDecoder),
    "fastestdet": _sized(FastestDetDecoder),
    "detr": _sized(DetrDecoder),
}

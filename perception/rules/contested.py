"""What the rules hear of tracks: what no other label has better evidence for, over all the time that it was seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from perception.detections import Label
from perception.rules.places import near as near_to
from perception.tracker import Track

_SAME_IOU = 0.5
_WITHIN = 0.8
_FOOT = 0.1
_FILLED = 0.5
"""People who stand close together fill at least this share of the box of what they are taken for."""
_VEHICLES = frozenset({Label.CAR, Label.CART})
_NO_PIECES = _VEHICLES | {Label.PERSON, Label.LYING}
"""Nobody who stands or lies before a vehicle is a piece of it."""
_MADE_OF_PEOPLE = frozenset({Label.BIN, Label.FULL_BIN, Label.BOARD, Label.PILE, Label.BIKE, Label.CART})
_STANDS_ON_M = 1.0
"""Nobody stands so near to the middle of a cart: who does has it in his hands, as an umbrella, or is all there is."""

_HAVE_TO_BE_CLEAR = frozenset({Label.BIKE, Label.BOARD, Label.CART, Label.FULL_BIN, Label.PILE})
"""What somebody would be sent for: not heard of while it may as well be something else."""
_CLEARLY = 0.6
"""Clear is what no other label has more than this share of its evidence against."""
_NO_RIVALS = (
    frozenset({Label.BIN, Label.FULL_BIN}),
    frozenset({Label.FULL_BIN, Label.PILE}),
    frozenset({Label.CART, Label.PERSON}),
)
"""Bags at a bin are both, and a rule weighs which; people stand before their carts: there the better one is heard."""
_WEAK_CART, _ANY_PEOPLE = 1.3, 0.25
"""What is a cart with less than so many times what it needs, in the mean, and has so large a share of people's evidence
against it, is people with umbrellas: of 560 true carts two were so for some seconds, of 20 false ones six."""
_REMEMBERED = 120.0
"""So much evidence is kept, that of some half a minute: what stood for an hour may lie now."""


@dataclass(slots=True)
class _Claim:
    """What speaks for a track and what for other labels in its place, in units of what each label needs."""

    own: float = 0.0
    views: float = 0.0
    others: dict[Label, float] = field(default_factory=dict)

    def is_best(self, label: Label) -> bool:
        """Say whether *label* has the best evidence; clearly the best, where that is asked."""
        is_weak = self.own < _WEAK_CART * self.views
        return all(weight <= _most_against(label, other, is_weak) * self.own for other, weight in self.others.items())

    def speak(self, own: Track) -> None:
        """Take in one more view of the track itself."""
        self.own, self.views = self.own + _weight(own), self.views + 1.0

    def fade(self) -> None:
        """Let what is long past count less."""
        share = _REMEMBERED / max(_REMEMBERED, self.own + max(self.others.values(), default=0.0))
        self.own, self.views = share * self.own, share * self.views
        self.others = {label: share * weight for label, weight in self.others.items()}

    def doubt(self, other: Track) -> None:
        """Take in that it may be *other* in truth."""
        self.others[other.label] = self.others.get(other.label, 0.0) + _weight(other)


class Claims:
    """Weighs what tracks are, over all the frames that they were seen in of late.

    A detector that hesitates names one thing twice, in one place: a person in a row is also half a bike. In single
    frames the wrong name may win; over all of them it seldom does. How much a frame says is its score over what the
    label needs; a track that is not believed (yet) may still cast doubt on another.
    """

    def __init__(self) -> None:
        self._claims: dict[int, _Claim] = {}

    def hear(self, tracks: Sequence[Track]) -> list[Track]:
        """Take in a frame's *tracks*; return the believed and the likely ones that nothing else speaks against."""
        self._claims = {one.id: self._claims.get(one.id) or _Claim() for one in tracks}
        seen = [(*one.box, one) for one in tracks if one.is_seen]
        lost: set[int] = set()
        for i, (x0, y0, x1, y1, one) in enumerate(seen):
            self._claims[one.id].fade()
            self._claims[one.id].speak(one)
            for a0, b0, a1, b1, other in seen[:i]:
                # most pairs lie apart: told by one or two comparisons, before anything is computed
                if a0 >= x1 or a1 <= x0 or b0 >= y1 or b1 <= y0 or one.label is other.label:
                    continue
                lost.update(small.id for small, large in ((one, other), (other, one)) if self._compare(small, large))
        self._look_for_people([one for *_, one in seen])
        best = [one for one in tracks if one.is_likely and self._claims[one.id].is_best(one.label)]
        return [one for one in best if one.id not in lost]

    def _compare(self, one: Track, other: Track) -> bool:
        """Weigh what *other* says of *one*; true when *one* is nothing but a piece of it."""
        if one.box.iou(other.box) >= _SAME_IOU:
            self._claims[one.id].doubt(other)
            return False
        return _is_piece(one, other)

    def _look_for_people(self, seen: Sequence[Track]) -> None:
        """Doubt what may be nothing but people who stand close together, seen along their row."""
        people = [one for one in seen if one.label is Label.PERSON and one.is_believed]
        for one in seen:
            if len(people) > 1 and one.label in _MADE_OF_PEOPLE:
                near = people if one.label is not Label.CART else near_to(one, people, _STANDS_ON_M)
                inside = [who for who in near if _shared(one, who) >= _SAME_IOU * who.box.area_px2]
                if len(inside) > 1 and sum(_shared(one, who) for who in inside) >= _FILLED * one.box.area_px2:
                    self._claims[one.id].doubt(max(inside, key=_weight))


def _most_against(label: Label, other: Label, is_weak: bool) -> float:
    """Return how large a share of its own evidence may speak for *other*."""
    if is_weak and label is Label.CART and other is Label.PERSON:
        return _ANY_PEOPLE
    if label not in _HAVE_TO_BE_CLEAR or {label, other} in _NO_RIVALS:
        return 1.0
    return _CLEARLY


def _weight(track: Track) -> float:
    return track.scores[-1] / max(track.threshold, 1e-6)


def _is_piece(small: Track, large: Track) -> bool:
    """Say whether *small* is a piece of *large*: inside of its box, and not standing before it."""
    if not large.is_believed or not _has_piece(large.label, small.label):
        return False
    is_behind = small.box.y1_px <= large.box.y1_px + _FOOT * large.box.height_px
    return is_behind and _shared(small, large) >= _WITHIN * small.box.area_px2


def _has_piece(large: Label, small: Label) -> bool:
    """Say whether *small* may be the name of a piece of *large*: bags at a bin look like somebody on the ground."""
    return (large in _VEHICLES and small not in _NO_PIECES) or (large is Label.FULL_BIN and small is Label.LYING)


def _shared(one: Track, other: Track) -> float:
    """Return the area that two boxes share, in px²."""
    a, b = one.box, other.box
    width = min(a.x1_px, b.x1_px) - max(a.x0_px, b.x0_px)
    height = min(a.y1_px, b.y1_px) - max(a.y0_px, b.y0_px)
    return max(0.0, width) * max(0.0, height)

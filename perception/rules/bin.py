"""Bins that overflow (垃圾桶满溢): a full bin, or a bin with things piled against it."""

from dataclasses import dataclass

from perception.detections import Label
from perception.rules.parameters import Licence
from perception.rules.places import near
from perception.rules.rule import Candidate, Finding, Observed, View
from perception.rules.timed_rule import TimedRule
from perception.tracker import Track

KIND = "L0101"
_SAME_BIN_M = 0.8
_GONE_AFTER_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BinParameters:
    """A bin counts when it was in view for so long and overflowed in at least so large a part of that time."""

    observed_s: float = 2.0
    full_share: float = 0.6
    pile_within_m: float = 1.2
    licences: tuple[Licence, ...] = ()


class BinRule(TimedRule[BinParameters]):
    """One place for each bin; what a detector calls full and what it calls a bin are one thing."""

    name = "bin"
    version = "3"
    labels = frozenset({Label.BIN, Label.FULL_BIN})
    follows = frozenset[Label]()
    gone_after_s = _GONE_AFTER_S

    def _points_at(self, view: View, p: BinParameters) -> list[Candidate]:
        full = [one for one in view.of(Label.FULL_BIN) if one.is_seen]
        full += [one for one in view.doubtful(Label.FULL_BIN) if not near(one, full, _SAME_BIN_M)]
        bins = [one for one in view.of(Label.BIN) if one.is_seen and not near(one, full, _SAME_BIN_M)]
        piles = view.of(Label.PILE)
        return [_candidate(one, True, piles, p) for one in full] + [_candidate(one, False, piles, p) for one in bins]

    def _weigh(self, observed: Observed, p: BinParameters) -> Finding | None:
        if observed.holds_s < max(p.observed_s, p.full_share * observed.observed_s):
            return None
        because = (
            f"a bin overflowed in {observed.holds_s:.0f} of {observed.observed_s:.0f} s in view; "
            f"{p.observed_s:g} s and {p.full_share:.0%} are needed"
        )
        facts = {
            "observed_s": round(observed.observed_s, 1),
            "full_s": round(observed.holds_s, 1),
            "full_share": p.full_share,
            **observed.about_place(),
        }
        return Finding(kind=KIND, because=because, facts=facts)


def _candidate(track: Track, is_full: bool, piles: list[Track], p: BinParameters) -> Candidate:
    assert track.place is not None
    against = near(track, piles, p.pile_within_m)
    return Candidate(
        label=Label.FULL_BIN,
        place=track.place,
        box=track.box,
        score=track.score,
        holds=is_full or bool(against),
        is_lasting=track.is_believed and track.is_lasting and (is_full or bool(against)),
        members=(track, *against),
    )

"""Vendors: stalls with people around them (无照经营游商), and shops that trade outside of their line (店外经营)."""

from collections.abc import Sequence
from dataclasses import dataclass

from geofence.frames import LocalFrame
from geofence.zones import Zone
from perception.detections import Label
from perception.rules.parameters import Licence, Timed
from perception.rules.places import clusters, joint_box, middle, near
from perception.rules.rule import Candidate, Finding, Observed, View
from perception.rules.timed_rule import TimedRule
from perception.tracker import Track

VENDOR, SHOP = "20501", "20504"
_FURNITURE = (Label.TABLE, Label.CHAIR)
_GOODS = (Label.CART, Label.PILE, Label.BOARD, Label.UMBRELLA, *_FURNITURE)
_TOGETHER_M = 3.0
_GONE_AFTER_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorParameters:
    """A stall counts after `dwell_s` in view, at least half of it with people who stand near (walkers do not count).

    `licences` say who may stand where, and when.
    """

    dwell_s: float = 6.0
    people_within_m: float = 4.0
    people_at_least: int = 1
    standing_only: bool = True
    licences: tuple[Licence, ...] = ()


class VendorRule(TimedRule[VendorParameters]):
    """A cart, or an umbrella over a table or chairs, with people near."""

    name = "vendor"
    version = "5"
    labels = frozenset({Label.CART, Label.UMBRELLA})
    follows = frozenset({Label.PERSON})
    gone_after_s = _GONE_AFTER_S

    def _points_at(self, view: View, p: VendorParameters) -> list[Candidate]:
        people = [one for one in view.of(Label.PERSON) if _is_there(one)]
        people = [one for one in people if not p.standing_only or one.id in view.standing]
        furniture = view.of(*_FURNITURE)
        stalls = view.of(Label.CART)
        stalls += [one for one in view.of(Label.UMBRELLA) if near(one, furniture, _TOGETHER_M)]
        return [_stall(stall, near(stall, people, p.people_within_m), p) for stall in stalls if stall.is_seen]

    def _weigh(self, observed: Observed, p: VendorParameters) -> Finding | None:
        is_long = observed.holds_s >= max(p.dwell_s, observed.observed_s) / 2 or observed.lasting_s >= p.dwell_s
        if observed.observed_s < p.dwell_s or not is_long:
            return None
        because = (
            f"a stall stood in a no-vending zone for {observed.observed_s:.0f} s in view, "
            f"{observed.holds_s:.0f} s of them with up to {observed.people} people within {p.people_within_m:g} m"
        )
        facts = {
            "observed_s": round(observed.observed_s, 1),
            "with_people_s": round(observed.holds_s, 1),
            "people": observed.people,
            "people_within_m": p.people_within_m,
            "dwell_s": p.dwell_s,
            **observed.about_place(),
        }
        return Finding(kind=VENDOR, because=because, facts=facts)


def _is_there(one: Track) -> bool:
    """Say whether most of the last frames showed somebody: a wheel or a bench looks like one now and then."""
    return one.score > 0.0


def _stall(stall: Track, people: Sequence[Track], p: VendorParameters) -> Candidate:
    assert stall.place is not None
    return Candidate(
        label=Label.CART,
        place=stall.place,
        box=stall.box,
        score=stall.score,
        people=len(people),
        holds=len(people) >= p.people_at_least,
        is_lasting=stall.is_lasting,
        members=(stall, *people),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopParameters:
    """So many goods, tables or boards together beyond a shop's line, unmoved over a span of time.

    The zone is the strip in front of the line, so people who walk past or look into a window are nothing.
    """

    things_at_least: int = 1
    within_m: float = 3.0
    unmoved_for_s: float = 4.0
    moved_tolerance_m: float = 2.5
    observed_s: float = 2.0
    labels: tuple[Label, ...] = _GOODS
    licences: tuple[Licence, ...] = ()


class ShopRule(TimedRule[ShopParameters]):
    """Goods that stand outside."""

    name = "shop"
    version = "2"
    follows = frozenset[Label]()
    gone_after_s = _GONE_AFTER_S

    def __init__(self, *, parameters: Timed[ShopParameters], zone: Zone, frame: LocalFrame) -> None:
        super().__init__(parameters=parameters, zone=zone, frame=frame)
        self.labels = frozenset(parameters.always.labels)

    def _points_at(self, view: View, p: ShopParameters) -> list[Candidate]:
        sure = view.of(*p.labels)
        weak = [one for one in view.weak if one.label in p.labels] if sure else []
        groups = clusters([*sure, *weak], within_m=p.within_m, at_least=p.things_at_least)
        return [_goods(group) for group in groups if any(one.is_seen and one.is_believed for one in group)]

    def _weigh(self, observed: Observed, p: ShopParameters) -> Finding | None:
        if observed.span_s < p.unmoved_for_s or observed.observed_s < p.observed_s:
            return None
        if observed.moved_m > p.moved_tolerance_m + observed.error_m:
            return None
        because = (
            f"goods of a shop ({observed.things} pieces) stood beyond its line for {observed.span_s:.0f} s "
            f"({observed.observed_s:.0f} s in view)"
        )
        facts = {
            "observed_s": round(observed.observed_s, 1),
            "span_s": round(observed.span_s, 1),
            "things": observed.things,
            "moved_m": round(observed.moved_m, 2),
            "unmoved_for_s": p.unmoved_for_s,
            **observed.about_place(),
        }
        return Finding(kind=SHOP, because=because, facts=facts)


def _goods(group: Sequence[Track]) -> Candidate:
    return Candidate(
        label=Label.CART,
        place=middle(group),
        box=joint_box([track.box for track in group]),
        score=max(track.score for track in group),
        things=len(group),
        is_lasting=any(one.is_lasting for one in group),
        members=tuple(group),
    )

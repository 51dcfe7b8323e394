"""What rules with parameters by hour and licensed places have in common."""

from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

from geofence.frames import LocalFrame
from geofence.zones import Zone
from perception.rules.parameters import Licence, Timed, spots_of
from perception.rules.rule import Candidate, Finding, Observed, View


class Licensing(Protocol):
    """Parameters that say who may stand where, and when."""

    @property
    def licences(self) -> tuple[Licence, ...]: ...


P = TypeVar("P", bound=Licensing)


class TimedRule(ABC, Generic[P]):
    """Takes the parameters of the hour, and leaves out what stands where it may."""

    def __init__(self, *, parameters: Timed[P], zone: Zone, frame: LocalFrame) -> None:
        self._parameters = parameters
        self._licensed = spots_of(parameters.always.licences, zone=zone, frame=frame)

    def candidates(self, view: View) -> list[Candidate]:
        """Return the places of interest; none in hours for which the rule is off."""
        p = self._parameters.at(view.at)
        if p is None:
            return []
        return [one for one in self._points_at(view, p) if not self._licensed.holds(one.place, view.at)]

    def judge(self, observed: Observed) -> Finding | None:
        """Return the finding when what was observed is enough; none in hours for which the rule is off."""
        p = self._parameters.at(observed.at)
        return None if p is None else self._weigh(observed, p)

    @abstractmethod
    def _points_at(self, view: View, p: P) -> list[Candidate]:
        """Return the places of interest, licensed or not."""

    @abstractmethod
    def _weigh(self, observed: Observed, p: P) -> Finding | None:
        """Return the finding when what was observed is enough for *p*."""

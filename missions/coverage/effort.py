"""What a search may still spend: counted steps, so that the same question has the same answer on every machine."""

import time
from typing import Self

STEPS_PER_S = 1_000_000
"""A step is about a microsecond of one processor; the work done is counted, not measured."""
_STEPS_PER_LOOK = 20_000
"""The clock is looked at once in so many steps: some machines take long to tell the processor's time."""


class Effort:
    """Steps that may be spent, and the moment (processor's time, seconds) after which nothing more may be begun.

    The steps bind; the moment is for machines so slow, or ground so rugged, that steps take far longer than thought.
    """

    def __init__(self, steps: float, *, until_s: float) -> None:
        self._left, self._until_s = steps, until_s
        self._look_at, self._is_late = steps, False

    @property
    def left(self) -> float:
        """Return how many steps are left."""
        return self._left

    def spend(self, steps: float) -> None:
        """Count *steps* that were done."""
        self._left -= steps

    def is_over(self) -> bool:
        """Say whether nothing more may be begun."""
        if self._left <= self._look_at:
            self._look_at = self._left - _STEPS_PER_LOOK
            self._is_late = time.process_time() > self._until_s
        return self._left <= 0 or self._is_late

    def part(self, share: float) -> Self:
        """Return a *share* of what is left, to be spent apart; what is not spent of it can be given back."""
        steps = share * self._left
        self._left -= steps
        return type(self)(steps, until_s=self._until_s)

    def give_back(self, part: "Effort") -> None:
        """Take back what is left of *part* (or what it spent too much)."""
        self._left += part.left

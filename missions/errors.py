"""What can be wrong with patrols."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a document: where, what, and what to do."""

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.remedy})" if self.remedy else "")


class BadPatrol(InvalidInput):
    """A patrol document is not what it must be; `problems` holds everything that is wrong with it."""

    code = "bad_patrol"

    def __init__(self, problems: Sequence[Problem], *, where: str = "patrol") -> None:
        super().__init__("; ".join(str(problem) for problem in problems), where=where)
        self.problems = tuple(problems)

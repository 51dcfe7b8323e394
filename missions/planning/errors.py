"""What can be wrong with planning requests."""

from collections.abc import Sequence

from core.errors import InvalidInput
from missions.errors import Problem


class BadRequest(InvalidInput):
    """A planning request cannot be planned; `problems` holds everything that is wrong with it."""

    code = "bad_plan_request"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)

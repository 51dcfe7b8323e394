"""JSON documents read field by field: what is wrong is gathered, not raised at the first."""

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

from core.errors import InvalidInput
from missions.errors import Problem

T = TypeVar("T")
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, IndexError)


class DocumentReader:
    """Reads fields of one JSON object and gathers what is wrong instead of stopping at the first."""

    def __init__(self, document: object, *, where: str, problems: list[Problem]) -> None:
        self.where = where
        self.problems = problems
        self.fields: Mapping[str, object] = document if isinstance(document, Mapping) else {}
        if not isinstance(document, Mapping):
            self.wrong("", "must be a JSON object")

    def wrong(self, field: str, what: str, remedy: str = "") -> None:
        where = f"{self.where}.{field}" if field else self.where
        self.problems.append(Problem(where=where, what=what, remedy=remedy))

    def number(self, field: str, *, low: float, high: float, default: float | None = None) -> float:
        value = self.fields.get(field, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.wrong(field, f"must be a number between {low:g} and {high:g}")
            return low
        if not low <= value <= high:
            self.wrong(field, f"is {value:g}, allowed is {low:g} to {high:g}")
        return float(value)

    def text(self, field: str, *, default: str | None = None) -> str:
        value = self.fields.get(field, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.wrong(field, "must be a text that is not empty")
            return ""
        return value

    def flag(self, field: str, *, default: bool) -> bool:
        value = self.fields.get(field, default)
        if not isinstance(value, bool):
            self.wrong(field, "must be true or false")
        return value is True

    def items(self, field: str) -> list[object]:
        value = self.fields.get(field, [])
        if isinstance(value, list):
            return value
        self.wrong(field, "must be a list")
        return []

    def attempt(self, field: str, make: Callable[[], T]) -> T | None:
        """Return what *make* gives, or None with a problem noted when it cannot."""
        try:
            return make()
        except InvalidInput as error:
            self.wrong(field, error.message, error.remedy or "")
        except _UNREADABLE as error:
            self.wrong(field, f"cannot be read: {error}")
        return None

"""Reading JSON objects field by field, gathering what is wrong instead of stopping at the first fault."""

import math
from collections.abc import Iterator, Mapping

from missions.errors import Problem

_LONGEST = 60


class Fields:
    """The fields of one JSON object; every method notes what is wrong and returns a harmless value."""

    def __init__(self, document: object, *, where: str, problems: list[Problem]) -> None:
        self.where = where
        self.problems = problems
        self.values: Mapping[str, object] = document if isinstance(document, dict) else {}
        if not isinstance(document, dict):
            self.wrong("", f"is {_short(document)}, not a JSON object")

    def wrong(self, field: str, what: str, remedy: str = "") -> None:
        """Note that *field* (or, when it is empty, the object) is wrong."""
        self.problems.append(Problem(where=f"{self.where}.{field}" if field else self.where, what=what, remedy=remedy))

    def has(self, field: str) -> bool:
        """Say whether the field is given and not null."""
        return self.values.get(field) is not None

    def number(
        self,
        field: str,
        *,
        low: float = -math.inf,
        high: float = math.inf,
        above: float = -math.inf,
        default: float | None = None,
    ) -> float:
        """Return a finite number from *low* to *high* and more than *above*."""
        value = self.values.get(field)
        if value is None and default is not None:
            return default
        if not is_number(value):
            self.wrong(field, "is missing" if value is None else f"is {_short(value)}, not a number", "give a number")
            return 1.0
        number = float(value)  # type: ignore[arg-type]
        if not (low <= number <= high and number > above):
            self.wrong(field, f"is {number:g}", f"allowed is {_span(low, high, above)}")
            return 1.0
        return number

    def whole(self, field: str, *, low: int, default: int) -> int:
        """Return a whole number of at least *low*."""
        number = self.number(field, low=low, high=1e6, default=default)
        if number != int(number):
            self.wrong(field, f"is {number:g}", "give a whole number")
        return int(number)

    def text(self, field: str) -> str:
        """Return a text that is not empty; a number counts as its digits."""
        value = self.values.get(field)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str) or not value.strip():
            self.wrong(field, "is missing" if value is None else f"is {_short(value)}, not a text", "give a short text")
            return ""
        return value

    def choice(self, field: str, choices: type, *, default: str | None = None) -> str:
        """Return one of the values of a StrEnum."""
        value = self.values.get(field, default)
        known = [str(choice) for choice in choices]  # type: ignore[attr-defined]
        if value not in known:
            self.wrong(
                field, "is missing" if value is None else f"is {_short(value)}", f"it is one of {', '.join(known)}"
            )
            return known[0]
        return str(value)

    def texts(self, field: str) -> frozenset[str]:
        """Return a set of texts; empty where the field is missing."""
        value = self.values.get(field) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(field, f"is {_short(value)}, not a list of texts")
            return frozenset()
        return frozenset(value)

    def objects(self, field: str, *, name: str | None = None) -> Iterator["Fields"]:
        """Yield the JSON objects of a list, each reader named by its index, or by its own id."""
        value = self.values.get(field)
        if not isinstance(value, list):
            self.wrong(field, "is missing" if value is None else f"is {_short(value)}, not a list", "give a list")
            return
        for index, item in enumerate(value):
            own = item.get("id") if isinstance(item, dict) else None
            called = f" ({own})" if isinstance(own, str) and own else ""
            yield Fields(item, where=f"{name or self._named(field)}[{index}]{called}", problems=self.problems)

    def _named(self, field: str) -> str:
        return f"{self.where}.{field}" if self.where else field


def is_number(value: object) -> bool:
    """Say whether *value* is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of more than 308 digits
        return False


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _span(low: float, high: float, above: float) -> str:
    parts = [f"more than {above:g}"] if above > -math.inf else []
    parts += [f"at least {low:g}"] if low > -math.inf else []
    parts += [f"at most {high:g}"] if high < math.inf else []
    return " and ".join(parts)

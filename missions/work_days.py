"""Which days are worked: weekends, public holidays and the days that make up for them, as the state announces them."""

from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from core.errors import InvalidInput

if TYPE_CHECKING:
    from holidays import HolidayBase


def is_working_day(day: date, *, country: str = "CN") -> bool:
    """Say whether *day* is worked in *country* (ISO 3166); raises InvalidInput for one whose calendar is not known.

    Make-up days are announced a year ahead: further on, weekends and the holidays fixed by law count.
    """
    return bool(_calendar(country).is_working_day(day))


def day_name(day: date, *, country: str = "CN") -> str | None:
    """Return the name of the holiday on *day*, in the country's own language; None on other days."""
    name = _calendar(country).get(day)
    return None if name is None else str(name)


@cache
def _calendar(country: str) -> "HolidayBase":
    import holidays

    if country not in holidays.list_supported_countries():
        remedy = "use a country code such as CN"
        raise InvalidInput(f"the work calendar of {country!r:.20} is not known", where="country", remedy=remedy)
    language = {"CN": "zh_CN"}.get(country)
    return holidays.country_holidays(country, language=language)

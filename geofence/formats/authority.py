"""What ED-269 and ED-318 say in common: restrictions, names in several languages, periods of validity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geofence.formats.drafts import Circle, Draft, Drafts
from geofence.formats.schedules import ScheduleReader, Times
from geofence.zones import ZoneKind

_FREE = "NO_RESTRICTION"
_CLOSED = {
    "PROHIBITED": "",
    "REQ_AUTHORISATION": "needs an authorisation",
    "REQ_AUTHORIZATION": "needs an authorisation",
    "CONDITIONAL": "is open under conditions",
    "USPACE": "is U-space airspace",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityZone:
    """What holds for all volumes of one zone of a publication."""

    identifier: str
    kind: ZoneKind
    name: str
    name_zh: str
    times: Times
    time_zone: str

    def part_id(self, part: int, parts: int) -> str:
        """Return the identifier of one of *parts* volumes, counted from 0."""
        return self.identifier if parts == 1 else f"{self.identifier}-{part + 1}"

    def draft(self, part_id: str, shape: Circle | list[object], heights_m: tuple[float | None, float | None]) -> Draft:
        """Return one volume as a draft; *heights_m* are its floor and ceiling above ground."""
        return Draft(
            identifier=part_id,
            kind=self.kind,
            shape=shape,
            name=self.name,
            name_zh=self.name_zh,
            floor_agl_m=heights_m[0],
            ceiling_agl_m=heights_m[1],
            times=self.times,
            time_zone=self.time_zone,
        )


def authority_zone(
    values: Mapping[str, object], drafts: Drafts, *, identifier: str, restriction: str, applicability: str
) -> AuthorityZone | None:
    """Read what volumes share; *restriction* and *applicability* name the members. None: no zone for us (told)."""
    check_identifier(identifier, drafts)
    kind = kind_of_restriction(values.get(restriction), drafts, identifier)
    if kind is None:
        return None
    times, time_zone = times_of(values.get(applicability), drafts, identifier)
    name, name_zh = texts(values.get("name"))
    return AuthorityZone(identifier=identifier, kind=kind, name=name, name_zh=name_zh, times=times, time_zone=time_zone)


def kind_of_restriction(restriction: object, drafts: Drafts, where: str) -> ZoneKind | None:
    """Return what a restriction makes of a zone; None: it is none for us (told), or unknown (refused)."""
    word = str(restriction).upper()
    if word == _FREE:
        because = "restricts nothing and was left out"
        drafts.findings.odd("no_restriction", because, where=where, remedy="nothing is lost")
        return None
    if word not in _CLOSED:
        known = ", ".join([*_CLOSED, _FREE])
        params = {"restriction": str(restriction)[:40]}
        because = f"the restriction {restriction!r:.40} is not known"
        drafts.findings.wrong("bad_restriction", because, where=where, remedy=f"use one of {known}", params=params)
        return None
    if _CLOSED[word]:
        because = f"{_CLOSED[word]} ({word}); it counts as a keep-out zone"
        remedy = "take the zone out when you hold the permission"
        drafts.findings.odd("counts_as_keep_out", because, where=where, remedy=remedy, params={"restriction": word})
    return ZoneKind.KEEP_OUT


def texts(value: object) -> tuple[str, str]:
    """Return a name (English or whatever comes first) and its Chinese form, from text or [{"text", "lang"}]."""
    if isinstance(value, str):
        return value, ""
    entries = [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
    by_language = {str(entry.get("lang", "")).lower()[:2]: str(entry.get("text", "")) for entry in reversed(entries)}
    first = str(entries[0].get("text", "")) if entries else ""
    return by_language.get("en", first), by_language.get("zh", "")


def check_identifier(identifier: str, drafts: Drafts) -> None:
    """Note an identifier that is longer than the standards allow."""
    if len(identifier) > 7:
        because = "identifiers are longer than the 7 characters of the standard and were kept as they are"
        drafts.once("identifier_long", because, "nothing is lost", where=identifier)


def times_of(periods: object, drafts: Drafts, where: str) -> tuple[Times, str]:
    """Return weekly windows and their zone for periods of validity; no windows means always."""
    if periods is None:
        return [], "UTC"
    entries = [periods] if isinstance(periods, dict) else periods
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        remedy = "give a list of periods"
        drafts.findings.wrong("bad_applicability", "its applicability cannot be read", where=where, remedy=remedy)
        return [], "UTC"
    if any(entry.get("startDateTime") or entry.get("endDateTime") for entry in entries):
        because = "is valid between dates only, which are not kept; it counts on every date"
        remedy = "import the file anew when it changes"
        drafts.findings.odd("dates_dropped", because, where=where, remedy=remedy)
    if not entries or any(_is_always(entry, drafts, where) for entry in entries):
        return [], "UTC"
    daily = [period for entry in entries for period in _schedule(entry)]
    reader = ScheduleReader(choices=drafts.choices, findings=drafts.findings, where=where)
    return reader.weekly(daily) or ([], "UTC")


def _is_always(entry: Mapping[str, object], drafts: Drafts, where: str) -> bool:
    scheduled = bool(_schedule(entry))
    if scheduled and str(entry.get("permanent", "NO")).upper() == "YES":
        because = "is called permanent and has weekly times all the same; it counts always"
        drafts.findings.odd("permanent_with_times", because, where=where, remedy="ask its publisher")
        return True
    return not scheduled


def _schedule(entry: Mapping[str, object]) -> Sequence[object]:
    schedule = entry.get("schedule")
    if isinstance(schedule, dict):
        return [schedule]
    return schedule if isinstance(schedule, list) else []

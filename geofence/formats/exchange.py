"""Zone files of any format: which one it is, what it holds, and out again in another."""

import json
from dataclasses import dataclass

from geofence.errors import ZoneProblem
from geofence.formats.choices import ExportChoices, ImportChoices, ZoneFormat
from geofence.formats.drafts import Drafts
from geofence.formats.ed269 import is_ed269, read_ed269
from geofence.formats.ed318 import is_ed318, read_ed318
from geofence.formats.ed_writing import EdWriter
from geofence.formats.kml import read_kml, write_kml
from geofence.formats.kml_text import kml_of_kmz
from geofence.formats.qgc_plan import is_plan, read_fences, write_plan
from geofence.positions import GeoPosition
from geofence.zone_document import Findings
from geofence.zone_files import ZoneFileReport, check_features, check_zones, parsed, write_zones
from geofence.zones import ZoneSet

_ZIP = b"PK\x03\x04"
_JSON_READERS = {ZoneFormat.ED269: read_ed269, ZoneFormat.ED318: read_ed318, ZoneFormat.QGC_PLAN: read_fences}


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonesWritten:
    """A file, and what could not be said in its format."""

    text: str
    notes: tuple[ZoneProblem, ...]


def format_of(content: bytes) -> ZoneFormat:
    """Return the format that *content* looks like; GeoJSON where it looks like nothing else."""
    if content.startswith(_ZIP):
        return ZoneFormat.KMZ
    head = content[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if head.startswith(b"<"):
        return ZoneFormat.KML
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return ZoneFormat.GEOJSON
    return _json_format(document) if isinstance(document, dict) else ZoneFormat.GEOJSON


def check_zone_file(
    content: bytes, *, near: GeoPosition | None = None, choices: ImportChoices | None = None
) -> ZoneFileReport:
    """Return everything that is right and wrong with a zone file of any format, and all that was assumed."""
    found = format_of(content)
    if found is ZoneFormat.GEOJSON:
        return check_zones(content, near=near)
    findings = Findings(near=near)
    drafts = Drafts(findings=findings, choices=choices or ImportChoices())
    if found in {ZoneFormat.KML, ZoneFormat.KMZ}:
        text = kml_of_kmz(content, findings) if found is ZoneFormat.KMZ else content
        if text is not None:
            read_kml(text, drafts)
    else:
        document = parsed(content, findings)
        if document is not None:
            _JSON_READERS[found](document, drafts)
    if not drafts.features and not findings.problems:
        findings.wrong("no_features", "has no zones", remedy="draw at least one zone")
    return check_features(drafts.features, findings)


def write_zone_file(zones: ZoneSet, form: ZoneFormat, choices: ExportChoices | None = None) -> ZonesWritten:
    """Return *zones* in another format with notes on what it cannot hold; KMZ is not written."""
    findings = Findings()
    writer = EdWriter(choices=choices or ExportChoices(), findings=findings)
    if form is ZoneFormat.GEOJSON:
        text = write_zones(zones)
    elif form is ZoneFormat.QGC_PLAN:
        text = write_plan(zones, findings)
    elif form is ZoneFormat.ED269:
        text = writer.ed269(zones)
    elif form is ZoneFormat.ED318:
        text = writer.ed318(zones)
    else:
        text = write_kml(zones)
    return ZonesWritten(text=text, notes=tuple(findings.warnings))


def _json_format(document: dict[str, object]) -> ZoneFormat:
    if is_plan(document):
        return ZoneFormat.QGC_PLAN
    if is_ed269(document):
        return ZoneFormat.ED269
    return ZoneFormat.ED318 if is_ed318(document) else ZoneFormat.GEOJSON

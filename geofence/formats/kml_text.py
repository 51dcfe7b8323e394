"""KML and KMZ as a tree of elements: bytes from anywhere, so nothing in them is trusted.

A document type (the only way to entities, and so to "billion laughs" and to foreign files) is refused before the parser
sees it; a KMZ is opened in memory, and never unpacked further than a limit.
"""

import io
import lzma
import re
import zipfile
import zlib
from xml.etree import ElementTree

from geofence.zone_document import Findings

_LARGEST_BYTES = 32 * 2**20
_DEEPEST = 200
_MOST_ELEMENTS = 250_000
_AT_ONCE = 2**16
_DOCTYPE = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


def kml_of_kmz(content: bytes, findings: Findings) -> bytes | None:
    """Return the main document of a KMZ; notes what is wrong with it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".kml")]
            if not names:
                findings.wrong("no_kml", "the archive holds no .kml document", remedy="save it again as KML")
                return None
            main = "doc.kml" if "doc.kml" in names else names[0]
            with archive.open(main) as document:
                text = document.read(_LARGEST_BYTES + 1)
    except (
        zipfile.BadZipFile,
        zlib.error,
        RuntimeError,
        NotImplementedError,
        EOFError,
        OSError,
        lzma.LZMAError,
    ) as error:
        findings.wrong("bad_archive", f"the archive cannot be read: {error}", remedy="save it again as KML")
        return None
    if len(text) > _LARGEST_BYTES:
        findings.wrong("too_large", "the document in the archive is larger than 32 MiB", remedy="split it")
        return None
    return text


def tree_of(content: bytes, findings: Findings) -> ElementTree.Element | None:
    """Return the root of a KML document, names without their namespace; notes what is wrong with it."""
    text = _decoded(content, findings)
    if text is None:
        return None
    if _DOCTYPE.search(text):
        because, remedy = "has a document type or entities, which KML does not need", "save it again as plain KML"
        findings.wrong("unsafe_xml", because, remedy=remedy)
        return None
    try:
        root = _parsed(text)
    except _TooManyElementsError:
        because = f"has more than {_MOST_ELEMENTS:,} elements"
        params = {"most": _MOST_ELEMENTS}
        findings.wrong("too_many_elements", because, remedy="split it into several files", params=params)
        return None
    except (ElementTree.ParseError, ValueError) as error:
        detail = {"detail": str(error)}
        findings.wrong("not_xml", f"is not XML: {error}", remedy="save it again as KML", params=detail)
        return None
    if not _plain_names(root):
        findings.wrong("too_deep", "its elements are nested too deep", remedy="save it again as plain KML")
        return None
    return root


class _TooManyElementsError(Exception):
    """The tree would take hundreds of megabytes."""


class _Counting(ElementTree.TreeBuilder):
    """Builds a tree up to its limit, and no further: how large it gets is known only while it is read."""

    def __init__(self) -> None:
        super().__init__()
        self._left = _MOST_ELEMENTS

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        self._left -= 1
        if self._left < 0:
            raise _TooManyElementsError
        return super().start(tag, attrs)


def _parsed(text: str) -> ElementTree.Element:
    parser = ElementTree.XMLParser(target=_Counting())
    for begin in range(0, len(text), _AT_ONCE):
        parser.feed(text[begin : begin + _AT_ONCE])
    root = parser.close()
    assert isinstance(root, ElementTree.Element)
    return root


def _decoded(content: bytes, findings: Findings) -> str | None:
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        findings.wrong("not_utf8", f"is not UTF-8 text (byte {error.start})", remedy="save the file as UTF-8")
        return None


def _plain_names(root: ElementTree.Element) -> bool:
    level = [root]
    for _ in range(_DEEPEST):
        for element in level:
            element.tag = element.tag.rpartition("}")[2]
        level = [child for element in level for child in element]
        if not level:
            return True
    return False

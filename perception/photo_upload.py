"""People's photos: really a picture, not too large, and nothing in it but its pixels."""

import struct
from dataclasses import dataclass

import cv2
import numpy as np

from core.errors import InvalidInput

MOST_BYTES = 20 * 1024 * 1024
MOST_PIXELS = 60_000_000
_QUALITY = 92
_PNG = b"\x89PNG\r\n\x1a\n"
_SIZE_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
_REMEDY = "send a JPEG or PNG file as the camera made it"
_HEIF = (b"heic", b"heix", b"hevc", b"heif", b"mif1", b"msf1", b"avif")
"""Brands of ISO 23008-12 files, behind "ftyp": what phones write unless they are told otherwise."""


class UnreadablePhoto(InvalidInput):
    """The file is no picture that we take."""

    code = "unreadable_photo"


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPhoto:
    """A JPEG without any metadata, turned upright."""

    jpeg: bytes
    width_px: int
    height_px: int


def clean_photo(data: bytes) -> CleanPhoto:
    """Return the pixels of a JPEG or PNG file as a fresh JPEG: EXIF (place, device, thumbnail) is gone.

    The size is read from the header before anything is unpacked. Raises UnreadablePhoto.
    """
    if len(data) > MOST_BYTES:
        raise UnreadablePhoto(f"the photo is larger than {MOST_BYTES // 2**20} MiB", remedy="send a smaller one")
    width_px, height_px = _size_px(data)
    if width_px * height_px > MOST_PIXELS:
        raise UnreadablePhoto(
            f"the photo has {width_px} × {height_px} pixels", remedy="send one of at most 60 megapixels"
        )
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise UnreadablePhoto("the photo cannot be decoded", remedy=_REMEDY) from error
    if pixels is None:
        raise UnreadablePhoto("the photo cannot be decoded", remedy=_REMEDY)
    done, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise UnreadablePhoto("the photo cannot be written as JPEG", remedy=_REMEDY)
    return CleanPhoto(jpeg=jpeg.tobytes(), width_px=pixels.shape[1], height_px=pixels.shape[0])


def _size_px(data: bytes) -> tuple[int, int]:
    try:
        if data.startswith(_PNG):
            return _png_size_px(data)
        if data.startswith(b"\xff\xd8"):
            return _jpeg_size_px(data)
    except (struct.error, IndexError) as error:
        raise UnreadablePhoto("the photo ends in the middle", remedy="send it again") from error
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF:
        raise UnreadablePhoto("the photo is HEIC, which is not read here", remedy="set the phone's camera to JPEG")
    raise UnreadablePhoto("the file is neither JPEG nor PNG", remedy=_REMEDY)


def _png_size_px(data: bytes) -> tuple[int, int]:
    at = len(_PNG)
    while data[at + 4 : at + 8] != b"IEND":
        at += 12 + int(struct.unpack_from(">I", data, at)[0])
    width_px, height_px = struct.unpack_from(">II", data, len(_PNG) + 8)
    return int(width_px), int(height_px)


def _jpeg_size_px(data: bytes) -> tuple[int, int]:
    at, size = 2, None
    while data[at + 1] != 0xDA:
        marker = data[at + 1]
        if data[at] != 0xFF:
            raise UnreadablePhoto("the photo is damaged", remedy="send it again")
        if marker in _BARE_MARKERS or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _SIZE_MARKERS:
            height_px, width_px = struct.unpack_from(">HH", data, at + 5)
            size = (int(width_px), int(height_px))
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])
    # Within a scan 0xFF is followed by 0x00 or a restart marker, so the first 0xFFD9 really is the end of the picture.
    if size is None or data.find(b"\xff\xd9", at) < 0:
        raise UnreadablePhoto("the photo ends in the middle", remedy="send it again")
    return size

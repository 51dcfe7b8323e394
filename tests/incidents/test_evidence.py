import hashlib
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import Unavailable
from incidents.errors import BadPhoto, EvidenceDamaged
from incidents.evidence import EvidenceKind
from incidents.evidence_store import FolderEvidenceStore
from perception.photo_upload import MOST_BYTES, UnreadablePhoto, clean_photo
from tests.incidents.room import Room, picture

SECRET = b"GPS 31.2304 121.4737"


def exif(orientation: int) -> bytes:
    """Return an EXIF block with an orientation and a text."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    text = struct.pack(">HHII", 0x010E, 2, len(SECRET), 38)
    tiff = b"MM\x00\x2a" + struct.pack(">IH", 8, 2) + text + entry + struct.pack(">I", 0) + SECRET
    block = b"Exif\x00\x00" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block


def with_exif(jpeg: bytes, orientation: int = 1) -> bytes:
    return jpeg[:2] + exif(orientation) + jpeg[2:]


async def test_what_was_put_is_got_and_lies_under_its_hash(tmp_path: Path) -> None:
    store = FolderEvidenceStore(folder=tmp_path / "evidence")
    sha256 = await store.put(b"abc")
    assert sha256 == hashlib.sha256(b"abc").hexdigest()
    assert await store.get(sha256) == b"abc"
    assert await store.put(b"abc") == sha256
    assert [path.name for path in (tmp_path / "evidence" / sha256[:2]).iterdir()] == [sha256[2:]]


async def test_a_changed_picture_is_an_error_and_not_a_picture(tmp_path: Path) -> None:
    store = FolderEvidenceStore(folder=tmp_path)
    sha256 = await store.put(b"abc")
    (tmp_path / sha256[:2] / sha256[2:]).write_bytes(b"abd")
    with pytest.raises(EvidenceDamaged):
        await store.get(sha256)
    await store.put(b"abc")
    assert await store.get(sha256) == b"abc", "the same bytes put again mend it"


async def test_a_missing_picture_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        await FolderEvidenceStore(folder=tmp_path).get("0" * 64)


async def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable, match="cannot be written"):
        await FolderEvidenceStore(folder=tmp_path / "file").put(b"abc")


async def test_an_upload_keeps_the_pixels_and_nothing_else(room: Room) -> None:
    data = with_exif(picture(3))
    assert SECRET in data
    evidence = await room.photos.put_upload(data, kind=EvidenceKind.AFTER, by="grid1")
    kept = await room.photos.read(evidence)
    assert SECRET not in kept
    assert b"Exif" not in kept
    assert (evidence.width_px, evidence.height_px, evidence.by) == (32, 24, "grid1")


def test_a_photo_that_was_held_upright_stays_upright() -> None:
    cleaned = clean_photo(with_exif(picture(3), orientation=6))
    assert (cleaned.width_px, cleaned.height_px) == (24, 32)


def test_png_becomes_jpeg() -> None:
    done, png = cv2.imencode(".png", np.full((10, 20, 3), 200, np.uint8))
    assert done
    cleaned = clean_photo(png.tobytes())
    assert (cleaned.width_px, cleaned.height_px, cleaned.jpeg[:2]) == (20, 10, b"\xff\xd8")


def png_header(width_px: int, height_px: int) -> bytes:
    body = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + body + b"\0\0\0\0" + b"\0\0\0\0IEND\0\0\0\0"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "neither"),
        (b"<svg onload=alert(1)>", "neither"),
        (b"GIF89a" + b"\0" * 50, "neither"),
        (picture(1)[:200], "middle"),
        (picture(1)[:-40], "middle"),
        (picture(1)[:2] + b"\0" * 100, "damaged"),
        (b"\xff\xd8\xff\xda\x00\x02\xff\xd9", "middle"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 4, "middle"),
        (png_header(100_000, 100_000), "pixels"),
        (png_header(10, 10), "decoded"),
        (b"\xff\xd8" + b"\0" * MOST_BYTES, "20 MiB"),
    ],
    ids=[
        "empty",
        "svg",
        "gif",
        "head only",
        "cut off",
        "zeros",
        "no size",
        "short png",
        "huge png",
        "no data",
        "large",
    ],
)
async def test_what_is_no_picture_is_refused_with_its_reason(data: bytes, word: str) -> None:
    with pytest.raises(UnreadablePhoto, match=word) as refused:
        clean_photo(data)
    assert refused.value.remedy


async def test_a_bad_upload_leaves_no_file(room: Room, tmp_path: Path) -> None:
    with pytest.raises(BadPhoto):
        await room.photos.put_upload(b"no picture", kind=EvidenceKind.AFTER, by="grid1")
    assert not (tmp_path / "evidence").exists()

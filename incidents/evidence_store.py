"""Where pictures lie: under their hash, on the disk before anybody is told that they are kept."""

import errno
import hashlib
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from core.errors import StorageFull, Unavailable
from core.tasks import run_blocking
from incidents.errors import EvidenceDamaged

_AT_ONCE = 4


class EvidenceStore(Protocol):
    """Keeps bytes under their SHA-256: a folder here, an object store in a city."""

    async def put(self, data: bytes) -> str:
        """Keep *data* so that a power cut cannot take it back; return its SHA-256 in hexadecimal.

        Raises StorageFull or Unavailable; then nothing may be acknowledged.
        """

    async def get(self, sha256: str) -> bytes:
        """Return the bytes kept under *sha256*.

        Raises Unavailable when they cannot be read and EvidenceDamaged when they are no longer those bytes.
        """


class FolderEvidenceStore:
    """An evidence store in a folder: `ab/cdef…`, written beside, synced, then renamed into place."""

    def __init__(self, *, folder: Path) -> None:
        self._folder = folder
        # Its own: a sighting keeps its pictures while it holds the books, and must not wait for somebody's long plan.
        self._threads = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="evidence")

    async def put(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        await run_blocking(lambda: self._write(sha256, data), executor=self._threads)
        return sha256

    async def get(self, sha256: str) -> bytes:
        return await run_blocking(lambda: self._read(sha256), executor=self._threads)

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256[2:]

    def _write(self, sha256: str, data: bytes) -> None:
        path = self._path(sha256)
        try:
            if path.exists() and path.read_bytes() == data:
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_through(path, data)
            _sync_folder(path.parent)
            _sync_folder(self._folder)
        except OSError as error:
            raise _translate(error, self._folder) from error

    def _read(self, sha256: str) -> bytes:
        try:
            data = self._path(sha256).read_bytes()
        except OSError as error:
            raise Unavailable(f"a picture cannot be read: {error.strerror}", where=sha256) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise EvidenceDamaged(
                "a stored picture was changed or damaged after it was stored",
                where=sha256,
                remedy="restore the file from a backup; it is not shown as evidence until then",
            )
        return data


def _write_through(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _translate(error: OSError, folder: Path) -> StorageFull | Unavailable:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull("no room for pictures", where=str(folder), remedy="free space on that disk")
    return Unavailable(f"a picture cannot be written: {error.strerror}", where=str(folder))

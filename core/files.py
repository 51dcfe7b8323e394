"""Files that people name: read whole within a limit, written whole or not at all, and every fault named."""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from secrets import token_hex

from core.errors import Conflict, InvalidInput, StorageFull

_MOST_BYTES = 512 * 2**20


def read_file(file: Path, *, most_bytes: int = _MOST_BYTES) -> bytes:
    """Return what *file* holds; raises InvalidInput where it cannot be read or holds more than *most_bytes*."""
    try:
        with file.open("rb") as stream:
            content = stream.read(most_bytes + 1)
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", where=str(file), remedy="name a file") from error
    except ValueError as error:
        raise InvalidInput(f"is no name of a file: {error}", where=repr(str(file)), remedy="name a file") from error
    if len(content) > most_bytes:
        raise InvalidInput(f"holds more than {most_bytes:,} bytes", where=str(file), remedy="is it the right file?")
    return content


def read_text(file: Path) -> str:
    """Return the UTF-8 text of *file*, without the mark that some editors begin it with; raises InvalidInput."""
    try:
        return read_file(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        because = f"is not UTF-8 text ({error.reason} at byte {error.start})"
        raise InvalidInput(because, where=str(file), remedy="save it as UTF-8") from error


def read_json(file: Path, *, remedy: str | None = None) -> object:
    """Return the JSON value in *file*; raises InvalidInput naming it, with the *remedy* for what is none."""
    text = read_text(file)
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"is not JSON: {error}", where=str(file), remedy=remedy) from error
    except RecursionError as error:
        raise InvalidInput("is not JSON that can be read: nested too deeply", where=str(file), remedy=remedy) from error


def check_writable(*files: Path | None, kept: tuple[Path, ...] = ()) -> None:
    """Raise InvalidInput now where a file could not be written later, would be written twice, or is one of *kept*."""
    seen = {file.resolve(): "is read by this command: it would be lost" for file in kept}
    for file in (one for one in files if one is not None):
        if not file.parent.is_dir():
            raise InvalidInput("there is no such folder to write into", where=str(file.parent), remedy="make it first")
        if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
            because = "is a folder" if file.is_dir() else "cannot be written: no right to"
            raise InvalidInput(because, where=str(file), remedy="name another file")
        if is_plain(file) and (because := seen.get(file.resolve(), "")):
            raise InvalidInput(because, where=str(file), remedy="name another file")
        seen[file.resolve()] = "is named for two outputs"


def is_plain(file: Path) -> bool:
    """Say whether *file* is, or would become, an ordinary file: no device and no pipe."""
    return file.is_file() or not file.exists()


def write_whole(file: Path, content: str | bytes) -> None:
    """Write all of *content* or leave *file* as it was; devices and pipes are written to. Raises InvalidInput.

    Half a character, which JSON can say and UTF-8 cannot, is written as JSON says it.
    """
    data = content if isinstance(content, bytes) else content.encode("utf-8", errors="backslashreplace")
    target = file.resolve()
    try:
        if is_plain(file) and os.access(target.parent, os.W_OK):
            _write_beside(target, data)
        else:
            file.write_bytes(data)  # by the name that was given: that of a pipe on standard output is no path
    except OSError as error:
        remedy = "make room, or name another file"
        raise InvalidInput(f"cannot be written: {error.strerror}", where=str(file), remedy=remedy) from error


def _write_beside(target: Path, data: bytes) -> None:
    """Write a file beside *target* and put it in its place once all is on the disk."""
    beside = target.parent / f".{token_hex(8)}.part"
    rights = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666
    try:
        with open(beside, "xb", opener=lambda name, flags: os.open(name, flags, rights)) as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            beside.chmod(rights)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make *folder*, if it is not there yet, for its owner's eyes alone; raises StorageFull where it cannot be made."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _not_made(folder, error) from error


@contextmanager
def held_folder(folder: Path, *, by: str, option: str) -> Iterator[None]:
    """Make *folder* and hold it for the process *by* within the block; a process that is killed lets go of it.

    Raises Conflict while another process holds it, StorageFull where it cannot be written.
    """
    make_folder(folder)
    try:
        file = (folder / f"{by}.lock").open("w")
    except OSError as error:
        raise _not_made(folder, error) from error
    with file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except OSError as error:
            remedy = f"stop it, or give this one another {option}"
            raise Conflict(f"another {by} works with this folder", where=str(folder), remedy=remedy) from error
        yield


def _not_made(folder: Path, error: OSError) -> StorageFull:
    remedy = "make room, or name a folder that may be written"
    return StorageFull(f"cannot be written: {error.strerror}", where=str(folder), remedy=remedy)

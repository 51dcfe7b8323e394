"""Files that a command writes at its end: tried before the work begins, and every fault named."""

import os
from pathlib import Path


def check_writable(*files: Path | None) -> None:
    """Raise OSError now where a file could not be written after half a minute of thought."""
    for file in files:
        if file is None:
            continue
        folder = file.parent
        if not folder.is_dir():
            raise NotADirectoryError(0, "no such folder to write into", str(folder))
        target = file if file.exists() else folder
        if file.is_dir() or not os.access(target, os.W_OK):
            raise PermissionError(0, "cannot be written", str(file))


def write_out(file: Path, text: str) -> None:
    """Write *text*; raises OSError that names the file, also where the disk is full."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OSError(error.errno, f"cannot be written: {error.strerror}", str(file)) from error

"""Files that people name: every fault is named, and what is written is whole or not there."""

import json
import os
import stat
from pathlib import Path

import pytest

from core.errors import Conflict, InvalidInput, StorageFull
from core.files import check_writable, held_folder, make_folder, read_file, read_json, read_text, write_whole


def write(folder: Path, content: bytes) -> Path:
    file = folder / "given.json"
    file.write_bytes(content)
    return file


def test_json_is_read_with_the_mark_that_editors_begin_a_file_with(tmp_path: Path) -> None:
    assert read_json(write(tmp_path, b'\xef\xbb\xbf{"a": 1}')) == {"a": 1}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not JSON"),
        (b"[" * 200_000, "nested too deeply"),
        (b"9" * 6000, "is not JSON"),
        ('{"n": "é"}'.encode("latin-1"), "is not UTF-8 text"),
        ("{}".encode("utf-16"), "is not UTF-8 text"),
    ],
)
def test_what_is_no_json_is_refused_by_name(tmp_path: Path, content: bytes, words: str) -> None:
    file = write(tmp_path, content)
    with pytest.raises(InvalidInput, match=words) as refused:
        read_json(file, remedy="write it anew")
    assert refused.value.where == str(file)


def test_folders_missing_files_and_endless_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="Is a directory"):
        read_text(tmp_path)
    with pytest.raises(InvalidInput, match="No such file"):
        read_text(tmp_path / "none")
    with pytest.raises(InvalidInput, match="is no name of a file"):
        read_file(tmp_path / "a\0b")
    with pytest.raises(InvalidInput, match="holds more than 1,000 bytes"):
        read_file(Path("/dev/zero"), most_bytes=1000)


def test_what_cannot_be_written_whole_leaves_the_file_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    file = write(tmp_path, b"before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidInput, match="No space left on device"):
        write_whole(file, "after")
    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_is_written_anew_keeps_its_rights_and_a_link_stays_a_link(tmp_path: Path) -> None:
    file, link = write(tmp_path, b"before"), tmp_path / "link"
    file.chmod(0o640)
    link.symlink_to(file)
    write_whole(link, "after\n")
    assert link.is_symlink()
    assert file.read_bytes() == b"after\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_half_a_character_is_written_as_json_says_it(tmp_path: Path) -> None:
    file = tmp_path / "o.json"
    write_whole(file, json.dumps({"id": "巡\ud800"}, ensure_ascii=False))
    assert read_json(file) == {"id": "巡\ud800"}


def test_devices_are_written_to_and_not_replaced() -> None:
    write_whole(Path(os.devnull), "gone")
    assert Path(os.devnull).is_char_device()


def test_a_pipe_that_has_no_name_of_its_own_is_written_to() -> None:
    reading, writing = os.pipe()
    write_whole(Path(f"/dev/fd/{writing}"), "巡更")
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        assert pipe.read() == "巡更"


def test_what_others_must_not_read_is_never_theirs_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, rights = write(tmp_path, b"before"), []
    file.chmod(0o600)
    monkeypatch.setattr(os, "fsync", lambda number: rights.append(stat.S_IMODE(os.fstat(number).st_mode)))
    write_whole(file, "after")
    assert rights == [0o600]


def test_what_cannot_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    read, out = write(tmp_path, b"{}"), tmp_path / "o.json"
    check_writable(out, None, Path(os.devnull), Path(os.devnull), kept=(read,))
    for files, words in (
        ((tmp_path / "none" / "o.json",), "no such folder"),
        ((tmp_path,), "is a folder"),
        ((out, out), "named for two outputs"),
        ((read,), "is read by this command"),
    ):
        with pytest.raises(InvalidInput, match=words):
            check_writable(*files, kept=(read,))


def test_one_process_at_a_time_holds_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "books"
    with held_folder(folder, by="clerk", option="--books"):
        with (
            pytest.raises(Conflict, match=r"books: another clerk works with this folder .*another --books") as refused,
            held_folder(folder, by="clerk", option="--books"),
        ):
            pass
        assert refused.value.where == str(folder)
        with held_folder(folder, by="painter", option="--books"):
            pass
    with held_folder(folder, by="clerk", option="--books"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_is_no_folder_cannot_be_held(tmp_path: Path) -> None:
    file = write(tmp_path, b"")
    for folder in (file, file / "below"):
        with pytest.raises(StorageFull, match="cannot be written"):
            make_folder(folder)

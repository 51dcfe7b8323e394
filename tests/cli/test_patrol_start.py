"""`roundsman patrol start`: what is wrong with a file is told before anybody is asked."""

import json
from pathlib import Path

import pytest

from cli.main import main
from cli.patrol import read_patrol
from core.errors import InvalidInput

POINT = {"type": "point", "name": "Gate", "place": [121.4, 31.32], "camera": {"pitch_deg": -40}}
PATROL = {"name": "Street", "parts": [POINT], "height_agl_m": 25, "speed_m_s": 5}


def written(folder: Path, text: str) -> Path:
    """Return a file that holds *text*."""
    file = folder / "patrol.json"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_good_file_comes_back_as_it_is(tmp_path: Path) -> None:
    assert read_patrol(written(tmp_path, json.dumps(PATROL))) == PATROL


def test_numbers_that_are_none_are_refused_with_their_place(tmp_path: Path) -> None:
    text = json.dumps({**PATROL, "parts": [{**POINT, "place": [121.4, float("nan")]}]})
    with pytest.raises(InvalidInput, match=r"patrol.parts\[0\].place: a position needs finite numbers"):
        read_patrol(written(tmp_path, text))


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    wrong = {**PATROL, "colour": "red", "parts": [{"type": "circle"}], "speed_m_s": -1}
    with pytest.raises(InvalidInput) as refused:
        read_patrol(written(tmp_path, json.dumps(wrong)))
    for place in ("patrol.colour", "patrol.parts[0].type", "patrol.speed_m_s"):
        assert place in str(refused.value)


@pytest.mark.parametrize(("text", "words"), [('{"name": ', "is not JSON"), ("[1]", "one JSON object")])
def test_what_is_no_patrol_at_all_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_patrol(written(tmp_path, text))


def test_what_is_no_plan_is_told_with_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, json.dumps(PATROL))
    with pytest.raises(SystemExit) as ended:
        main(["patrol", "convert", str(file), str(tmp_path / "o.json")])
    assert ended.value.code == 2
    assert f"roundsman patrol: {file}: is not a QGroundControl plan" in capsys.readouterr().err

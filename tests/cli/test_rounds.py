"""`roundsman rounds` as people and scripts call it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from tests.missions.rounds.towns import ring, town
from tests.missions.rounds.walkers import worst_gaps

ROOT = Path(__file__).resolve().parents[2]


def test_it_writes_rounds_and_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph, out, picture = tmp_path / "graph.json", tmp_path / "rounds.json", tmp_path / "rounds.svg"
    graph.write_text(json.dumps(ring(6)), encoding="utf-8")
    arguments = ["rounds", str(graph), "--vehicles", "2", "--speed-m-s", "2.0", "--out", str(out), "--notice"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--picture", str(picture), "--time-limit-s", "5", "--seed", "3"])
    assert ended.value.code == 0
    document = json.loads(out.read_text("utf-8"))
    assert document["worst_idleness_s"] == pytest.approx(15.0)
    assert max(worst_gaps(ring(6), document, speed_m_s=2.0).values()) == pytest.approx(15.0)
    assert {"vehicles", "worst_idleness_s", "mean_idleness_s", "lower_bound_s"} <= document.keys()
    assert picture.read_text("utf-8").startswith("<svg")
    assert "15.0 s" in capsys.readouterr().out


def test_a_bad_graph_is_refused_with_every_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph, out = tmp_path / "graph.json", tmp_path / "rounds.json"
    bad = {"nodes": [{"id": 1, "x_m": 0}], "edges": [{"a": 1, "b": 2, "length_m": -1}]}
    graph.write_text(json.dumps(bad), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["rounds", str(graph), "--vehicles", "1", "--out", str(out)])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert all(place in told for place in ("nodes[0].y_m", "edges[0].b", "edges[0].length_m"))
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_told_before_the_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph, out = tmp_path / "graph.json", tmp_path / "none" / "rounds.json"
    graph.write_bytes(b"\xef\xbb\xbf" + json.dumps(town(60, seed=4)).encode())  # as some editors save it
    with pytest.raises(SystemExit) as ended:
        main(["rounds", str(graph), "--vehicles", "9", "--out", str(out), "--time-limit-s", "1000"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "no such folder to write into" in told
    assert "Ctrl-C" not in told


def test_a_number_of_hundreds_of_digits_is_no_length(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = tmp_path / "graph.json"
    nodes = [{"id": 1, "x_m": 0, "y_m": 0}, {"id": 2, "x_m": 1, "y_m": 10**400}]
    graph.write_text(json.dumps({"nodes": nodes, "edges": [{"a": 1, "b": 2, "length_m": 10**400}]}), encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["rounds", str(graph), "--vehicles", "1", "--out", str(tmp_path / "rounds.json")])
    assert ended.value.code == 2
    assert "edges[0].length_m: is 1000" in capsys.readouterr().err


def test_ctrl_c_gives_the_best_so_far(tmp_path: Path) -> None:
    graph, out = tmp_path / "graph.json", tmp_path / "rounds.json"
    graph.write_text(json.dumps(town(60, seed=4)), encoding="utf-8")
    command = [sys.executable, "-c", "import sys; from cli.main import main; main(sys.argv[1:])", "rounds", str(graph)]
    options = ["--vehicles", "9", "--out", str(out), "--time-limit-s", "100"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*command, *options], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        assert "Ctrl-C" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    assert "worst idleness" in told
    assert json.loads(out.read_text("utf-8"))["worst_idleness_s"] > 0

"""What an agent is told on its command line and in its file."""

from pathlib import Path

import pytest

from agent.settings import load_agent_settings, parse_vehicle
from agent.wiring import read_camera
from core.errors import InvalidInput


def test_a_vehicle_is_named_by_its_text() -> None:
    full = parse_vehicle("drone-1=mavlink:udpin://127.0.0.1:14550#7")
    assert (full.id, full.url, full.system_id) == ("drone-1", "udpin://127.0.0.1:14550", 7)
    bare = parse_vehicle("mavlink:udpin://0.0.0.0:14550")
    assert (bare.id, bare.url, bare.system_id) == ("", "udpin://0.0.0.0:14550", None)
    serial = parse_vehicle("roof=mavlink:serial:///dev/ttyS0:57600")
    assert serial.url == "serial:///dev/ttyS0:57600"


def test_the_file_and_the_options_are_put_together(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(
        'controller = "town:8443"\n[[vehicles]]\nid = "drone-1"\nconnection = "mavlink:udpin://127.0.0.1:14550"\n'
        'system_id = 1\n[vehicles.camera]\nurl = "udp://127.0.0.1:5600"\nmount_pitch_deg = -40\n',
        "utf-8",
    )
    settings = load_agent_settings(
        config=config, given={"state_dir": tmp_path}, vehicles=["mavlink:udpin://127.0.0.1:14551"]
    )
    assert settings.controller == "town:8443"
    assert [vehicle.id for vehicle in settings.vehicles] == ["drone-1", ""]
    camera, mount = read_camera(settings.vehicles[0])
    assert camera is not None
    assert mount is not None
    assert (camera.url, mount.pitch_deg) == ("udp://127.0.0.1:5600", -40.0)
    assert read_camera(settings.vehicles[1]) == (None, None)


def test_a_ground_robot_looks_from_lower_than_a_drone_and_may_name_a_face_model(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    camera = '[vehicles.camera]\nurl = "udp://127.0.0.1:5600"\n'
    config.write_text(
        f'[[vehicles]]\nid = "r"\nkind = "robot"\nconnection = "mavlink:udpin://x:1"\n{camera}faces = "yunet.onnx"\n'
        f'[[vehicles]]\nid = "d"\nconnection = "mavlink:udpin://x:2"\n{camera}',
        "utf-8",
    )

    robot, drone = (read_camera(one)[0] for one in load_agent_settings(config=config, given={}, vehicles=[]).vehicles)

    assert robot is not None
    assert drone is not None
    assert (robot.lowest_agl_m, robot.faces) == (0.3, Path("yunet.onnx"))
    assert (drone.lowest_agl_m, drone.faces) == (6.0, None)


@pytest.mark.parametrize(
    ("vehicles", "complaint"),
    [
        ([], "at least one vehicle"),
        (["drone"], "is no vehicle"),
        (["a=ros2:robot"], "no driver"),
        (["a b=mavlink:udpin://x:1"], "an id is"),
        (["a=mavlink:udpin://x:1#1", "a=mavlink:udpin://x:1#2"], "given twice"),
        (["a=mavlink:udpin://x:1#1", "b=mavlink:udpin://x:1#1"], "one connection"),
        (["a=mavlink:udpin://x:1#255"], "1..254"),
    ],
)
def test_what_cannot_be_is_said(vehicles: list[str], complaint: str) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        load_agent_settings(config=None, given={}, vehicles=vehicles)


@pytest.mark.parametrize("controller", ["", "nowhere", "nowhere:", "https://nowhere"])
def test_a_controller_without_a_port_is_no_address(controller: str) -> None:
    given = {"controller": controller}
    with pytest.raises(InvalidInput, match="HOST:PORT"):
        load_agent_settings(config=None, given=given, vehicles=["a=mavlink:udpin://x:1"])


def test_a_mistyped_field_is_named(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text('[[vehicles]]\nid = "a"\nconnection = "mavlink:udpin://x:1"\nsystemid = 1\n', "utf-8")
    with pytest.raises(InvalidInput, match="systemid"):
        load_agent_settings(config=config, given={}, vehicles=[])
    config.write_text(
        '[[vehicles]]\nid = "a"\nconnection = "mavlink:udpin://x:1"\n[vehicles.camera]\nwidth_px = "wide"\n', "utf-8"
    )
    settings = load_agent_settings(config=config, given={}, vehicles=[])
    with pytest.raises(InvalidInput, match="width_px"):
        read_camera(settings.vehicles[0])

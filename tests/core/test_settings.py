from dataclasses import dataclass
from pathlib import Path

import pytest

from api.settings import ControllerSettings
from core.errors import InvalidInput
from core.settings import load_settings


@dataclass(frozen=True, kw_only=True)
class Settings:
    port: int = 8080
    name: str = "here"
    others: tuple[str, ...] = ()


def test_what_is_given_goes_over_the_environment_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('port = 1\nname = "file"\n')
    settings = load_settings(Settings, file=file, environment={"ROUNDSMAN_PORT": "2"}, given={"name": "given"})
    assert settings == Settings(port=2, name="given")


@pytest.mark.parametrize(
    ("text", "what"),
    [("port = 'many'", "port"), ("porrt = 1", "porrt"), ("port = = 1", "TOML")],
)
def test_a_wrong_file_is_refused_with_the_field(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    with pytest.raises(InvalidInput, match=what) as refused:
        load_settings(Settings, file=file)
    assert refused.value.where == str(file)


def test_a_list_is_written_with_commas_in_the_environment() -> None:
    assert load_settings(Settings, environment={"ROUNDSMAN_OTHERS": "a,b"}).others == ("a", "b")
    assert load_settings(Settings, environment={"ROUNDSMAN_OTHERS": "a"}).others == ("a",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "65536"),
        ("grpc_port", "-1"),
        ("session_hours", "nan"),
        ("session_hours", "1e300"),
        ("telemetry_hz", "0"),
        ("alarm_ring_s", "-5"),
        ("alarm_resend_s", "0"),
        ("alarm_webhook", "foo"),
        ("keep_journal_days", "inf"),
    ],
)
def test_a_controller_is_told_which_of_its_settings_cannot_be(name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name}: "):
        load_settings(ControllerSettings, environment={f"ROUNDSMAN_{name.upper()}": value})


def test_a_controller_may_wait_for_nothing_and_keep_for_ever() -> None:
    environment = {
        "ROUNDSMAN_ALARM_RING_S": "0",
        "ROUNDSMAN_KEEP_JOURNAL_DAYS": "0",
        "ROUNDSMAN_ALARM_WEBHOOK": "https://calls.example/town?key=1",
        "ROUNDSMAN_CERTIFICATE_HOSTS": "10.0.0.7,town.example",
    }
    settings = load_settings(ControllerSettings, environment=environment)
    assert (settings.alarm_ring_s, settings.keep_journal_days) == (0.0, 0.0)
    assert settings.alarm_webhook == "https://calls.example/town?key=1"
    assert settings.certificate_hosts == ("10.0.0.7", "town.example")

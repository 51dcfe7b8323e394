from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.settings import load_settings


@dataclass(frozen=True, kw_only=True)
class Settings:
    port: int = 8080
    name: str = "here"


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

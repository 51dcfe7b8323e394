import importlib

import pytest

from cli.main import SUB_COMMANDS, main


@pytest.mark.parametrize("name", sorted(SUB_COMMANDS))
def test_every_sub_command_helps(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code in {0, None}
    assert "Usage" in capsys.readouterr().out


def test_every_sub_command_has_its_application() -> None:
    for command in SUB_COMMANDS.values():
        assert callable(importlib.import_module(command.module).app)


def test_an_unknown_sub_command_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fly"])
    assert ended.value.code == 2
    assert "there is no sub-command 'fly'" in capsys.readouterr().err

"""Where a controller cannot listen, or would share its books, it says where, why and what to do."""

from pathlib import Path

import pytest

from api.running import running_controller
from api.serving import listen
from api.settings import ControllerSettings
from core.errors import Conflict, Unavailable


def test_a_port_that_somebody_has_or_that_is_none_is_told() -> None:
    with listen(host="127.0.0.1", port=0) as taken:
        port = taken.getsockname()[1]
        for number, words in ((port, "Address already in use"), (65536, "a number up to 65535")):
            with pytest.raises(Unavailable, match=rf"^127\.0\.0\.1:{number}: cannot listen: .*{words}.*--port"):
                listen(host="127.0.0.1", port=number)


def test_an_address_of_another_machine_is_told() -> None:
    for host in ("192.0.2.1", "nowhere.invalid", "::2"):
        with pytest.raises(Unavailable, match="cannot listen"):
            listen(host=host, port=0)


async def test_two_controllers_never_work_with_one_folder(tmp_path: Path) -> None:
    site = Path(__file__).parents[2] / "sim" / "worlds" / "estate" / "site.json"
    settings = ControllerSettings(data_dir=tmp_path / "data", site=site, port=0, grpc_port=0)
    async with running_controller(settings):
        with pytest.raises(Conflict, match="another controller works with this folder"):
            async with running_controller(settings):
                pass
    async with running_controller(settings) as again:
        assert again.http_port

"""Where a controller cannot listen it says where, why and what to do."""

import pytest

from api.serving import listen
from core.errors import Unavailable


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

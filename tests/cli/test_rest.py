"""A command that runs for longer than a session lasts signs in again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from cli.rest import RestClient
from core.errors import InvalidInput, NotSignedIn


class Controller(ThreadingHTTPServer):
    """Gives tokens that are good once each, for one password."""

    password = "a long password"
    tokens = 0
    good = ""


class Answers(BaseHTTPRequestHandler):
    server: Controller

    def do_POST(self) -> None:
        who = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if who != {"user": "wang", "password": self.server.password}:
            return self._say(401, {"detail": "name or password is wrong"})
        self.server.tokens += 1
        self.server.good = f"token-{self.server.tokens}"
        return self._say(200, {"token": self.server.good})

    def do_GET(self) -> None:
        if self.headers["Authorization"] != f"Bearer {self.server.good}":
            return self._say(401, {"detail": "nobody is signed in"})
        self.server.good = ""
        return self._say(200, {"path": self.path})

    def log_message(self, *_: object) -> None:
        pass

    def _say(self, status: int, body: dict[str, str]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def controller() -> Iterator[Controller]:
    with Controller(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_who_was_signed_in_for_too_long_signs_in_again() -> None:
    with controller() as server, RestClient(address=f"http://127.0.0.1:{server.server_port}") as client:
        client.sign_in(user="wang", password=server.password)
        for _ in range(3):
            assert client.get("/runs") == {"path": "/api/v1/runs"}
        assert server.tokens == 3


def test_who_has_another_password_now_is_told_so_once() -> None:
    with controller() as server, RestClient(address=f"http://127.0.0.1:{server.server_port}") as client:
        client.sign_in(user="wang", password=server.password)
        client.get("/runs")
        server.password = "another password"
        with pytest.raises(NotSignedIn, match="name or password is wrong"):
            client.get("/runs")


def test_what_is_no_address_is_told() -> None:
    with pytest.raises(InvalidInput, match="http://a:b: is no address"):
        RestClient(address="http://a:b")

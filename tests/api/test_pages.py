"""The built pages and their headers."""

import gzip
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.running import import_first
from core.errors import InvalidInput
from tests.api.controller import Controller


async def _client(controller: Controller, folder: Path) -> httpx.AsyncClient:
    (folder / "panel").mkdir(parents=True)
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("desk", encoding="utf-8")
    (folder / "panel" / "index.html").write_text("panel", encoding="utf-8")
    (folder / "assets" / "desk-1a2b3c.js").write_text("1", encoding="utf-8")
    settings = replace(controller.services.settings, console_dir=folder)
    app = create_app(replace(controller.services, settings=settings))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://controller.test")


async def test_pages_are_asked_for_each_time_and_named_files_are_kept(controller: Controller, tmp_path: Path) -> None:
    async with await _client(controller, tmp_path / "pages") as client:
        desk, panel = await client.get("/"), await client.get("/panel/")
        script = await client.get("/assets/desk-1a2b3c.js")
    assert (desk.text, panel.text) == ("desk", "panel")
    assert desk.headers["cache-control"] == panel.headers["cache-control"] == "no-cache"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "worker-src 'self' blob:" in desk.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in desk.headers["content-security-policy"]


async def test_a_packed_file_goes_to_who_can_unpack_it(controller: Controller, tmp_path: Path) -> None:
    script = "/assets/desk-1a2b3c.js"
    async with await _client(controller, tmp_path / "pages") as client:
        packed = tmp_path / "pages" / "assets" / "desk-1a2b3c.js.gz"
        packed.write_bytes(gzip.compress(b"2"))
        unpacked = await client.get(script, headers={"Accept-Encoding": "gzip, br"})
        plain = await client.get(script, headers={"Accept-Encoding": "identity"})
        known = await client.get(script, headers={"Accept-Encoding": "gzip", "If-None-Match": unpacked.headers["etag"]})
    assert (unpacked.text, unpacked.headers["content-encoding"]) == ("2", "gzip")
    assert unpacked.headers["content-type"] == plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert unpacked.headers["content-length"] == str(packed.stat().st_size)
    assert (plain.text, "content-encoding" in plain.headers) == ("1", False)
    assert unpacked.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert known.status_code == 304


async def test_a_missing_page_and_a_way_out_of_the_folder_are_problems(controller: Controller, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    async with await _client(controller, tmp_path / "pages") as client:
        for path in ("/none.html", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/api/v1/none"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        assert (await client.post("/api/v1/site")).status_code == 405


async def test_a_folder_of_pages_that_is_not_there_is_refused(controller: Controller, tmp_path: Path) -> None:
    settings = replace(controller.services.settings, console_dir=tmp_path / "none")
    with pytest.raises(InvalidInput, match="none: there is no such folder with pages"):
        create_app(replace(controller.services, settings=settings))


@pytest.mark.parametrize("content", ["{", "{}", '[{"colour": "red"}]', "[" * 100_000])
async def test_first_patrols_that_cannot_be_taken_are_told_with_their_file(
    content: str, controller: Controller, tmp_path: Path
) -> None:
    file = tmp_path / "patrols.json"
    file.write_text(content, encoding="utf-8")
    settings = replace(controller.services.settings, patrols=file, zones=None)
    with pytest.raises(InvalidInput) as refused:
        await import_first(replace(controller.services, settings=settings))
    assert refused.value.where == str(file)

"""The built pages and their headers."""

from dataclasses import replace
from pathlib import Path

import httpx

from api.app import create_app
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


async def test_a_missing_page_and_a_way_out_of_the_folder_are_problems(controller: Controller, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    async with await _client(controller, tmp_path / "pages") as client:
        for path in ("/none.html", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/api/v1/none"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        assert (await client.post("/api/v1/site")).status_code == 405

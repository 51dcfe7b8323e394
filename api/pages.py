"""The built web pages, with the headers that keep them from loading or reaching anything but this server."""

from os import PathLike, stat_result
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import InvalidInput

BUILT = Path(__file__).parent / "console"
# MapLibre draws in a worker made from a blob and styles its canvas inline.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(self)",
}


class Pages(StaticFiles):
    """Files by their names, packed where the build has packed them; those with a hash in the name are kept for ever,
    pages are asked for each time."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """Return the file with its rule for caches."""
        packed = Path(f"{full_path}.gz")
        if is_packed := packed.is_file() and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            full_path, stat_result = packed, packed.stat()
        response = super().file_response(full_path, stat_result, scope, status_code)
        if is_packed:
            response.headers["Content-Encoding"] = "gzip"
        is_hashed = "assets" in Path(full_path).parts
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        response.headers["Vary"] = "Accept-Encoding"
        return response


class SafeHeaders:
    """Adds the protecting headers to every answer; answers of the interface are not kept by caches."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def add_pages(app: FastAPI, folder: Path | None) -> None:
    """Serve the built pages (desk at /, panel at /panel/) wherever no route answers; the interface keeps its paths.

    Raises InvalidInput where *folder* is given and not there.
    """
    if folder is not None and not folder.is_dir():
        raise InvalidInput(
            "there is no such folder with pages", where=str(folder), remedy="the built-in ones need none"
        )
    app.add_middleware(SafeHeaders)
    built = folder or BUILT
    if not built.is_dir():
        return
    pages, not_found = Pages(directory=built, html=True), app.router.default

    async def page_or_not_found(scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and not scope["path"].startswith("/api/")
        await (pages if is_page else not_found)(scope, receive, send)

    app.router.default = page_or_not_found

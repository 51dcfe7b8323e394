"""Where pictures come from: what kind of address it is, and how such a one is opened and buffered."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import InvalidInput


class SourceKind(StrEnum):
    """What can be opened."""

    RTSP = "rtsp"
    UDP = "udp"
    """MPEG-TS."""
    TCP = "tcp"
    """MPEG-TS; we connect, or wait for the camera with ?listen=1."""
    HTTP = "http"
    RECORDING = "recording"
    """A file, or a folder of pictures."""


class BufferPolicy(StrEnum):
    """What happens to pictures that come faster than they are looked at."""

    NEWEST = "newest"
    """Older ones are dropped: what is live must not be late."""
    EVERY = "every"
    """None is dropped: the decoder waits."""


_SCHEMES = {
    "rtsp": SourceKind.RTSP,
    "rtsps": SourceKind.RTSP,
    "udp": SourceKind.UDP,
    "tcp": SourceKind.TCP,
    "http": SourceKind.HTTP,
    "https": SourceKind.HTTP,
    "": SourceKind.RECORDING,
    "file": SourceKind.RECORDING,
}
_QUICK = {"probesize": "65536", "analyzeduration": "500000"}
_OPTIONS: Mapping[SourceKind, Mapping[str, str]] = {
    SourceKind.RTSP: _QUICK | {"rtsp_transport": "tcp"},
    SourceKind.UDP: _QUICK | {"fflags": "nobuffer"},
    SourceKind.TCP: _QUICK,
    SourceKind.HTTP: _QUICK | {"probesize": "1000000"},
    SourceKind.RECORDING: {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAddress:
    """An address as the video library takes it, with what suits its kind."""

    url: str
    kind: SourceKind
    options: Mapping[str, str]

    @property
    def policy(self) -> BufferPolicy:
        """Return the policy that suits the kind."""
        return BufferPolicy.EVERY if self.kind is SourceKind.RECORDING else BufferPolicy.NEWEST

    @property
    def shown(self) -> str:
        """Return the address without user name and password, for logs and screens."""
        parts = urlsplit(self.url)
        return self.url if "@" not in parts.netloc else parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def read_address(text: str, *, options: Mapping[str, str] | None = None) -> SourceAddress:
    """Return what *text* names; raises InvalidInput for a scheme that nobody here speaks."""
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    kind = _SCHEMES.get(scheme)
    if kind is None:
        raise InvalidInput(
            f"video cannot be had by {scheme!r}",
            where=text,
            remedy="use rtsp, udp, tcp, http, https, a file or a folder of pictures",
        )
    url = str(Path(text.removeprefix("file://"))) if kind is SourceKind.RECORDING else text
    if kind is SourceKind.UDP:
        url = f"{url}{'&' if '?' in url else '?'}fifo_size=200000&overrun_nonfatal=1"
    return SourceAddress(url=url, kind=kind, options={**_OPTIONS[kind], **(options or {})})

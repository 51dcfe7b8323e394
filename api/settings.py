"""What a controller can be told: a TOML file, ROUNDSMAN_… in the environment, options of the command."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from core.settings import Keep, Port, Span, Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerSettings:
    """Settings of one controller process; `data_dir` holds the SQLite file, the evidence and the certificates."""

    data_dir: Path = Path("var/controller")
    database_url: str = ""
    """Empty: SQLite in the data folder. PostgreSQL: postgresql+asyncpg://user:password@host/name."""
    site: Path | None = None
    zones: Path | None = None
    """Zones to import when the controller has none yet."""
    patrols: Path | None = None
    """Patrols to import when the controller has none yet."""
    host: str = "127.0.0.1"
    port: Port = 8080
    grpc_host: str = "127.0.0.1"
    grpc_port: Port = 8443
    certificate_hosts: tuple[str, ...] = ()
    """Further names and addresses under which agents reach this controller; they go into its certificate."""
    console_dir: Path | None = None
    """Built web pages; by default the folder inside the package."""
    session_hours: Span = 12.0
    cookie_secure: bool = False
    """Set it where TLS is in front: browsers then send the cookie over https only."""
    alarm_resend_s: Span = 2.0
    """How often an alarm is sent again to a desk that has not confirmed that it rings."""
    alarm_ring_s: Wait = 20.0
    """How long a help alarm rings at the desks before it is handed on to the supervisor."""
    alarm_escalation_s: Wait = 30.0
    """How long the supervisor has before the outside webhook is called."""
    alarm_unsure_s: Wait = 60.0
    """How long somebody who may lie on the ground waits for a look at the picture, before it rings all the same."""
    alarm_webhook: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""
    """Where unanswered alarms are POSTed to; empty: nobody outside is told, and the alarm's story says so."""
    alarm_webhook_secret: str = ""
    kinds: Path | None = None
    """Another table of kinds of incidents than the shipped one."""
    telemetry_hz: Span = 4.0
    live_ping_every_s: Span = 10.0
    """How often a browser is pinged, and its sign-in looked at again."""
    live_send_within_s: Span = 10.0
    """A browser that takes nothing for so long is dropped; it comes back with its cursor."""
    idempotency_hours: Span = 48.0
    keep_flights_days: Keep = 180.0
    """How long orders, commands and what cameras showed of the ground are kept after their end; 0: for ever."""
    keep_journal_days: Keep = 90.0
    """How long the journal reaches back; 0: for ever."""
    keep_refused_days: Keep = 30.0
    """How long reports are kept that could not be put into the books; 0: for ever."""
    stop_within_s: Span = 10.0
    log_level: str = "INFO"

    @property
    def url(self) -> str:
        """Return the database's URL."""
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'roundsman.db').absolute()}"

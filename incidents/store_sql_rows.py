"""The tables of incidents, sightings, pictures and alarms."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, UtcDateTime


class SeriesRow(Base):
    """The newest number of each series; its row is the lock of everybody who numbers."""

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(String(8), primary_key=True)
    year: Mapped[int] = mapped_column(Integer)
    last: Mapped[int] = mapped_column(Integer)


class IncidentRow(Base):
    """An incident, field by field."""

    __tablename__ = "incidents"
    # Each sighting asks which incidents of its kind are near: of a hundred thousand, those in its strip are read.
    __table_args__ = (Index("ix_incidents_kind_lat_deg", "kind", "lat_deg"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    kind: Mapped[str] = mapped_column(String(20), index=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    lon_deg: Mapped[float] = mapped_column(Float(53))
    lat_deg: Mapped[float] = mapped_column(Float(53))
    major_m: Mapped[float] = mapped_column(Float(53))
    minor_m: Mapped[float] = mapped_column(Float(53))
    heading_deg: Mapped[float] = mapped_column(Float(53))
    zone_id: Mapped[str | None] = mapped_column(String(80))
    grid_id: Mapped[str | None] = mapped_column(String(80))
    worker: Mapped[str | None] = mapped_column(String(80), index=True)
    sightings: Mapped[int] = mapped_column(Integer)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    filed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verifying_order_id: Mapped[str | None] = mapped_column(String(36), index=True)
    reworks: Mapped[int] = mapped_column(Integer)
    because: Mapped[str] = mapped_column(Text)
    because_by_person: Mapped[bool] = mapped_column(Boolean, server_default=false())
    revision: Mapped[int] = mapped_column(Integer)


class TimelineRow(Base):
    """One line of a story; lines are never changed or removed."""

    __tablename__ = "timeline"

    position: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(36), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str] = mapped_column(String(80))
    what: Mapped[str] = mapped_column(String(40), index=True)
    because: Mapped[str] = mapped_column(Text)
    photos: Mapped[list[str]] = mapped_column(JSON)
    sighting_id: Mapped[str | None] = mapped_column(String(36))
    vehicle_id: Mapped[str | None] = mapped_column(String(80))


class SightingRow(Base):
    """A sighting with the model and the rule that made it."""

    __tablename__ = "sightings"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id"), index=True)
    opened: Mapped[bool] = mapped_column(Boolean)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    vehicle_id: Mapped[str] = mapped_column(String(80))
    order_id: Mapped[str | None] = mapped_column(String(36), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    zone_id: Mapped[str | None] = mapped_column(String(80))
    lon_deg: Mapped[float] = mapped_column(Float(53))
    lat_deg: Mapped[float] = mapped_column(Float(53))
    major_m: Mapped[float] = mapped_column(Float(53))
    minor_m: Mapped[float] = mapped_column(Float(53))
    heading_deg: Mapped[float] = mapped_column(Float(53))
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    observed_s: Mapped[float] = mapped_column(Float(53))
    score: Mapped[float] = mapped_column(Float(53))
    because: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    rule: Mapped[str] = mapped_column(String(40))
    rule_version: Mapped[str] = mapped_column(String(40))
    model: Mapped[str] = mapped_column(String(120))
    model_sha256: Mapped[str] = mapped_column(String(64))
    photo_ids: Mapped[list[str]] = mapped_column(JSON)


class EvidenceRow(Base):
    """A picture's entry; its bytes lie in the evidence store under `sha256`."""

    __tablename__ = "evidence"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    origin: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(Integer)
    width_px: Mapped[int] = mapped_column(Integer)
    height_px: Mapped[int] = mapped_column(Integer)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80))
    incident_id: Mapped[str | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    box_xyxy_px: Mapped[list[float] | None] = mapped_column(JSON)


class AlarmRow(Base):
    """A help alarm; the unique press makes a press sent twice one alarm."""

    __tablename__ = "alarms"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    press_id: Mapped[str] = mapped_column(String(80), unique=True)
    panel_id: Mapped[str] = mapped_column(String(80), index=True)
    panel_name: Mapped[str] = mapped_column(String(200))
    panel_name_zh: Mapped[str] = mapped_column(String(200))
    lon_deg: Mapped[float] = mapped_column(Float(53))
    lat_deg: Mapped[float] = mapped_column(Float(53))
    state: Mapped[str] = mapped_column(String(20), index=True)
    pressed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rung_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(String(80))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(80))
    escalation: Mapped[int] = mapped_column(Integer)
    escalate_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    outside_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    look_run_id: Mapped[str | None] = mapped_column(String(36))
    mistaken: Mapped[bool] = mapped_column(Boolean)
    because: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(Integer)


class RingRow(Base):
    """A desk's word that an alarm rings there."""

    __tablename__ = "alarm_rings"

    alarm_id: Mapped[str] = mapped_column(ForeignKey("alarms.id"), primary_key=True)
    desk: Mapped[str] = mapped_column(String(80), primary_key=True)
    escalation: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

"""Orders in SQL: the order's protobuf as it was sent, its zones once by their hash."""

from collections import OrderedDict
from datetime import datetime

from roundsman.v1 import link_pb2 as pb
from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, Select, String, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Transaction, UtcDateTime
from core.errors import Conflict, NotAllowed, NotFound
from core.ids import OrderId, RunId, VehicleId
from fleet.events import order_changed
from fleet.holding import Holder
from fleet.link.translate import order_from_pb, order_to_pb
from fleet.link.translate_places import zones_from_pb, zones_to_pb
from fleet.order_progress import later_progress
from fleet.orders import Order, OrderProgress, OrderState
from fleet.store import OrderRecord
from fleet.store_sql_once import insert_once
from geofence.zones import ZoneSet

ZONE_SETS_IN_MEMORY = 16
_GIVING_LOCK = 7263


class ZoneSetRow(Base):
    """The zones that orders were proved against, once for each hash."""

    __tablename__ = "order_zone_sets"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class OrderRow(Base):
    """An order and where it stands."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_vehicle_id_is_ended", "vehicle_id", "is_ended"),
        Index("ix_orders_is_ended_changed_at", "is_ended", "changed_at"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    vehicle_id: Mapped[str] = mapped_column(String(80))
    run_id: Mapped[str | None] = mapped_column(String(36), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    zones_hash: Mapped[str] = mapped_column(ForeignKey("order_zone_sets.hash"), index=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(20))
    is_ended: Mapped[bool] = mapped_column(index=True)
    legs_done: Mapped[int]
    because: Mapped[str] = mapped_column(Text)
    held_by: Mapped[str] = mapped_column(String(20), server_default=Holder.NOBODY)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OrderProgressRow(Base):
    """One word on an order, in the sequence in which they became known."""

    __tablename__ = "order_progress"

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    legs_done: Mapped[int]
    because: Mapped[str] = mapped_column(Text)
    held_by: Mapped[str] = mapped_column(String(20), server_default=Holder.NOBODY)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SqlOrderStore:
    """`fleet.store.OrderStore` over SQL."""

    def __init__(self) -> None:
        self._zone_sets: OrderedDict[str, ZoneSet] = OrderedDict()

    async def add_order(self, unit: Transaction, order: Order) -> None:
        zones = zones_to_pb(order.zones)
        await insert_once(unit, ZoneSetRow, {"hash": zones.hash, "body": zones.SerializeToString()})
        progress = OrderProgress(order_id=order.id, state=OrderState.OFFERED, because=order.because, at=order.made_at)
        values: dict[str, object] = {
            "id": order.id,
            "vehicle_id": order.vehicle_id,
            "run_id": order.run_id,
            "purpose": order.purpose.value,
            "zones_hash": zones.hash,
            "body": order_to_pb(order, with_zones=False).SerializeToString(),
            "made_at": order.made_at,
            **_standing(progress),
        }
        if not await insert_once(unit, OrderRow, values):
            raise Conflict("an order with this id exists already", where=f"order {order.id}")
        await self._note(unit, progress)
        unit.emit(order_changed(OrderRecord(order=order, progress=progress)))

    async def order(self, unit: Transaction, order_id: OrderId) -> OrderRecord:
        return await self._record(unit, await _order_row(unit, order_id))

    async def current_order(self, unit: Transaction, vehicle_id: VehicleId) -> OrderRecord | None:
        newest = _unfinished(vehicle_id).order_by(None).order_by(OrderRow.made_at.desc(), OrderRow.id.desc()).limit(1)
        row = (await unit.session.scalars(newest)).first()
        return None if row is None else await self._record(unit, row)

    async def last_order(self, unit: Transaction, vehicle_id: VehicleId) -> OrderRecord | None:
        query = select(OrderRow).where(OrderRow.vehicle_id == vehicle_id)
        newest = query.order_by(OrderRow.made_at.desc(), OrderRow.id.desc()).limit(1)
        row = (await unit.session.scalars(newest)).first()
        return None if row is None else await self._record(unit, row)

    async def give_alone(self, unit: Transaction) -> None:
        # SQLite lets one transaction write at a time, from its beginning on.
        if unit.session.get_bind().dialect.name == "postgresql":
            await unit.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _GIVING_LOCK})

    async def unfinished_orders(
        self, unit: Transaction, *, vehicle_id: VehicleId | None = None
    ) -> tuple[OrderRecord, ...]:
        return await self._records(unit, _unfinished(vehicle_id))

    async def offered_orders(self, unit: Transaction) -> tuple[OrderRecord, ...]:
        return await self._records(unit, _unfinished(None).where(OrderRow.state == OrderState.OFFERED))

    async def orders_of_run(self, unit: Transaction, run_id: RunId) -> tuple[OrderRecord, ...]:
        query = select(OrderRow).where(OrderRow.run_id == run_id).order_by(OrderRow.made_at, OrderRow.id)
        return await self._records(unit, query)

    async def claim_unfinished_orders(self, unit: Transaction, *, limit: int = 32) -> tuple[OrderRecord, ...]:
        return await self._records(unit, _unfinished(None).limit(limit).with_for_update(skip_locked=True))

    async def order_history(self, unit: Transaction, order_id: OrderId) -> tuple[OrderProgress, ...]:
        query = (
            select(OrderProgressRow).where(OrderProgressRow.order_id == order_id).order_by(OrderProgressRow.sequence)
        )
        return tuple(_progress(row.order_id, row, at=row.at) for row in await unit.session.scalars(query))

    async def set_progress(
        self, unit: Transaction, progress: OrderProgress, *, vehicle_id: VehicleId | None = None
    ) -> OrderRecord:
        row = await _order_row(unit, progress.order_id, locked=True)
        if vehicle_id is not None and row.vehicle_id != vehicle_id:
            raise NotAllowed(f"the order belongs to {row.vehicle_id}", where=f"order {row.id}")
        before = _progress(row.id, row, at=row.changed_at)
        after = later_progress(before, progress)
        await self._note(unit, progress)
        record = OrderRecord(order=await self._order(unit, row), progress=after)
        if after != before:
            for name, value in _standing(after).items():
                setattr(row, name, value)
            await unit.session.flush()
            unit.emit(order_changed(record))
        return record

    async def _note(self, unit: Transaction, progress: OrderProgress) -> None:
        row = OrderProgressRow(
            order_id=progress.order_id,
            state=progress.state.value,
            legs_done=progress.legs_done,
            because=progress.because,
            held_by=progress.held_by.value,
            at=progress.at,
        )
        unit.session.add(row)
        await unit.session.flush()

    async def _records(self, unit: Transaction, query: Select[OrderRow]) -> tuple[OrderRecord, ...]:
        rows = (await unit.session.scalars(query)).all()
        return tuple([await self._record(unit, row) for row in rows])

    async def _record(self, unit: Transaction, row: OrderRow) -> OrderRecord:
        return OrderRecord(order=await self._order(unit, row), progress=_progress(row.id, row, at=row.changed_at))

    async def _order(self, unit: Transaction, row: OrderRow) -> Order:
        return order_from_pb(pb.Order.FromString(row.body), zones=await self._zones(unit, row.zones_hash))

    async def _zones(self, unit: Transaction, zones_hash: str) -> ZoneSet:
        zones = self._zone_sets.get(zones_hash)
        if zones is None:
            row = await unit.session.get_one(ZoneSetRow, zones_hash)
            zones = self._zone_sets[zones_hash] = zones_from_pb(pb.ZoneSet.FromString(row.body))
        self._zone_sets.move_to_end(zones_hash)
        while len(self._zone_sets) > ZONE_SETS_IN_MEMORY:
            self._zone_sets.popitem(last=False)
        return zones


def _standing(progress: OrderProgress) -> dict[str, object]:
    return {
        "state": progress.state.value,
        "is_ended": progress.is_ended,
        "legs_done": progress.legs_done,
        "because": progress.because,
        "held_by": progress.held_by.value,
        "changed_at": progress.at,
    }


def _progress(order_id: str, row: OrderRow | OrderProgressRow, *, at: datetime) -> OrderProgress:
    return OrderProgress(
        order_id=OrderId(order_id),
        state=OrderState(row.state),
        legs_done=row.legs_done,
        because=row.because,
        held_by=Holder(row.held_by),
        at=at,
    )


def _unfinished(vehicle_id: VehicleId | None) -> Select[OrderRow]:
    query = select(OrderRow).where(OrderRow.is_ended.is_(False)).order_by(OrderRow.made_at, OrderRow.id)
    return query if vehicle_id is None else query.where(OrderRow.vehicle_id == vehicle_id)


async def _order_row(unit: Transaction, order_id: OrderId, *, locked: bool = False) -> OrderRow:
    row = await unit.session.get(OrderRow, order_id, with_for_update=True if locked else None, populate_existing=locked)
    if row is None:
        raise NotFound("no such order", where=f"order {order_id}")
    return row

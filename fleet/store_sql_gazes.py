"""Gaze logs in SQL: each as the protobuf that it came in, for as long as its order is in the books."""

from datetime import datetime

from roundsman.v1 import link_pb2 as pb
from sqlalchemy import ForeignKey, Integer, LargeBinary, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from core.database import Base, Transaction, UtcDateTime
from core.errors import NotAllowed, NotFound
from core.ids import RunId, VehicleId
from fleet.gazes import GazeLog
from fleet.link.translate_gazes import gaze_log_from_pb, gaze_log_to_pb
from fleet.store_sql_orders import OrderRow


class GazeLogRow(Base):
    """What pictures of an order showed in a span of time."""

    __tablename__ = "gaze_logs"

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    vehicle_id: Mapped[str] = mapped_column(String(80))
    begin_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class SqlGazeLogStore:
    """`fleet.store.GazeLogStore` over SQL."""

    async def add_gaze_log(self, unit: Transaction, log: GazeLog) -> None:
        owner = await unit.session.scalar(select(OrderRow.vehicle_id).where(OrderRow.id == log.order_id))
        if owner is None:
            raise NotFound("no such order", where=f"order {log.order_id}")
        if owner != log.vehicle_id:
            raise NotAllowed(f"the order belongs to {owner}", where=f"order {log.order_id}")
        row = GazeLogRow(
            order_id=log.order_id,
            vehicle_id=log.vehicle_id,
            begin_at=log.begin_at,
            body=gaze_log_to_pb(log).SerializeToString(),
        )
        unit.session.add(row)
        await unit.session.flush()

    async def gaze_logs_of_run(self, unit: Transaction, run_id: RunId) -> tuple[GazeLog, ...]:
        query = (
            select(GazeLogRow.vehicle_id, GazeLogRow.body)
            .join(OrderRow, OrderRow.id == GazeLogRow.order_id)
            .where(OrderRow.run_id == run_id)
            .order_by(GazeLogRow.begin_at, GazeLogRow.sequence)
        )
        rows = (await unit.session.execute(query)).all()
        return tuple(gaze_log_from_pb(pb.GazeLog.FromString(body), vehicle_id=VehicleId(owner)) for owner, body in rows)

    async def count_gaze_logs_of_run(self, unit: Transaction, run_id: RunId) -> int:
        query = select(func.count()).select_from(GazeLogRow).join(OrderRow, OrderRow.id == GazeLogRow.order_id)
        return await unit.session.scalar(query.where(OrderRow.run_id == run_id)) or 0

"""The books of the fleet in SQL (SQLite and PostgreSQL, one code path)."""

from fleet.store_sql_commands import SqlCommandStore
from fleet.store_sql_gazes import SqlGazeLogStore
from fleet.store_sql_orders import SqlOrderStore
from fleet.store_sql_vehicles import SqlInboxStore, SqlVehicleStore


class SqlFleetStore(SqlOrderStore, SqlGazeLogStore, SqlCommandStore, SqlVehicleStore, SqlInboxStore):
    """`fleet.store.FleetStore` over SQL."""

"""One row once, whoever comes first."""

from collections.abc import Mapping

from sqlalchemy import CursorResult, Table
from sqlalchemy.dialects import postgresql, sqlite

from core.database import Base, Transaction


async def insert_once(unit: Transaction, row: type[Base], values: Mapping[str, object]) -> bool:
    """Insert a row unless its key is taken; say whether it was inserted.

    On PostgreSQL it waits for a neighbour that is inserting the same key at this moment.
    """
    table = row.__table__
    assert isinstance(table, Table)
    dialect = unit.session.get_bind().dialect.name
    insert = (
        postgresql.insert(table).values(**values).on_conflict_do_nothing()
        if dialect == "postgresql"
        else sqlite.insert(table).values(**values).on_conflict_do_nothing()
    )
    result = await unit.session.execute(insert)
    assert isinstance(result, CursorResult)
    return result.rowcount == 1

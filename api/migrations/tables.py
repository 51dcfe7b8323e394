"""All tables of all rooms, by importing every module that declares some."""

import importlib

from sqlalchemy import MetaData

from core.database import Base

STORES = (
    "api.store_sql",
    "fleet.store_sql",
    "incidents.store_sql",
    "incidents.store_sql_alarms",
    "missions.store_sql",
)


def all_tables() -> MetaData:
    """Return the metadata with every table in it."""
    for module in STORES:
        importlib.import_module(module)
    return Base.metadata

"""Reads rows as they stand, without trusting that they are what iamflow wrote."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, type_coerce
from sqlalchemy.engine import Connection

from iamflow.store.types import UtcTime, utc_text


def as_it_stands(connection: Connection, table: Table) -> Sequence[ColumnElement[Any]]:
    """Return a table's columns, times as the text that SQLite holds: an edited one may be no time at all."""
    if connection.dialect.name == "postgresql":
        return list(table.c)
    return [
        type_coerce(column, Text).label(column.name) if isinstance(column.type, UtcTime) else column
        for column in table.c
    ]


def text_of_time(value: Any) -> str:  # noqa: ANN401 - text on SQLite, a datetime on PostgreSQL
    """Return the text of a time that was read so."""
    return utc_text(value) if isinstance(value, datetime) else str(value)

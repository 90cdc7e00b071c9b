"""Writes many rows at once, without what SQLAlchemy does for each value: COPY on PostgreSQL, one INSERT on SQLite."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

Plain = str | int | None
"""What both databases take as it is. Text is ``types.clean``, and a time is its ``types.utc_text``."""


def write_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Plain]]) -> None:
    """Insert rows of these columns. Raises as an INSERT does; none of them may be there already."""
    if not rows:
        return
    quoted = connection.dialect.identifier_preparer
    name, names = quoted.format_table(table), ", ".join(map(quoted.quote, columns))
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {name} ({names}) FROM STDIN", rows)
    else:
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {name} ({names}) VALUES ({marks})"  # noqa: S608 - names of our own
        connection.exec_driver_sql(statement, [tuple(row) for row in rows])


def _copy(connection: Connection, statement: str, rows: Sequence[Sequence[Plain]]) -> None:
    driver = connection.dialect.loaded_dbapi
    cursor: Any = connection.connection.cursor()  # psycopg's own, which knows of COPY
    try:
        with cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except driver.Error as error:
        # COPY goes past SQLAlchemy, whose errors are what the rest of the store understands.
        raise DBAPIError.instance(statement, None, error, driver.Error, dialect=connection.dialect) from error

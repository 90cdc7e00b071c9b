"""What the parts of the store share."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Column, ColumnElement, Table, Text, any_, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from iamflow.domain.clock import Clock
from iamflow.store.database import Database

DialectInsert = postgresql.Insert | sqlite.Insert


@dataclass(frozen=True, kw_only=True)
class Part:
    """A database, and as whom this process writes to it."""

    database: Database
    key: bytes
    writer: str
    channels: tuple[str, ...]
    clock: Clock


def insert(connection: Connection, table: Table) -> DialectInsert:
    """Return an INSERT that can say what to do on conflict; both databases say it alike."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def among(connection: Connection, column: Column[str], texts: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a column is one of many texts, which go to the database as one parameter."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(texts), ARRAY(Text)))
    listed = func.json_each(json.dumps(texts)).table_valued("value")
    return column.in_(select(listed.c.value))


def take_turns(connection: Connection, name: str) -> None:
    """Let transactions that do the same work pass one at a time. On SQLite they do so anyway: there is one writer."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"iamflow {name}",))

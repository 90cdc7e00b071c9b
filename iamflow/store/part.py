"""What the parts of the store share."""

from dataclasses import dataclass

from sqlalchemy import Table
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

"""Writes the whole database to one file, as it is at one moment (``store.archive`` has the format)."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Table, func, select
from sqlalchemy.engine import URL, Connection

from iamflow.domain.errors import InputError, SchemaError, TemporaryError
from iamflow.store.archive import Header, Section, Writer
from iamflow.store.database import Database
from iamflow.store.part import Part
from iamflow.store.rows import AnyRow
from iamflow.store.schema import BINDING, INSTANCES, METADATA, REVISION
from iamflow.store.types import UtcTime, utc_text
from iamflow.store.verify_reading import as_it_stands, text_of_time

LEFT_OUT = frozenset({BINDING, INSTANCES})
"""What belongs to a place and not to its content: what the database is bound to, and the daemons that ran on it."""

TABLES: tuple[Table, ...] = tuple(table for table in METADATA.sorted_tables if table not in LEFT_OUT)
"""Every other table, each after those that it refers to."""

Progress = Callable[[int, int], None]
"""Told how many rows are done, and of how many."""

_TOLD_EVERY = 1000


def backup(part: Part, file: Path, progress: Progress, *, overwrite: bool = False) -> Header:
    """Write a backup; the file (0600) has its name only once it is whole. Return its header.

    Raises ``InputError`` where the file is there already and is not to be overwritten, or cannot be written.
    """
    made_at = part.clock.now()  # before the snapshot: what happened since is what a restored database does not know
    with (
        _published(file, overwrite=overwrite) as out,
        _at_rest(part.database, file.parent) as database,
        database.snapshot() as connection,
    ):
        header = _header(connection, made_at)
        writer = Writer(out, part.key)
        writer.header(header)
        done = 0
        for table in TABLES:
            for row in _rows(connection, table):
                try:
                    writer.row(row)
                except TypeError:
                    message = f"{part.database.name} holds something in {table.name} that iamflow did not write"
                    raise SchemaError(message) from None
                done += 1
                if done % _TOLD_EVERY == 0:
                    progress(done, header.rows)
        writer.end()
    progress(done, header.rows)
    return header


@contextmanager
def _at_rest(database: Database, folder: Path) -> Iterator[Database]:
    """Yield the database itself, or of SQLite a copy.

    Who reads a SQLite database holds up who writes it, a rollback at three in the morning included (with the journal modes
    that are safe everywhere). Copying it takes a small part of the time that writing it out takes.
    """
    if not database.is_sqlite:
        yield database
        return
    with tempfile.TemporaryDirectory(prefix=".iamflow-", dir=folder) as place:
        copy = Path(place) / "copy.db"
        _copy(database, copy)
        copied = Database(URL.create("sqlite", database=str(copy)).render_as_string())
        try:
            yield copied
        finally:
            copied.close()


def _copy(database: Database, file: Path) -> None:
    """Copy a SQLite database in one go, which is one read transaction."""
    try:
        with database.engine.connect() as connection, closing(sqlite3.connect(file)) as copy:
            source: Any = connection.connection.driver_connection  # sqlite3's own
            source.backup(copy)
    except sqlite3.Error as error:
        message = f"{database.name} cannot be copied now: {error}"
        raise TemporaryError(message) from None


def _header(connection: Connection, made_at: datetime) -> Header:
    bound = connection.execute(select(BINDING)).one()
    sections = tuple(
        Section(
            name=table.name,
            columns=tuple(column.name for column in table.c),
            rows=connection.execute(select(func.count()).select_from(table)).scalar_one(),
        )
        for table in TABLES
    )
    return Header(
        schema=REVISION,
        made_at=utc_text(made_at),
        sandbox=bound.sandbox,
        partition=bound.partition,
        key_fingerprint=bound.key_fingerprint,
        sections=sections,
    )


def _rows(connection: Connection, table: Table) -> Iterator[Sequence[object]]:
    """Yield a table's rows, parents before children, as plain values."""
    times = [isinstance(column.type, UtcTime) for column in table.c]
    query = select(*as_it_stands(connection, table)).order_by(*table.primary_key)
    for row in connection.execute(query, execution_options={"yield_per": 500}):
        yield _plain(row, times)


def _plain(row: AnyRow, times: Sequence[bool]) -> list[object]:
    return [
        text_of_time(value) if is_time and value is not None else value
        for value, is_time in zip(row, times, strict=True)
    ]


@contextmanager
def _published(file: Path, *, overwrite: bool) -> Iterator[IO[bytes]]:
    """Open a new file beside the wanted one, which takes its name at the end."""
    if file.exists() and not (overwrite and file.is_file()):
        message = f"{file} is there already: name another file" + ("" if not file.is_file() else ", or give --force")
        raise InputError(message)
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:100]}.")  # 0600 from the start
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise InputError(message) from None
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        if overwrite:
            unfinished.replace(file)
        else:
            _take_name(unfinished, file)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _take_name(unfinished: Path, file: Path) -> None:
    """Rename without ever writing over a file that came meanwhile, where the file system can do that."""
    try:
        os.link(unfinished, file)
    except FileExistsError:
        message = f"{file} is there by now: name another file, or give --force"
        raise InputError(message) from None
    except OSError:  # no hard links here
        unfinished.rename(file)
        return
    unfinished.unlink()

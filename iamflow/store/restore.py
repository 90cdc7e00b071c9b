"""Puts a backup into an empty database, all of it or nothing.

What happened after the backup was made is unknown: what people said since, which approvals were used. A restored database is
therefore frozen, and holds no lease and no approval that could still be used, until a person has looked. What AWS knows
better than a restored ticket is settled by reading AWS, as it always is.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Table, delete, exists, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, IntegrityError

from iamflow.domain.errors import ConfigError, InputError
from iamflow.store.archive import Header, Reader, reading
from iamflow.store.backup import TABLES, Progress
from iamflow.store.bulk import Plain, write_rows
from iamflow.store.chain import Ledger
from iamflow.store.part import Part
from iamflow.store.schema import APPROVALS, BINDING, FREEZE, INSTANCES, METADATA, REVISION, TICKETS
from iamflow.store.types import utc_text

HEARD_OF = timedelta(minutes=5)
"""A daemon that reported within this time and has not said that it stopped is alive: they report several times a minute."""

_CHUNK = 500
"""Rows a statement."""


def restore(part: Part, file: Path, by: str, progress: Progress) -> Header:
    """Restore a backup and return its header. ``by`` is who does it.

    Raises ``InputError`` for a file that is no whole backup of this schema, key and purpose, and ``ConfigError`` for a
    database that is not empty or that a daemon is at work on; nothing is changed then.
    """
    with reading(file) as archive:
        total = 2 * archive.header.rows
        _require_fit(part, archive.header, file)
        for number, _ in enumerate(archive.rows(part.key), start=1):
            _tell(progress, number, total)
    with reading(file) as archive, part.database.writing() as connection:
        _require_free(part, connection)
        _load(part, connection, archive, lambda done: _tell(progress, archive.header.rows + done, total))
        _disarm(part, connection, archive.header, by)
    progress(total, total)
    return archive.header


def _tell(progress: Progress, done: int, total: int) -> None:
    if done % 1000 == 0:
        progress(done, total)


def _require_fit(part: Part, header: Header, file: Path) -> None:
    """Hold what the file says of itself against the database."""
    with part.database.reading() as connection:
        bound = connection.execute(select(BINDING)).one()
    if header.schema != REVISION:
        message = (
            f"{file} has the schema {header.schema}, and this iamflow {REVISION}: restore it with the version that made it,"
            " then iamflow db upgrade"
        )
        raise InputError(message)
    if header.key_fingerprint != bound.key_fingerprint:
        message = (
            f"the journal in {file} was written with another key: make the database anew with that key in journal.key"
        )
        raise InputError(message)
    if (header.sandbox, header.partition) != (bound.sandbox, bound.partition):
        kinds = {True: "the sandbox", False: "real AWS accounts"}
        message = f"{file} is of {kinds[header.sandbox]} in {header.partition}, and {part.database.name} is not"
        raise InputError(message)
    tables = {table.name: tuple(column.name for column in table.c) for table in TABLES}
    if {section.name: section.columns for section in header.sections} != tables:
        message = f"{file} has other tables than this iamflow: restore it with the version that made it"
        raise InputError(message)


def _require_free(part: Part, connection: Connection) -> None:
    """Refuse a database that holds anything, or that a daemon is at work on; let nobody begin meanwhile."""
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.format_table
        names = ", ".join(quote(table) for table in METADATA.sorted_tables)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        heard_of = (INSTANCES.c.stopped_at.is_(None), INSTANCES.c.beat_at > part.clock.now() - HEARD_OF)
        daemon = connection.execute(select(INSTANCES.c.id).where(*heard_of)).scalar()
        if daemon is not None:
            message = f"the daemon {daemon} is at work on {part.database.name}: stop it first (iamflow daemon status)"
            raise ConfigError(message)
    for table in TABLES:
        if table is not FREEZE and connection.execute(select(exists(select(1).select_from(table)))).scalar():
            message = f"{part.database.name} is not empty, it has {table.name}: restore into a new database"
            raise ConfigError(message)


def _load(part: Part, connection: Connection, archive: Reader, progress: Callable[[int], None]) -> None:
    connection.execute(delete(FREEZE))  # its one row comes from the file
    sections = {table.name: table for table in TABLES}
    chunk: list[list[Plain]] = []
    current: Table | None = None
    for number, (section, values) in enumerate(archive.rows(part.key), start=1):
        table = sections[section.name]
        if current is not None and (table is not current or len(chunk) == _CHUNK):
            _insert(connection, current, chunk)
            chunk = []
        current = table
        chunk.append(values)
        progress(number)
    if current is not None:
        _insert(connection, current, chunk)
    if connection.dialect.name == "postgresql":
        _count_on(connection)


def _insert(connection: Connection, table: Table, rows: Sequence[Sequence[Plain]]) -> None:
    try:
        write_rows(connection, table, [column.name for column in table.c], rows)
    except (IntegrityError, DataError) as error:
        reason = str(error.orig).strip().partition("\n")[0]
        message = f"the backup has a row in {table.name} that iamflow did not write ({reason}): nothing was restored"
        raise InputError(message) from None


def _count_on(connection: Connection) -> None:
    """Let PostgreSQL give the next row the next number, as SQLite does by itself."""
    for table in TABLES:
        if table.autoincrement_column is not None:
            name = table.autoincrement_column.name
            sequence = func.pg_get_serial_sequence(table.name, name)
            connection.execute(select(func.setval(sequence, func.max(table.c[name]))).select_from(table))


def _disarm(part: Part, connection: Connection, header: Header, by: str) -> None:
    """Take from the restored rows what held only where and when they were saved, and freeze; the journal says so."""
    now = part.clock.now()
    free = {"lease_holder": None, "lease_token": None, "lease_until": None}
    connection.execute(update(TICKETS).where(TICKETS.c.lease_holder.is_not(None)).values(free))
    # What AWS shows comes first. No wait is counted from here: each is from a date that is in the row, and stays.
    connection.execute(update(TICKETS).where(TICKETS.c.closed_at.is_(None)).values(due_at=now))
    # One that was used after the backup looks unused here, and approvals are for one use.
    still_good = (APPROVALS.c.used_at.is_(None), APPROVALS.c.expires_at > now)
    connection.execute(update(APPROVALS).where(*still_good).values(expires_at=now))
    before = connection.execute(select(FREEZE.c.is_on, FREEZE.c.reason)).first()
    reason = (
        f"restored from a backup of {header.made_at[:16].replace('T', ' ')} UTC: what people said since is not known"
    )
    if before is not None and before.is_on:
        reason += f"; frozen before: {before.reason}"
    connection.execute(delete(FREEZE))
    connection.execute(insert(FREEZE).values(id=1, is_on=True, reason=reason, set_by=by, set_at=now))
    ledger = Ledger(part=part, at=now)
    ledger.note({"freeze": True, "reason": reason, "by": by, "at": utc_text(now), "restored": header.made_at})
    ledger.flush(connection)

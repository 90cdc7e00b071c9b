"""Connections and transactions: what SQLite and PostgreSQL need, and what their errors mean to us.

Every method of the store is one transaction through ``Database.reading`` or ``Database.writing``; neither stays open between
calls. On SQLite a writer begins IMMEDIATE, since a deferred transaction that turns into a writer fails at once, whatever
the busy timeout is.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)

from iamflow.domain.errors import ConfigError, IamflowError, SchemaError, TemporaryError

BUSY_TIMEOUT_MS = 10_000
"""How long a SQLite connection waits for another's transaction. A batch's commit takes a fraction of a second."""

LOCK_TIMEOUT_MS = 10_000
"""How long a PostgreSQL session waits for a lock of another: as long as a SQLite connection does."""

_CONNECTING = {
    "application_name": "iamflow",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""What libpq is told unless the URL says otherwise. Without it, a server that vanished is waited for, for a quarter of an hour."""

_WRITE = "iamflow_write"

_FOREIGN_STATES = frozenset({"42P01", "42703", "42P07"})
"""PostgreSQL: undefined table, undefined column, duplicate table."""

_NOT_ALLOWED = "42501"
"""PostgreSQL: insufficient privilege."""


def parse_url(url: str) -> URL:
    """Return the parsed URL. Raises ``ConfigError`` for one that iamflow cannot use."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        message = "database.url is not a database URL, such as sqlite:///iamflow.db"
        raise ConfigError(message) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in {None, "", ":memory:"}:
            message = "database.url must name a file: a database in memory would forget what was done"
            raise ConfigError(message)
        return parsed.set(drivername="sqlite")
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    message = f"database.url: {backend} is not supported (sqlite and postgresql are)"
    raise ConfigError(message)


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite database, None for any other."""
    parsed = parse_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def journal_mode(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> str:
    """Return the journal mode that is safe with this SQLite.

    Versions 3.7.0 to 3.51.2, except 3.44.6 and 3.50.7, can corrupt a WAL database that two connections write
    ("WAL-reset bug", sqlite.org/wal.html): those use the rollback journal.
    """
    fixed = version >= (3, 51, 3) or version in {(3, 44, 6), (3, 50, 7)}
    return "wal" if fixed else "delete"


class Database:
    """A pool of connections to one database."""

    def __init__(self, url: str, *, create: bool = False) -> None:
        """Prepare the pool; nothing connects yet. A missing SQLite file is made (0600) only with ``create``."""
        parsed = parse_url(url)
        file = sqlite_file(url)
        if file is not None:
            _require_file(file, create=create)
        try:
            self.engine = create_engine(parsed, hide_parameters=True, connect_args=_connecting(parsed))
        except (NoSuchModuleError, ModuleNotFoundError):
            message = "PostgreSQL needs the extra: pip install '.[postgres]' in the checkout"
            raise ConfigError(message) from None
        self._writer = self.engine.execution_options(**{_WRITE: True})
        self.name = str(file) if file is not None else parsed.render_as_string(hide_password=True)
        if file is not None:
            _prepare_sqlite(self.engine)
        else:
            _prepare_postgresql(self.engine)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open one read transaction. Raises as ``writing`` does."""
        with self._translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open one read transaction that sees one moment, however long it takes. Raises as ``writing`` does.

        SQLite's do so anyway, from their first look on.
        """
        engine = self.engine
        if not self.is_sqlite:
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with self._translated(), engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open one write transaction, committed at the end.

        Raises ``TemporaryError`` when the database is busy, gone or full, ``SchemaError`` when it is not iamflow's, and
        ``ConfigError`` when its role may not do this.
        """
        with self._translated(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            meaning = self._meaning(error)
            if meaning is None:
                raise
            raise meaning from error

    def _meaning(self, error: DBAPIError) -> IamflowError | None:
        """Return what an error of the driver means to us; None for a mistake of our own, which is never to be hidden."""
        reason = _first_line(error)
        if _is_foreign(error):
            return SchemaError(f"{self.name} does not fit this iamflow ({reason}): run: iamflow db upgrade")
        if getattr(error.orig, "sqlstate", None) == _NOT_ALLOWED:
            return ConfigError(f"{self.name}: {reason}: grant it to this role (docs/how-to/postgresql.md)")
        if isinstance(error, OperationalError | InterfaceError):
            return TemporaryError(f"the database {self.name} cannot be used now: {reason}")
        if type(error) is DatabaseError:
            return SchemaError(f"{self.name} is damaged or no database: {reason}")
        return None


def _is_foreign(error: DBAPIError) -> bool:
    """Whether tables or columns are not what this program expects, as the databases' own codes say."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    state = getattr(error.orig, "sqlstate", None)
    return code == sqlite3.SQLITE_ERROR or state in _FOREIGN_STATES


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]


def _require_file(file: Path, *, create: bool) -> None:
    if file.exists():
        return
    if not create:
        message = f"there is no database {file}: run: iamflow db upgrade"
        raise SchemaError(message)
    try:
        # Made before SQLite sees it, so that the file and the journals beside it are nobody else's from the start.
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        message = f"the database {file} cannot be made: {error.strerror}"
        raise ConfigError(message) from None


def _connecting(url: URL) -> dict[str, str]:
    """Return what the driver is told beside the URL, which wins."""
    if url.get_backend_name() == "sqlite":
        return {}
    return {name: value for name, value in _CONNECTING.items() if name not in url.query}


def _prepare_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, record: object) -> None:  # noqa: ANN401, ARG001 - SQLAlchemy's signature
        # A statement and no startup option: a connection pooler in between refuses those that it does not know.
        connection.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS:d}")
        connection.commit()


def _prepare_sqlite(engine: Engine) -> None:
    mode = journal_mode()

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, record: object) -> None:  # noqa: ANN401, ARG001 - SQLAlchemy's signature
        connection.isolation_level = None  # transactions are begun below, not guessed by the driver
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS:d}")
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] != mode:
            cursor.execute(f"PRAGMA journal_mode = {mode}")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        write = connection.get_execution_options().get(_WRITE, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

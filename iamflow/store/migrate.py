"""Brings a database's schema up to date, and says whether it is.

A migration is one transaction: it is done whole or not at all. On PostgreSQL one runs at a time, under an advisory lock.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from iamflow.domain.errors import SchemaError, TemporaryError
from iamflow.store.database import Database, sqlite_file
from iamflow.store.schema import METADATA
from iamflow.store.sessions import MIGRATIONS, lock_holder, table_users

LOCK_TIMEOUT = timedelta(seconds=10)
"""How long a migration on PostgreSQL waits for another one, and for each table that another session uses.

Not longer: whoever comes after it has to wait behind it, readers included.
"""

STATEMENT_TIMEOUT = timedelta(minutes=15)
"""How long one statement of a migration on PostgreSQL may take; it holds its tables for as long."""

_LOCK_TIMED_OUT, _STATEMENT_TIMED_OUT = "55P03", "57014"


def upgrade(url: str) -> str:
    """Bring the database to this program's schema, making it if it is not there; return the revision.

    Raises ``SchemaError`` when the database is newer than this program, and ``TemporaryError`` when another session is in
    the way; it is as it was then.
    """
    return _to(url, "head", create=True)


def downgrade(url: str, revision: str = "base") -> None:
    """Take the schema back to a revision. Loses what that one has no place for."""
    _to(url, revision, create=False)


def current(url: str) -> str | None:
    """Return the revision of the database's schema, None where there is none."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return None
    database = Database(url)
    try:
        with database.reading() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        database.close()


def check(url: str) -> list[str]:
    """Return how the database differs from the tables that this program was written for; empty when it does not."""
    database = Database(url)
    try:
        with database.reading() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return [str(difference) for difference in compare_metadata(context, METADATA)]
    finally:
        database.close()


def folder() -> Path:
    """Return where the migrations are: beside the package in a checkout, inside it in an installed wheel."""
    package = Path(str(files("iamflow")))
    for candidate in (package / "_migrations", package.parent / "migrations"):
        if (candidate / "env.py").is_file():
            return candidate
    message = "the migrations are missing from this installation of iamflow: install it anew"
    raise SchemaError(message)


def configuration(connection: Connection | None = None) -> Config:
    """Return Alembic's settings; there is no ini file."""
    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def _to(url: str, revision: str, *, create: bool) -> str:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    database = Database(url, create=create)
    try:
        with database.writing() as connection:
            if not database.is_sqlite:
                _wait_for_others(connection, database.name)
            config = configuration(connection)
            try:
                with _in_time(connection, database.name):
                    if revision == "head":
                        command.upgrade(config, revision)
                    else:
                        command.downgrade(config, revision)
            except CommandError:
                message = f"{database.name} is newer than this iamflow: use the version that made it, or a later one"
                raise SchemaError(message) from None
            return MigrationContext.configure(connection).get_current_revision() or "none"
    finally:
        database.close()


def _wait_for_others(connection: Connection, name: str) -> None:
    """Take the lock of migrations: two at once would both start from the same revision."""
    for setting, limit in (("lock_timeout", LOCK_TIMEOUT), ("statement_timeout", STATEMENT_TIMEOUT)):
        connection.exec_driver_sql(f"SET LOCAL {setting} = {limit / timedelta(milliseconds=1):.0f}")
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%s))", (MIGRATIONS,))
    except DBAPIError as error:
        if _state(error) != _LOCK_TIMED_OUT:
            raise
        holder = lock_holder(connection, MIGRATIONS) or "a session that has just ended"
        message = f"another migration of {name} is under way, by {holder}: wait for it, then run this again"
        raise TemporaryError(message) from None


@contextmanager
def _in_time(connection: Connection, name: str) -> Iterator[None]:
    """Tell who is in the way of a migration that ran into one of its limits. Raises ``TemporaryError``."""
    if connection.dialect.name == "sqlite":
        yield
        return
    try:
        with connection.begin_nested():
            yield
    except DBAPIError as error:
        if _state(error) == _LOCK_TIMED_OUT:
            users = "; ".join(table_users(connection)) or "a session that has just ended"
            message = f"{name} is in use, and was left as it was: end what is in the way, then run this again: {users}"
            raise TemporaryError(message) from None
        if _state(error) == _STATEMENT_TIMED_OUT:
            message = (
                f"a step of the migration of {name} took longer than {STATEMENT_TIMEOUT}, and all was left as it was: "
                "run it again while the server has less to do"
            )
            raise TemporaryError(message) from None
        raise


def _state(error: DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state

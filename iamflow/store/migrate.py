"""Brings a database's schema up to date, and says whether it is."""

import logging
from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy.engine import Connection

from iamflow.domain.errors import SchemaError
from iamflow.store.database import Database, sqlite_file
from iamflow.store.schema import METADATA


def upgrade(url: str) -> str:
    """Bring the database to this program's schema, making it if it is not there; return the revision.

    Raises ``SchemaError`` when the database is newer than this program.
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
                # Two upgrades at once would both start from the same revision.
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('iamflow migrations'))")
            config = configuration(connection)
            try:
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

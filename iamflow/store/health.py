"""How a SQLite database fares: what can be seen from outside of its tables."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from iamflow.domain.errors import SchemaError
from iamflow.store.database import journal_mode, sqlite_file

_BESIDE = ("", "-wal", "-shm", "-journal", ".lock")
"""What SQLite and iamflow keep beside the database, by the ends of the names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SqliteHealth:
    """One SQLite database, the library that reads it, and its files."""

    file: Path
    version: str
    """The version of the SQLite library."""
    journal_mode: str
    safe_mode: str
    """The journal mode that is safe with this version; iamflow sets it at every connection."""
    files: tuple[Path, ...]
    """The database and what lies beside it."""


def sqlite_health(url: str) -> SqliteHealth | None:
    """Return how a SQLite database fares, None for any other database. Changes nothing, not even the journal mode.

    Raises ``SchemaError`` where the file is not there or is no database.
    """
    file = sqlite_file(url)
    if file is None:
        return None
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
    except sqlite3.Error as error:
        message = f"{file} cannot be read: {error}"
        raise SchemaError(message) from None
    beside = (file.with_name(file.name + end) for end in _BESIDE)
    return SqliteHealth(
        file=file,
        version=sqlite3.sqlite_version,
        journal_mode=found,
        safe_mode=journal_mode(),
        files=tuple(path for path in beside if path.exists()),
    )

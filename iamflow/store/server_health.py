"""How a PostgreSQL server fares, and what our role may do there."""

from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.engine import Connection

from iamflow.store.database import Database, sqlite_file
from iamflow.store.schema import METADATA
from iamflow.store.sessions import MIGRATIONS, lock_holder, table_users

NEEDED = ("SELECT", "INSERT", "UPDATE", "DELETE")
"""What iamflow's role needs on each of its tables to work; making and changing them takes their owner."""

_SERVER = text("""
    SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int / 10000 AS major,
           current_user AS role, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
           pg_is_in_recovery() AS standby, inet_client_addr() IS NULL AS local,
           coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted
""")
_MISSING = text("""
    SELECT privilege || ' on ' || name FROM unnest(CAST(:names AS text[])) AS name, unnest(CAST(:needed AS text[])) AS privilege
    WHERE NOT has_table_privilege(to_regclass(name), privilege) ORDER BY name, privilege
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerHealth:
    """One PostgreSQL server, as a session of ours sees it."""

    version: str
    major: int
    role: str
    superuser: bool
    """Whether the role may do anything to any database there."""
    standby: bool
    """Whether it only follows another server, and takes no writes."""
    local: bool
    """Whether it is reached without a network, by a socket of this host."""
    encrypted: bool
    missing: tuple[str, ...]
    """Privileges that the role needs and has not, such as ``INSERT on events``."""
    migration: str | None
    """Who runs a migration at this moment, in words."""
    lingering: tuple[str, ...]
    """Other sessions that use our tables in a transaction older than was asked, in words."""


def server_health(url: str, *, lingering: timedelta) -> ServerHealth | None:
    """Return how a PostgreSQL server fares, None for another database. Changes nothing.

    Raises ``TemporaryError`` where it cannot be reached.
    """
    if sqlite_file(url) is not None:
        return None
    with closing(Database(url)) as database, database.reading() as connection:
        found = connection.execute(_SERVER).one()
        return ServerHealth(
            version=found.version.split(" ")[0],
            major=found.major,
            role=found.role,
            superuser=found.superuser,
            standby=found.standby,
            local=found.local,
            encrypted=found.encrypted,
            missing=_missing(connection),
            migration=lock_holder(connection, MIGRATIONS),
            lingering=tuple(table_users(connection, older_than=lingering)),
        )


def _missing(connection: Connection) -> tuple[str, ...]:
    wanted = {"names": list(METADATA.tables), "needed": list(NEEDED)}
    return tuple(connection.execute(_MISSING, wanted).scalars())

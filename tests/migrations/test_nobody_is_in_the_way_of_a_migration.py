"""On PostgreSQL one migration runs at a time, waits for nobody for long, says who is in its way, and is whole or not at all."""

import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from iamflow.domain.errors import ConfigError, TemporaryError
from iamflow.store import migrate
from iamflow.store.schema import REVISION
from iamflow.store.sessions import MIGRATIONS
from tests.postgresql import Cluster, database_of

NEXT = "9000"
ADDS_A_COLUMN = f"""
from alembic import op
from sqlalchemy import Column, Integer, Text

revision, down_revision = "{NEXT}", "{REVISION}"

def upgrade():
    op.add_column("accounts", Column("favourite", Text))
    op.execute("SELECT pg_sleep(PAUSE)")
    op.add_column("tickets", Column("favourite", Integer))

def downgrade():
    op.drop_column("tickets", "favourite")
    op.drop_column("accounts", "favourite")
"""


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    with cluster.migrated() as made:
        yield made


@pytest.fixture
def other(cluster: Cluster, url: str) -> Iterator[psycopg.Connection[Any]]:
    """Another session in the same database, which says what it is."""
    with psycopg.connect(cluster.url(database_of(url)), application_name="psql of\x1b[31m bob") as connection:
        yield connection


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", timedelta(milliseconds=300))


def a_newer_program(folder: Path, monkeypatch: pytest.MonkeyPatch, pause: float = 0) -> None:
    """Give this program one more migration, which changes two tables and takes a while."""
    shutil.copytree(migrate.folder(), folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "migrations" / "versions" / "9000_more.py").write_text(ADDS_A_COLUMN.replace("PAUSE", str(pause)))
    monkeypatch.setattr(migrate, "folder", lambda: folder / "migrations")


def test_a_second_upgrade_says_who_holds_the_first(url: str, other: psycopg.Connection[Any]) -> None:
    other.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (MIGRATIONS,))
    with pytest.raises(TemporaryError) as told:
        migrate.upgrade(url)
    sentence = str(told.value)
    assert "another migration of" in sentence
    assert f"role postgres (pid {other.info.backend_pid}, idle in transaction for " in sentence
    assert "psql of" in sentence
    assert "\x1b" not in sentence
    other.rollback()
    assert migrate.upgrade(url) == REVISION


def test_a_second_upgrade_waits_for_one_that_is_soon_done(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", timedelta(seconds=30))
    a_newer_program(tmp_path, monkeypatch, pause=0.5)
    revisions: list[str] = []
    with cluster.empty() as url:
        both = [threading.Thread(target=lambda: revisions.append(migrate.upgrade(url))) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join(60)
    assert revisions == [NEXT, NEXT]


def test_a_table_that_somebody_uses_ends_the_upgrade_in_one_line_and_nothing_is_changed(
    url: str, other: psycopg.Connection[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_newer_program(tmp_path, monkeypatch)
    other.execute("SELECT count(*) FROM tickets")
    with pytest.raises(TemporaryError) as told:
        migrate.upgrade(url)
    sentence = str(told.value)
    assert "was left as it was: end what is in the way, then run this again: " in sentence
    assert f"(pid {other.info.backend_pid}, idle in transaction for " in sentence
    assert "uses tickets" in sentence
    assert not {"\n", "\x1b"} & set(sentence)
    other.rollback()
    assert migrate.current(url) == REVISION
    assert migrate.check(url) == []
    assert migrate.upgrade(url) == NEXT


def test_a_step_that_takes_too_long_is_given_up_and_nothing_is_changed(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_newer_program(tmp_path, monkeypatch, pause=30)
    monkeypatch.setattr(migrate, "STATEMENT_TIMEOUT", timedelta(milliseconds=300))
    with pytest.raises(TemporaryError, match=r"took longer than .* all was left as it was"):
        migrate.upgrade(url)
    assert migrate.current(url) == REVISION
    assert migrate.check(url) == []


def test_a_role_that_may_not_make_tables_is_told_what_it_lacks(cluster: Cluster) -> None:
    with cluster.empty() as url:
        cluster.run("DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN")
        with pytest.raises(ConfigError, match=r"permission denied for schema public.*docs/how-to/postgresql\.md"):
            migrate.upgrade(cluster.url(database_of(url), username="reader"))

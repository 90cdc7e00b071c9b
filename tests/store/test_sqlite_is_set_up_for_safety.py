"""What a SQLite connection is set to: nothing may be lost or corrupted, and writers wait for each other."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from iamflow.domain.errors import ConfigError, SchemaError, TemporaryError
from iamflow.domain.ids import TicketId
from iamflow.store import database
from iamflow.store.database import Database, journal_mode, parse_url
from iamflow.store.open import SqlStore, open_store
from iamflow.store.schema import EVENTS
from tests.store.support import KEY, START, MovedClock, new_ticket


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), "delete"),
        ((3, 44, 5), "delete"),
        ((3, 44, 6), "wal"),
        ((3, 44, 7), "delete"),
        ((3, 50, 7), "wal"),
        ((3, 51, 2), "delete"),
        ((3, 51, 3), "wal"),
        ((3, 52, 0), "wal"),
    ],
)
def test_wal_is_used_only_where_it_cannot_corrupt(version: tuple[int, ...], mode: str) -> None:
    assert journal_mode(version) == mode


def test_every_connection_is_durable_and_checks_references(sqlite_store: SqlStore) -> None:
    with sqlite_store.database.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": journal_mode(), "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_references_are_upheld(sqlite_store: SqlStore) -> None:
    orphan = {
        "ticket_id": TicketId(99),
        "seq": 1,
        "at": START,
        "actor": "a",
        "kind": "comment",
        "detail": "{}",
        "prev_hash": "",
        "hash": "",
        "writer": "w",
        "checkpoint": 1,
    }
    with pytest.raises(IntegrityError), sqlite_store.database.writing() as connection:
        connection.execute(EVENTS.insert().values(orphan))


def test_a_writer_takes_the_lock_when_it_begins_and_a_reader_does_not(
    sqlite_store: SqlStore, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 0)
    other = Database(sqlite_url)
    with sqlite_store.database.writing(), other.reading() as reader:
        assert reader.exec_driver_sql("SELECT count(*) FROM tickets").scalar() == 0
        with pytest.raises(TemporaryError, match="locked"), other.writing():
            pass
    other.close()


def test_a_busy_database_is_a_temporary_error(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 0)
    store = open_store(sqlite_url, key=KEY, writer="one", channels=(), clock=MovedClock())
    with closing(sqlite3.connect(_file(sqlite_url), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TemporaryError, match="cannot be used now"):
            store.open_new([new_ticket()], "rules")
        with pytest.raises(TemporaryError, match="cannot be used now"):
            store.freeze()
        other.execute("ROLLBACK")
    assert store.open_new([new_ticket()], "rules")
    store.close()


def test_no_transaction_stays_open_between_calls(
    sqlite_store: SqlStore, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_store.open_new([new_ticket()], "rules")
    export = sqlite_store.export()
    next(export)
    with closing(sqlite3.connect(_file(sqlite_url), isolation_level=None, timeout=0)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("ROLLBACK")


def test_a_full_disk_is_a_temporary_error_and_writes_nothing(sqlite_store: SqlStore) -> None:
    with sqlite_store.database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(TemporaryError, match="full"):
        sqlite_store.open_new([new_ticket(number) for number in range(2000)], "rules")
    assert not sqlite_store.counts()


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "iamflow.db"
    file.write_text("this is no database, but a file of some length\n" * 100)
    with pytest.raises(SchemaError, match="no database") as told:
        open_store(f"sqlite:///{file}", key=KEY, writer="one", channels=(), clock=MovedClock())
    assert "\n" not in str(told.value)


def test_an_error_shows_no_values(sqlite_store: SqlStore) -> None:
    with pytest.raises(IntegrityError) as told, sqlite_store.database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO accounts (id, name) VALUES (?, NULL)", ("a secret",))
    assert "a secret" not in str(told.value)


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://u:hunter2@h/d", "hunter2", "oracle://u:hunter2@h"]
)
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^database\.url") as told:
        parse_url(url)
    assert "hunter2" not in str(told.value)


def test_a_password_is_not_in_the_databases_name() -> None:
    assert "hunter2" not in Database("postgresql://iamflow:hunter2@localhost/iamflow").name


def test_a_server_that_is_not_there_is_a_temporary_error() -> None:
    nobody = "postgresql://iamflow:hunter2@127.0.0.1:1/iamflow"
    with pytest.raises(TemporaryError) as told:
        open_store(nobody, key=KEY, writer="one", channels=(), clock=MovedClock())
    assert "hunter2" not in str(told.value)
    assert "\n" not in str(told.value)

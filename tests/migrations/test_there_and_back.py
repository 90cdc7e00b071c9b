"""An upgrade can be undone and done again, and one that fails leaves nothing half done."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect

from iamflow.domain.errors import ConfigError, SchemaError
from iamflow.store import migrate
from iamflow.store.database import Database
from iamflow.store.schema import REVISION


def _tables(url: str) -> set[str]:
    database = Database(url)
    with database.reading() as connection:
        found = set(inspect(connection).get_table_names())
    database.close()
    return found - {"alembic_version"}


def test_down_and_up_again(empty_url: str) -> None:
    assert migrate.upgrade(empty_url) == REVISION
    before = _tables(empty_url)
    migrate.downgrade(empty_url)
    assert migrate.current(empty_url) is None
    assert not _tables(empty_url)
    migrate.upgrade(empty_url)
    assert _tables(empty_url) == before
    assert migrate.check(empty_url) == []


def test_an_upgrade_of_what_is_up_to_date_does_nothing(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    assert migrate.upgrade(empty_url) == REVISION
    assert migrate.current(empty_url) == REVISION


def test_a_database_that_is_not_there_is_none_and_is_not_made_by_looking(tmp_path: Path) -> None:
    file = tmp_path / "iamflow.db"
    assert migrate.current(f"sqlite:///{file}") is None
    for look in (migrate.check, migrate.downgrade):
        with pytest.raises(SchemaError, match="run: iamflow db upgrade"):
            look(f"sqlite:///{file}")
    assert not file.exists()


def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    file = tmp_path / "iamflow.db"
    file.touch()
    assert migrate.current(f"sqlite:///{file}") is None


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "iamflow.db"
    url = f"sqlite:///{file}"
    migrate.upgrade(url)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError, match="newer than this iamflow"):
        migrate.upgrade(url)
    assert migrate.current(url) == "9999"


def test_an_upgrade_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    file = tmp_path / "iamflow.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE instances (mine TEXT)")
    with pytest.raises(SchemaError):
        migrate.upgrade(f"sqlite:///{file}")
    assert _tables(f"sqlite:///{file}") == {"instances"}


def test_a_new_file_is_nobody_elses(tmp_path: Path) -> None:
    file = tmp_path / "iamflow.db"
    migrate.upgrade(f"sqlite:///{file}")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file or directory"):
        migrate.upgrade(f"sqlite:///{tmp_path / 'nowhere' / 'iamflow.db'}")


def test_the_migrations_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert (migrate.folder() / "versions" / "0001_first_tables.py").is_file()
    monkeypatch.setattr(migrate, "files", lambda _: tmp_path / "iamflow")
    with pytest.raises(SchemaError, match="install it anew"):
        migrate.folder()
    inside = tmp_path / "iamflow" / "_migrations"
    inside.mkdir(parents=True)
    (inside / "env.py").touch()
    assert migrate.folder() == inside

"""What the migrations build is what the program was written for, to the last constraint."""

from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection

from iamflow.store import migrate
from iamflow.store.database import Database
from iamflow.store.schema import METADATA, REVISION


def _statements(connection: Connection) -> dict[str, str]:
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"
    return {name: " ".join(sql.split()) for name, sql in connection.exec_driver_sql(query)}


def test_a_comparison_finds_no_difference(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    assert migrate.check(empty_url) == []


def test_every_table_index_and_check_reads_the_same(tmp_path: Path) -> None:
    """A comparison of metadata looks neither at CHECKs nor at the conditions of partial indexes."""
    url = f"sqlite:///{tmp_path / 'iamflow.db'}"
    migrate.upgrade(url)
    migrated = Database(url)
    with migrated.reading() as connection:
        built = _statements(connection)
    migrated.close()
    models = create_engine("sqlite://")
    METADATA.create_all(models)
    with models.connect() as connection:
        assert built == _statements(connection)
    models.dispose()


def test_a_missing_index_is_a_difference(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    with database.writing() as connection:
        connection.exec_driver_sql("DROP INDEX ix_tickets_due")
    database.close()
    (difference,) = migrate.check(empty_url)
    assert "ix_tickets_due" in difference


def test_the_program_asks_for_the_newest_migration() -> None:
    script = ScriptDirectory.from_config(migrate.configuration())
    assert script.get_current_head() == REVISION


def test_there_is_one_line_of_migrations() -> None:
    script = ScriptDirectory.from_config(migrate.configuration())
    assert len(script.get_heads()) == 1

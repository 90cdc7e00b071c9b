"""A database is opened only by a program that fits it, for what it was made for, with the key that it was made with."""

import pytest
from sqlalchemy import text

from iamflow.domain.errors import SchemaError
from iamflow.store import binding
from iamflow.store.binding import Binding
from iamflow.store.database import Database
from iamflow.store.open import SqlStore, open_store
from iamflow.store.schema import BINDING, REVISION
from tests.store.support import BOUND, KEY, MovedClock


def _open(url: str, *, key: bytes = KEY, bound: Binding | None = BOUND) -> None:
    open_store(url, key=key, writer="one", channels=(), clock=MovedClock(), binding=bound).close()


def _execute(url: str, statement: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        connection.execute(text(statement))
    database.close()


def test_what_fits_is_opened(url: str) -> None:
    _open(url)
    _open(url, bound=None)
    binding.check(url, BOUND, key=KEY)


@pytest.mark.parametrize(
    ("bound", "sentence"),
    [
        (Binding(sandbox=False), "belongs to the sandbox and cannot be used for real AWS accounts"),
        (Binding(sandbox=True, partition="aws-cn"), "belongs to the partition aws and cannot be used for aws-cn"),
    ],
)
def test_sandbox_never_meets_production(url: str, bound: Binding, sentence: str) -> None:
    for attempt in (
        lambda: _open(url, bound=bound),
        lambda: binding.check(url, bound, key=KEY),
        lambda: binding.create(url, bound, key=KEY, clock=MovedClock()),
    ):
        with pytest.raises(SchemaError, match=sentence):
            attempt()
    _open(url)


def test_another_key_is_refused_and_none_is_shown(url: str) -> None:
    with pytest.raises(SchemaError, match="begun with another key") as told:
        _open(url, key=b"another key")
    assert "another key:" in str(told.value)
    with pytest.raises(SchemaError, match="begun with another key"):
        _open(url, key=b"another key", bound=None)


def test_the_key_is_not_in_the_database(store: SqlStore) -> None:
    with store.database.reading() as connection:
        (row,) = connection.execute(BINDING.select())
    assert KEY.decode() not in row.key_fingerprint
    assert KEY.hex() not in row.key_fingerprint


def test_binding_twice_to_the_same_is_nothing(url: str) -> None:
    binding.create(url, BOUND, key=KEY, clock=MovedClock())
    _open(url)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE alembic_version SET version_num = '0000'", "run: iamflow db upgrade"),
        ("DELETE FROM alembic_version", "run: iamflow db upgrade"),
        ("UPDATE alembic_version SET version_num = '9999'", "newer"),
    ],
)
def test_a_schema_that_does_not_fit_is_refused(url: str, statement: str, sentence: str) -> None:
    _execute(url, statement)
    try:
        with pytest.raises(SchemaError, match=sentence):
            _open(url)
    finally:
        _execute(url, "DELETE FROM alembic_version")
        _execute(url, f"INSERT INTO alembic_version VALUES ('{REVISION}')")  # noqa: S608 - the program's own


def test_a_table_that_went_missing_is_a_schema_error(url: str, store: SqlStore) -> None:
    _execute(url, "ALTER TABLE instances RENAME TO elsewhere")
    try:
        with pytest.raises(SchemaError, match="run: iamflow db upgrade"):
            store.instances()
    finally:
        _execute(url, "ALTER TABLE elsewhere RENAME TO instances")

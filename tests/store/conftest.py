import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from iamflow.store.open import SqlStore, open_store
from tests.store.support import KEY, MovedClock, build, postgresql_server

Opener = Callable[..., SqlStore]

_numbers = count()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "iamflow.db"
    build(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite database of the test's own, as the migrations left it."""
    file = tmp_path / "iamflow.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A running PostgreSQL with a template database that the migrations made."""
    with postgresql_server() as server:
        admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE template_of_iamflow"))
        admin.dispose()
        build(_database(server, "template_of_iamflow"))
        yield server


@pytest.fixture
def postgresql_url(postgresql: str) -> Iterator[str]:
    """A PostgreSQL database of the test's own, as the migrations left it."""
    name = f"test_{next(_numbers)}"
    admin = create_engine(make_url(postgresql).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template_of_iamflow"))
    yield _database(postgresql, name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The same test on every database."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


def _opener(url: str, clock: MovedClock) -> Iterator[Opener]:
    opened: list[SqlStore] = []

    def opener(writer: str = "one", channels: tuple[str, ...] = ("smtp",)) -> SqlStore:
        store = open_store(url, key=KEY, writer=writer, channels=channels, clock=clock)
        opened.append(store)
        return store

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def another(url: str, clock: MovedClock) -> Iterator[Opener]:
    """Opens further stores on the same database, as other processes would."""
    yield from _opener(url, clock)


@pytest.fixture
def store(another: Opener) -> SqlStore:
    return another()


@pytest.fixture
def sqlite_store(sqlite_url: str, clock: MovedClock) -> Iterator[SqlStore]:
    """For what only SQLite has."""
    store = open_store(sqlite_url, key=KEY, writer="one", channels=("smtp",), clock=clock)
    yield store
    store.close()


def _database(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)

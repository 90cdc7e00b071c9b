import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, insert, make_url, text
from sqlalchemy.engine import Engine

from iamflow.store.open import SqlStore, open_store
from iamflow.store.schema import BINDING, FREEZE, METADATA
from tests.postgresql import Cluster
from tests.store.support import KEY, MovedClock, build

Opener = Callable[..., SqlStore]


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
def postgresql(cluster: Cluster) -> Iterator[Engine]:
    """A database in a running PostgreSQL, as the migrations left it."""
    with cluster.empty() as url:
        build(url)
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        yield engine
        engine.dispose()


@pytest.fixture
def postgresql_url(postgresql: Engine) -> Iterator[str]:
    """That database, emptied after the test: far quicker than another database for each."""
    yield postgresql.url.set(drivername="postgresql").render_as_string(hide_password=False)
    tables = ", ".join(table.name for table in METADATA.sorted_tables if table not in {FREEZE, BINDING})
    with postgresql.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        connection.execute(delete(FREEZE))
        connection.execute(insert(FREEZE).values(id=1, is_on=False))


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

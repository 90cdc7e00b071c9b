from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.store.support import postgresql_server


@pytest.fixture(scope="session")
def postgresql_server_url() -> Iterator[str]:
    with postgresql_server() as server:
        yield make_url(server).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables; on PostgreSQL, whatever the test leaves is removed."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'iamflow.db'}"
        return
    from sqlalchemy import create_engine, text

    url: str = request.getfixturevalue("postgresql_server_url")
    yield url
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()

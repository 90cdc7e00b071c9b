"""A PostgreSQL session waits for a lock no longer than it should, and what goes wrong is told in one line without a password."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from sqlalchemy import text

from iamflow.domain.errors import ConfigError, TemporaryError
from iamflow.store import database
from iamflow.store.database import Database
from tests.postgresql import Cluster, database_of

SECRET = "hunter2-hunter2"


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    with cluster.migrated() as made:
        yield made


def _refusal(url: str, statement: str = "SELECT 1") -> str:
    """Return what is said when this fails, which has to be one line."""
    with (
        closing(Database(url)) as opened,
        pytest.raises((TemporaryError, ConfigError)) as told,
        opened.writing() as connection,
    ):
        connection.execute(text(statement))
    sentence = str(told.value)
    assert "\n" not in sentence
    assert SECRET not in sentence
    return sentence


def test_a_lock_of_another_session_is_given_up_in_time(
    url: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_TIMEOUT_MS", 200)
    with cluster.connect(database_of(url)) as other, other.transaction():
        other.execute("LOCK TABLE tickets")
        assert "lock timeout" in _refusal(url, "UPDATE tickets SET attempts = 0")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda cluster: cluster.url("nowhere"), 'database "nowhere" does not exist'),
        (lambda cluster: cluster.url(username="nobody"), 'role "nobody" does not exist'),
        (lambda cluster: f"postgresql://me:{SECRET}@127.0.0.1:1/iamflow", "Connection refused"),
        (lambda cluster: "postgresql://me@nowhere.invalid/iamflow", "nowhere.invalid"),
    ],
    ids=["no-database", "no-role", "no-server", "no-host"],
)
def test_a_server_that_cannot_be_used_is_named(cluster: Cluster, broken: Callable[[Cluster], str], said: str) -> None:
    assert said in _refusal(broken(cluster))


def test_a_wrong_password_is_refused_and_never_shown(cluster: Cluster) -> None:
    with cluster.empty() as url, cluster.a_role_with_a_password("another") as role:
        wrong = cluster.url(database_of(url), username=role, password=SECRET)
        assert f'password authentication failed for user "{role}"' in _refusal(wrong)


def test_what_a_role_may_not_do_names_where_it_is_told_what_it_needs(url: str, cluster: Cluster) -> None:
    with cluster.a_role_with_a_password("right") as role:
        reader = cluster.url(database_of(url), username=role, password="right")
        sentence = _refusal(reader, "UPDATE tickets SET attempts = 0")
    assert "permission denied for table tickets" in sentence
    assert "docs/how-to/postgresql.md" in sentence


def test_what_the_url_says_of_the_connection_wins(url: str) -> None:
    with closing(Database(f"{url}&application_name=mine")) as opened, opened.reading() as connection:
        assert connection.execute(text("SHOW application_name")).scalar() == "mine"
    with closing(Database(url)) as opened, opened.reading() as connection:
        assert connection.execute(text("SHOW application_name")).scalar() == "iamflow"

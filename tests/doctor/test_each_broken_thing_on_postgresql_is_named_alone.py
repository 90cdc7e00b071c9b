"""On PostgreSQL too, each broken thing is named alone, with what to do, and no password is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from iamflow.domain.states import State
from iamflow.store import migrate
from iamflow.store.sessions import MIGRATIONS
from tests.doctor.conftest import Clinic, fails_alone, warns
from tests.notify.sink import free_port
from tests.postgresql import Cluster
from tests.world import KEY

SECRET = "hunter2-hunter2"


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    """A database as the documentation makes it, upgraded by its owner; the world works as the other role."""
    with cluster.as_documented() as (owner, role):
        migrate.upgrade(owner)
        yield role


def _url(clinic: Clinic) -> str:
    return clinic.world.app.settings.database_url


@contextmanager
def _password(clinic: Clinic, cluster: Cluster, of_role: str, given: str) -> Iterator[None]:
    """Let the database be reached as a role that needs a password, and give one in the way that the settings allow."""
    with cluster.a_role_with_a_password(of_role) as role, pytest.MonkeyPatch.context() as environment:
        cluster.run(f"GRANT iamflow TO {role}")
        environment.setenv("PGPASSWORD", given)
        clinic.set(_url(clinic), cluster.url("iamflow", username=role))
        yield
        cluster.run(f"REVOKE iamflow FROM {role}")


def test_everything_is_well_with_the_least_privileges_that_the_documentation_names(clinic: Clinic) -> None:
    said = clinic.doctor("--full")
    assert [line for line in said.lines if line["status"] != "ok"] == []
    names = [line["check"] for line in said.lines]
    assert names[:6] == ["settings", "database", "schema", "postgresql", "database locks", "journal key"]
    sentence = said.of("postgresql")["sentence"]
    assert sentence.startswith("PostgreSQL ")
    assert sentence.endswith(", as role iamflow, by a local socket")


def test_with_those_privileges_a_key_lives_its_whole_life(clinic: Clinic) -> None:
    world = clinic.world
    world.user()
    world.take_in(world.key())
    world.pass_until(State.DELETED, KEY)
    assert list(world.app.store.verify()) == []
    with psycopg.connect(_url(clinic)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DROP TABLE events")


def test_a_password_that_is_right_lets_iamflow_in(clinic: Clinic, cluster: Cluster) -> None:
    with _password(clinic, cluster, SECRET, SECRET):
        assert clinic.doctor().code == 0


def test_a_password_in_a_file_that_the_url_names_lets_iamflow_in(
    clinic: Clinic, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pgpass"
    file.write_text(f"*:*:iamflow:*:{SECRET}\n", encoding="utf-8")
    file.chmod(0o600)
    with _password(clinic, cluster, SECRET, ""):
        monkeypatch.delenv("PGPASSWORD")
        clinic.set("/iamflow?host=", f"/iamflow?passfile={file}&host=")
        assert clinic.doctor().code == 0


def test_a_wrong_password(clinic: Clinic, cluster: Cluster) -> None:
    with _password(clinic, cluster, "another", SECRET):
        sentence = fails_alone(clinic, "database", "right password")
        assert "password authentication failed" in sentence
        assert SECRET not in str(clinic.doctor())


def test_a_password_that_is_missing(clinic: Clinic, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    with _password(clinic, cluster, SECRET, ""):
        assert "no password supplied" in fails_alone(clinic, "database", "~/.pgpass")


def test_a_server_that_is_not_there(clinic: Clinic) -> None:
    clinic.set(_url(clinic), f"postgresql://iamflow@127.0.0.1:{free_port()}/iamflow")
    assert "refused" in fails_alone(clinic, "database", "start the server")


def test_a_socket_that_is_not_there(clinic: Clinic) -> None:
    clinic.set(_url(clinic), "postgresql://iamflow@/iamflow?host=/nowhere")
    fails_alone(clinic, "database", "socket's folder")


def test_a_database_that_is_missing(clinic: Clinic, cluster: Cluster) -> None:
    clinic.set(_url(clinic), cluster.url("nowhere", username="iamflow"))
    assert '"nowhere" does not exist' in fails_alone(clinic, "database", "CREATE DATABASE")


def test_a_role_that_is_missing(clinic: Clinic, cluster: Cluster) -> None:
    clinic.set(_url(clinic), cluster.url("iamflow", username="nobody"))
    assert '"nobody" does not exist' in fails_alone(clinic, "database", "CREATE ROLE")


def test_a_role_that_may_not_connect(clinic: Clinic, cluster: Cluster) -> None:
    clinic.world.app.store.close()
    cluster.run("REVOKE CONNECT ON DATABASE iamflow FROM iamflow")
    fails_alone(clinic, "database", "GRANT CONNECT")


def test_a_database_without_tables(clinic: Clinic, cluster: Cluster) -> None:
    with cluster.empty() as url:
        clinic.set(_url(clinic), url)
        assert "no database yet" in fails_alone(clinic, "database", "iamflow db upgrade")


@pytest.mark.parametrize(("found", "said"), [("0000", "has to be"), ("9999", "newer than this iamflow")])
def test_the_schema_of_another_version(clinic: Clinic, cluster: Cluster, found: str, said: str) -> None:
    with cluster.connect("iamflow") as other:
        other.execute("UPDATE alembic_version SET version_num = %s", (found,))
    assert said in fails_alone(clinic, "database", "iamflow")


def test_a_table_that_was_changed(clinic: Clinic, cluster: Cluster) -> None:
    cluster.run("ALTER TABLE tickets ADD COLUMN favourite text", database="iamflow")
    fails_alone(clinic, "schema", "iamflow db check")


def test_a_privilege_that_is_missing(clinic: Clinic, cluster: Cluster) -> None:
    cluster.run("REVOKE INSERT ON events FROM iamflow", database="iamflow")
    assert "INSERT on events" in fails_alone(clinic, "postgresql", "docs/how-to/postgresql.md")


def test_a_role_that_may_do_everything(clinic: Clinic, cluster: Cluster) -> None:
    clinic.set(_url(clinic), cluster.url("iamflow"))
    assert "a superuser" in warns(clinic, "postgresql", "a role of its own")


def test_a_migration_that_is_under_way(clinic: Clinic, cluster: Cluster) -> None:
    with cluster.connect("iamflow") as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (MIGRATIONS,))
        assert f"(pid {other.info.backend_pid}" in warns(clinic, "database locks", "wait for it")


def test_a_session_that_forgot_its_transaction(
    clinic: Clinic, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iamflow.doctor.postgresql._LINGERING", timedelta(milliseconds=1))
    cluster.run("GRANT pg_read_all_stats TO iamflow")
    with cluster.connect("iamflow") as other, other.transaction():
        other.execute("SELECT 1 FROM tickets")
        sentence = warns(clinic, "database locks", "end that session")
        assert f"(pid {other.info.backend_pid}, idle in transaction for " in sentence
    assert sentence.endswith("uses tickets")

"""On a SQLite file one engine works at a time, and the lock ends with the process that holds it."""

import subprocess
import sys
from pathlib import Path

import pytest

from iamflow.domain.errors import ConfigError
from iamflow.store.lock import EngineLock, Holder

HOLD = """
import sys
from iamflow.store.lock import EngineLock
with EngineLock(sys.argv[1], "other").acquire() as held:
    print(held, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'iamflow.db'}"


def _other(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    return process


def test_the_second_is_told_that_the_first_is_there(url: str) -> None:
    one, two = EngineLock(url, "one"), EngineLock(url, "two")
    with one.acquire() as first, two.acquire() as second:
        assert (first, second) == (True, False)
    with two.acquire() as second:
        assert second


def test_another_process_is_told_apart_by_name_and_pid(url: str) -> None:
    process = _other(url)
    lock = EngineLock(url, "mine")
    with lock.acquire() as held:
        assert not held
        assert lock.holder() == Holder(instance="other", pid=process.pid)
    process.communicate()


def test_a_killed_process_holds_nothing(url: str) -> None:
    process = _other(url)
    process.kill()
    process.communicate()
    lock = EngineLock(url, "mine")
    with lock.acquire() as held:
        assert held
        assert lock.holder() is not None


def test_the_lock_file_is_nobody_elses(url: str, tmp_path: Path) -> None:
    with EngineLock(url, "one").acquire():
        assert (tmp_path / "iamflow.db.lock").stat().st_mode & 0o777 == 0o600


def test_nobody_has_said_anything_yet(url: str, tmp_path: Path) -> None:
    lock = EngineLock(url, "one")
    assert lock.holder() is None
    (tmp_path / "iamflow.db.lock").write_text("no JSON")
    assert lock.holder() is None
    with lock.acquire() as held:
        assert held


def test_a_lock_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="cannot be made"),
        EngineLock(f"sqlite:///{tmp_path}/nowhere/iamflow.db", "one").acquire(),
    ):
        pass


def test_on_postgresql_leases_do_this_work() -> None:
    url = "postgresql://localhost/iamflow"
    with EngineLock(url, "one").acquire() as first, EngineLock(url, "two").acquire() as second:
        assert first
        assert second

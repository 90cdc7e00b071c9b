"""Real daemons on a real PostgreSQL: told to stop, killed, left without their database, and several at once."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from iamflow.sandbox.world import Mutation
from tests.acceptance.company import Company, a_company, every_change_was_intended
from tests.postgresql import Cluster, database_of

UNTIL = 90
"""Seconds of real time, for processes of their own; all of this takes a few of them."""


class Watched(list[Mutation]):
    """The simulator's list of mutations, which does something when iamflow's first one is made, before it is answered."""

    def __init__(self, company: Company, does: Callable[[], object]) -> None:
        super().__init__(company.sandbox.mutations())
        self._does, self.done = does, False
        company.sandbox._world.mutations = self

    def append(self, made: Mutation) -> None:
        super().append(made)
        if made.role_name == "iamflow" and not self.done:
            self.done = True
            self._does()


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    with cluster.empty() as made:
        yield made


@pytest.fixture
def company(tmp_path: Path, url: str) -> Iterator[Company]:
    with a_company(tmp_path, database=url) as made:
        yield made


@contextmanager
def _daemon(company: Company) -> Iterator[subprocess.Popen[bytes]]:
    """Run a daemon for the length of a ``with``."""
    with (company.folder / "daemon.log").open("ab") as log:
        process = subprocess.Popen(company.command("daemon", "run"), stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait(timeout=30)


def _log(company: Company) -> str:
    return (company.folder / "daemon.log").read_text(encoding="utf-8")


def _until(what: Callable[[], object], company: Company) -> None:
    end = time.monotonic() + UNTIL
    while not what():
        assert time.monotonic() < end, _log(company)[-4000:]
        time.sleep(0.2)  # real time: processes of their own are running


def _gone(company: Company) -> bool:
    """Whether AWS has none of the keys any more."""
    return {company.status(name) for name in company.keys} == {None}


def _leases(cluster: Cluster, url: str) -> list[str]:
    with cluster.connect(database_of(url)) as connection:
        rows = connection.execute("SELECT lease_holder FROM tickets WHERE lease_holder IS NOT NULL").fetchall()
    return [row[0] for row in rows]


def test_a_daemon_that_is_told_to_stop_during_a_call_finishes_it_and_gives_up_its_leases(
    company: Company, cluster: Cluster, url: str
) -> None:
    company.key("idle")
    company.run("import", str(company.report()))
    with _daemon(company) as process:
        watched = Watched(company, lambda: process.send_signal(signal.SIGTERM))
        assert process.wait(timeout=UNTIL) == 0, _log(company)
    assert watched.done
    assert '"the daemon has stopped"' in _log(company)
    assert _leases(cluster, url) == []
    assert company.states()["idle"] in {"deactivated", "monitoring"}
    kinds = [event["kind"] for event in company.events()]
    assert kinds.count("intent_opened") == kinds.count("intent_settled") == 1
    every_change_was_intended(company)


def test_a_killed_daemons_work_is_taken_over_when_its_lease_ends_and_not_before(
    company: Company, cluster: Cluster, url: str
) -> None:
    company.key("idle")
    company.run("import", str(company.report()))
    with _daemon(company) as process:
        Watched(company, process.kill)
        assert process.wait(timeout=UNTIL) == -signal.SIGKILL
    (dead,) = _leases(cluster, url)
    with _daemon(company) as second:
        _until(lambda: _log(company).count('"the daemon is running"') == 2, company)
        time.sleep(2)  # real time: two of the second daemon's intervals
        assert _leases(cluster, url) == [dead]
        assert company.status("idle") == "Inactive"
        cluster.run("UPDATE tickets SET lease_until = now()", database=database_of(url))  # as time would
        _until(lambda: _gone(company), company)
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=UNTIL) == 0
    every_change_was_intended(company)


def test_two_daemons_share_the_work_and_go_on_when_their_server_went_down_and_came_back(
    company: Company, cluster: Cluster, url: str
) -> None:
    for number in range(6):
        company.key(f"idle-{number}", idle=100 + number)
    company.run("import", str(company.report()))
    with _daemon(company) as one, _daemon(company) as two:
        watched = Watched(company, cluster.crash)
        try:
            _until(lambda: watched.done and "a job failed and will run again" in _log(company), company)
        finally:
            cluster.come_back()
        time.sleep(2)  # real time: whatever was under way has ended
        cluster.run("UPDATE tickets SET lease_until = now() WHERE lease_until IS NOT NULL", database=database_of(url))
        _until(lambda: _gone(company), company)
        for process in (one, two):
            process.send_signal(signal.SIGTERM)
        assert [one.wait(timeout=UNTIL), two.wait(timeout=UNTIL)] == [0, 0]
    company.tick_until(dict.fromkeys(company.keys, "deleted"))
    every_change_was_intended(company)

"""``daemon status`` exits 1 where none is alive; ``tick`` works where no engine does, and otherwise says so and exits 0."""

import signal
import subprocess
import sys

from iamflow.domain.states import State
from tests.cli.conftest import MINUTE, Office, Shell, connected, environment, opened
from tests.world import START


def _beat(shell: Shell, *, ago: int, stopped: bool = False) -> None:
    with connected(shell) as app:
        at = START - ago * MINUTE
        app.store.beat("daemon-bastion-7", host="bastion", pid=7, at=at, stopped=stopped)


def test_without_any_daemon_it_is_1(shell: Shell) -> None:
    answer = shell("daemon", "status", "--output", "json")
    assert answer.code == 1
    assert answer.json["alive"] is False


def test_a_fresh_heartbeat_is_a_living_daemon(shell: Shell) -> None:
    _beat(shell, ago=1)
    assert "alive" in shell.ok("daemon", "status").out
    assert shell.ok("daemon", "status", "--output", "json").json["instances"][0]["id"] == "daemon-bastion-7"


def test_a_heartbeat_older_than_three_intervals_is_none(shell: Shell) -> None:
    _beat(shell, ago=2)
    answer = shell("daemon", "status")
    assert answer.code == 1
    assert "silent" in answer.out


def test_a_daemon_that_has_stopped_is_not_alive(shell: Shell) -> None:
    _beat(shell, ago=0, stopped=True)
    assert shell("daemon", "status").code == 1


def test_what_is_due_is_told(shell: Shell) -> None:
    opened(shell, "etl")
    assert "due: since 2026-11-24 00:11 UTC" in shell("daemon", "status").out


def test_a_tick_advances_what_is_due(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key())
    assert "1 tickets looked at" in office.shell.ok("tick").out
    assert office.world.ticket().state is State.NOTIFIED


def test_a_tick_beside_another_engine_says_so_and_does_nothing(office: Office) -> None:
    office.world.user()
    office.world.take_in(office.world.key())
    with office.world.app.engine_lock():
        assert "another engine" in office.shell.ok("tick").out
        assert office.shell.ok("tick", "--output", "json").json["ran"] is False
    assert office.world.ticket().state is State.OPEN


def test_the_daemon_runs_until_it_is_told_to_stop(office: Office) -> None:
    config = office.shell.config
    config.write_text(config.read_text(encoding="utf-8") + "daemon: {interval: 1s}\n", encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "iamflow", "--config", str(config), "daemon", "run"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "the daemon is running" in line:
            break
    assert office.shell("tick").out.startswith("another engine")
    process.send_signal(signal.SIGTERM)
    process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0

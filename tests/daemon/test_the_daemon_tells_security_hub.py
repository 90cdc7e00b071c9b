"""A running daemon tells Security Hub of each step by itself, and names an account that takes nothing."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iamflow.daemon.supervisor import Rhythm, Supervisor
from tests.world import ACCOUNT, HOUR, World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path, "security_hub: {enabled: true}") as made:
        yield made


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The supervisor takes the signals of its process; this process wants them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _run(world: World, until: Callable[[], bool]) -> None:
    stop = threading.Event()

    def watch() -> None:
        while not until() and not stop.wait(0.05):
            continue
        stop.set()

    watcher, limit = threading.Thread(target=watch), threading.Timer(30, stop.set)
    for thread in (watcher, limit):
        thread.start()
    rhythm = Rhythm(advance=HOUR / 3600)
    kept = world.app.settings.kept()
    assert Supervisor(world.engine, world.app.channels, rhythm, kept, stop, world.app.teller()).run() == 0
    limit.cancel()
    watcher.join()


def test_a_running_daemon_tells_of_each_step(world: World) -> None:
    hub = world.sandbox.seed.security_hub(ACCOUNT)
    world.user()
    world.take_in(world.key())
    _run(world, lambda: any(one["Workflow"]["Status"] == "NOTIFIED" for one in list(hub.findings.values())))
    (finding,) = hub.findings.values()
    assert (finding["ProductFields"]["iamflow/state"], finding["Workflow"]["Status"]) == ("notified", "NOTIFIED")
    assert hub.ignored == []


def test_an_account_that_takes_nothing_is_in_the_log_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.user()
    world.take_in(world.key())
    caplog.set_level(logging.WARNING)

    def named() -> list[str]:
        return [record.message for record in caplog.records if getattr(record, "account", None) == ACCOUNT]

    _run(world, lambda: bool(named()) and bool(world.app.store.untold_errors(1)))
    assert named() == ["an account's Security Hub takes nothing"]

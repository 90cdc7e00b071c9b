"""A running daemon prunes by itself, once a day, and says so in the journal."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from iamflow.daemon.supervisor import Rhythm, Supervisor
from iamflow.domain.states import State
from tests.world import ACCOUNT, HOUR, KEY, World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path, "retention: {evidence: 40d, events: 1h}") as made:
        yield made


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The supervisor takes the signals of its process; this process wants them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_running_daemon_prunes_once(world: World) -> None:
    world.user()
    finding = world.key()
    world.sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    world.take_in(finding)
    world.tick()
    assert world.ticket().state is State.RESOLVED
    world.clock.set(world.clock.now() + 2 * HOUR)
    stop = threading.Event()

    def watch() -> None:
        while world.ticket().events_removed_at is None and not stop.wait(0.1):
            continue
        stop.set()

    watcher = threading.Thread(target=watch)
    limit = threading.Timer(30, stop.set)
    for thread in (watcher, limit):
        thread.start()
    rhythm = Rhythm(advance=HOUR / 3600)
    assert Supervisor(world.engine, world.app.channels, rhythm, world.app.settings.kept(), stop).run() == 0
    limit.cancel()
    watcher.join()
    (record,) = world.app.store.history(world.ticket().id)
    assert (record.kind, record.actor) == ("retention", "daemon")
    assert not world.app.store.claim_run("retention", f"{world.clock.now():%Y-%m-%d}", "another", world.clock.now())
    assert list(world.app.store.verify()) == []

"""A running daemon reads AWS for what reports did not tell enough of, and opens the tickets that follow."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from iamflow.daemon.supervisor import Rhythm, Supervisor
from iamflow.domain.lead import Lead
from iamflow.domain.rule_settings import RuleName
from tests.world import ACCOUNT, HOUR, KEY, START, World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path, "mode: observe") as made:
        yield made


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The supervisor takes the signals of its process; this process wants them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_running_daemon_follows_leads_up(world: World) -> None:
    world.user()
    world.key()
    lead = Lead(
        account_id=ACCOUNT,
        account_name="",
        username="etl",
        rule=RuleName.KEY_TOO_OLD,
        as_of=START,
        source="prowler:p.csv",
    )
    world.app.store.note_leads([lead], START, "AWS has not been read yet")
    stop = threading.Event()

    def watch() -> None:
        while world.app.store.waiting_leads() and not stop.wait(0.1):
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
    assert world.ticket(KEY).username == "etl"

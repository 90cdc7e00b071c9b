"""The daemon scans once a slot among all daemons; what fails is logged with the account and the remedy, and stops nothing."""

import logging
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.daemon.supervisor import Rhythm, Supervisor
from iamflow.domain.scope import AccountScope
from iamflow.engine.scan import Result, Schedule, scan_when_due
from iamflow.sandbox.faults import Effect, Scope
from tests.scan.company import LOCKED, expected
from tests.scan.conftest import tickets
from tests.world import HOUR, World

DAILY = Schedule(every=24 * HOUR, scope=AccountScope())


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """The supervisor takes the signals of its process; this process wants them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_one_daemon_scans_in_each_slot(world: World) -> None:
    first = scan_when_due(world.engine, DAILY, stopping=lambda: False)
    assert first is not None
    assert sum(one.result is Result.SCANNED for one in first) == 5
    other = replace(world.engine, instance="another")
    assert scan_when_due(other, DAILY, stopping=lambda: False) is None
    world.clock.advance(24 * HOUR)
    assert scan_when_due(other, DAILY, stopping=lambda: False) is not None


def test_a_daemon_that_is_told_to_stop_begins_no_further_account(world: World) -> None:
    one_at_a_time = replace(world.engine, workers=1)
    found = scan_when_due(one_at_a_time, DAILY, stopping=lambda: True)
    assert sum(one.result is not Result.SKIPPED for one in found or ()) == 1


def running(world: World, until: threading.Event) -> int:
    """Run a daemon until the event is set; it is set after half a minute at the latest."""
    limit = threading.Timer(30, until.set)
    limit.start()
    rhythm = Rhythm(advance=timedelta(seconds=1), scan=DAILY)
    code = Supervisor(world.engine, world.app.channels, rhythm, world.app.settings.kept(), until).run()
    limit.cancel()
    return code


class Told(logging.Handler):
    """Stops a daemon once it has said something."""

    def __init__(self, word: str, stop: threading.Event) -> None:
        super().__init__()
        self._word, self._stop = word, stop

    def emit(self, record: logging.LogRecord) -> None:
        if self._word in record.getMessage():
            self._stop.set()


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    found = logging.getLogger("iamflow.daemon.supervisor")
    before = list(found.handlers)
    yield found
    found.handlers[:] = before


def test_a_running_daemon_scans_and_names_what_failed(
    world: World, logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()
    logger.addHandler(Told("scanned", stop))
    with caplog.at_level(logging.INFO):
        assert running(world, stop) == 0
    (failed,) = [vars(record) for record in caplog.records if "could not be scanned" in record.getMessage()]
    assert failed["account"] == LOCKED
    assert "trust policy must be" in failed["reason"]
    assert {ticket for ticket in tickets(world) if ticket[0] == "root-hygiene"} <= expected()


def test_a_scan_that_cannot_begin_stops_no_daemon(
    world: World, logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    world.sandbox.faults.switch_on(Effect.ACCESS_DENIED, Scope(service="organizations"))
    stop = threading.Event()
    logger.addHandler(Told("a job failed", stop))
    with caplog.at_level(logging.ERROR):
        assert running(world, stop) == 0
    (failed,) = [record for record in caplog.records if "a job failed" in record.getMessage()]
    assert vars(failed)["job"] == "scan"
    assert "accounts.include" in str(failed.exc_info and failed.exc_info[1])

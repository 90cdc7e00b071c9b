"""Virtual time goes forwards only, and is the same for everyone."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from iamflow.sandbox.clock import RunningClock, VirtualClock

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def test_time_stands_still_until_it_is_moved() -> None:
    clock = VirtualClock(START)
    assert (clock.now(), clock.now()) == (START, START)


def test_sleeping_moves_time_and_returns_at_once() -> None:
    clock = VirtualClock(START)
    clock.sleep(48 * 3600)
    assert clock.now() == START + timedelta(hours=48)


def test_time_is_told_in_utc() -> None:
    clock = VirtualClock(datetime(2026, 11, 24, 5, 0, tzinfo=timezone(timedelta(hours=-3))))
    assert (clock.now(), clock.now().tzinfo) == (START, UTC)


def test_a_date_can_be_set_ahead() -> None:
    clock = VirtualClock(START)
    clock.set(START + timedelta(days=9))
    assert clock.now() == START + timedelta(days=9)


@pytest.mark.parametrize(
    "back",
    [
        lambda clock: clock.advance(timedelta(seconds=-1)),
        lambda clock: clock.sleep(-1),
        lambda clock: clock.set(START - timedelta(seconds=1)),
        lambda clock: RunningClock(clock).advance(timedelta(seconds=-1)),
    ],
)
def test_time_never_goes_back(back: Callable[[VirtualClock], None]) -> None:
    clock = VirtualClock(START)
    with pytest.raises(ValueError, match="forwards"):
        back(clock)
    assert clock.now() == START


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        VirtualClock(START.replace(tzinfo=None))


def test_no_step_is_lost_between_threads() -> None:
    clock = VirtualClock(START)

    def many_sleeps() -> None:
        for _ in range(500):
            clock.sleep(1)

    threads = [threading.Thread(target=many_sleeps) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == START + timedelta(seconds=4000)


def test_a_running_clock_keeps_the_pace_of_another_from_its_own_date() -> None:
    pace = VirtualClock(START)
    running = RunningClock(pace, datetime(2030, 1, 1, tzinfo=UTC))
    pace.advance(timedelta(minutes=5))
    running.advance(timedelta(hours=1))
    assert running.now() == datetime(2030, 1, 1, 1, 5, tzinfo=UTC)
    running.sleep(60)
    assert pace.now() == START + timedelta(minutes=6)

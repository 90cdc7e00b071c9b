"""When a watched key is looked at next, and how long a retry waits."""

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iamflow.domain.policy import Timing
from iamflow.domain.schedule import backoff, next_poll

from .samples import HOUR, MICROSECOND, MINUTE, NOW, ticket

TIMING = Timing()
LAG = 30 * MINUTE


def test_a_watched_key_is_polled_at_its_interval() -> None:
    assert next_poll(ticket(window_ends_at=NOW + 40 * HOUR), NOW, TIMING, LAG) == NOW + TIMING.poll


def test_a_poll_is_brought_forward_to_the_final_sweep() -> None:
    soon = ticket(window_ends_at=NOW - 10 * MINUTE)

    assert next_poll(soon, NOW, TIMING, LAG) == NOW + 20 * MINUTE


def test_a_final_sweep_that_is_due_already_does_not_make_polls_run_in_circles() -> None:
    due = ticket(window_ends_at=NOW - LAG)

    assert next_poll(due, NOW, TIMING, LAG) == NOW + TIMING.poll
    assert next_poll(due, NOW - MICROSECOND, TIMING, LAG) == NOW


def test_a_key_without_a_window_is_polled_all_the_same() -> None:
    assert next_poll(ticket(), NOW, TIMING, LAG) == NOW + TIMING.poll


class _Highest(random.Random):
    """Always draws the highest number below one that it can."""

    def random(self) -> float:
        return 1 - 2**-53


class _Lowest(random.Random):
    """Always draws zero."""

    def random(self) -> float:
        return 0.0


@pytest.mark.parametrize(("attempt", "ceiling"), [(0, 5), (1, 10), (2, 20), (9, 2560), (10, 3600), (10_000, 3600)])
def test_retries_double_up_to_an_hour_and_wait_at_least_half_of_that(attempt: int, ceiling: int) -> None:
    assert backoff(attempt, TIMING, _Lowest()) == timedelta(seconds=ceiling / 2)
    assert backoff(attempt, TIMING, _Highest()) == timedelta(seconds=ceiling)


@given(attempt=st.integers(0, 10**9), seed=st.integers())
def test_a_retry_always_waits_and_never_longer_than_the_limit(attempt: int, seed: int) -> None:
    wait = backoff(attempt, TIMING, random.Random(seed))

    assert TIMING.retry_base / 2 <= wait <= TIMING.retry_most

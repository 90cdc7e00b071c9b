"""LookupEvents is never called faster than the budget of its account and region."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from iamflow.aws.budget import LONGEST_WAIT, LookupBudget
from iamflow.aws.cloud import open_cloud
from iamflow.aws.settings import AwsSettings
from iamflow.domain.errors import ConfigError, TemporaryError
from iamflow.domain.ids import AccountId, Region
from tests.aws.conftest import ACCOUNT, START

US, EU = Region("us-east-1"), Region("eu-west-1")


class Watch:
    """A clock that stands still, and keeps what it was asked to wait."""

    def __init__(self) -> None:
        self.time = START
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)


def test_turns_are_spaced_evenly() -> None:
    watch = Watch()
    budget = LookupBudget(watch, 2)
    for _ in range(4):
        budget.wait_turn(ACCOUNT, US)
    assert watch.waits == [0.5, 1.0, 1.5]


def test_a_turn_after_a_pause_needs_no_wait_and_saves_nothing_up() -> None:
    watch = Watch()
    budget = LookupBudget(watch, 1)
    budget.wait_turn(ACCOUNT, US)
    watch.time += timedelta(hours=1)
    budget.wait_turn(ACCOUNT, US)
    budget.wait_turn(ACCOUNT, US)
    assert watch.waits == [1.0]


def test_accounts_and_regions_have_budgets_of_their_own() -> None:
    watch = Watch()
    budget = LookupBudget(watch, 1)
    for account_id in (ACCOUNT, AccountId("210987654321")):
        for region in (US, EU):
            budget.wait_turn(account_id, region)
    assert watch.waits == []


def test_a_turn_more_than_twenty_seconds_ahead_is_told_to_come_back() -> None:
    watch = Watch()
    budget = LookupBudget(watch, 1)
    for _ in range(21):
        budget.wait_turn(ACCOUNT, US)
    with pytest.raises(TemporaryError, match=f"{ACCOUNT}.*us-east-1") as caught:
        budget.wait_turn(ACCOUNT, US)
    assert caught.value.retry_after == timedelta(seconds=21)
    assert max(watch.waits) == LONGEST_WAIT.total_seconds()


def test_threads_never_share_a_turn() -> None:
    watch = Watch()
    budget = LookupBudget(watch, 10)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: budget.wait_turn(ACCOUNT, US), range(64)))
    assert sorted(watch.waits) == pytest.approx([turn / 10 for turn in range(1, 64)])


def test_a_clock_that_is_set_back_does_not_stop_the_reading() -> None:
    watch = Watch()
    budget = LookupBudget(watch, 1)
    budget.wait_turn(ACCOUNT, US)
    watch.time -= timedelta(hours=2)
    budget.wait_turn(ACCOUNT, US)
    assert watch.waits == []


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_a_rate_that_allows_nothing_is_refused_at_the_start(rate: float) -> None:
    settings = AwsSettings(sandbox=True, endpoint_url="http://127.0.0.1:1", trail_lookups_per_second=rate)
    with pytest.raises(ConfigError, match="trail_lookups_per_second"):
        open_cloud(settings, Watch())

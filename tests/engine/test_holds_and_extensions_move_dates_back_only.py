"""A hold stops the grace clock and leaves a day; once the key is Inactive it stops the deletion, never the watching."""

from datetime import timedelta

import pytest

from iamflow.domain.errors import RefusedError
from iamflow.domain.states import Resolution, State
from iamflow.engine import steer
from tests.engine.situations import awaiting_approval, notified
from tests.world import ACCOUNT, DAY, HOUR, KEY, World


def test_a_hold_moves_the_deadline_by_its_whole_length(world: World) -> None:
    notified(world)
    deadline = world.ticket().deadline
    assert deadline is not None
    world.pass_days(2)
    steer.hold(world.desk(), KEY)
    world.pass_days(20)
    assert world.changes() == []
    resumed = steer.resume(world.desk(), KEY)
    assert resumed.state is State.NOTIFIED
    assert resumed.deadline == deadline + 20 * DAY
    world.pass_until(State.DEACTIVATED)
    assert world.changes()[0].at >= deadline + 20 * DAY


def test_a_hold_in_the_last_minute_leaves_a_day_when_it_ends(world: World) -> None:
    notified(world)
    deadline = world.ticket().deadline
    assert deadline is not None
    world.clock.set(deadline - timedelta(minutes=1))
    steer.hold(world.desk(), KEY)
    world.clock.advance(timedelta(minutes=1))
    resumed = steer.resume(world.desk(), KEY)
    assert resumed.deadline == world.clock.now() + DAY
    world.tick()
    assert world.changes() == []


def test_a_hold_while_an_approval_is_waited_for_gives_the_day_too(world: World) -> None:
    awaiting_approval(world)
    steer.hold(world.desk(), KEY)
    world.clock.advance(HOUR)
    resumed = steer.resume(world.desk(), KEY)
    assert resumed.state is State.AWAITING_APPROVAL
    steer.approve(world.desk(), KEY)
    world.tick()
    assert world.changes() == []
    world.pass_until(State.DEACTIVATED)
    assert resumed.deadline is not None
    assert world.changes()[0].at >= resumed.deadline


def test_a_hold_in_the_window_stops_the_deletion_and_not_the_watching(world: World) -> None:
    notified(world)
    world.pass_until(State.MONITORING)
    steer.hold(world.desk(), KEY)
    world.pass_days(10)
    assert world.status() == "Inactive"
    world.sandbox.owner.reactivate_key(ACCOUNT, "etl", KEY)
    assert world.pass_until(State.RESOLVED).resolution is Resolution.OWNER_REACTIVATED


def test_a_hold_in_the_window_that_ends_lets_the_deletion_follow(world: World) -> None:
    notified(world)
    world.pass_until(State.MONITORING)
    steer.hold(world.desk(), KEY)
    world.pass_days(10)
    steer.resume(world.desk(), KEY)
    assert world.pass_until(State.DELETED, days=1).resolution is Resolution.DELETED


def test_an_extension_adds_whole_days_to_the_grace_period(world: World) -> None:
    notified(world)
    deadline = world.ticket().deadline
    assert deadline is not None
    extended = steer.extend(world.desk(), KEY, days=5)
    assert extended.deadline == deadline + 5 * DAY
    world.pass_until(State.DEACTIVATED)
    assert world.changes()[0].at >= deadline + 5 * DAY


def test_an_extension_adds_whole_days_to_the_window(world: World) -> None:
    notified(world)
    ends = world.pass_until(State.MONITORING).progress.window_ends_at
    assert ends is not None
    steer.extend(world.desk(), KEY, days=3)
    ticket = world.pass_until(State.DELETED)
    assert ticket.progress.window_ends_at == ends + 3 * DAY
    assert world.changes()[-1].at >= ends + 3 * DAY + timedelta(minutes=30)


def test_nothing_is_extended_by_no_days_or_where_no_date_runs(world: World) -> None:
    world.user()
    world.take_in(world.key())
    with pytest.raises(RefusedError, match="no date is running"):
        steer.extend(world.desk(), KEY, days=1)
    world.pass_until(State.NOTIFIED)
    with pytest.raises(RefusedError, match="one day or more"):
        steer.extend(world.desk(), KEY, days=0)
    with pytest.raises(RefusedError, match="one day or more"):
        steer.extend(world.desk(), KEY, days=-3)


def test_only_what_is_on_hold_is_resumed_and_only_what_is_blocked_is_retried(world: World) -> None:
    notified(world)
    with pytest.raises(RefusedError, match="only one that is on_hold can be resumed"):
        steer.resume(world.desk(), KEY)
    with pytest.raises(RefusedError, match="only one that is blocked can be retried"):
        steer.retry(world.desk(), KEY)
    assert world.ticket().state is State.NOTIFIED

"""An old key that is in use gets a successor, and goes when that has taken its place: no step without the one before it."""

from datetime import timedelta

import pytest

from iamflow.domain.states import Confirmation, Resolution, State
from tests.engine.rotating import NEW_CALLS, awaiting_adoption, keys_of, new_key, opened, rotation, secret, take, works
from tests.world import DAY, HOUR, KEY, World, on_both


@on_both
def test_a_key_is_issued_adopted_deactivated_watched_deleted_and_confirmed(world: World) -> None:
    opened(world)
    ticket = world.pass_until(State.AWAITING_ADOPTION)
    assert world.calls_made() == NEW_CALLS
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}
    held = secret(world)
    assert held is not None
    assert held["AccessKeyId"] == new_key(world)
    assert works(world, held)

    take(world)
    taken = world.clock.now()
    world.pass_until(State.MONITORING)
    deactivated = world.ticket().progress.deactivated_at
    assert deactivated is not None
    assert deactivated >= max(taken, ticket.state_since) + 24 * HOUR - timedelta(minutes=1)

    ended = world.pass_until(State.DELETED)
    assert keys_of(world) == {new_key(world): "Active"}
    assert ended.closed_at is not None
    assert ended.closed_at >= deactivated + 48 * HOUR + timedelta(minutes=30)
    assert ended.resolution is Resolution.DELETED
    world.pass_days(1)
    assert world.ticket().confirmation is Confirmation.CONFIRMED
    assert world.calls_made() == [*NEW_CALLS, "UpdateAccessKey Inactive", "DeleteAccessKey"]
    assert list(world.app.store.verify()) == []


@pytest.mark.parametrize("world", ["rules: {open: {key-in-use: rotate-key}}"], indirect=True)
def test_a_report_opens_such_a_ticket_for_a_key_in_use_where_the_settings_say_so(world: World) -> None:
    world.user()
    world.take_in(world.key(idle=2 * DAY))
    assert world.ticket().workflow == "rotate-key"
    world.pass_until(State.AWAITING_ADOPTION)
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}


@pytest.mark.parametrize("world", ["rules: {open: {key-too-old: rotate-key}}"], indirect=True)
def test_a_report_opens_such_a_ticket_for_a_key_that_is_only_old_where_the_settings_say_so(world: World) -> None:
    world.user()
    world.take_in(world.key(idle=200 * DAY))
    assert world.ticket().workflow == "rotate-key"


def test_a_new_key_that_nobody_uses_leaves_the_old_one_alone_for_ever(world: World) -> None:
    awaiting_adoption(world)
    world.pass_days(20)
    assert world.ticket().state is State.AWAITING_ADOPTION
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}
    assert rotation(world).migrated is None


def test_an_old_key_that_is_still_used_stays_although_the_new_one_is_used_too(world: World) -> None:
    awaiting_adoption(world)
    take(world)
    for _ in range(10):
        world.pass_days(0.5)
        assert world.sandbox.use_key(KEY, service="s3", operation="ListBuckets").ok
    assert keys_of(world)[KEY] == "Active"
    used = world.clock.now()
    ticket = world.pass_until(State.DEACTIVATED)
    assert ticket.progress.deactivated_at is not None
    assert ticket.progress.deactivated_at >= used + DAY

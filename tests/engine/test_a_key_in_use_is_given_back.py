"""Whatever shows that a deactivated key is needed brings it back, or stops the clock for a person."""

from datetime import timedelta

from iamflow.domain.states import Confirmation, Resolution, State
from iamflow.engine import steer
from tests.world import ACCOUNT, ALICE, BOB, DAY, HOUR, KEY, World, on_both


def _deactivated(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.MONITORING)


@on_both
def test_a_use_after_the_deactivation_rolls_back_and_tells_where_from(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.NOTIFIED)
    world.sandbox.faults.propagation("eu-west-1", timedelta(hours=1))
    world.pass_until(State.MONITORING)
    world.clock.advance(timedelta(minutes=10))
    used = world.sandbox.use_key(
        KEY, service="s3", operation="ListBuckets", region="eu-west-1", source_ip="203.0.113.77", user_agent="payroll/1"
    )
    assert used.ok
    ticket = world.pass_until(State.ROLLED_BACK)
    assert world.status() == "Active"
    assert ticket.resolution is Resolution.ROLLED_BACK
    events = [signal.event for signal in ticket.progress.signals if signal.event is not None]
    assert ("203.0.113.77", "eu-west-1") in {(event.source_ip, event.region) for event in events}
    assert any("203.0.113.77" in mail for mail in world.mails())
    world.pass_days(1)
    assert world.ticket().confirmation is Confirmation.CONFIRMED
    assert world.calls_made() == ["UpdateAccessKey Inactive", "UpdateAccessKey Active"]


def test_an_owner_who_takes_the_key_back_ends_the_ticket(world: World) -> None:
    _deactivated(world)
    world.clock.advance(HOUR)
    world.sandbox.owner.reactivate_key(ACCOUNT, "etl", KEY)
    ticket = world.pass_until(State.RESOLVED)
    assert ticket.resolution is Resolution.OWNER_REACTIVATED
    assert world.status() == "Active"


def test_a_new_key_for_the_user_stops_the_clock_for_a_person(world: World) -> None:
    _deactivated(world)
    world.clock.advance(HOUR)
    world.sandbox.owner.create_key(ACCOUNT, "etl")
    ticket = world.pass_until(State.ON_HOLD)
    assert "new access key" in (ticket.blocked_reason or "")
    world.pass_days(30)
    assert world.status() == "Inactive"
    steer.resume(world.desk(BOB), KEY, comment="that is the replacement")
    ticket = world.pass_until(State.AWAITING_APPROVAL)
    steer.approve(world.desk(ALICE), KEY)
    world.pass_until(State.DELETED)


def test_a_session_that_was_minted_from_the_key_stops_the_clock(world: World) -> None:
    world.user()
    world.take_in(world.key())
    world.pass_until(State.NOTIFIED)
    world.clock.set(world.ticket().progress.notified_at + 7 * DAY - 10 * HOUR)  # type: ignore[operator]  # it was notified
    world.sandbox.open_session(KEY)
    ticket = world.pass_until(State.AWAITING_APPROVAL)
    steer.approve(world.desk(ALICE), KEY)
    world.pass_until(State.MONITORING)
    world.clock.advance(HOUR)
    assert world.sandbox.use_key(KEY, service="s3", operation="ListBuckets", session=True).ok
    ticket = world.pass_until(State.ON_HOLD)
    assert "session" in (ticket.blocked_reason or "")
    assert world.status() == "Inactive"


def test_the_users_other_key_and_the_console_mean_nothing(world: World) -> None:
    world.user()
    other = "AKIAYF5JKDJQOTHER222"
    world.sandbox.seed.key(ACCOUNT, "etl", other)
    world.take_in(world.key())
    world.pass_until(State.MONITORING)
    world.clock.advance(HOUR)
    assert world.sandbox.use_key(other, service="s3", operation="ListBuckets").ok
    world.pass_until(State.DELETED)


def test_a_refused_call_with_the_inactive_key_leaves_no_trace_and_the_owners_keep_brings_it_back(world: World) -> None:
    _deactivated(world)
    world.clock.advance(HOUR)
    assert world.sandbox.use_key(KEY, service="s3", operation="ListBuckets").error == "InvalidAccessKeyId"
    steer.reply(world.desk(), KEY, steer.Reply.KEEP, on_behalf_of="finance@example.com")
    world.tick()
    assert world.ticket().state is State.ROLLED_BACK
    assert world.status() == "Active"


@on_both
def test_rollback_goes_through_while_everything_is_frozen_and_the_mode_is_observe(world: World) -> None:
    from dataclasses import replace

    from iamflow.domain.states import Mode

    _deactivated(world)
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    observing = world.another_engine(policy=replace(world.engine.policy, mode=Mode.OBSERVE))
    steer.rollback(world.desk(), KEY)
    world.tick(observing)
    assert world.ticket().state is State.ROLLED_BACK
    assert world.status() == "Active"

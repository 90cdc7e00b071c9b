"""What people do to a ticket about a replacement, at every stage, and what stops one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.errors import RefusedError
from iamflow.domain.states import Mode, Resolution, State
from iamflow.engine import steer
from iamflow.engine.advance import advance
from iamflow.engine.outbox import deliver
from iamflow.engine.ports import Change
from iamflow.engine.steer import Reply
from tests.engine.rotating import NEW_CALLS, awaiting_adoption, keys_of, last_mail, new_key, opened, rotation, take
from tests.world import ACCOUNT, ALICE, DAY, HOUR, KEY, World

OBSERVE = pytest.mark.parametrize("world", ["mode: observe"], indirect=True)
WITH_GRACE = pytest.mark.parametrize("world", ["workflows: {rotate-key: {grace: 5d}}"], indirect=True)


def test_the_owners_word_that_all_has_moved_ends_the_wait_for_adoption_and_not_the_watch(world: World) -> None:
    awaiting_adoption(world)
    steer.reply(world.desk(), KEY, Reply.MIGRATED, on_behalf_of="etl team")
    world.tick()
    ticket = world.ticket()
    assert ticket.state is State.DEACTIVATED
    since = ticket.progress.deactivated_at
    assert since is not None
    ended = world.pass_until(State.DELETED)
    assert ended.closed_at is not None
    assert ended.closed_at >= since + 48 * HOUR + timedelta(minutes=30)


def test_a_use_after_that_word_takes_an_approval(world: World) -> None:
    awaiting_adoption(world)
    world.app.store.set_freeze(on=True, reason="wait", by="alice", at=world.clock.now())
    steer.reply(world.desk(), KEY, Reply.MIGRATED)
    world.clock.advance(HOUR)
    assert world.sandbox.use_key(KEY, service="s3", operation="ListBuckets").ok
    world.app.store.set_freeze(on=False, reason=None, by="alice", at=world.clock.now())
    ticket = world.pass_until(State.AWAITING_APPROVAL)
    assert "after it was said that nothing uses it" in " ".join(ticket.progress.waiting_for)
    assert keys_of(world)[KEY] == "Active"
    steer.approve(world.desk(ALICE), KEY)
    world.pass_until(State.DEACTIVATED)


def test_the_word_is_only_put_on_the_record_where_there_is_no_new_key(world: World) -> None:
    opened(world)
    steer.reply(world.desk(), KEY, Reply.MIGRATED, text="all on roles")
    world.pass_until(State.AWAITING_ADOPTION)
    assert rotation(world).migrated is None


@WITH_GRACE
def test_nothing_is_made_before_the_end_of_a_grace_period_that_the_settings_ask_for(world: World) -> None:
    opened(world)
    ticket = world.pass_until(State.NOTIFIED)
    assert ticket.deadline is not None
    world.pass_days(4.9)
    assert world.changes() == []
    world.pass_until(State.AWAITING_ADOPTION)
    assert world.changes()[0].at >= ticket.deadline


@WITH_GRACE
def test_a_hold_stops_the_way_to_a_new_key_and_a_cancellation_ends_it(world: World) -> None:
    opened(world)
    world.pass_until(State.NOTIFIED)
    steer.hold(world.desk(), KEY)
    world.pass_days(30)
    assert world.changes() == []
    ended = steer.cancel(world.desk(), KEY)
    assert (ended.state, ended.resolution) == (State.CANCELLED, Resolution.CANCELLED)


@WITH_GRACE
def test_an_exemption_leaves_the_key_alone_until_its_date(world: World) -> None:
    opened(world)
    world.pass_until(State.NOTIFIED)
    steer.exempt(world.desk(), KEY, until=world.clock.now() + 40 * DAY, reason="replaced by a role soon")
    world.pass_days(39)
    assert world.changes() == []
    world.pass_until(State.AWAITING_ADOPTION)


def test_a_hold_stops_the_deactivation_and_resuming_leaves_a_day(world: World) -> None:
    awaiting_adoption(world)
    take(world)
    steer.hold(world.desk(), KEY)
    world.pass_days(10)
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}
    steer.resume(world.desk(), KEY)
    world.pass_until(State.DEACTIVATED)


def test_an_exemption_is_refused_once_there_is_a_new_key(world: World) -> None:
    awaiting_adoption(world)
    with pytest.raises(RefusedError):
        steer.exempt(world.desk(), KEY, until=world.clock.now() + DAY, reason="later")


@OBSERVE
def test_in_observe_no_key_is_made_and_nobody_is_written_to(world: World) -> None:
    opened(world)
    world.pass_days(20)
    assert world.ticket().state is State.OPEN
    assert world.ticket().plan_digest is not None
    assert world.changes() == []
    assert world.mails() == []


def test_an_account_that_was_only_observed_for_a_while_is_told_again_before_anything_is_taken(world: World) -> None:
    awaiting_adoption(world)
    take(world)
    observing = world.another_engine(policy=replace(world.engine.policy, mode=Mode.OBSERVE))
    world.clock.advance(2 * DAY)
    world.tick(observing)
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}
    told = len(world.mails())
    world.pass_until(State.DEACTIVATED)
    assert "where it is, and what to do" in " ".join(world.mails()[told:][0].split())


def test_a_freeze_stops_the_making_of_a_key(world: World) -> None:
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    opened(world)
    world.pass_days(0.05)
    assert world.changes() == []
    world.app.store.set_freeze(on=False, reason=None, by="alice", at=world.clock.now())
    world.pass_until(State.AWAITING_ADOPTION)
    assert world.calls_made() == NEW_CALLS


def test_a_key_that_was_rolled_back_once_is_replaced_only_with_an_approval_for_every_step(world: World) -> None:
    ticket = opened(world)
    _mark_rolled_back(world, ticket.id)
    world.pass_until(State.AWAITING_APPROVAL)
    assert world.changes() == []
    steer.approve(world.desk(ALICE), KEY)
    world.pass_until(State.AWAITING_ADOPTION)
    take(world)
    world.pass_until(State.AWAITING_APPROVAL)
    assert keys_of(world)[KEY] == "Active"
    held = steer.reject(world.desk(ALICE), KEY, comment="not this quarter")
    assert held.state is State.ON_HOLD


def _mark_rolled_back(world: World, number: int) -> None:
    ticket = world.ticket(str(number))
    marked = replace(ticket, progress=replace(ticket.progress, once_rolled_back=True))
    world.app.store.commit([Change(before=ticket, after=marked)])


def test_a_rejection_before_a_key_was_made_ends_the_ticket(world: World) -> None:
    ticket = opened(world)
    _mark_rolled_back(world, ticket.id)
    world.pass_until(State.AWAITING_APPROVAL)
    ended = steer.reject(world.desk(ALICE), KEY)
    assert (ended.state, ended.resolution) == (State.CANCELLED, Resolution.REJECTED)


def test_an_owner_who_is_slow_is_reminded_every_week_once(world: World) -> None:
    awaiting_adoption(world)
    sent = len(world.mails())
    world.pass_days(20)
    assert len(world.mails()) == sent + 2
    assert "has not taken the old one's place" in last_mail(world)


def test_a_notice_of_where_the_secret_is_that_nobody_accepts_stops_the_way(world: World) -> None:
    opened(world)
    _issue_without_mail(world)
    assert world.sandbox.use_key(new_key(world), service="s3", operation="ListBuckets").ok
    for _ in range(5):
        world.clock.advance(DAY)
        advance(world.engine)
    assert world.ticket().state is State.ISSUED
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}


def _issue_without_mail(world: World) -> None:
    """Let the engine pass without sending what it has to say about the new key."""
    for _ in range(8):
        advance(world.engine)
        if world.ticket().state is State.ISSUED:
            advance(world.engine)
            return
        deliver(world.engine, world.app.channels)
    pytest.fail("no key was issued")


def test_a_new_key_that_somebody_took_away_stops_the_way_and_the_old_one_stays(world: World) -> None:
    awaiting_adoption(world)
    take(world)
    world.sandbox.owner.delete_key(ACCOUNT, "etl", new_key(world))
    ticket = world.pass_until(State.BLOCKED)
    assert ticket.blocked_code == "new_key_changed"
    world.pass_days(10)
    assert keys_of(world) == {KEY: "Active"}


def test_an_old_key_that_its_owner_retired_ends_the_ticket_and_the_new_one_stays(world: World) -> None:
    awaiting_adoption(world)
    world.sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    ticket = world.pass_until(State.RESOLVED)
    assert ticket.resolution is Resolution.KEY_INACTIVE
    assert keys_of(world) == {KEY: "Inactive", new_key(world): "Active"}


def test_the_old_key_is_not_deleted_where_the_new_one_has_gone_meanwhile(world: World) -> None:
    awaiting_adoption(world)
    take(world)
    world.pass_until(State.MONITORING)
    world.sandbox.owner.delete_key(ACCOUNT, "etl", new_key(world))
    ticket = world.pass_until(State.BLOCKED)
    assert "without the old one the user has none" in (ticket.blocked_reason or "")
    assert keys_of(world) == {KEY: "Inactive"}

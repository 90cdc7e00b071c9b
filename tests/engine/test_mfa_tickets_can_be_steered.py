"""What people can do to an ``enforce-mfa`` ticket, what stops it, and what never stops it from giving access back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.errors import RefusedError
from iamflow.domain.scope import AccountScope
from iamflow.domain.states import Mode, Resolution, State
from iamflow.engine import steer
from iamflow.engine.steer import Reply
from tests.engine.requiring import (
    MANAGED,
    NAME,
    PUT,
    a_ticket,
    a_user,
    check_way_out,
    enforced,
    enrol,
    notified,
    required_of,
)
from tests.world import ACCOUNT, ALICE, DAY, KEY, World

both_ways = pytest.mark.parametrize("world", ["", MANAGED], ids=["inline", "managed"], indirect=True)


@both_ways
def test_a_rollback_takes_the_policy_away_at_once(world: World) -> None:
    ref = enforced(world)
    steer.rollback(world.desk(), ref, text="the payroll stopped")

    world.tick()

    ticket = check_way_out(world, ref)
    assert ticket.state is State.ROLLED_BACK
    assert any("Rolled back: user" in mail and "the payroll stopped" in mail for mail in world.mails())


def test_a_rollback_goes_through_a_freeze_a_hold_and_observation(world: World) -> None:
    ref = enforced(world)
    steer.hold(world.desk(), ref)
    world.app.store.set_freeze(on=True, reason="something is wrong", by="alice", at=world.clock.now())
    observing = world.another_engine(policy=replace(world.engine.policy, mode=Mode.OBSERVE))
    steer.rollback(world.desk(), ref)

    world.tick(observing)

    assert check_way_out(world, ref).state is State.ROLLED_BACK


def test_nothing_can_be_rolled_back_before_anything_is_done(world: World) -> None:
    ref = notified(world)
    with pytest.raises(RefusedError, match="has taken nothing yet"):
        steer.rollback(world.desk(), ref)


def test_an_owner_who_says_keep_in_time_holds_the_ticket(world: World) -> None:
    ref = notified(world)
    steer.reply(world.desk(), ref, Reply.KEEP, text="leaves next week")

    assert world.ticket(ref).state is State.ON_HOLD
    assert world.ticket(ref).blocked_reason == "the owner asked to keep things as they are: leaves next week"
    world.pass_days(10)
    assert world.changes() == []


def test_an_owner_who_says_keep_later_has_the_policy_taken_away(world: World) -> None:
    ref = enforced(world)
    steer.reply(world.desk(), ref, Reply.KEEP)
    world.pass_until(State.ROLLED_BACK, ref)
    check_way_out(world, ref)


def test_an_owner_who_says_go_ahead_is_denied_at_once(world: World) -> None:
    ref = notified(world)
    before = world.clock.now()
    steer.reply(world.desk(), ref, Reply.GO_AHEAD)
    world.tick()
    assert world.ticket(ref).state is State.ENFORCED
    assert world.clock.now() - before < timedelta(hours=1)


def test_a_hold_stops_the_grace_clock_and_a_resumed_ticket_goes_on(world: World) -> None:
    ref = notified(world)
    deadline = world.ticket(ref).deadline
    steer.hold(world.desk(), ref)
    world.pass_days(20)
    assert world.changes() == []
    steer.resume(world.desk(), ref)
    moved = world.ticket(ref).deadline
    assert deadline is not None
    assert moved is not None
    assert moved >= deadline + 20 * DAY
    world.pass_until(State.ENFORCED, ref)


def test_a_ticket_that_is_resumed_under_the_policy_stays_enforced(world: World) -> None:
    ref = enforced(world)
    steer.hold(world.desk(), ref)
    world.pass_days(1)
    steer.resume(world.desk(), ref)
    assert world.ticket(ref).state is State.ENFORCED
    assert enrol(world).ok
    world.pass_until(State.REMEDIATED, ref)


def test_a_grace_period_is_extended_and_an_enforced_ticket_has_none(world: World) -> None:
    ref = notified(world)
    steer.extend(world.desk(), ref, days=3)
    ticket = world.pass_until(State.ENFORCED, ref)
    assert ticket.progress.promised_at is not None
    assert world.changes()[0].at >= ticket.progress.promised_at + 3 * DAY
    with pytest.raises(RefusedError, match="no date is running"):
        steer.extend(world.desk(), ref, days=1)


def test_an_exempt_ticket_opens_again_with_a_whole_grace_period(world: World) -> None:
    ref = notified(world)
    until = world.clock.now() + 10 * DAY
    steer.exempt(world.desk(), ref, until=until, reason="on leave")
    world.pass_days(9)
    assert world.changes() == []
    ticket = world.pass_until(State.NOTIFIED, ref)
    assert ticket.deadline is not None
    assert ticket.deadline >= until + 7 * DAY


def test_under_the_policy_a_ticket_is_neither_exempted_nor_cancelled(world: World) -> None:
    ref = enforced(world)
    with pytest.raises(RefusedError, match=f"roll it back first .iamflow ticket rollback {ref}"):
        steer.exempt(world.desk(), ref, until=world.clock.now() + DAY, reason="on leave")
    with pytest.raises(RefusedError, match=f"iamflow ticket rollback {ref}"):
        steer.cancel(world.desk(), ref)
    assert required_of(world) == 1


def test_before_the_policy_a_ticket_can_be_cancelled(world: World) -> None:
    ref = notified(world)
    steer.cancel(world.desk(), ref)
    world.pass_days(10)
    assert world.ticket(ref).state is State.CANCELLED
    assert world.changes() == []


def test_while_iamflow_only_observes_nobody_is_told_or_denied(world: World) -> None:
    a_user(world)
    ref = str(a_ticket(world).id)
    observing = world.another_engine(policy=replace(world.engine.policy, mode=Mode.OBSERVE))
    for _ in range(10):
        world.tick(observing)
        world.clock.advance(2 * DAY)

    assert world.ticket(ref).state is State.OPEN
    assert world.changes() == []
    assert world.mails() == []


def test_an_account_that_is_only_observed_by_now_keeps_its_policies_until_a_device_is_seen(world: World) -> None:
    ref = enforced(world)
    scope = AccountScope(enforce=frozenset())
    observing = world.another_engine(policy=replace(world.engine.policy, scope=scope))
    mails = len(world.mails())
    for _ in range(4):
        world.clock.advance(4 * DAY)
        world.tick(observing)
    assert world.ticket(ref).state is State.ENFORCED
    assert len(world.mails()) == mails
    assert enrol(world).ok
    world.clock.advance(DAY)

    world.tick(observing)

    assert check_way_out(world, ref).state is State.REMEDIATED


def test_a_freeze_holds_the_policy_back_until_it_is_lifted(world: World) -> None:
    ref = notified(world)
    world.app.store.set_freeze(on=True, reason="something is wrong", by="alice", at=world.clock.now())
    world.pass_days(9)
    assert world.changes() == []
    world.app.store.set_freeze(on=False, reason=None, by="alice", at=world.clock.now())
    world.pass_until(State.ENFORCED, ref)


def test_a_freeze_does_not_keep_a_user_with_a_device_denied(world: World) -> None:
    ref = enforced(world)
    world.app.store.set_freeze(on=True, reason="something is wrong", by="alice", at=world.clock.now())
    assert enrol(world).ok
    world.pass_until(State.REMEDIATED, ref)
    check_way_out(world, ref)


def test_a_user_who_becomes_protected_is_let_go(world: World) -> None:
    ref = enforced(world)
    world.sandbox.owner.tag_user(ACCOUNT, NAME, {"iamflow:protected": "yes"})

    ticket = world.pass_until(State.ROLLED_BACK, ref)

    assert ticket.resolution is Resolution.ROLLED_BACK
    check_way_out(world, ref)


def test_a_protected_user_is_never_denied(world: World) -> None:
    a_user(world, tags={"iamflow:protected": "yes"})
    ref = str(a_ticket(world).id)
    assert world.pass_until(State.BLOCKED, ref).blocked_code == "protected"
    assert world.changes() == []


def test_a_leaked_key_is_not_given_back_by_a_device_but_by_a_person(world: World) -> None:
    ref = notified(world)
    world.key(KEY, NAME)
    world.pass_until(State.ENFORCED, ref)
    world.sandbox.seed.quarantine(ACCOUNT, NAME)
    assert enrol(world).ok
    world.pass_until(State.BLOCKED, ref)
    assert world.calls_made() == [PUT]

    steer.rollback(world.desk(ALICE), ref)
    world.tick()

    assert check_way_out(world, ref).state is State.ROLLED_BACK

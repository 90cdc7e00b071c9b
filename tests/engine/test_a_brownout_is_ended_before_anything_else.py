"""Whatever ends, stops or pauses a ticket in its brown-out takes the deny away first, and sees that it is gone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.brownout import policy_name
from iamflow.domain.errors import RefusedError
from iamflow.domain.states import Confirmation, Mode, Resolution, State
from iamflow.engine import steer
from iamflow.engine.deps import Engine
from tests.engine.browning import ATTACH, HALF_A_DAY, LIFT, browned_out, check_journal, check_way_out, iam, policies
from tests.world import ACCOUNT, ALICE, BOB, DAY, HOUR, KEY, World, on_both

pytestmark = pytest.mark.parametrize("world", [HALF_A_DAY], indirect=True)

DEACTIVATED = "UpdateAccessKey Inactive"


def _looked_at(world: World) -> None:
    """Let the next look at the ticket come."""
    world.pass_days(9 / 24)


@on_both
def test_a_rollback_takes_the_deny_away_and_is_confirmed_by_the_call_that_did(world: World) -> None:
    browned_out(world)
    world.clock.advance(HOUR)
    steer.rollback(world.desk(ALICE), KEY, text="the payroll stopped")
    world.tick()
    ticket = world.ticket()
    assert (ticket.state, ticket.resolution) == (State.ROLLED_BACK, Resolution.ROLLED_BACK)
    assert world.calls_made() == [ATTACH, LIFT]
    check_way_out(world)
    world.pass_days(1)
    assert world.ticket().confirmation is Confirmation.CONFIRMED


def test_a_rollback_while_cloudtrail_is_waited_for_ends_the_ticket_too(world: World) -> None:
    browned_out(world)
    world.pass_days(1, until=lambda: not world.ticket().is_denied)
    steer.rollback(world.desk(ALICE), KEY)
    world.tick()
    assert world.ticket().state is State.ROLLED_BACK
    check_way_out(world)


@on_both
def test_an_owner_who_keeps_the_key_has_it_back(world: World) -> None:
    browned_out(world)
    steer.reply(world.desk(), KEY, steer.Reply.KEEP, on_behalf_of="finance@example.com")
    world.tick()
    assert world.ticket().state is State.ROLLED_BACK
    check_way_out(world)


def test_a_hold_takes_the_deny_away_and_after_it_the_brownout_starts_anew(world: World) -> None:
    browned_out(world)
    world.clock.advance(HOUR)
    steer.hold(world.desk(ALICE), KEY)
    world.tick()
    assert world.ticket().state is State.ON_HOLD
    check_way_out(world)
    world.pass_days(3)
    resumed = steer.resume(world.desk(ALICE), KEY)
    world.pass_until(State.DEACTIVATED)
    assert world.calls_made() == [ATTACH, LIFT, ATTACH, LIFT, DEACTIVATED]
    again = world.changes()[2]
    assert resumed.deadline is not None
    assert again.at >= resumed.deadline >= resumed.state_since + DAY
    brownout = world.ticket().progress.brownout
    assert brownout is not None
    assert brownout.attached_at is not None
    assert brownout.lifted_at is not None
    assert brownout.lifted_at - brownout.attached_at >= 12 * HOUR
    check_way_out(world)


def test_a_ticket_that_cannot_be_read_any_more_is_blocked_and_loses_its_deny_as_soon_as_it_can(world: World) -> None:
    browned_out(world)
    with world.sandbox.faults.access_denied(service="iam", operation="GetUserPolicy"):
        blocked = world.pass_until(State.BLOCKED)
        assert blocked.is_denied
        assert policies(world) == [policy_name(blocked.id)]
    world.pass_days(1, until=lambda: not world.ticket().is_denied)
    check_way_out(world)
    world.pass_until(State.DEACTIVATED)
    assert world.calls_made() == [ATTACH, LIFT, ATTACH, LIFT, DEACTIVATED]


@pytest.mark.parametrize(
    "word",
    [
        lambda desk: steer.cancel(desk, KEY),
        lambda desk: steer.exempt(desk, KEY, until=desk.clock.now() + 9 * DAY, reason="later"),
    ],
    ids=["cancel", "exempt"],
)
@pytest.mark.parametrize("held", [False, True])
def test_neither_a_cancel_nor_an_exemption_is_accepted_while_the_deny_is_on(
    world: World, word: Callable[[steer.Desk], object], held: bool
) -> None:
    browned_out(world)
    if held:
        steer.hold(world.desk(ALICE), KEY)
    with pytest.raises(RefusedError, match=r"iamflow ticket (rollback|hold)"):
        word(world.desk(ALICE))
    assert world.ticket().is_denied
    steer.rollback(world.desk(ALICE), KEY)
    world.tick()
    check_way_out(world)


def test_an_exemption_is_accepted_once_a_hold_has_taken_the_deny_away(world: World) -> None:
    browned_out(world)
    steer.hold(world.desk(ALICE), KEY)
    world.tick()
    steer.exempt(world.desk(ALICE), KEY, until=world.clock.now() + 9 * DAY, reason="migration")
    check_way_out(world)
    ticket = world.pass_until(State.NOTIFIED)
    assert ticket.progress.brownout is None
    world.pass_until(State.DEACTIVATED)
    assert world.calls_made() == [ATTACH, LIFT, ATTACH, LIFT, DEACTIVATED]


@pytest.mark.parametrize(
    ("other", "resolution"),
    [
        (lambda world: world.sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY), Resolution.KEY_INACTIVE),
        (lambda world: world.sandbox.owner.delete_key(ACCOUNT, "etl", KEY), Resolution.KEY_GONE),
    ],
    ids=["deactivated", "deleted"],
)
def test_a_key_that_somebody_else_took_away_meanwhile_leaves_no_deny_behind(
    world: World, other: Callable[[World], None], resolution: Resolution
) -> None:
    browned_out(world)
    world.clock.advance(HOUR)
    other(world)
    ticket = world.pass_until(State.RESOLVED)
    assert ticket.resolution is resolution
    assert world.calls_made() == [ATTACH, LIFT]
    check_way_out(world)


def test_a_key_that_was_used_and_then_deactivated_by_its_owner_is_not_said_to_work(world: World) -> None:
    browned_out(world)
    world.clock.advance(HOUR)
    assert not world.sandbox.use_key(KEY).ok
    world.sandbox.owner.deactivate_key(ACCOUNT, "etl", KEY)
    ticket = world.pass_until(State.RESOLVED)
    assert ticket.resolution is Resolution.KEY_INACTIVE
    assert not any("works again" in mail for mail in world.mails())
    check_way_out(world)


def test_a_user_who_was_deleted_took_the_deny_along(world: World) -> None:
    ticket = browned_out(world)
    iam(world).delete_access_key(UserName="etl", AccessKeyId=KEY)
    iam(world).delete_user_policy(UserName="etl", PolicyName=policy_name(ticket.id))
    iam(world).delete_user(UserName="etl")
    ended = world.pass_until(State.RESOLVED)
    assert ended.resolution is Resolution.USER_GONE
    assert world.calls_made() == [ATTACH]
    check_way_out(world)


def test_a_user_who_was_recreated_under_the_name_is_a_persons_affair(world: World) -> None:
    browned_out(world)
    world.sandbox.owner.recreate_user(ACCOUNT, "etl")
    world.sandbox.owner.create_key(ACCOUNT, "etl")
    world.pass_until(State.RESOLVED)
    assert world.ticket().resolution is Resolution.KEY_GONE
    assert world.calls_made() == [ATTACH]
    check_way_out(world)


def test_a_user_who_becomes_protected_loses_the_deny_and_the_ticket_is_blocked(world: World) -> None:
    browned_out(world)
    world.sandbox.owner.tag_user(ACCOUNT, "etl", {"iamflow:protected": "yes"})
    ticket = world.pass_until(State.BLOCKED)
    assert ticket.blocked_code == "protected"
    assert world.calls_made() == [ATTACH, LIFT]
    check_way_out(world)


def test_a_setting_that_is_removed_ends_the_brownout_which_is_searched_all_the_same(world: World) -> None:
    browned_out(world)
    world.clock.advance(HOUR)
    assert not world.sandbox.use_key(KEY, region="sa-east-1").ok
    policy = world.engine.policy
    without = replace(policy, disable_key=replace(policy.disable_key, brownout=None))
    world.engine = world.another_engine(policy=without)
    world.pass_until(State.ROLLED_BACK)
    assert world.calls_made() == [ATTACH, LIFT]
    check_way_out(world)


def test_a_setting_that_is_removed_lets_a_quiet_key_go_on_after_the_search(world: World) -> None:
    browned_out(world)
    policy = world.engine.policy
    without = replace(policy, disable_key=replace(policy.disable_key, brownout=None))
    world.engine = world.another_engine(policy=without)
    ticket = world.pass_until(State.DEACTIVATED)
    assert ticket.progress.brownout is not None
    assert ticket.progress.brownout.swept_at is not None
    assert world.calls_made() == [ATTACH, LIFT, DEACTIVATED]


def _observing(world: World) -> Engine:
    return world.another_engine(policy=replace(world.engine.policy, mode=Mode.OBSERVE))


def test_observe_ends_the_brownout_and_goes_no_further(world: World) -> None:
    browned_out(world)
    acting, world.engine = world.engine, _observing(world)
    _looked_at(world)
    assert world.calls_made() == [ATTACH, LIFT]
    check_way_out(world)
    world.pass_days(20)
    assert world.calls_made() == [ATTACH, LIFT]
    world.engine = acting
    ticket = world.pass_until(State.NOTIFIED, days=2)
    assert ticket.progress.brownout is None
    assert ticket.progress.notified_at is not None
    world.pass_until(State.BROWNOUT)
    assert world.changes()[-1].at >= ticket.progress.notified_at + 7 * DAY


def test_a_freeze_lets_the_deny_go_at_its_time_and_the_deactivation_wait(world: World) -> None:
    browned_out(world)
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    world.pass_days(3)
    assert world.calls_made() == [ATTACH, LIFT]
    assert world.ticket().state is State.BROWNOUT
    check_way_out(world)
    world.app.store.set_freeze(on=False, reason=None, by="alice", at=world.clock.now())
    world.pass_until(State.DEACTIVATED)
    assert world.calls_made() == [ATTACH, LIFT, DEACTIVATED]


def test_a_rollback_goes_through_while_everything_is_frozen(world: World) -> None:
    browned_out(world)
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    steer.rollback(world.desk(ALICE), KEY)
    world.tick(_observing(world))
    assert world.ticket().state is State.ROLLED_BACK
    check_way_out(world)


@on_both
def test_somebody_who_removes_the_deny_puts_the_ticket_on_hold(world: World) -> None:
    ticket = browned_out(world)
    iam(world).delete_user_policy(UserName="etl", PolicyName=policy_name(ticket.id))
    held = world.pass_until(State.ON_HOLD)
    assert "somebody other than iamflow removed" in (held.blocked_reason or "")
    world.pass_days(10)
    assert world.calls_made() == [ATTACH]
    check_way_out(world)
    steer.resume(world.desk(BOB), KEY, comment="it was a mistake")
    world.pass_until(State.DEACTIVATED)
    assert world.calls_made() == [ATTACH, ATTACH, LIFT, DEACTIVATED]


def test_a_rollback_after_somebody_removed_the_deny_needs_no_call_and_no_proof(world: World) -> None:
    ticket = browned_out(world)
    world.clock.advance(HOUR)
    iam(world).delete_user_policy(UserName="etl", PolicyName=policy_name(ticket.id))
    steer.rollback(world.desk(ALICE), KEY)
    world.tick()
    ended = world.ticket()
    assert ended.state is State.ROLLED_BACK
    assert ended.confirmation is None
    assert world.calls_made() == [ATTACH]
    check_way_out(world)


def _other_document(world: World, name: str) -> None:
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}'
    iam(world).put_user_policy(UserName="etl", PolicyName=name, PolicyDocument=document)


def test_a_deny_that_somebody_has_changed_is_never_touched(world: World) -> None:
    ticket = browned_out(world)
    name = policy_name(ticket.id)
    _other_document(world, name)
    blocked = world.pass_until(State.BLOCKED)
    assert blocked.blocked_code == "deny_foreign"
    assert name in (blocked.blocked_reason or "")
    steer.rollback(world.desk(ALICE), KEY)
    world.pass_days(3)
    assert world.calls_made() == [ATTACH]
    assert policies(world) == [name]
    iam(world).delete_user_policy(UserName="etl", PolicyName=name)
    world.pass_until(State.ROLLED_BACK)
    check_way_out(world)


def test_a_policy_that_bears_the_name_already_is_never_written_over(world: World) -> None:
    world.user()
    world.take_in(world.key())
    name = policy_name(world.ticket().id)
    _other_document(world, name)
    blocked = world.pass_until(State.BLOCKED)
    assert blocked.blocked_code == "deny_foreign"
    world.pass_days(3)
    assert world.changes() == []
    assert policies(world) == [name]
    iam(world).delete_user_policy(UserName="etl", PolicyName=name)
    steer.retry(world.desk(), KEY)
    world.pass_until(State.DEACTIVATED)
    check_way_out(world)


def test_a_user_without_room_for_another_policy_is_a_persons_affair(world: World) -> None:
    world.user()
    with world.sandbox.faults.access_denied(service="iam", operation="PutUserPolicy"):
        world.take_in(world.key())
        blocked = world.pass_until(State.BLOCKED)
        assert "PutUserPolicy" in (blocked.blocked_reason or "")
        world.pass_days(1)
        assert world.changes() == []
    check_journal(world)
    steer.rollback(world.desk(), KEY) if world.ticket().is_denied else None
    assert policies(world) == []


def test_where_the_deny_cannot_be_removed_it_is_tried_again_until_it_is(world: World) -> None:
    browned_out(world)
    with world.sandbox.faults.access_denied(service="iam", operation="DeleteUserPolicy"):
        blocked = world.pass_until(State.BLOCKED)
        assert "DeleteUserPolicy" in (blocked.blocked_reason or "")
        world.pass_days(1)
        assert world.ticket().is_denied
    world.pass_days(1, until=lambda: not world.ticket().is_denied)
    check_way_out(world)


def test_a_deny_that_lasts_is_polled_and_ended_on_time(world: World) -> None:
    began = browned_out(world).progress.brownout
    assert began is not None
    assert began.ends_at is not None
    world.pass_until(State.DEACTIVATED)
    lifted = world.changes()[1]
    assert began.ends_at <= lifted.at <= began.ends_at + timedelta(minutes=1)


def test_a_user_who_is_quarantined_as_leaked_keeps_the_deny_until_a_person_decides(world: World) -> None:
    ticket = browned_out(world)
    world.sandbox.seed.quarantine(ACCOUNT, "etl")
    blocked = world.pass_until(State.BLOCKED)
    assert blocked.blocked_code == "quarantined"
    world.pass_days(2)
    assert policies(world) == [policy_name(ticket.id)]
    assert world.calls_made() == [ATTACH]
    steer.rollback(world.desk(ALICE), KEY)
    world.tick()
    assert world.ticket().state is State.ROLLED_BACK
    check_way_out(world)

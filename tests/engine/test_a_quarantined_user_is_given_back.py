"""Until its deletion begins, a quarantined user is given back whatever was taken, field by field, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from iamflow.domain.errors import RefusedError
from iamflow.domain.states import Confirmation, Mode, Resolution, State
from iamflow.engine import steer
from tests.engine.deleting import CONFIRMED, FIRST, NAME, SECOND, a_leaver, approved, belongings, iam, quarantined
from tests.faults.points import At
from tests.world import ACCOUNT, ALICE, BOB, DAY, HOUR, World, on_both


@on_both
def test_after_a_rollback_everything_is_as_before_field_by_field(world: World) -> None:
    ticket = a_leaver(world)
    before = belongings(world)
    approved(world, ticket)
    world.pass_until(State.MONITORING, str(ticket))
    assert belongings(world) != before
    steer.rollback(world.desk(BOB), str(ticket), text="back from leave")
    world.tick()
    ended = world.ticket(str(ticket))
    assert (ended.state, ended.resolution) == (State.ROLLED_BACK, Resolution.ROLLED_BACK)
    assert belongings(world) == before
    assert (world.status(FIRST), world.status(SECOND)) == ("Active", "Inactive")
    world.pass_days(1)
    assert world.ticket(str(ticket)).confirmation is Confirmation.CONFIRMED
    assert list(world.app.store.verify()) == []


def test_what_others_did_meanwhile_stays_and_is_said(world: World) -> None:
    ticket = quarantined(world)
    iam(world).remove_user_from_group(GroupName="group-000", UserName=NAME)
    world.sandbox.owner.delete_key(ACCOUNT, NAME, FIRST)
    steer.rollback(world.desk(BOB), str(ticket))
    world.pass_until(State.ROLLED_BACK, str(ticket))
    mail = next(mail for mail in world.mails() if "X-Iamflow-Notice: rolled_back" in mail).replace("=\n", "")
    assert "Not as before: groups: group-000." in mail
    assert "Not as before: keys: AKIALEAVERFIR" in mail
    assert world.status(SECOND) == "Inactive"


def test_a_rollback_in_the_middle_of_the_quarantine_gives_back_what_was_taken_by_then(world: World) -> None:
    ticket = a_leaver(world)
    before = belongings(world)
    approved(world, ticket)
    world.sandbox.faults.throttle(service="iam", operation="UpdateServiceSpecificCredential", times=1)
    world.pass_until(State.QUARANTINED, str(ticket))
    assert world.status(FIRST) == "Inactive"
    steer.rollback(world.desk(BOB), str(ticket))
    world.pass_until(State.ROLLED_BACK, str(ticket))
    assert belongings(world) == before


def test_a_call_of_the_user_gives_everything_back_and_tells_where_from(world: World) -> None:
    ticket = a_leaver(world)
    before = belongings(world)
    approved(world, ticket)
    assert world.sandbox.open_session(FIRST).ok
    # That was a long time before the last 90 days, for all that IAM shows.
    world.sandbox._world.iam(ACCOUNT).access_keys[FIRST].last_used = None
    world.engine = world.another_engine(
        policy=replace(world.engine.policy, timing=replace(world.engine.policy.timing, baseline=timedelta(seconds=1)))
    )
    world.pass_until(State.MONITORING, str(ticket))
    world.clock.advance(HOUR)
    used = world.sandbox.use_key(
        FIRST, service="s3", operation="ListBuckets", session=True, source_ip="203.0.113.77", user_agent="payroll/1"
    )
    assert used.error == "AccessDenied"
    ended = world.pass_until(State.ROLLED_BACK, str(ticket))
    assert {signal.kind.value for signal in ended.progress.signals} == {"user_acted"}
    assert any("203.0.113.77" in mail for mail in world.mails())
    after = belongings(world)
    assert after == before


def test_a_key_that_still_works_somewhere_gives_everything_back(world: World) -> None:
    ticket = a_leaver(world)
    before = belongings(world)
    approved(world, ticket)
    world.sandbox.faults.propagation("eu-west-1", timedelta(hours=1))
    world.pass_until(State.MONITORING, str(ticket))
    world.clock.advance(timedelta(minutes=10))
    world.sandbox.use_key(FIRST, service="s3", operation="ListBuckets", region="eu-west-1")
    world.pass_until(State.ROLLED_BACK, str(ticket))
    assert belongings(world) == before


def test_a_sign_in_to_the_console_stops_the_clock_for_a_person(world: World) -> None:
    ticket = quarantined(world)
    world.clock.advance(HOUR)
    assert world.sandbox.console.sign_in(ACCOUNT, NAME).ok
    held = world.pass_until(State.ON_HOLD, str(ticket))
    assert "signed in to the console" in (held.blocked_reason or "")
    world.pass_days(30)
    assert world.status(FIRST) == "Inactive"
    steer.resume(world.desk(BOB), str(ticket), comment="that was the help desk")
    world.pass_until(State.AWAITING_APPROVAL, str(ticket))
    steer.approve(world.desk(ALICE), str(ticket), comment=CONFIRMED)
    world.pass_until(State.DELETED, str(ticket))
    assert belongings(world) is None


@pytest.mark.parametrize("what", ["a key", "a group", "the deny", "a key switched on"])
def test_what_others_do_to_the_user_stops_the_clock_for_a_person(world: World, what: str) -> None:
    ticket = quarantined(world)
    world.clock.advance(HOUR)
    match what:
        case "a key":
            world.sandbox.owner.delete_key(ACCOUNT, NAME, SECOND)
            world.sandbox.owner.create_key(ACCOUNT, NAME)
        case "a group":
            world.sandbox.seed.group(ACCOUNT, NAME, "newcomers")
        case "the deny":
            iam(world).delete_user_policy(UserName=NAME, PolicyName=f"iamflow-quarantine-{ticket}")
        case _:
            world.sandbox.owner.reactivate_key(ACCOUNT, NAME, FIRST)
    held = world.pass_until(State.ON_HOLD, str(ticket))
    assert held.blocked_reason
    deleting = [change.operation for change in world.changes() if change.operation.startswith("Delete")]
    assert deleting == []
    world.pass_days(10)
    assert world.ticket(str(ticket)).state is State.ON_HOLD
    steer.rollback(world.desk(BOB), str(ticket))
    world.pass_until(State.ROLLED_BACK, str(ticket))
    assert world.status(FIRST) == "Active"


def test_a_quarantine_that_is_not_whole_is_not_followed_by_a_deletion_whoever_lets_it_pass(world: World) -> None:
    ticket = quarantined(world)
    world.clock.advance(HOUR)
    world.sandbox.owner.reactivate_key(ACCOUNT, NAME, FIRST)
    world.pass_until(State.ON_HOLD, str(ticket))
    steer.resume(world.desk(BOB), str(ticket))
    blocked = world.pass_until(State.BLOCKED, str(ticket))
    assert f"access key {FIRST} is Active" in (blocked.blocked_reason or "")
    world.sandbox.owner.deactivate_key(ACCOUNT, NAME, FIRST)
    steer.retry(world.desk(BOB), str(ticket))
    world.pass_until(State.AWAITING_APPROVAL, str(ticket))


def test_rollback_goes_through_while_everything_is_frozen_and_the_mode_is_observe(world: World) -> None:
    ticket = quarantined(world)
    world.app.store.set_freeze(on=True, reason="incident", by="alice", at=world.clock.now())
    observing = world.another_engine(policy=replace(world.engine.policy, mode=Mode.OBSERVE))
    steer.rollback(world.desk(), str(ticket))
    world.tick(observing)
    assert world.ticket(str(ticket)).state is State.ROLLED_BACK
    assert world.status(FIRST) == "Active"


def test_a_user_that_aws_holds_for_leaked_is_given_back_only_by_a_person(world: World) -> None:
    ticket = quarantined(world)
    world.sandbox.seed.quarantine(ACCOUNT, NAME)
    blocked = world.pass_until(State.BLOCKED, str(ticket))
    assert "AWSCompromisedKeyQuarantine" in (blocked.blocked_reason or "")
    world.pass_days(10)
    assert world.status(FIRST) == "Inactive"
    steer.rollback(world.desk(BOB), str(ticket))
    world.pass_until(State.ROLLED_BACK, str(ticket))
    assert world.status(FIRST) == "Active"


def test_the_owners_keep_gives_everything_back(world: World) -> None:
    ticket = quarantined(world)
    steer.reply(world.desk(), str(ticket), steer.Reply.KEEP, on_behalf_of="boss@example.com")
    world.pass_until(State.ROLLED_BACK, str(ticket))
    assert world.status(FIRST) == "Active"


def test_once_the_deletion_has_begun_a_rollback_is_refused_with_what_can_be_done(world: World) -> None:
    ticket = quarantined(world)
    world.clock.advance(3 * DAY)
    world.sandbox.faults.throttle(service="iam", operation="DeleteAccessKey", times=1)
    world.tick()
    assert world.ticket(str(ticket)).state is State.DELETING
    with pytest.raises(RefusedError, match="ticket hold"):
        steer.rollback(world.desk(), str(ticket))
    steer.hold(world.desk(), str(ticket))
    done = len(world.changes())
    world.pass_days(10)
    assert len(world.changes()) == done
    steer.resume(world.desk(), str(ticket))
    world.pass_until(State.DELETED, str(ticket))
    with pytest.raises(RefusedError, match="ticket restore"):
        steer.rollback(world.desk(), str(ticket))


def test_a_rollback_that_comes_while_the_deletion_begins_stops_it_and_says_so(world: World) -> None:
    ticket = quarantined(world)
    world.clock.advance(3 * DAY)
    word = At("after_effect", lambda: steer.rollback(world.desk(), str(ticket)))
    world.tick(world.another_engine(crash=word))
    held = world.ticket(str(ticket))
    assert word.done
    assert held.state is State.ON_HOLD
    assert held.wanted is None
    assert f"iamflow ticket restore {ticket}" in (held.blocked_reason or "")
    assert [change.operation for change in world.changes()][-1] == "DeleteLoginProfile"


def test_somebody_who_deletes_the_user_meanwhile_ends_the_ticket(world: World) -> None:
    ticket = quarantined(world)
    world.sandbox.owner.delete_user(ACCOUNT, NAME)
    ended = world.pass_until(State.RESOLVED, str(ticket))
    assert ended.resolution is Resolution.USER_GONE


def test_somebody_who_makes_the_user_anew_is_not_touched(world: World) -> None:
    ticket = quarantined(world)
    world.sandbox.owner.recreate_user(ACCOUNT, NAME)
    before = len(world.changes())
    blocked = world.pass_until(State.BLOCKED, str(ticket))
    assert "recreated under the same name" in (blocked.blocked_reason or "")
    world.pass_days(10)
    assert len(world.changes()) == before

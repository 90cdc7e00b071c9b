"""A user that is in use, protected, leaked or somebody else's is never taken away, and other tickets give way or are waited for."""

from datetime import timedelta

import pytest

from iamflow.domain.facts import KeyStatus
from iamflow.domain.people import Identity
from iamflow.domain.states import Resolution, State
from iamflow.engine import opening, steer
from iamflow.sandbox.belongings import Counts
from iamflow.sandbox.seed import PastCall
from tests.engine.deleting import CONFIRMED, FIRST, NAME, SECOND, a_leaver, approved, belongings, iam, quarantined
from tests.world import ACCOUNT, ALICE, BOB, DAY, START, World


def _never_touched(world: World, ticket: int) -> None:
    """Check that the ticket comes to nothing, whoever approves it."""
    world.pass_days(20)
    if world.ticket(str(ticket)).state is State.AWAITING_APPROVAL:
        steer.approve(world.desk(ALICE), str(ticket), comment=CONFIRMED)
        world.pass_days(5)
    assert world.changes() == []


@pytest.mark.parametrize("sign", ["a sign-in", "a key", "a new key"])
def test_a_user_that_comes_alive_ends_the_ticket(world: World, sign: str) -> None:
    ticket = a_leaver(world)
    world.pass_until(State.NOTIFIED, str(ticket))
    match sign:
        case "a sign-in":
            world.sandbox.console.sign_in(ACCOUNT, NAME)
        case "a key":
            world.sandbox.use_key(FIRST, service="s3", operation="ListBuckets")
        case _:
            world.sandbox.owner.delete_key(ACCOUNT, NAME, SECOND)
            world.sandbox.owner.create_key(ACCOUNT, NAME)
    ended = world.pass_until(State.RESOLVED, str(ticket))
    assert ended.resolution is Resolution.USER_ACTIVE
    assert world.changes() == []


def test_a_ticket_opened_by_hand_about_a_user_in_use_stops_at_the_guards(world: World) -> None:
    ticket = a_leaver(world)
    steer.cancel(world.desk(), str(ticket))
    named = opening.Named(username=NAME)
    by_hand = opening.open_by_hand(world.desk(BOB), "delete-user", ACCOUNT, named)
    world.sandbox.use_key(FIRST, service="s3", operation="ListBuckets")
    _never_touched(world, by_hand.id)
    blocked = world.ticket(str(by_hand.id))
    assert blocked.state is State.BLOCKED
    assert "within rules.unused_after" in (blocked.blocked_reason or "")


def test_a_use_that_only_cloudtrail_shows_stops_it_too(world: World) -> None:
    ticket = a_leaver(world)
    world.pass_until(State.NOTIFIED, str(ticket))
    world.sandbox.seed.trail_event(PastCall(access_key_id=FIRST, at=START + 12 * DAY))
    _never_touched(world, ticket)
    assert world.ticket(str(ticket)).state is State.BLOCKED


@pytest.mark.parametrize("how", ["tag", "leak"])
def test_who_is_not_to_be_touched_blocks_the_ticket(world: World, how: str) -> None:
    ticket = a_leaver(world)
    if how == "tag":
        world.sandbox.owner.tag_user(ACCOUNT, NAME, {"iamflow:protected": "yes"})
    else:
        world.sandbox.seed.quarantine(ACCOUNT, NAME)
    _never_touched(world, ticket)
    assert world.ticket(str(ticket)).state is State.BLOCKED


def test_a_policy_of_the_denys_name_that_somebody_else_wrote_is_left_alone(world: World) -> None:
    ticket = a_leaver(world)
    iam(world).put_user_policy(
        UserName=NAME,
        PolicyName=f"iamflow-quarantine-{ticket}",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}',
    )
    _never_touched(world, ticket)
    assert "is not what iamflow writes" in (world.ticket(str(ticket)).blocked_reason or "")


def test_where_the_deny_finds_no_room_a_person_is_asked(world: World) -> None:
    ticket = a_leaver(world, Counts(inline=22))
    approved(world, ticket)
    blocked = world.pass_until(State.BLOCKED, str(ticket))
    assert "leave no room" in (blocked.blocked_reason or "")
    assert world.changes() == []
    for number in range(10):
        iam(world).delete_user_policy(UserName=NAME, PolicyName=f"inline-{number:03}")
    steer.retry(world.desk(BOB), str(ticket))
    world.tick()
    steer.approve(world.desk(BOB), str(ticket), comment=CONFIRMED)
    world.pass_until(State.QUARANTINED, str(ticket))


def test_tickets_about_the_users_keys_give_way_when_the_quarantine_begins(world: World) -> None:
    ticket = a_leaver(world)
    held = opening.open_by_hand(world.desk(BOB), "disable-key", ACCOUNT, opening.Named(username=NAME, key_id=FIRST))
    steer.hold(world.desk(BOB), str(held.id))
    approved(world, ticket)
    world.pass_until(State.MONITORING, str(ticket))
    superseded = world.ticket(str(held.id))
    assert (superseded.state, superseded.resolution) == (State.CANCELLED, Resolution.SUPERSEDED)
    assert superseded.parent_id == ticket
    assert list(world.app.store.verify()) == []


def test_a_ticket_that_has_taken_a_key_is_waited_for(world: World) -> None:
    ticket = a_leaver(world)
    other = opening.open_by_hand(world.desk(BOB), "disable-key", ACCOUNT, opening.Named(username=NAME, key_id=FIRST))
    world.pass_until(State.MONITORING, str(other.id))
    steer.hold(world.desk(BOB), str(other.id))
    approved(world, ticket)
    world.pass_days(2)
    waiting = world.ticket(str(ticket))
    assert waiting.state is State.AWAITING_APPROVAL
    assert any("must end first" in reason for reason in waiting.progress.waiting_for)
    assert "PutUserPolicy" not in [change.operation for change in world.changes()]
    steer.rollback(world.desk(BOB), str(other.id))
    steer.approve(world.desk(Identity(os="carol")), str(ticket), comment=CONFIRMED)
    world.pass_until(State.QUARANTINED, str(ticket))


def test_what_was_switched_off_by_others_before_stays_off_after_a_rollback(world: World) -> None:
    ticket = a_leaver(world)
    world.sandbox.owner.deactivate_key(ACCOUNT, NAME, FIRST)
    approved(world, ticket)
    world.pass_until(State.MONITORING, str(ticket))
    steer.rollback(world.desk(BOB), str(ticket))
    world.pass_until(State.ROLLED_BACK, str(ticket))
    has = belongings(world)
    assert has is not None
    assert {key.status for key in has.keys} == {KeyStatus.INACTIVE}


def test_hold_extend_exempt_and_reject_do_what_they_say(world: World) -> None:
    ticket = a_leaver(world)
    world.pass_until(State.NOTIFIED, str(ticket))
    deadline = world.ticket(str(ticket)).deadline
    assert deadline is not None
    steer.extend(world.desk(), str(ticket), days=3)
    assert world.ticket(str(ticket)).deadline == deadline + timedelta(days=3)
    steer.exempt(world.desk(ALICE), str(ticket), until=world.clock.now() + 5 * DAY, reason="sabbatical")
    world.pass_until(State.NOTIFIED, str(ticket))
    world.pass_until(State.AWAITING_APPROVAL, str(ticket))
    steer.reject(world.desk(ALICE), str(ticket), comment="HR says no")
    assert world.ticket(str(ticket)).resolution is Resolution.REJECTED
    assert world.changes() == []


def test_the_window_of_a_quarantine_can_be_extended(world: World) -> None:
    ticket = quarantined(world)
    steer.extend(world.desk(), str(ticket), days=5)
    world.pass_days(6)
    assert world.ticket(str(ticket)).state is State.MONITORING
    world.pass_until(State.DELETED, str(ticket))


def test_reminders_and_every_mail_speak_of_the_user(world: World) -> None:
    ticket = quarantined(world)
    world.pass_until(State.DELETED, str(ticket))
    subjects = [line for mail in world.mails() for line in mail.splitlines() if line.startswith("Subject:")]
    assert len(subjects) == 6
    assert all("access key" not in subject for subject in subjects)

"""A user who has no room for another key: an Inactive, idle one is offered for deletion, to a person; else the ticket says why."""

from datetime import timedelta

import pytest

from iamflow.domain.ids import KeyId
from iamflow.domain.states import State
from iamflow.engine import steer
from tests.engine.rotating import keys_of, new_key, opened, rotation
from tests.world import ACCOUNT, ALICE, DAY, KEY, START, World

SECOND = KeyId("AKIAYF5JKDJQSECOND22")


def _second(world: World, *, active: bool = False, idle: timedelta | None = 200 * DAY) -> None:
    """Give the user a second key beside the one that is to be replaced."""
    opened(world)
    used = START - idle if idle is not None else None
    world.sandbox.seed.key(ACCOUNT, "etl", SECOND, created=START - 300 * DAY, last_used=used)
    if not active:
        world.sandbox.owner.deactivate_key(ACCOUNT, "etl", SECOND)


def test_an_inactive_idle_key_goes_once_a_person_has_approved_exactly_that(world: World) -> None:
    _second(world)
    ticket = world.pass_until(State.AWAITING_APPROVAL)
    assert SECOND in " ".join(ticket.progress.waiting_for)
    assert rotation(world).slot == SECOND
    world.pass_days(20)
    assert keys_of(world) == {KEY: "Active", SECOND: "Inactive"}
    steer.approve(world.desk(ALICE), KEY, digest=world.ticket().plan_digest)
    world.pass_until(State.AWAITING_ADOPTION)
    assert keys_of(world) == {KEY: "Active", new_key(world): "Active"}
    assert world.calls_made()[0] == "DeleteAccessKey"


def test_a_key_without_a_known_use_is_offered_too_and_the_reason_says_so(world: World) -> None:
    _second(world, idle=None)
    ticket = world.pass_until(State.AWAITING_APPROVAL)
    assert "no last use is known" in " ".join(ticket.progress.waiting_for)


def test_a_key_that_is_used_again_after_the_approval_is_not_deleted(world: World) -> None:
    _second(world)
    world.pass_until(State.AWAITING_APPROVAL)
    world.sandbox.owner.reactivate_key(ACCOUNT, "etl", SECOND)
    assert world.sandbox.use_key(SECOND, service="s3", operation="ListBuckets").ok
    world.sandbox.owner.deactivate_key(ACCOUNT, "etl", SECOND)
    steer.approve(world.desk(ALICE), KEY)
    world.pass_days(10)
    assert keys_of(world) == {KEY: "Active", SECOND: "Inactive"}
    assert world.ticket().state in {State.BLOCKED, State.AWAITING_APPROVAL}


@pytest.mark.parametrize(
    ("active", "idle"), [(True, 200 * DAY), (False, 5 * DAY)], ids=["the other is Active", "the other was just used"]
)
def test_without_such_a_key_the_ticket_is_blocked_with_the_reason(world: World, active: bool, idle: timedelta) -> None:
    _second(world, active=active, idle=idle)
    ticket = world.pass_until(State.BLOCKED)
    assert ticket.blocked_code == "slots_full"
    assert "2 access keys and AWS allows 2" in (ticket.blocked_reason or "")
    assert world.changes() == []
    world.sandbox.owner.delete_key(ACCOUNT, "etl", SECOND)
    steer.retry(world.desk(), KEY)
    world.pass_until(State.AWAITING_ADOPTION)


def test_a_key_with_a_ticket_of_its_own_is_left_to_that(world: World) -> None:
    world.user()
    world.take_in(world.key(SECOND, idle=200 * DAY))
    world.pass_until(State.MONITORING, SECOND)
    opened(world, made=True)
    world.tick()
    assert world.ticket().state is State.BLOCKED
    assert world.ticket().blocked_code == "slots_full"
    assert world.status(SECOND) == "Inactive"


def test_the_quota_is_aws_to_tell_and_never_a_number_of_iamflows(world: World) -> None:
    world.sandbox.seed.quota(ACCOUNT, "AccessKeysPerUserQuota", 4)
    _second(world, active=True)
    world.pass_until(State.AWAITING_ADOPTION)
    assert len(keys_of(world)) == 3


def test_a_quota_that_was_lowered_meanwhile_is_learned_from_the_refusal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _second(world, active=True, idle=2 * DAY)
    monkeypatch.setattr("iamflow.aws.cloud.AwsCloud.key_quota", lambda *_: 5)
    ticket = world.pass_until(State.BLOCKED)
    assert ticket.blocked_code == "slots_full"
    assert [change.operation for change in world.changes()].count("CreateAccessKey") == 0
    assert len(keys_of(world)) == 2
